//! Everybody's templates anew, with another model, from the photos that were kept.

use anyhow::{Context, Result, bail};
use facenet::photo::FaceChoice;
use store::{ChangeError, Person, Store, Template};

use crate::arguments::ModelChoice;
use crate::enrolled;
use crate::face_finder::Framing;
use crate::face_reader::FaceReader;
use crate::progress;

/// Returns how many photos there were.
pub(super) fn run(store: &mut Store, model: &ModelChoice, drop: bool) -> Result<usize> {
    let list = store.list()?;
    if !drop {
        let without: Vec<_> = list
            .iter()
            .filter(|person| person.photos < person.templates)
            .map(|p| &p.name)
            .collect();
        if !without.is_empty() {
            bail!(
                "not all photos of {} were kept: enrol these people again, or leave those photos \
                 out with --drop",
                enrolled::abridged(without.into_iter())
            );
        }
    }
    // The choice of a face was made when the photo was enrolled; the largest is the best
    // guess at which it was.
    let reader = FaceReader::new(model, Framing::Detected(FaceChoice::Largest))?;
    let new = enrolled::model(model)?;
    let bar = progress::bar(list.iter().map(|person| person.photos).sum(), "making anew");
    let mut photos = 0;
    store.change_model(&new, |person: Person| {
        let name = person.name.as_str().to_owned();
        let mut templates = Vec::new();
        for template in person.templates {
            let Some(photo) = template.photo else { continue };
            let template = anew(&reader, &name, template.added, photo)
                .map_err(|error| ChangeError::from(format!("{error:#}")))?;
            templates.push(template);
            bar.inc(1);
        }
        photos += templates.len();
        Ok((!templates.is_empty()).then_some(Person { templates, ..person }))
    })?;
    bar.finish_and_clear();
    Ok(photos)
}

fn anew(reader: &FaceReader, name: &str, added: u64, photo: Vec<u8>) -> Result<Template> {
    let faces = reader.read_bytes(&photo, name)?;
    let face = faces.into_iter().next().context("a photo that was kept shows no face")?;
    Ok(Template { encoding: face.encoding, added, photo: Some(photo) })
}
