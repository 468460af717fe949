//! Query parameters: one struct per route; unknown parameters are refused.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use facenet::gallery::PersonName;
use faces::FaceChoice;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::api_error::ApiError;

/// The parameters of a route. Those that it does not know are refused.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(params)) => Ok(Self(params)),
            Err(error) => Err(ApiError::bad_request(error.body_text())),
        }
    }
}

/// The person whom a path names.
pub(crate) struct Named(pub(crate) PersonName);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(name)) => Ok(Self(PersonName::enrolled(&name)?)),
            // Bytes that are no UTF-8.
            Err(error) => Err(ApiError::invalid_name(error.body_text())),
        }
    }
}

/// Of `POST /v1/recognize`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecognizeQuery {
    pub(crate) face: Option<String>,
    pub(crate) top: Option<usize>,
}

/// Of `POST /v1/verify`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyQuery {
    pub(crate) face: Option<String>,
    pub(crate) name: Option<String>,
}

/// Of `POST /v1/encode`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EncodeQuery {
    pub(crate) face: Option<String>,
}

/// Of `POST /v1/people`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrollQuery {
    pub(crate) face: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) consent: Option<String>,
    pub(crate) keep_photos: Option<String>,
    pub(crate) unlike: Option<String>,
}

/// Of `GET /v1/people`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    pub(crate) limit: Option<usize>,
    pub(crate) after: Option<String>,
}

/// Of a route that has no parameters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoQuery {}

/// A number of at most `most`, or the usual one.
pub(crate) fn bounded(
    name: &str,
    asked: Option<usize>,
    usual: usize,
    most: usize,
) -> Result<usize, ApiError> {
    match asked.unwrap_or(usual) {
        number if number <= most => Ok(number),
        found => {
            let error = format!("`{name}`: expected at most {most}, found {found}");
            Err(ApiError::bad_request(error))
        }
    }
}

/// The choice among a picture's faces, or what is usual for the route.
pub(crate) fn face_choice(asked: Option<&str>, usual: FaceChoice) -> Result<FaceChoice, ApiError> {
    let choice = asked.map_or(Ok(usual), str::parse);
    choice.map_err(|error| ApiError::bad_request(error.to_string()))
}
