//! `facenet recognize`: who of the people who are enrolled, or of a folder, is this?

use std::path::Path;

use anyhow::Result;
use biometrics::LoadedModel;
use biometrics::policy::{GalleryThreshold, IdentificationPolicy};
use facenet::matching::Recognition;
use faces::{DetectedFace, Face};
use serde::Serialize;
use store::{Access, PeopleIndex};

use crate::arguments::Recognize;
use crate::decision::{identification, print_gallery_threshold, warn_if_extrapolating};
use crate::face_reader::{FaceReader, load};
use crate::gallery_folder::GalleryFolder;
use crate::output::{Output, escaped, line, warn};
use crate::{Outcome, enrolled, outcome_of, progress};

/// What `--json` prints for each face, and `facenet watch`.
#[derive(Serialize)]
pub(crate) struct Answer<'a> {
    pub(crate) probe: String,
    #[serde(rename = "box")]
    pub(crate) place: Option<[f32; 4]>,
    pub(crate) landmarks: Option<[[f32; 2]; 5]>,
    pub(crate) person: Option<&'a str>,
    pub(crate) distance: Option<f32>,
    #[serde(flatten)]
    pub(crate) threshold: GalleryThreshold,
    pub(crate) candidates: Vec<Row<'a>>,
    pub(crate) skipped: usize,
}

#[derive(Serialize)]
pub(crate) struct Row<'a> {
    name: &'a str,
    distance: f32,
}

/// What it prints for a photo without an answer.
#[derive(Serialize)]
pub(crate) struct FaultRow {
    pub(crate) probe: String,
    pub(crate) error: String,
}

/// Who may be recognised, and when.
struct Known {
    people: PeopleIndex,
    skipped: usize,
    threshold: GalleryThreshold,
    top: usize,
}

pub(crate) fn run(arguments: &Recognize, output: &mut Output) -> Result<Outcome> {
    let choice = &arguments.store.model;
    let model = load(choice)?;
    let policy = identification(&arguments.admission, &model)?;
    let reader = FaceReader::new(choice, &model, arguments.faces.location())?;
    let known = known(arguments, &model, &reader, &policy)?;
    let bar = progress::bar(arguments.photos.len(), "recognising");
    let mut worst = Outcome::Yes;
    for (photo, faces) in arguments.photos.iter().zip(reader.read_all(&arguments.photos, &bar)) {
        let outcome = match faces {
            Ok(faces) => answer(photo, &faces, &known, arguments.photos.len() > 1, output)?,
            // Of one photo, the error is the answer.
            Err(error) if arguments.photos.len() == 1 => return Err(error),
            Err(error) => {
                if output.is_json() {
                    let probe = photo.display().to_string();
                    output.json(&FaultRow { probe, error: format!("{error:#}") })?;
                }
                bar.suspend(|| warn(format_args!("left out: {error:#}")));
                outcome_of(&error)
            }
        };
        worst = worse(worst, outcome);
    }
    bar.finish_and_clear();
    Ok(worst)
}

/// The outcome of both: an error outweighs a photo without a face, that a stranger.
fn worse(a: Outcome, b: Outcome) -> Outcome {
    let weight = |outcome| match outcome {
        Outcome::Yes => 0,
        Outcome::No => 1,
        Outcome::NoFace => 2,
        Outcome::Error => 3,
    };
    if weight(b) > weight(a) { b } else { a }
}

fn known(
    arguments: &Recognize,
    model: &LoadedModel,
    reader: &FaceReader,
    policy: &IdentificationPolicy,
) -> Result<Known> {
    let (people, skipped) = match &arguments.gallery {
        Some(folder) => {
            enrolled::expect_exact(&arguments.store, "a folder's are searched exactly")?;
            let photos = reader.with_location(arguments.faces.location_in_gallery())?;
            let photos = GalleryFolder::open(folder)?.everybody(&photos)?;
            (photos.gallery()?.into(), photos.skipped)
        }
        None => {
            let store = enrolled::open(&arguments.store, model, Access::Read)?;
            (store.into_index()?, 0)
        }
    };
    let [count, faces] = [people.len()?, people.template_count()?];
    warn_if_extrapolating(policy, faces);
    let threshold = policy.among(count, faces);
    Ok(Known { people, skipped, threshold, top: arguments.top.get() })
}

/// Answers for the faces of one photo; yes if everybody is known.
fn answer(
    photo: &Path,
    faces: &[Face],
    known: &Known,
    titled: bool,
    output: &mut Output,
) -> Result<Outcome> {
    let mut outcome = Outcome::Yes;
    if titled && !output.is_json() {
        line!(output, "{}:", escaped(&photo.display().to_string()))?;
    }
    for face in faces {
        let answer =
            known.people.recognize(&face.encoding, known.threshold.threshold, known.top)?;
        if answer.person().is_none() {
            outcome = Outcome::No;
        }
        if output.is_json() {
            output.json(&json(photo, face, &answer, known.threshold, known.skipped))?;
        } else {
            print(face, faces.len(), &answer, known.threshold, output)?;
        }
    }
    Ok(outcome)
}

pub(crate) fn json<'a>(
    probe: &Path,
    face: &Face,
    answer: &'a Recognition,
    threshold: GalleryThreshold,
    skipped: usize,
) -> Answer<'a> {
    let rows = answer.candidates.iter().map(|c| Row { name: &c.name, distance: c.distance });
    Answer {
        probe: probe.display().to_string(),
        place: face.detected.map(|d| d.place.sides()),
        landmarks: face.detected.and_then(|detected| detected.landmarks),
        person: answer.person().map(|person| person.name.as_str()),
        distance: answer.candidates.first().map(|nearest| nearest.distance),
        threshold,
        candidates: rows.collect(),
        skipped,
    }
}

/// The notebook's words, then the nearest people.
fn print(
    face: &Face,
    faces: usize,
    answer: &Recognition,
    threshold: GalleryThreshold,
    output: &mut Output,
) -> Result<()> {
    if let Some(DetectedFace { place, .. }) = face.detected
        && faces > 1
    {
        line!(
            output,
            "Face at x {:.0}, y {:.0}, {:.0} pixels wide:",
            place.x,
            place.y,
            place.width
        )?;
    }
    match answer.person() {
        Some(person) => {
            let (name, distance) = (escaped(&person.name), person.distance);
            line!(output, "It's {name}, the distance is {distance:.4}")?;
        }
        None => line!(output, "Not in the gallery.")?,
    }
    let longest = answer.candidates.iter().map(|c| c.name.chars().count()).max().unwrap_or(0);
    for (rank, candidate) in answer.candidates.iter().enumerate() {
        let (name, distance) = (escaped(&candidate.name), candidate.distance);
        line!(output, "{:>3}. {name:<longest$}  {distance:.4}", rank + 1)?;
    }
    print_gallery_threshold(&threshold, output)
}
