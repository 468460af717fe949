//! Routes below `/v1/people`: enroll, list, show, rename, remove.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State as Shared};
use axum::http::StatusCode;
use facenet::gallery::PersonName;
use faces::{DetectionOptions, FaceChoice, Photo};
use report::PersonRow;
use store::{Enrollment, NewTemplate};

use super::faces::{PHOTO, face_in};
use crate::api_error::ApiError;
use crate::body::Form;
use crate::query::{EnrollQuery, ListQuery, Named, NoQuery, Params, RenameQuery, Search, bounded};
use crate::responses::{Enrolled, People};
use crate::service::{EnrollmentOutcome, FaceService};
use crate::state::State;

/// Most photos of one request to enroll.
const MOST_PHOTOS: usize = 32;

/// Fields of the form to enroll.
const FIELDS: [&str; 6] = ["name", "photo", "consent", "keep_photos", "unlike", "covered"];

/// Most people of one page of the list.
const MOST_LISTED: usize = 10_000;

/// `POST /v1/people`: enrolls a person, or adds photos to one.
pub(crate) async fn enroll(
    Shared(state): Shared<State>,
    Params(query): Params<EnrollQuery>,
    request: Request,
) -> Result<(StatusCode, Json<Enrolled>), ApiError> {
    let EnrollQuery { ref face, smallest_face, rotations, .. } = query;
    let search = Search { face: face.as_deref(), smallest_face, rotations };
    let options = search.options(FaceChoice::Only)?;
    let mut form = Form::read(request, &state.budget, &FIELDS).await?;
    let service = Arc::clone(&state.service);
    let work = move || {
        let name = form.text("name", query.name)?;
        let name = name.ok_or_else(|| ApiError::bad_request("expected a `name`"))?;
        let name = PersonName::new(&name)?;
        let consent = form.text("consent", query.consent)?.filter(|note| !note.is_empty());
        let keep = form.choice("keep_photos", query.keep_photos, ["true", "false"])?;
        let accept_unlike = form.choice("unlike", query.unlike, ["accept", "refuse"])?;
        let to_enroll = !form.choice("covered", query.covered, ["accept", "refuse"])?;
        let options = DetectionOptions { to_enroll, ..options };
        let templates = templates(&service, form.files("photo"), options, keep)?;
        let enrollment = Enrollment { templates, consent, at: None };
        let EnrollmentOutcome { person, added, resembles } =
            service.enroll(&name, &enrollment, accept_unlike)?;
        let copies = enrollment.templates.len().saturating_sub(added);
        let (person, resembles) = (PersonRow::from(&person), resembles.map(Into::into));
        let status = if added > 0 { StatusCode::CREATED } else { StatusCode::OK };
        Ok((status, Json(Enrolled { person, added, copies, resembles })))
    };
    state.workers.run(work).await
}

/// Encodes the photos.
fn templates(
    service: &FaceService,
    photos: Vec<Vec<u8>>,
    options: DetectionOptions,
    keep: bool,
) -> Result<Vec<NewTemplate>, ApiError> {
    let count = photos.len();
    if count == 0 || count > MOST_PHOTOS {
        return Err(ApiError::bad_request(format!(
            "expected 1 to {MOST_PHOTOS} photos in the form's fields `photo`, found {count}"
        )));
    }
    let template = |(number, photo): (usize, Vec<u8>)| {
        let face = face_in(service, &photo, options).map_err(|api_error| match count {
            1 => api_error,
            _ => api_error.about(&format!("photo {}", number + 1)),
        })?;
        let limits = service.pipeline.locator().limits();
        let bare = keep.then(|| Photo::without_metadata(&photo, PHOTO, limits)).transpose();
        let photo = bare.map_err(faces::Error::from)?;
        Ok(NewTemplate { encoding: face.encoding, photo })
    };
    photos.into_iter().enumerate().map(template).collect()
}

/// `GET /v1/people`
pub(crate) async fn list(
    Shared(state): Shared<State>,
    Params(query): Params<ListQuery>,
) -> Result<Json<People>, ApiError> {
    let limit = bounded("limit", query.limit, 1000, MOST_LISTED)?;
    let service = Arc::clone(&state.service);
    let work = move || {
        let mut list = service.list()?;
        if let Some(search) = query.search.map(|text| text.to_lowercase()) {
            list.retain(|person| person.name.as_str().to_lowercase().contains(&search));
        }
        let total = list.len();
        let after = query.after.unwrap_or_default();
        let people = list.iter().filter(|person| *person.name.as_str() > *after);
        Ok(Json(People { total, people: people.take(limit).map(PersonRow::from).collect() }))
    };
    state.workers.run(work).await
}

/// `GET /v1/people/{name}`
pub(crate) async fn show(
    Shared(state): Shared<State>,
    Named(name): Named,
    Params(NoQuery {}): Params<NoQuery>,
) -> Result<Json<PersonRow>, ApiError> {
    let service = Arc::clone(&state.service);
    state.workers.run(move || Ok(Json(PersonRow::from(&service.person(&name)?)))).await
}

/// `PATCH /v1/people/{name}`: gives the person another name.
pub(crate) async fn rename(
    Shared(state): Shared<State>,
    Named(old): Named,
    Params(query): Params<RenameQuery>,
) -> Result<Json<PersonRow>, ApiError> {
    let new = PersonName::new(&query.name)?;
    let service = Arc::clone(&state.service);
    state.workers.run(move || Ok(Json(PersonRow::from(&service.rename(&old, &new)?)))).await
}

/// `DELETE /v1/people/{name}`
pub(crate) async fn remove(
    Shared(state): Shared<State>,
    Named(name): Named,
    Params(NoQuery {}): Params<NoQuery>,
) -> Result<StatusCode, ApiError> {
    let service = Arc::clone(&state.service);
    let work = move || {
        service.remove(&name)?;
        Ok(StatusCode::NO_CONTENT)
    };
    state.workers.run(work).await
}
