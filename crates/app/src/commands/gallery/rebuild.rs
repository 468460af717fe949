//! Encodes the stored photos of all people again, with another model.

use anyhow::{Context, Result, bail};
use faces::{DecodeLimits, DetectionOptions, FaceChoice, FaceLocation};
use store::{BoxError, Person, Store, Template};

use crate::arguments::ModelChoice;
use crate::face_reader::{FaceReader, load};
use crate::output::warn;
use crate::text::abridged;
use crate::{enrolled, progress};

/// Returns the number of photos that were encoded.
pub(super) fn run(store: &mut Store, choice: &ModelChoice, drop: bool) -> Result<usize> {
    if !drop {
        expect_photos(store)?;
    }
    let list = store.list()?;
    // The face was chosen, and its quality checked, at enrollment; the largest face is the
    // best guess which one it was.
    let largest = DetectionOptions { any_quality: true, ..FaceChoice::Largest.into() };
    let model = load(choice)?;
    // Photos that were read once, under whatever limit.
    let limits = DecodeLimits::megapixels(4000);
    let reader = FaceReader::new(choice, &model, FaceLocation::Detected(largest))?;
    let reader = reader.with_limits(limits);
    let new = enrolled::identity(&model);
    let bar = progress::bar(list.iter().map(|person| person.photos).sum(), "encoding");
    let mut photos = 0;
    let mut left_out = Vec::new();
    store.rewrite_for_model(&new, |person: Person| {
        let name = person.name.as_str();
        let mut templates = Vec::new();
        for (number, template) in person.templates.into_iter().enumerate() {
            let Some(photo) = template.photo else { continue };
            match reencode(&reader, number, template.added, photo) {
                Ok(template) => templates.push(template),
                Err(error) if drop && is_faceless(&error) => {
                    left_out.push(format!("{name}: {error:#}"));
                }
                Err(error) => return Err(with_hint(&error)),
            }
            bar.inc(1);
        }
        photos += templates.len();
        if templates.is_empty() {
            left_out.push(format!("{name}: no photo to encode"));
        }
        Ok((!templates.is_empty()).then_some(Person { templates, ..person }))
    })?;
    bar.finish_and_clear();
    for what in left_out {
        warn(format_args!("dropped: {what}"));
    }
    Ok(photos)
}

/// Checks that every photo is stored.
fn expect_photos(store: &Store) -> Result<()> {
    let list = store.list()?;
    let without: Vec<_> = list
        .iter()
        .filter(|person| person.photos < person.templates)
        .map(|p| p.name.as_str())
        .collect();
    if !without.is_empty() {
        bail!(
            "not all photos of {} are stored: enroll these people again, or drop those photos \
             with --drop",
            abridged(without.into_iter())
        );
    }
    Ok(())
}

fn reencode(reader: &FaceReader, number: usize, added: u64, photo: Vec<u8>) -> Result<Template> {
    // Counted from 1, as in `gallery show`.
    let faces = reader.read_bytes(&photo, &format!("photo {}", number + 1))?;
    let face = faces.into_iter().next().context("the stored photo shows no face")?;
    Ok(Template { encoding: face.encoding, added, photo: Some(photo) })
}

/// Whether no face was found: the photo was enrolled with `--aligned`, or by another detector.
fn is_faceless(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| matches!(cause.downcast_ref(), Some(faces::Error::Face(_))))
}

/// Adds the hint that --drop leaves the photo out. The store adds the person's name.
fn with_hint(error: &anyhow::Error) -> BoxError {
    match is_faceless(error) {
        true => format!("{error:#}; --drop leaves out such photos").into(),
        false => format!("{error:#}").into(),
    }
}
