//! What can be asked.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, Request, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use biometrics::policy::GalleryThreshold;
use facenet::gallery::PersonName;
use facenet::matching::{Encoding, EncodingError};
use faces::{Face, FaceChoice, Photo};
use serde::Deserialize;
use store::{Enrollment, NewTemplate};

use super::api_error::ApiError;
use super::body::Form;
use super::responses::{
    CandidateRow, Claim, Encoded, EncodedFace, Enrolled, People, PersonRow, Recognized,
    RecognizedFace, Verified,
};
use super::service::FaceService;
use super::state::State;

/// Most candidates of an answer.
const MOST_CANDIDATES: usize = 100;

/// Most photos of one request to enrol.
const MOST_PHOTOS: usize = 32;

/// Most people of one page of the list.
const MOST_LISTED: usize = 10_000;

/// What errors call a picture.
const PICTURE: &str = "the picture";

/// What may stand behind the question mark.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct QueryParams {
    face: Option<String>,
    top: Option<usize>,
    name: Option<String>,
    consent: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
}

impl QueryParams {
    /// The choice of a face, or what is usual for the route.
    fn face(&self, usual: FaceChoice) -> Result<FaceChoice, ApiError> {
        let choice = self.face.as_deref().map(str::parse);
        choice.unwrap_or(Ok(usual)).map_err(|error| ApiError::bad_request(error.to_string()))
    }
}

type QueryResult = Result<Query<QueryParams>, axum::extract::rejection::QueryRejection>;

fn query_params(query: QueryResult) -> Result<QueryParams, ApiError> {
    let Query(asked) = query.map_err(|error| ApiError::bad_request(error.body_text()))?;
    Ok(asked)
}

/// `POST /v1/recognize`: who is in the picture?
pub(super) async fn recognize(
    Shared(state): Shared<State>,
    query: QueryResult,
    request: Request,
) -> Result<Json<Recognized>, ApiError> {
    let asked = query_params(query)?;
    let choice = asked.face(FaceChoice::All)?;
    let top = asked.top.unwrap_or(2).min(MOST_CANDIDATES);
    let mut form = Form::read(request, &state.budget).await?;
    let service = Arc::clone(&state.service);
    let work = move || {
        let (photo, faces) = faces_in(&service, &form.file("photo")?, choice)?;
        let encodings = faces.iter().map(|face| &face.encoding);
        let (GalleryThreshold { threshold, people, fpir, .. }, answers) =
            service.recognize(encodings, top.max(1))?;
        let faces = faces.iter().zip(answers);
        let faces = faces.map(|(face, answer)| RecognizedFace::new(face, answer, top)).collect();
        let (width, height, threshold) = (photo.width(), photo.height(), threshold.distance());
        Ok(Json(Recognized { width, height, threshold, people, fpir, faces }))
    };
    state.workers.run(work).await
}

/// `POST /v1/verify`: is this that person, or are these two one?
pub(super) async fn verify(
    Shared(state): Shared<State>,
    query: QueryResult,
    request: Request,
) -> Result<Json<Verified>, ApiError> {
    let asked = query_params(query)?;
    let choice = asked.face(FaceChoice::Only)?;
    if choice == FaceChoice::All {
        return Err(ApiError::bad_request("to verify, a picture shows one face: not `all`"));
    }
    let mut form = Form::read(request, &state.budget).await?;
    let service = Arc::clone(&state.service);
    let work = move || {
        let decision = service.decision();
        if form.has("a") || form.has("b") {
            let [a, b] = ["a", "b"].map(|field| form.file(field));
            let (a, b) = (face(&service, &a?, choice)?, face(&service, &b?, choice)?);
            return Ok(Json(Verified::new(a.distance(&b), decision, None)?));
        }
        let name = form.text("name")?.or(asked.name);
        let name = name.ok_or_else(|| {
            ApiError::bad_request("expected the pictures `a` and `b`, or `photo` and a `name`")
        })?;
        let name = PersonName::new(&name)?;
        let known =
            service.template(&name)?.ok_or_else(|| ApiError::person_not_found(name.as_str()))?;
        let (template, references) = known;
        let known = Encoding::new(template).map_err(no_encoding)?;
        let distance = face(&service, &form.file("photo")?, choice)?.distance(&known);
        let claim = Claim { claim: name.as_str().to_owned(), references };
        Ok(Json(Verified::new(distance, decision, Some(claim))?))
    };
    state.workers.run(work).await
}

/// `POST /v1/encode`: the network's numbers.
pub(super) async fn encode(
    Shared(state): Shared<State>,
    query: QueryResult,
    request: Request,
) -> Result<Json<Encoded>, ApiError> {
    let choice = query_params(query)?.face(FaceChoice::All)?;
    let mut form = Form::read(request, &state.budget).await?;
    let service = Arc::clone(&state.service);
    let work = move || {
        let (photo, faces) = faces_in(&service, &form.file("photo")?, choice)?;
        Ok(Json(Encoded {
            width: photo.width(),
            height: photo.height(),
            model: (&service.model).into(),
            faces: faces.iter().map(EncodedFace::new).collect(),
        }))
    };
    state.workers.run(work).await
}

