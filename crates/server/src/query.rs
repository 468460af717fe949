//! Query parameters: one struct per route; unknown parameters are refused.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use facenet::gallery::PersonName;
use faces::{DetectionOptions, FaceChoice};
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

/// A photo of a person whom a path names.
pub(crate) struct NamedPhoto {
    pub(crate) name: PersonName,
    pub(crate) photo: String,
}

impl<S: Send + Sync> FromRequestParts<S> for NamedPhoto {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<(String, String)>::from_request_parts(parts, state).await {
            Ok(Path((name, photo))) => Ok(Self { name: PersonName::enrolled(&name)?, photo }),
            Err(error) => Err(ApiError::invalid_name(error.body_text())),
        }
    }
}

/// Parameters of `POST /v1/recognize`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecognizeQuery {
    pub(crate) face: Option<String>,
    pub(crate) smallest_face: Option<f32>,
    pub(crate) rotations: Option<bool>,
    pub(crate) top: Option<usize>,
}

/// Parameters of `POST /v1/verify`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyQuery {
    pub(crate) face: Option<String>,
    pub(crate) smallest_face: Option<f32>,
    pub(crate) rotations: Option<bool>,
    pub(crate) name: Option<String>,
}

/// Parameters of `POST /v1/detect`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DetectQuery {
    pub(crate) smallest_face: Option<f32>,
    pub(crate) rotations: Option<bool>,
}

/// Parameters of `POST /v1/encode`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EncodeQuery {
    pub(crate) face: Option<String>,
    pub(crate) smallest_face: Option<f32>,
    pub(crate) rotations: Option<bool>,
}

/// Parameters of `POST /v1/people`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnrollQuery {
    pub(crate) face: Option<String>,
    pub(crate) smallest_face: Option<f32>,
    pub(crate) rotations: Option<bool>,
    pub(crate) covered: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) consent: Option<String>,
    pub(crate) keep_photos: Option<String>,
    pub(crate) unlike: Option<String>,
}

/// Parameters of `GET /v1/people`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    pub(crate) limit: Option<usize>,
    pub(crate) after: Option<String>,
    pub(crate) search: Option<String>,
}

/// Parameters of `PATCH /v1/people/{name}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenameQuery {
    pub(crate) name: String,
}

/// A route without parameters.
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

/// Least share of a photo's shorter side that may be asked for: a tenth, the usual one, takes a
/// quarter of the time.
pub(crate) const LEAST_FACE: f32 = 0.05;

/// How the faces of a photo are looked for.
pub(crate) struct Search<'q> {
    pub(crate) face: Option<&'q str>,
    pub(crate) smallest_face: Option<f32>,
    pub(crate) rotations: Option<bool>,
}

impl Search<'_> {
    /// The detector's options; `usual` is the route's choice among several faces.
    pub(crate) fn options(&self, usual: FaceChoice) -> Result<DetectionOptions, ApiError> {
        let choice = self.face.map_or(Ok(usual), str::parse);
        let choice = choice
            .map_err(|error: faces::UnknownChoice| ApiError::bad_request(error.to_string()))?;
        let options = DetectionOptions::from(choice);
        let smallest_face = self.smallest_face.unwrap_or(options.smallest_face);
        if !(LEAST_FACE..=1.0).contains(&smallest_face) {
            return Err(ApiError::bad_request(format!(
                "`smallest_face`: expected {LEAST_FACE} to 1, found {smallest_face}"
            )));
        }
        let rotations = self.rotations.unwrap_or(options.rotations);
        Ok(DetectionOptions { smallest_face, rotations, ..options })
    }
}

/// Options that may help where no face was found; nothing where all were tried.
pub(crate) fn hint_for_no_face(options: &DetectionOptions) -> Option<String> {
    let mut hints = Vec::new();
    if options.smallest_face > LEAST_FACE {
        hints.push(format!("`smallest_face={LEAST_FACE}` looks for smaller faces"));
    }
    if !options.rotations {
        hints.push("`rotations=true` looks for those that lie on their side".to_owned());
    }
    (!hints.is_empty()).then(|| hints.join(", "))
}
