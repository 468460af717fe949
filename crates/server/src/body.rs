//! What a request carries: read into memory within bounds, and taken apart.
//!
//! The bytes of all bodies together have a budget, which is taken as they arrive: a
//! client that sends slowly, or stops half way, holds little of it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};

use crate::api_error::ApiError;

/// Most fields of a form.
const MOST_FIELDS: usize = 64;

/// Bytes that all bodies may occupy together.
#[derive(Debug)]
pub(crate) struct Budget {
    largest: usize,
    free: AtomicUsize,
    whole: usize,
}

/// A share of the budget, which is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    bytes: usize,
    budget: Arc<Budget>,
}

impl Budget {
    /// One body may have `largest` bytes, all together `whole`.
    pub(crate) fn new(largest: usize, whole: usize) -> Self {
        Self { largest, free: AtomicUsize::new(whole), whole }
    }

    /// Bytes in memory now.
    pub(crate) fn held(&self) -> usize {
        self.whole - self.free.load(Ordering::Relaxed)
    }

    /// Reads a body.
    async fn read(self: &Arc<Self>, mut body: Body) -> Result<(Vec<u8>, Share), ApiError> {
        if body.size_hint().lower() > self.largest as u64 {
            return Err(self.too_large());
        }
        let mut bytes = Vec::new();
        let mut share = Share { bytes: 0, budget: Arc::clone(self) };
        while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            let frame = frame.map_err(|_| ApiError::bad_request("the body ends early"))?;
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len() + data.len() > self.largest {
                return Err(self.too_large());
            }
            share.grow(data.len())?;
            bytes.extend_from_slice(&data);
        }
        Ok((bytes, share))
    }

    fn too_large(&self) -> ApiError {
        let error = format!("expected a body of at most {} bytes", self.largest);
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", error)
    }
}

impl Share {
    fn grow(&mut self, bytes: usize) -> Result<(), ApiError> {
        let take = |free: usize| free.checked_sub(bytes);
        let taken = self.budget.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        if taken.is_err() {
            return Err(ApiError::busy("too much is being uploaded; try again later"));
        }
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.free.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

/// A form's fields, or a lone picture as the field `photo`.
#[derive(Debug)]
pub(crate) struct Form {
    fields: Vec<(String, Vec<u8>)>,
    _share: Share,
}

impl Form {
    /// Reads a request's body: `multipart/form-data`, or the bytes of a picture.
    pub(crate) async fn read(request: Request, budget: &Arc<Budget>) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_form = kind.is_some_and(|kind| kind.starts_with("multipart/form-data"));
        let (bytes, share) = budget.read(body).await?;
        if !is_form {
            return Ok(Self { fields: vec![("photo".to_owned(), bytes)], _share: share });
        }
        let request = Request::from_parts(parts, Body::from(bytes));
        let bad_form = |error: String| ApiError::bad_request(format!("no form: {error}"));
        let mut multipart =
            Multipart::from_request(request, &()).await.map_err(|e| bad_form(e.body_text()))?;
        let mut fields = Vec::new();
        while let Some(field) = multipart.next_field().await.map_err(|e| bad_form(e.body_text()))? {
            if fields.len() == MOST_FIELDS {
                return Err(bad_form(format!("expected at most {MOST_FIELDS} fields")));
            }
            let name = field.name().unwrap_or_default().to_owned();
            let bytes = field.bytes().await.map_err(|e| bad_form(e.body_text()))?;
            fields.push((name, bytes.to_vec()));
        }
        Ok(Self { fields, _share: share })
    }

    /// All files of a name.
    pub(crate) fn files(&mut self, name: &str) -> Vec<Vec<u8>> {
        let fields = self.fields.iter_mut().filter(|(field, _)| field == name);
        fields.map(|(_, bytes)| std::mem::take(bytes)).collect()
    }

    /// The one file of a name.
    pub(crate) fn file(&mut self, name: &str) -> Result<Vec<u8>, ApiError> {
        let mut files = self.files(name);
        match files.len() {
            1 => Ok(files.remove(0)),
            found => Err(ApiError::bad_request(format!(
                "expected one picture, as the body or as the form's field `{name}`, found {found}"
            ))),
        }
    }

    /// Whether there is such a field.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }

    /// A field of text.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        let Some(bytes) = self.files(name).into_iter().next() else { return Ok(None) };
        String::from_utf8(bytes).map(Some).map_err(|_| {
            ApiError::bad_request(format!("the form's field `{name}` is no UTF-8 text"))
        })
    }
}
