//! Of people: enrolling, listing, removing them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State as Shared};
use axum::http::StatusCode;
use facenet::gallery::PersonName;
use faces::FaceChoice;
use report::PersonRow;
use store::{Enrollment, NewTemplate};

use super::faces::face_in;
use crate::api_error::ApiError;
use crate::body::Form;
use crate::query::{EnrollQuery, ListQuery, NoQuery, Params, face_choice};
use crate::responses::{Enrolled, People};
use crate::state::State;

/// Most photos of one request to enroll.
const MOST_PHOTOS: usize = 32;

/// Most people of one page of the list.
const MOST_LISTED: usize = 10_000;

/// `POST /v1/people`: a new resident, or more photos of one.
pub(crate) async fn enroll(
    Shared(state): Shared<State>,
    Params(query): Params<EnrollQuery>,
    request: Request,
) -> Result<(StatusCode, Json<Enrolled>), ApiError> {
    let choice = face_choice(query.face.as_deref(), FaceChoice::Only)?;
    let mut form = Form::read(request, &state.budget).await?;
    let service = Arc::clone(&state.service);
    let work = move || {
        let name = form.text("name")?.or(query.name);
        let name = name.ok_or_else(|| ApiError::bad_request("expected a `name`"))?;
        let name = PersonName::new(&name)?;
        let consent = form.text("consent")?.or(query.consent).filter(|note| !note.is_empty());
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
            let encoding = face_in(&service, &photo, choice);
            let encoding = encoding.map_err(|api_error| match count {
                1 => api_error,
                _ => api_error.about(&format!("photo {}", number + 1)),
            })?;
            templates.push(NewTemplate { encoding, photo: keep.then_some(photo) });
        }
        let faces: Vec<_> = templates.iter().map(|template| template.encoding.clone()).collect();
        let resembles = service.resemblance(&name, &faces)?.map(Into::into);
        let added = templates.len();
        let person = service.enroll(&name, &Enrollment { templates, consent, at: None })?;
        let person = PersonRow::from(&person);
        Ok((StatusCode::CREATED, Json(Enrolled { person, added, resembles })))
    };
    state.workers.run(work).await
}

/// `GET /v1/people`
pub(crate) async fn list(
    Shared(state): Shared<State>,
    Params(query): Params<ListQuery>,
) -> Result<Json<People>, ApiError> {
    let limit = query.limit.unwrap_or(1000).min(MOST_LISTED);
    let service = Arc::clone(&state.service);
    let work = move || {
        let list = service.list()?;
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
    Path(name): Path<String>,
    Params(NoQuery {}): Params<NoQuery>,
) -> Result<Json<PersonRow>, ApiError> {
    let name = PersonName::new(&name)?;
    let service = Arc::clone(&state.service);
    state.workers.run(move || Ok(Json(PersonRow::from(&service.person(&name)?)))).await
}

/// `DELETE /v1/people/{name}`
pub(crate) async fn remove(
    Shared(state): Shared<State>,
    Path(name): Path<String>,
    Params(NoQuery {}): Params<NoQuery>,
) -> Result<StatusCode, ApiError> {
    let name = PersonName::new(&name)?;
    let service = Arc::clone(&state.service);
    let work = move || {
        service.remove(&name)?;
        Ok(StatusCode::NO_CONTENT)
    };
    state.workers.run(work).await
}
