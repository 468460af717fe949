//! Errors of the HTTP interface: a status, a kind for programs and a sentence for people.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use biometrics::calibration::CalibrationError;
use facenet::gallery::{NameError, TemplateError};
use facenet::matching::EncodingError;
use faces::{DetectionOptions, FaceError, PhotoError};
use report::{escaped, with_causes};
use serde::Serialize;
use store::UpkeepError;

use crate::query::hint_for_no_face;
use crate::service::ServiceError;

/// An answer that is an error.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    /// For programs: one of the description's words.
    pub(crate) kind: &'static str,
    /// For people.
    pub(crate) error: String,
    /// For people: what may help.
    pub(crate) hint: Option<String>,
    /// In how many seconds it may be tried again.
    pub(crate) wait: Option<u64>,
}

/// JSON body of an error.
#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    kind: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, kind: &'static str, error: impl Into<String>) -> Self {
        Self { status, kind, error: error.into(), hint: None, wait: None }
    }

    pub(crate) fn bad_request(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", error)
    }

    pub(crate) fn busy(error: impl Into<String>) -> Self {
        Self { wait: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", error) }
    }

    /// Too many claims to be somebody failed.
    pub(crate) fn too_many_claims(wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let unit = if seconds == 1 { "second" } else { "seconds" };
        let error = format!("too many of these claims failed: wait for {seconds} {unit}");
        let new = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_claims", error);
        Self { wait: Some(seconds), ..new }
    }

    pub(crate) fn invalid_name(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_name", error)
    }

    pub(crate) fn person_not_found(name: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "person_not_found", format!("nobody is called {name:?}"))
    }

    pub(crate) fn photo_not_found() -> Self {
        let error = "this person has no such photo, or its file is not kept";
        Self::new(StatusCode::NOT_FOUND, "photo_not_found", error)
    }

    /// Says what it is about.
    pub(crate) fn about(self, what: &str) -> Self {
        Self { error: format!("{what}: {}", self.error), ..self }
    }

    /// Says what may help where no face was found.
    pub(crate) fn with_hint(self, options: &DetectionOptions) -> Self {
        match self.kind {
            "no_face" => Self { hint: hint_for_no_face(options), ..self },
            _ => self,
        }
    }

    /// Something of ours is wrong. What, is for the log and not for strangers.
    pub(crate) fn internal() -> Self {
        let error = "something went wrong here; the log says what";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = escaped(&self.error);
        let hint = self.hint.as_deref();
        let body = Body { error: &error, kind: self.kind, status: self.status.as_u16(), hint };
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.wait {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Store(error) => error.into(),
            ServiceError::Template(error)
            | ServiceError::Decision(biometrics::Error::Template(error)) => error.into(),
            ServiceError::Calibration(error) => error.into(),
            ServiceError::Decision(error) => unforeseen(&error),
            ServiceError::Unlike { .. } => {
                Self::new(StatusCode::CONFLICT, "unlike_face", with_causes(&error))
            }
        }
    }
}

