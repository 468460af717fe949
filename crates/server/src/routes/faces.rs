//! Routes `/v1/recognize`, `/v1/verify`, `/v1/detect`, `/v1/encode`.

use std::time::Instant;

use axum::extract::{Request, State as Shared};
use axum::{Extension, Json};
use biometrics::policy::{GalleryThreshold, VerificationPolicy};
use facenet::gallery::PersonName;
use facenet::matching::{Candidate, Encoding, Recognition, names_in_photo};
use faces::{DetectionOptions, Face, FaceChoice, FaceLocation, Photo};
use report::{Identity, IdentityRow};

use crate::api_error::ApiError;
use crate::body::Form;
use crate::client::Client;
use crate::decisions::{Decision, Verdict, now};
use crate::guard::Role;
use crate::kept_gallery::Among;
use crate::query::{
    DetectQuery, EncodeQuery, Params, RecognizeQuery, Search, VerifyQuery, bounded,
};
use crate::responses::{Claim, Detected, Encoded, EncodedFace, Recognized, Verified};
use crate::service::FaceService;
use crate::state::State;

/// Most candidates of an answer.
const MOST_CANDIDATES: usize = 100;

/// Name of a photo in errors.
pub(super) const PHOTO: &str = "the photo";

/// `POST /v1/recognize`: who is in the photo?
pub(crate) async fn recognize(
    Shared(state): Shared<State>,
    Extension(role): Extension<Role>,
    Params(query): Params<RecognizeQuery>,
    request: Request,
) -> Result<Json<Recognized>, ApiError> {
    let RecognizeQuery { face, smallest_face, rotations, top } = query;
    let search = Search { face: face.as_deref(), smallest_face, rotations };
    let options = search.options(FaceChoice::All)?;
    let top = bounded("top", top, 2, MOST_CANDIDATES)?;
    let mut form = Form::read(request, &state.budget, &["photo"]).await?;
    let shared = state.clone();
    let work = move || {
        let service = &shared.service;
        let (photo, faces) = faces_in(service, &form.file("photo")?, options)?;
        let encodings = faces.iter().map(|face| &face.encoding);
        // As many candidates as faces, so that who loses the nearest name may have the next.
        let depth = faces.len().max(top).max(1);
        let Among { threshold, are_alike, answers } = service.recognize(encodings, depth)?;
        let GalleryThreshold { threshold, people, fpir, .. } = threshold;
        let names = names_in_photo(&answers);
        let decided = answers.iter().zip(&names);
        decided.for_each(|(answer, name)| shared.decisions.record(recognized(answer, *name)));
        let faces = faces.iter().zip(&answers).zip(names).map(|((face, recognition), name)| {
            let identity = Identity { recognition, name, top };
            match role {
                Role::Resident => IdentityRow::new(face, identity),
                // Whom else a face resembles is not a visitor's to know.
                Role::Visitor => IdentityRow::of_recognized(face, identity),
            }
        });
        let faces = faces.collect();
        let (width, height, threshold) = (photo.width(), photo.height(), threshold.distance());
        Ok(Json(Recognized { width, height, threshold, people, fpir, are_alike, faces }))
    };
    state.workers.run(work).await
}

/// `POST /v1/verify`: is this that person, or are these two one?
pub(crate) async fn verify(
    Shared(state): Shared<State>,
    Extension(client): Extension<Client>,
    Params(query): Params<VerifyQuery>,
    request: Request,
) -> Result<Json<Verified>, ApiError> {
    let VerifyQuery { face, smallest_face, rotations, name } = query;
    let search = Search { face: face.as_deref(), smallest_face, rotations };
    let options = search.options(FaceChoice::Only)?;
    if options.choice == FaceChoice::All {
        return Err(ApiError::bad_request("to verify, a photo shows one face: not `all`"));
    }
    let mut form = Form::read(request, &state.budget, &["photo", "name", "a", "b"]).await?;
    let shared = state.clone();
    let work = move || {
        let service = &shared.service;
        let policy = service.decision();
        let is_claim = form.has("photo") || form.has("name") || name.is_some();
        let has_two = form.has("a") || form.has("b");
        if is_claim == has_two {
            let error = "expected the photos `a` and `b`, or `photo` and a `name`";
            return Err(ApiError::bad_request(error));
        }
        if has_two {
            let [a, b] = ["a", "b"].map(|field| form.file(field));
            let (a, b) = (face_in(service, &a?, options)?, face_in(service, &b?, options)?);
            let distance = a.encoding.distance(&b.encoding);
            shared.decisions.record(compared(None, Some(distance), policy));
            return Ok(Json(Verified::new(None, distance, &[("a: ", &a), ("b: ", &b)], policy)?));
        }
        let name = form.text("name", name)?;
        let name = name.ok_or_else(|| ApiError::bad_request("expected a `name`"))?;
        let name = PersonName::enrolled(&name)?;
        let known =
            service.template(&name)?.ok_or_else(|| ApiError::person_not_found(name.as_str()))?;
        let (template, references) = known;
        let known = Encoding::new(template)?;
        let attempt = shared.claims.begin(client, name.as_str(), Instant::now());
        let attempt = attempt.map_err(|wait| {
            shared.decisions.record(compared(Some(&name), None, policy));
            ApiError::too_many_claims(wait)
        })?;
        let face = face_in(service, &form.file("photo")?, options)?;
        let distance = face.encoding.distance(&known);
        match policy.threshold().accepts(distance) {
            true => attempt.succeed(),
            false => attempt.fail(Instant::now()),
        }
        shared.decisions.record(compared(Some(&name), Some(distance), policy));
        let claim = Claim { claim: name.as_str().to_owned(), references };
        Ok(Json(Verified::new(Some(claim), distance, &[("", &face)], policy)?))
    };
    state.workers.run(work).await
}