/// `POST /v1/people`: a new resident, or more photos of one.
pub(super) async fn enroll(
    Shared(state): Shared<State>,
    query: QueryResult,
    request: Request,
) -> Result<(StatusCode, Json<Enrolled>), ApiError> {
    let asked = query_params(query)?;
    let choice = asked.face(FaceChoice::Only)?;
    let mut form = Form::read(request, &state.budget).await?;
    let service = Arc::clone(&state.service);
    let work = move || {
        let name = form.text("name")?.or(asked.name);
        let name = name.ok_or_else(|| ApiError::bad_request("expected a `name`"))?;
        let name = PersonName::new(&name)?;
        let consent = form.text("consent")?.or(asked.consent).filter(|note| !note.is_empty());
        let keep = form.text("keep_photos")?.is_some_and(|keep| keep == "true");
        let photos = form.files("photo");
        if photos.is_empty() || photos.len() > MOST_PHOTOS {
            let found = photos.len();
            return Err(ApiError::bad_request(format!(
                "expected 1 to {MOST_PHOTOS} pictures in the form's fields `photo`, found {found}"
            )));
        }
        let mut templates = Vec::with_capacity(photos.len());
        let count = photos.len();
        for (number, photo) in photos.into_iter().enumerate() {
            let encoding = face(&service, &photo, choice);
            let encoding = encoding.map_err(|api_error| match count {
                1 => api_error,
                _ => api_error.about(&format!("photo {}", number + 1)),
            })?;
            templates.push(NewTemplate { encoding, photo: keep.then_some(photo) });
        }
        let faces: Vec<_> = templates.iter().map(|template| template.encoding.clone()).collect();
        let resembles = service.resemblance(&name, &faces)?.map(CandidateRow::new);
        let added = templates.len();
        let person = service.enroll(&name, &Enrollment { templates, consent, at: None })?;
        let person = PersonRow::from(person);
        Ok((StatusCode::CREATED, Json(Enrolled { person, added, resembles })))
    };
    state.workers.run(work).await
}

/// `GET /v1/people`
pub(super) async fn list(
    Shared(state): Shared<State>,
    query: QueryResult,
) -> Result<Json<People>, ApiError> {
    let asked = query_params(query)?;
    let limit = asked.limit.unwrap_or(1000).min(MOST_LISTED);
    let service = Arc::clone(&state.service);
    let work = move || {
        let list = service.list()?;
        let total = list.len();
        let after = asked.after.unwrap_or_default();
        let people = list.into_iter().filter(|person| *person.name.as_str() > *after);
        Ok(Json(People { total, people: people.take(limit).map(PersonRow::from).collect() }))
    };
    state.workers.run(work).await
}

/// `GET /v1/people/{name}`
pub(super) async fn show(
    Shared(state): Shared<State>,
    Path(name): Path<String>,
) -> Result<Json<PersonRow>, ApiError> {
    let name = PersonName::new(&name)?;
    let service = Arc::clone(&state.service);
    state.workers.run(move || Ok(Json(PersonRow::from(service.person(&name)?)))).await
}

/// `DELETE /v1/people/{name}`
pub(super) async fn remove(
    Shared(state): Shared<State>,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    let name = PersonName::new(&name)?;
    let service = Arc::clone(&state.service);
    let work = move || {
        service.remove(&name)?;
        Ok(StatusCode::NO_CONTENT)
    };
    state.workers.run(work).await
}

/// `GET /healthz`
pub(super) async fn health() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}

/// `GET /metrics`
pub(super) async fn metrics(Shared(state): Shared<State>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let waiting = state.workers.waiting();
    let text = state.metrics.text(state.service.len(), waiting, state.budget.held());
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// `GET /openapi.json`
pub(super) async fn description() -> Response {
    let kind = "application/json";
    ([(header::CONTENT_TYPE, kind)], include_str!("openapi.json")).into_response()
}

/// The encoding of the one face that was chosen.
fn face(service: &FaceService, picture: &[u8], choice: FaceChoice) -> Result<Encoding, ApiError> {
    if choice == FaceChoice::All {
        return Err(ApiError::bad_request("this takes one face of each picture: not `all`"));
    }
    let pipeline = service.pipeline.with_location(choice)?;
    let photo = pipeline.locator().decode(picture, PICTURE)?;
    Ok(pipeline.encode_photo(&photo)?)
}

/// A picture and the faces that were chosen in it: at least one.
fn faces_in(
    service: &FaceService,
    picture: &[u8],
    choice: FaceChoice,
) -> Result<(Photo, Vec<Face>), faces::Error> {
    let pipeline = service.pipeline.with_location(choice)?;
    let photo = pipeline.locator().decode(picture, PICTURE)?;
    let faces = pipeline.faces(&photo)?;
    Ok((photo, faces))
}

fn no_encoding(error: EncodingError) -> ApiError {
    anyhow::Error::new(error).into()
}
