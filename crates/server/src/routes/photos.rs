//! Routes below `/v1/people/{name}/photos`: the photos of one person.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use facenet::matching::Encoding;
use report::timestamp;
use sha2::{Digest, Sha256};
use store::{Person, Template};

use crate::api_error::ApiError;
use crate::query::{Named, NamedPhoto, NoQuery, Params};
use crate::responses::{PhotoRow, Photos};
use crate::state::State;

/// Bytes of a hash that tell the photos of one person apart.
const ID: usize = 8;

/// First bytes of the formats in which photos are kept, at an offset, and the formats' names.
const FORMATS: [(usize, &[u8], &str); 7] = [
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG", "image/png"),
    (8, b"WEBP", "image/webp"),
    (0, b"GIF8", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
];

/// `GET /v1/people/{name}/photos`
pub(crate) async fn photos(
    Shared(state): Shared<State>,
    Named(name): Named,
    Params(NoQuery {}): Params<NoQuery>,
) -> Result<Json<Photos>, ApiError> {
    let service = Arc::clone(&state.service);
    let row = |template: &Template| PhotoRow {
        id: id(&template.encoding),
        added: timestamp(template.added),
        kept: template.photo.is_some(),
    };
    let work = move || {
        let person = service.person(&name)?;
        Ok(Json(Photos { photos: person.templates.iter().map(row).collect() }))
    };
    state.workers.run(work).await
}

/// `GET /v1/people/{name}/photos/{photo}`: its file, if it is kept.
pub(crate) async fn photo(
    Shared(state): Shared<State>,
    NamedPhoto { name, photo }: NamedPhoto,
    Params(NoQuery {}): Params<NoQuery>,
) -> Result<Response, ApiError> {
    let service = Arc::clone(&state.service);
    let work = move || {
        let file = found(service.person(&name)?, &photo)?.photo;
        let file = file.ok_or_else(ApiError::photo_not_found)?;
        Ok(([(header::CONTENT_TYPE, kind(&file))], file).into_response())
    };
    state.workers.run(work).await
}

/// `DELETE /v1/people/{name}/photos/{photo}`
pub(crate) async fn remove_photo(
    Shared(state): Shared<State>,
    NamedPhoto { name, photo }: NamedPhoto,
    Params(NoQuery {}): Params<NoQuery>,
) -> Result<StatusCode, ApiError> {
    let service = Arc::clone(&state.service);
    let work = move || {
        let template = found(service.person(&name)?, &photo)?;
        service.remove_photo(&name, &template.encoding)?;
        Ok(StatusCode::NO_CONTENT)
    };
    state.workers.run(work).await
}

/// The person's photo of this name.
fn found(person: Person, photo: &str) -> Result<Template, ApiError> {
    let found = person.templates.into_iter().find(|template| id(&template.encoding) == photo);
    found.ok_or_else(ApiError::photo_not_found)
}

/// What a photo is called: the start of its encoding's SHA-256. Its number would be another's
/// after a removal.
fn id(encoding: &Encoding) -> String {
    let mut hash = Sha256::new();
    encoding.values().iter().for_each(|value| hash.update(value.to_le_bytes()));
    hash.finalize().iter().take(ID).map(|byte| format!("{byte:02x}")).collect()
}

/// The format of a kept file, by its first bytes.
fn kind(file: &[u8]) -> &'static str {
    let is = |(at, bytes, _): &&(usize, &[u8], _)| {
        file.get(*at..).is_some_and(|rest| rest.starts_with(bytes))
    };
    FORMATS.iter().find(is).map_or("application/octet-stream", |(.., name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_format_is_seen_from_its_content() {
        assert_eq!(kind(b"\xff\xd8\xff\xe0..."), "image/jpeg");
        assert_eq!(kind(b"RIFF....WEBPVP8 "), "image/webp");
        assert_eq!(kind(b"<html>"), "application/octet-stream");
        assert_eq!(kind(b""), "application/octet-stream");
    }
}
