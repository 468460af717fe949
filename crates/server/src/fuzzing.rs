//! Reading of bodies, for the fuzz targets.

use std::sync::Arc;

use axum::extract::Request;

use crate::body::{Budget, Form};

/// Result of parsing a body.
#[derive(Debug)]
pub struct BodyRead {
    /// Bytes of the photos in it; none if it was refused.
    pub photos: Option<Vec<usize>>,
    /// Bytes of the budget that it held while it was in memory, and afterwards.
    pub held: [usize; 2],
}

/// Reads a request's body of at most `largest` bytes, and takes it apart.
pub async fn read_body(request: Request, largest: usize) -> BodyRead {
    let budget = Arc::new(Budget::new(largest, 4 * largest));
    let form = Form::read(request, &budget, &["name", "photo"]).await;
    let held = budget.held();
    let photos = form.ok().map(|mut form| {
        // Only whether it panics is of interest.
        let _ = form.text("name", None);
        form.files("photo").iter().map(Vec::len).collect()
    });
    BodyRead { photos, held: [held, budget.held()] }
}