/// Whom a face was taken for.
fn recognized(answer: &Recognition, name: Option<&Candidate>) -> Decision {
    let nearest = name.or(answer.candidates.first());
    Decision {
        time: now(),
        question: "recognize",
        claim: None,
        person: name.map(|person| person.name.clone()),
        distance: nearest.map(|nearest| nearest.distance),
        threshold: answer.threshold.distance(),
        verdict: if name.is_some() { Verdict::Recognized } else { Verdict::Stranger },
    }
}

/// Whether two faces are one person's, of whom one may be somebody's who was claimed; without a
/// distance where they were not compared.
fn compared(
    claim: Option<&PersonName>,
    distance: Option<f32>,
    policy: &VerificationPolicy,
) -> Decision {
    let claim = claim.map(|name| name.as_str().to_owned());
    let verdict = match distance.map(|distance| policy.threshold().accepts(distance)) {
        Some(true) => Verdict::Same,
        Some(false) => Verdict::Different,
        None => Verdict::Refused,
    };
    Decision {
        time: now(),
        question: "verify",
        person: claim.clone().filter(|_| verdict == Verdict::Same),
        claim,
        distance,
        threshold: policy.threshold().distance(),
        verdict,
    }
}

/// `POST /v1/detect`: where faces are, and how well they can be seen; none is no error.
pub(crate) async fn detect(
    Shared(state): Shared<State>,
    Params(query): Params<DetectQuery>,
    request: Request,
) -> Result<Json<Detected>, ApiError> {
    let DetectQuery { smallest_face, rotations } = query;
    let search = Search { face: None, smallest_face, rotations };
    let options = search.options(FaceChoice::All)?;
    let mut form = Form::read(request, &state.budget, &["photo"]).await?;
    let shared = state.clone();
    let work = move || {
        let located = FaceLocation::Detected(options);
        let find = |photo: &[u8]| -> Result<_, faces::Error> {
            let pipeline = shared.service.pipeline.with_location(located)?;
            let photo = pipeline.locator().decode(photo, PHOTO)?;
            let faces = pipeline.locator().detect(&photo)?;
            Ok((photo, faces))
        };
        let (photo, faces) = find(&form.file("photo")?)?;
        let faces = faces.iter().map(Into::into).collect();
        Ok(Json(Detected { width: photo.width(), height: photo.height(), faces }))
    };
    state.workers.run(work).await
}

/// `POST /v1/encode`: the network's numbers.
pub(crate) async fn encode(
    Shared(state): Shared<State>,
    Params(query): Params<EncodeQuery>,
    request: Request,
) -> Result<Json<Encoded>, ApiError> {
    let EncodeQuery { face, smallest_face, rotations } = query;
    let search = Search { face: face.as_deref(), smallest_face, rotations };
    let options = search.options(FaceChoice::All)?;
    let mut form = Form::read(request, &state.budget, &["photo"]).await?;
    let shared = state.clone();
    let work = move || {
        let service = &shared.service;
        let (photo, faces) = faces_in(service, &form.file("photo")?, options)?;
        Ok(Json(Encoded {
            width: photo.width(),
            height: photo.height(),
            model: (&service.model).into(),
            faces: faces.iter().map(EncodedFace::from).collect(),
        }))
    };
    state.workers.run(work).await
}

/// The one face that was chosen.
pub(super) fn face_in(
    service: &FaceService,
    photo: &[u8],
    options: DetectionOptions,
) -> Result<Face, ApiError> {
    if options.choice == FaceChoice::All {
        return Err(ApiError::bad_request("this takes one face of each photo: not `all`"));
    }
    let (_, mut faces) = faces_in(service, photo, options)?;
    Ok(faces.swap_remove(0))
}

/// A photo and the faces that were chosen in it: at least one.
fn faces_in(
    service: &FaceService,
    photo: &[u8],
    options: DetectionOptions,
) -> Result<(Photo, Vec<Face>), ApiError> {
    let read = || -> Result<_, faces::Error> {
        let pipeline = service.pipeline.with_location(FaceLocation::Detected(options))?;
        let photo = pipeline.locator().decode(photo, PHOTO)?;
        let faces = pipeline.faces(&photo)?;
        Ok((photo, faces))
    };
    read().map_err(|error| ApiError::from(error).with_hint(&options))
}
