//! `facenet enroll`: enrolls a person, or adds photos to one.

use std::path::Path;

use anyhow::{Context, Result, bail};
use biometrics::enrollment::{Outlier, outliers, resemblance};
use faces::Photo;
use report::CandidateRow;
use serde::Serialize;
use store::{Access, Enrollment, NewTemplate};

use crate::arguments::{Admission, Enroll};
use crate::decision::identification;
use crate::face_reader::{FaceReader, load};
use crate::output::{Output, escaped, line, note, warn};
use crate::text::{counted, counted_people};
use crate::{ExitStatus, enrolled, exit_status_of, progress};

/// The JSON output.
#[derive(Serialize)]
struct EnrollmentRow<'a> {
    name: &'a str,
    /// Photos that were added.
    added: usize,
    /// Photos that the person has already, or that were given twice.
    copies: usize,
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
    let reader = FaceReader::new(choice, &model, arguments.faces.location_to_enroll())?
        .with_limits(arguments.faces.limits());
    let ReadPhotos { files, templates, skipped } = read(arguments, &reader)?;
    let encodings: Vec<_> = templates.iter().map(|template| template.encoding.clone()).collect();
    // Nobody opens a store, which would create it, for photos of two people.
    expect_like(arguments, &files, outliers(&encodings, &[], policy.verification())?)?;
    let mut store = enrolled::open(&arguments.store, &model, Access::Write)?;
    let stored = match store.person(&arguments.name) {
        Ok(person) => person.encodings(),
        Err(store::Error::PersonNotFound { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    if !stored.is_empty() {
        let outliers = outliers(&encodings, &stored, policy.verification())?;
        expect_like(arguments, &files, outliers)?;
    }
    let threshold = policy.among(store.len()?, store.template_count()?)?.threshold;
    let search = |probe: &_, top| anyhow::Ok(store.search(probe, top)?);
    let resembles = resemblance(&arguments.name, &encodings, threshold, search)?;
    let resembles = resembles.map(CandidateRow::from);
    if let Some(CandidateRow { name, distance }) = &resembles {
        warn(format_args!(
            "{} resembles the enrolled {name}: the distance is {distance:.4}",
            arguments.name
        ));
    }
    let enrollment = Enrollment { templates, consent: arguments.consent.clone(), at: None };
    store.enroll(&arguments.name, &enrollment)?;
    let photos = store.person(&arguments.name)?.templates.len();
    let added = photos.saturating_sub(stored.len());
    let copies = encodings.len().saturating_sub(added);
    let name = arguments.name.as_str();
    if output.is_json() {
        let db = store.location().to_string();
        output.json(&EnrollmentRow { name, added, copies, photos, skipped, resembles, db })?;
        return Ok(ExitStatus::Match);
    }
    let (name, now) = (escaped(name), counted(photos, "photo"));
    match (stored.is_empty(), added) {
        (true, _) => line!(output, "{name} is enrolled with {now}.")?,
        (false, 0) => line!(output, "Nothing was added: {name} has this already, and {now}.")?,
        (false, _) => {
            let added = counted(added, "photo");
            line!(output, "{added} added to {name}, who has {now} now.")?;
        }
    }
    if copies > 0 && added > 0 {
        line!(output, "Left out, since the same is there already: {}.", counted(copies, "photo"))?;
    }
    let people = store.len()?;
    line!(output, "{} in {}", counted_people(people), escaped(&store.location().to_string()))?;
    Ok(ExitStatus::Match)
}

/// The photos that can be used.
struct ReadPhotos<'a> {
    files: Vec<&'a Path>,
    templates: Vec<NewTemplate>,
    /// The number of those that cannot.
    skipped: usize,
}

/// Encodes the photos; reports and skips those without one usable face.
fn read<'a>(arguments: &'a Enroll, reader: &FaceReader) -> Result<ReadPhotos<'a>> {
    let bar = progress::bar(arguments.photos.len(), "reading the photos");
    let mut read = ReadPhotos { files: Vec::new(), templates: Vec::new(), skipped: 0 };
    let mut first_fault = None;
    for (photo, faces) in arguments.photos.iter().zip(reader.read_all(&arguments.photos, &bar)) {
        match faces.and_then(|faces| template(photo, faces, arguments)) {
            Ok(template) => {
                read.templates.push(template);
                read.files.push(photo);
            }
            Err(error) => {
                read.skipped += 1;
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
        Some(error) if read.templates.is_empty() => Err(error).context("nobody was enrolled"),
        _ => Ok(read),
    }
}

fn template(photo: &Path, mut faces: Vec<faces::Face>, arguments: &Enroll) -> Result<NewTemplate> {
    if faces.len() != 1 {
        bail!(
            "{}: expected one face to enroll, found {}",
            escaped(&photo.display().to_string()),
            faces.len()
        );
    }
    let encoding = faces.remove(0).encoding;
    if !arguments.keep_photos {
        return Ok(encoding.into());
    }
    if photo.as_os_str() == "-" {
        bail!("--keep-photos wants files: standard input (-) was read to find the face");
    }
    let bytes = std::fs::read(photo).context("a photo to keep")?;
    let name = photo.display().to_string();
    let bare = Photo::without_metadata(&bytes, &name, &arguments.faces.limits())?;
    Ok(NewTemplate { encoding, photo: Some(bare) })
}

/// Refuses photos that may show somebody else; with --force, warns of them.
fn expect_like(arguments: &Enroll, files: &[&Path], outliers: Vec<Outlier>) -> Result<()> {
    let texts = outliers.iter().map(|outlier| {
        let file = escaped(&files[outlier.photo].display().to_string());
        format!("{file} may show somebody else than {}: {outlier}", arguments.name)
    });
    let texts: Vec<_> = texts.collect();
    if texts.is_empty() {
        return Ok(());
    }
    if arguments.faces.force {
        texts.iter().for_each(|text| warn(format_args!("{text}")));
        return Ok(());
    }
    note(format_args!("--force enrolls it anyway"));
    bail!("nobody was enrolled: {}", texts.join("; "))
}