impl From<store::Error> for ApiError {
    fn from(error: store::Error) -> Self {
        let answer = |status, kind| Self::new(status, kind, with_causes(&error));
        match error {
            store::Error::PersonNotFound { .. } => {
                answer(StatusCode::NOT_FOUND, "person_not_found")
            }
            store::Error::NameTaken { .. } => answer(StatusCode::CONFLICT, "name_taken"),
            store::Error::Upkeep(UpkeepError::NoPhotoLeft { .. }) => {
                answer(StatusCode::CONFLICT, "last_photo")
            }
            store::Error::Upkeep(UpkeepError::PhotoGone { .. }) => Self::photo_not_found(),
            store::Error::TooManyTemplates { .. }
            | store::Error::ConsentTooLong { .. }
            | store::Error::ConsentHasNul { .. }
            | store::Error::InvalidTemplates { .. } => {
                answer(StatusCode::UNPROCESSABLE_ENTITY, "cannot_enroll")
            }
            store::Error::Busy { .. } => {
                tracing::warn!(error = %escaped(&with_causes(&error)), "busy");
                Self::busy("another program is changing the store: try again")
            }
            store::Error::Callback { ref source, .. }
                if matches!(source.downcast_ref(), Some(UpkeepError::ChangedMeanwhile)) =>
            {
                Self::busy("another program changed this person meanwhile: try again")
            }
            store::Error::NoSpace { .. } => {
                let _ = unforeseen(&error);
                let error = "there is no space left to keep people: free some, try again";
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "no_space", error)
            }
            store::Error::FileRemoved { .. }
            | store::Error::FileReplaced { .. }
            | store::Error::InUse { .. }
            | store::Error::Io { .. }
            | store::Error::Database { .. } => {
                let _ = unforeseen(&error);
                let error = "the people who are enrolled cannot be reached now";
                let (status, kind) = (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable");
                Self { wait: Some(5), ..Self::new(status, kind, error) }
            }
            store::Error::CleanupFailed { .. } => {
                let _ = unforeseen(&error);
                Self::internal()
                    .about("the change was made, but what it removed could not be cleaned up")
            }
            error => unforeseen(&error),
        }
    }
}

impl From<faces::Error> for ApiError {
    fn from(error: faces::Error) -> Self {
        match of_face(&error) {
            Some((status, kind)) => Self::new(status, kind, with_causes(&error)),
            None => unforeseen(&error),
        }
    }
}

impl From<NameError> for ApiError {
    fn from(error: NameError) -> Self {
        Self::invalid_name(error.to_string())
    }
}

impl From<TemplateError> for ApiError {
    fn from(error: TemplateError) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "cannot_enroll", with_causes(&error))
    }
}

// Stored encodings and the policy's own options: checked long before.

impl From<EncodingError> for ApiError {
    fn from(error: EncodingError) -> Self {
        unforeseen(&error)
    }
}

impl From<CalibrationError> for ApiError {
    fn from(error: CalibrationError) -> Self {
        unforeseen(&error)
    }
}

/// Status and kind of an error in the photo; `None` for internal errors.
fn of_face(error: &faces::Error) -> Option<(StatusCode, &'static str)> {
    Some(match error {
        faces::Error::Face(
            FaceError::NoFace { .. } | FaceError::Incomplete { is_seen: false, .. },
        ) => (StatusCode::UNPROCESSABLE_ENTITY, "no_face"),
        faces::Error::Face(FaceError::Incomplete { .. }) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "poor_face")
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

fn unforeseen(error: &dyn std::error::Error) -> ApiError {
    tracing::error!(error = %escaped(&with_causes(error)), "a request failed");
    ApiError::internal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stores_errors_are_told_apart() {
        let (name, at) = (|| "Zoë".to_owned(), || "postgres://secret/faces".to_owned());
        let answer_to = |error: store::Error| {
            let ApiError { status, kind, error, .. } = ApiError::from(error);
            (status.as_u16(), kind, error)
        };
        let (status, kind, error) = answer_to(store::Error::Busy { at: at(), seconds: 10 });
        assert_eq!((status, kind), (503, "busy"));
        assert!(!error.contains("secret"), "{error}");
        let changed = UpkeepError::ChangedMeanwhile.into();
        let raced = store::Error::Callback { name: name(), source: changed };
        assert_eq!(ApiError::from(raced).wait, Some(1));
        let other = store::Error::Callback { name: name(), source: "of ours".into() };
        assert_eq!(answer_to(other).0, 500);
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
        // A database that is away is no fault of the server's.
        let away = std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into();
        let away = store::Error::Database { at: at(), action: "connect", source: away };
        let (status, kind, error) = answer_to(away);
        assert_eq!((status, kind), (503, "store_unavailable"));
        assert!(!error.contains("secret"), "{error}");
        let (status, kind, error) = answer_to(store::Error::WithoutPostgres { at: at() });
        assert_eq!((status, kind), (500, "internal"));
        assert!(!error.contains("secret"), "{error}");
    }
}
