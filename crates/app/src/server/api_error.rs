//! Errors of the HTTP interface: a status, a kind for programs and a sentence for people.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use facenet::gallery::{NameError, TemplateError};
use faces::{FaceError, PhotoError};
use serde::Serialize;

use crate::output::escaped;

/// An answer that is an error.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ApiError {
    pub(super) status: StatusCode,
    /// For programs: one of the description's words.
    pub(super) kind: &'static str,
    /// For people.
    pub(super) error: String,
}

/// As it is sent.
#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    kind: &'a str,
    status: u16,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, kind: &'static str, error: impl Into<String>) -> Self {
        Self { status, kind, error: error.into() }
    }

    pub(super) fn bad_request(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", error)
    }

    pub(super) fn busy(error: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", error)
    }

    pub(super) fn person_not_found(name: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "person_not_found", format!("nobody is called {name:?}"))
    }

    /// Says what it is about.
    pub(super) fn about(self, what: &str) -> Self {
        Self { error: format!("{what}: {}", self.error), ..self }
    }

    /// Something of ours is wrong. What, is for the log and not for strangers.
    pub(super) fn internal() -> Self {
        let error = "something went wrong here; the log says what";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = escaped(&self.error);
        let body = Body { error: &error, kind: self.kind, status: self.status.as_u16() };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        match self.status {
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        let answer = |status, kind| Self::new(status, kind, format!("{error:#}"));
        for cause in error.chain() {
            if let Some(face) = cause.downcast_ref::<faces::Error>() {
                return match of_face(face) {
                    Some((status, kind)) => answer(status, kind),
                    None => unforeseen(&error),
                };
            }
            if let Some(store) = cause.downcast_ref::<store::Error>() {
                return match store {
                    store::Error::PersonNotFound { .. } => {
                        answer(StatusCode::NOT_FOUND, "person_not_found")
                    }
                    store::Error::NameTaken { .. } => answer(StatusCode::CONFLICT, "name_taken"),
                    store::Error::TooManyTemplates { .. }
                    | store::Error::ConsentTooLong { .. }
                    | store::Error::ConsentHasNul { .. }
                    | store::Error::InvalidTemplates { .. } => {
                        answer(StatusCode::UNPROCESSABLE_ENTITY, "cannot_enroll")
                    }
                    store::Error::Busy { .. } => {
                        tracing::warn!(error = %escaped(&format!("{error:#}")), "busy");
                        Self::busy("somebody else is at work on the people: try again")
                    }
                    store::Error::NoSpace { .. } => {
                        let _ = unforeseen(&error);
                        let error = "there is no space left to keep people: free some, try again";
                        Self::new(StatusCode::INSUFFICIENT_STORAGE, "no_space", error)
                    }
                    store::Error::FileRemoved { .. }
                    | store::Error::FileReplaced { .. }
                    | store::Error::InUse { .. } => {
                        let _ = unforeseen(&error);
                        let error = "the people who are enrolled cannot be reached now";
                        Self::new(StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", error)
                    }
                    store::Error::CleanupFailed { .. } => {
                        let _ = unforeseen(&error);
                        Self::internal().about("the change is done, but not cleared up after")
                    }
                    _ => unforeseen(&error),
                };
            }
            if cause.is::<NameError>() {
                return answer(StatusCode::BAD_REQUEST, "invalid_name");
            }
            if cause.is::<TemplateError>() {
                return answer(StatusCode::UNPROCESSABLE_ENTITY, "cannot_enroll");
            }
        }
        unforeseen(&error)
    }
}

/// What to say of a picture; nothing where the fault is ours.
fn of_face(error: &faces::Error) -> Option<(StatusCode, &'static str)> {
    Some(match error {
        faces::Error::Face(FaceError::NoFace { .. }) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "no_face")
        }
        faces::Error::Face(_) => (StatusCode::UNPROCESSABLE_ENTITY, "several_faces"),
        faces::Error::Quality(_) => (StatusCode::UNPROCESSABLE_ENTITY, "poor_face"),
        faces::Error::Photo(
            PhotoError::FileTooLarge { .. }
            | PhotoError::PixelCount { .. }
            | PhotoError::TooMuchMemory { .. },
        ) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        faces::Error::Photo(PhotoError::UnknownFormat { .. } | PhotoError::Unsupported { .. }) => {
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_image")
        }
        faces::Error::Photo(_) => (StatusCode::BAD_REQUEST, "invalid_image"),
        faces::Error::InFile { source, .. } => return of_face(source),
        _ => return None,
    })
}

fn unforeseen(error: &anyhow::Error) -> ApiError {
    tracing::error!(error = %escaped(&format!("{error:#}")), "a request failed");
    ApiError::internal()
}

impl From<NameError> for ApiError {
    fn from(error: NameError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_name", error.to_string())
    }
}

impl From<faces::Error> for ApiError {
    fn from(error: faces::Error) -> Self {
        anyhow::Error::new(error).into()
    }
}

impl From<PhotoError> for ApiError {
    fn from(error: PhotoError) -> Self {
        faces::Error::from(error).into()
    }
}

impl From<store::Error> for ApiError {
    fn from(error: store::Error) -> Self {
        anyhow::Error::new(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stores_errors_are_told_apart() {
        let (name, at) = (|| "Zoë".to_owned(), || "postgres://secret/faces".to_owned());
        let answer_to = |error: store::Error| {
            let ApiError { status, kind, error } = ApiError::from(error);
            (status.as_u16(), kind, error)
        };
        let (status, kind, error) = answer_to(store::Error::Busy { at: at(), seconds: 10 });
        assert_eq!((status, kind), (503, "busy"));
        assert!(!error.contains("secret"), "{error}");
        let (status, kind, _) = answer_to(store::Error::ConsentHasNul { name: name() });
        assert_eq!((status, kind), (422, "cannot_enroll"));
        let (status, kind, _) = answer_to(store::Error::ConsentTooLong { expected: 1, found: 2 });
        assert_eq!((status, kind), (422, "cannot_enroll"));
        assert_eq!(answer_to(store::Error::PersonNotFound { name: name() }).0, 404);
        assert_eq!(answer_to(store::Error::NameTaken { name: name() }).0, 409);
        let full = std::io::Error::from(std::io::ErrorKind::StorageFull).into();
        let no_space = store::Error::NoSpace { at: at(), action: "write to it", source: full };
        let (status, kind, error) = answer_to(no_space);
        assert_eq!((status, kind), (507, "no_space"));
        assert!(!error.contains("secret"), "{error}");
        assert_eq!(answer_to(store::Error::FileRemoved { at: at() }).0, 503);
        let (status, kind, error) = answer_to(store::Error::WithoutPostgres { at: at() });
        assert_eq!((status, kind), (500, "internal"));
        assert!(!error.contains("secret"), "{error}");
    }
}
