//! `facenet enroll`: a person and their photos into the store.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use facenet::gallery::mean_template;
use facenet::matching::Encoding;
use serde::Serialize;
use store::{Access, Enrolment, NewTemplate, Store};

use crate::arguments::Enroll;
use crate::enrolled::{self, identification_threshold};
use crate::face_finder::Framing;
use crate::face_reader::FaceReader;
use crate::output::{Output, escaped, line, warn};
use crate::{Outcome, outcome_of, progress};

/// What `--json` prints.
#[derive(Serialize)]
struct Answer<'a> {
    name: &'a str,
    /// Photos that were added.
    added: usize,
    /// Photos that there are now.
    photos: usize,
    skipped: usize,
    /// Another person who looks the same to the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    resembles: Option<Resembles>,
    db: String,
}

#[derive(Serialize)]
struct Resembles {
    name: String,
    distance: f32,
}

pub(crate) fn run(arguments: &Enroll, output: &mut Output) -> Result<Outcome> {
    let reader = FaceReader::new(&arguments.model, Framing::from(&arguments.faces))?;
    let (templates, skipped) = templates(arguments, &reader)?;
    let mut store = enrolled::open(&arguments.store, &arguments.model, Access::Write)?;
    let encodings: Vec<_> = templates.iter().map(|template| template.encoding.clone()).collect();
    let resembles = resemblance(&store, arguments, &encodings)?;
    if let Some(Resembles { name, distance }) = &resembles {
        warn(format_args!(
            "{} resembles {name}, who is enrolled: the distance is {distance:.4}",
            arguments.name
        ));
    }
    let added = templates.len();
    let enrolment = Enrolment { templates, consent: arguments.consent.clone(), at: None };
    store.enroll(&arguments.name, &enrolment)?;
    let photos = store.person(&arguments.name)?.templates.len();
    let name = arguments.name.as_str();
    if output.is_json() {
        let db = store.location().to_string();
        output.json(&Answer { name, added, photos, skipped, resembles, db })?;
    } else {
        let name = escaped(name);
        let people = store.len()?;
        line!(output, "{name} is enrolled with {}.", counted(photos, "photo"))?;
        line!(output, "{} in {}", counted_people(people), escaped(&store.location().to_string()))?;
    }
    Ok(Outcome::Yes)
}

/// The faces of the photos; those that show none are reported and left out.
fn templates(arguments: &Enroll, reader: &FaceReader) -> Result<(Vec<NewTemplate>, usize)> {
    let bar = progress::bar(arguments.photos.len(), "reading the photos");
    let mut templates = Vec::new();
    let mut first_fault = None;
    let mut skipped = 0;
    for (photo, faces) in arguments.photos.iter().zip(reader.read_all(&arguments.photos, &bar)) {
        match faces.and_then(|faces| template(photo, faces, arguments.keep_photos)) {
            Ok(template) => templates.push(template),
            Err(error) => {
                skipped += 1;
                if arguments.photos.len() > 1 {
                    bar.suspend(|| warn(format_args!("left out: {error:#}")));
                }
                if first_fault.is_none() || outcome_of(&error) == Outcome::NoFace {
                    first_fault = Some(error);
                }
            }
        }
    }
    bar.finish_and_clear();
    match first_fault {
        Some(error) if templates.is_empty() => Err(error).context("nobody was enrolled"),
        _ => {
            tell_of_outliers(arguments, &templates);
            Ok((templates, skipped))
        }
    }
}

fn template(
    photo: &PathBuf,
    mut faces: Vec<crate::face_reader::Face>,
    keep: bool,
) -> Result<NewTemplate> {
    if faces.len() != 1 {
        bail!(
            "{}: expected one face to enrol, found {}",
            escaped(&photo.display().to_string()),
            faces.len()
        );
    }
    let photo = keep.then(|| std::fs::read(photo)).transpose();
    Ok(NewTemplate { encoding: faces.remove(0).encoding, photo: photo.context("a photo to keep")? })
}

/// A photo far from the mean of the others may be of somebody else.
fn tell_of_outliers(arguments: &Enroll, templates: &[NewTemplate]) {
    if templates.len() < 3 {
        return;
    }
    for (number, template) in templates.iter().enumerate() {
        let others: Vec<Encoding> = templates
            .iter()
            .enumerate()
            .filter(|&(other, _)| other != number)
            .map(|(_, other)| other.encoding.clone())
            .collect();
        let Ok(mean) = mean_template(&others) else { continue };
        let distance = mean.distance(&template.encoding);
        if distance >= facenet::matching::Threshold::DEFAULT.distance() {
            warn(format_args!(
                "photo {} of {} does not resemble the others: the distance is {distance:.4}; is \
                 it of the same person?",
                number + 1,
                arguments.photos.len()
            ));
        }
    }
}

/// Who else would be recognised in these photos.
fn resemblance(
    store: &Store,
    arguments: &Enroll,
    encodings: &[Encoding],
) -> Result<Option<Resembles>> {
    // Themselves, if they are enrolled already, and somebody else.
    let people = store.len()?;
    let mut nearest = store.search(&mean_template(encodings)?, 2)?;
    nearest.retain(|person| person.name != arguments.name.as_str());
    let threshold = identification_threshold(&crate::arguments::Decision::default(), people);
    let other = nearest.into_iter().next().filter(|person| threshold.accepts(person.distance));
    Ok(other.map(|person| Resembles { name: person.name, distance: person.distance }))
}

/// `1 photo`, `2 photos`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// `1 person`, `2 people`.
pub(crate) fn counted_people(count: usize) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}
