//! Everybody's templates anew, with another model, from the photos that were kept.

use anyhow::{Context, Result, bail};
use faces::{DetectionOptions, FaceChoice, FaceLocation};
use store::{BoxError, Person, Store, Template};

use crate::arguments::ModelChoice;
use crate::face_reader::{FaceReader, load};
use crate::output::warn;
use crate::{enrolled, progress};

/// Returns how many photos there were.
pub(super) fn run(store: &mut Store, choice: &ModelChoice, drop: bool) -> Result<usize> {
    if !drop {
        expect_photos(store)?;
    }
    let list = store.list()?;
    // Which face was meant, and that it can be seen well enough, was decided when the photo
    // was enrolled; the largest is the best guess at which it was.
    let largest = DetectionOptions { any_quality: true, ..FaceChoice::Largest.into() };
    let model = load(choice)?;
    let reader = FaceReader::new(choice, &model, FaceLocation::Detected(largest))?;
    let new = enrolled::identity(&model);
    let bar = progress::bar(list.iter().map(|person| person.photos).sum(), "making anew");
    let mut photos = 0;
    let mut left_out = Vec::new();
    store.rewrite_for_model(&new, |person: Person| {
        let name = person.name.as_str();
        let mut templates = Vec::new();
        for (number, template) in person.templates.into_iter().enumerate() {
            let Some(photo) = template.photo else { continue };
            match anew(&reader, number, template.added, photo) {
                Ok(template) => templates.push(template),
                Err(error) if drop && is_faceless(&error) => {
                    left_out.push(format!("{name}: {error:#}"));
                }
                Err(error) => return Err(told(&error)),
            }
            bar.inc(1);
        }
        photos += templates.len();
        if templates.is_empty() {
            left_out.push(format!("{name}, of whom there is no photo to make numbers of"));
        }
        Ok((!templates.is_empty()).then_some(Person { templates, ..person }))
    })?;
    bar.finish_and_clear();
    for what in left_out {
        warn(format_args!("left out: {what}"));
    }
    Ok(photos)
}

/// That every photo was kept.
fn expect_photos(store: &Store) -> Result<()> {
    let list = store.list()?;
    let without: Vec<_> =
        list.iter().filter(|person| person.photos < person.templates).map(|p| &p.name).collect();
    if !without.is_empty() {
        bail!(
            "not all photos of {} were kept: enroll these people again, or leave those photos \
             out with --drop",
            enrolled::abridged(without.into_iter())
        );
    }
    Ok(())
}

fn anew(reader: &FaceReader, number: usize, added: u64, photo: Vec<u8>) -> Result<Template> {
    // As `gallery show` counts them.
    let faces = reader.read_bytes(&photo, &format!("photo {}", number + 1))?;
    let face = faces.into_iter().next().context("a photo that was kept shows no face")?;
    Ok(Template { encoding: face.encoding, added, photo: Some(photo) })
}

/// Whether a photo was taken for a face with `--aligned`, or by another detector.
fn is_faceless(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| matches!(cause.downcast_ref(), Some(faces::Error::Face(_))))
}

/// With the way out, if there is one. Whose photo it is, the store says.
fn told(error: &anyhow::Error) -> BoxError {
    match is_faceless(error) {
        true => format!("{error:#}; --drop leaves such photos out").into(),
        false => format!("{error:#}").into(),
    }
}
