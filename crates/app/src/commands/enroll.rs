//! `facenet enroll`: enrolls a person, or adds photos to one.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use biometrics::enrollment::{Outlier, outliers, resemblance};
use biometrics::policy::IdentificationPolicy;
use facenet::matching::Threshold;
use report::CandidateRow;
use serde::Serialize;
use store::{Access, Enrollment, NewTemplate};

use crate::arguments::{Admission, Enroll};
use crate::decision::identification;
use crate::face_reader::{FaceReader, load};
use crate::output::{Output, escaped, line, warn};
use crate::text::{counted, counted_people};
use crate::{ExitStatus, enrolled, exit_status_of, progress};

/// The JSON output.
#[derive(Serialize)]
struct EnrollmentRow<'a> {
    name: &'a str,
    /// Photos that were added.
    added: usize,
    /// Photos that the person has now.
    photos: usize,
    /// Photos that could not be used.
    skipped: usize,
    /// Another enrolled person who would be recognized in these photos.
    #[serde(skip_serializing_if = "Option::is_none")]
    resembles: Option<CandidateRow>,
    db: String,
}

pub(crate) fn run(arguments: &Enroll, output: &mut Output) -> Result<ExitStatus> {
    let choice = &arguments.store.model;
    let model = load(choice)?;
    let policy = identification(&Admission::default(), &model)?;
    let reader = FaceReader::new(choice, &model, arguments.faces.location())?
        .with_limits(arguments.faces.limits());
    let (templates, skipped) = templates(arguments, &reader, &policy)?;
    let mut store = enrolled::open(&arguments.store, &model, Access::Write)?;
    let encodings: Vec<_> = templates.iter().map(|template| template.encoding.clone()).collect();
    let threshold = policy.among(store.len()?, store.template_count()?).threshold;
    let search = |probe: &_, top| anyhow::Ok(store.search(probe, top)?);
    let resembles = resemblance(&arguments.name, &encodings, threshold, search)?;
    let resembles = resembles.map(CandidateRow::from);
    if let Some(CandidateRow { name, distance }) = &resembles {
        warn(format_args!(
            "{} resembles the enrolled {name}: the distance is {distance:.4}",
            arguments.name
        ));
    }
    let added = templates.len();
    let enrollment = Enrollment { templates, consent: arguments.consent.clone(), at: None };
    store.enroll(&arguments.name, &enrollment)?;
    let photos = store.person(&arguments.name)?.templates.len();
    let name = arguments.name.as_str();
    if output.is_json() {
        let db = store.location().to_string();
        output.json(&EnrollmentRow { name, added, photos, skipped, resembles, db })?;
    } else {
        let name = escaped(name);
        let people = store.len()?;
        line!(output, "{name} is enrolled with {}.", counted(photos, "photo"))?;
        line!(output, "{} in {}", counted_people(people), escaped(&store.location().to_string()))?;
    }
    Ok(ExitStatus::Match)
}

/// Encodes the photos; reports and skips those without one usable face.
fn templates(
    arguments: &Enroll,
    reader: &FaceReader,
    policy: &IdentificationPolicy,
) -> Result<(Vec<NewTemplate>, usize)> {
    let bar = progress::bar(arguments.photos.len(), "reading the photos");
    let (mut templates, mut names) = (Vec::new(), Vec::new());
    let mut first_fault = None;
    let mut skipped = 0;
    for (photo, faces) in arguments.photos.iter().zip(reader.read_all(&arguments.photos, &bar)) {
        match faces.and_then(|faces| template(photo, faces, arguments.keep_photos)) {
            Ok(template) => {
                templates.push(template);
                names.push(photo.as_path());
            }
            Err(error) => {
                skipped += 1;
                if arguments.photos.len() > 1 {
                    bar.suspend(|| warn(format_args!("left out: {error:#}")));
                }
                if first_fault.is_none() || exit_status_of(&error) == ExitStatus::NoFace {
                    first_fault = Some(error);
                }
            }
        }
    }
    bar.finish_and_clear();
    match first_fault {
        Some(error) if templates.is_empty() => Err(error).context("nobody was enrolled"),
        _ => {
            warn_of_outliers(&names, &templates, policy.verification().threshold());
            Ok((templates, skipped))
        }
    }
}

fn template(photo: &PathBuf, mut faces: Vec<faces::Face>, keep: bool) -> Result<NewTemplate> {
    if faces.len() != 1 {
        bail!(
            "{}: expected one face to enroll, found {}",
            escaped(&photo.display().to_string()),
            faces.len()
        );
    }
    let photo = keep.then(|| std::fs::read(photo)).transpose();
    Ok(NewTemplate { encoding: faces.remove(0).encoding, photo: photo.context("a photo to keep")? })
}

/// Warns of photos that may show somebody else.
fn warn_of_outliers(photos: &[&Path], templates: &[NewTemplate], threshold: Threshold) {
    let encodings: Vec<_> = templates.iter().map(|template| template.encoding.clone()).collect();
    for Outlier { photo, distance } in outliers(&encodings, threshold) {
        warn(format_args!(
            "{} does not resemble the others: the distance is {distance:.4}; it may show \
             another person",
            photos[photo].display()
        ));
    }
}
