//! Exports people for other programs, or for themselves: as JSON lines, or as a NumPy array
//! with a table of its rows; and the photos that are stored.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use facenet::gallery::PersonName;
use npyz::WriterBuilder;
use serde::{Deserialize, Serialize};
use store::{BoxError, Model, Person, Store};

use crate::output::{Output, write_private};
use crate::text::timestamp;

/// One person as a line of JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct ExportedPerson {
    pub(super) name: String,
    /// Seconds since 1970.
    pub(super) enrolled: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) consent: Option<String>,
    pub(super) variant: String,
    pub(super) weights_sha256: String,
    /// Called `framing` by earlier versions.
    #[serde(default = "unknown_crop_version", alias = "framing")]
    pub(super) crop_version: String,
    pub(super) templates: Vec<ExportedTemplate>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ExportedTemplate {
    /// Seconds since 1970.
    pub(super) added: u64,
    pub(super) encoding: Vec<f32>,
}

/// Columns of the table beside an array; it has one line per row of the array.
pub(super) const COLUMNS: [&str; 6] =
    ["name", "enrolled", "consent", "variant", "weights_sha256", "crop_version"];

fn unknown_crop_version() -> String {
    Model::UNKNOWN_CROP_VERSION.to_owned()
}

/// Writes these people, or everybody if there are none.
pub(super) fn run(
    store: &Store,
    file: Option<&Path>,
    people: &[PersonName],
    output: &mut Output,
) -> Result<()> {
    match file.and_then(|file| Some((file, file.extension()?.to_str()?))) {
        None if file.is_none() => json_lines(store, people, output.writer()),
        Some((file, "jsonl")) => written(file, |out| json_lines(store, people, out)),
        Some((file, "npy")) => {
            written(file, |out| array(store, people, out))?;
            written(&file.with_extension("csv"), |out| table(store, people, out))
        }
        _ => bail!("{}: expected FILE.jsonl or FILE.npy", file.unwrap_or(Path::new("")).display()),
    }
}

/// Writes the stored photos of these people, or of everybody if there are none: to
/// `FOLDER/NUMBER-PHOTO.EXT`, where the number is the person's in the list of names, since a
/// name may hold what no file's name can.
pub(super) fn photos(store: &Store, people: &[PersonName], folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let names: Vec<_> = store.list()?.into_iter().map(|person| person.name).collect();
    for (number, name) in names.iter().enumerate().filter(|(_, name)| wanted(people, name)) {
        for (photo, template) in store.person(name)?.templates.iter().enumerate() {
            let Some(bytes) = &template.photo else { continue };
            let extension = if bytes.starts_with(b"\xff\xd8") { "jpg" } else { "png" };
            let file = format!("{}-{}.{extension}", number + 1, photo + 1);
            written(&folder.join(file), |out| Ok(out.write_all(bytes)?))?;
        }
    }
    Ok(())
}

fn wanted(people: &[PersonName], name: &PersonName) -> bool {
    people.is_empty() || people.contains(name)
}

/// Passes these people to `visit`, or everybody if there are none.
fn for_each(
    store: &Store,
    people: &[PersonName],
    mut visit: impl FnMut(Person) -> Result<(), BoxError>,
) -> Result<()> {
    Ok(store.for_each(|person| match wanted(people, &person.name) {
        true => visit(person),
        false => Ok(()),
    })?)
}

fn written(file: &Path, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let context = || format!("cannot write {}", file.display());
    write_private(file, |out| write(out).with_context(context))
}

fn json_lines(store: &Store, people: &[PersonName], out: &mut dyn Write) -> Result<()> {
    let model = store.model();
    for_each(store, people, |person| {
        let templates = person.templates.iter().map(|template| ExportedTemplate {
            added: template.added,
            encoding: template.encoding.values().to_vec(),
        });
        let row = ExportedPerson {
            name: person.name.as_str().to_owned(),
            enrolled: person.enrolled,
            consent: person.consent.clone(),
            variant: model.variant.clone(),
            weights_sha256: model.weights_sha256.clone(),
            crop_version: model.crop_version.clone(),
            templates: templates.collect(),
        };
        serde_json::to_writer(&mut *out, &row).map_err(std::io::Error::from)?;
        Ok(out.write_all(b"\n")?)
    })?;
    Ok(())
}

fn array(store: &Store, people: &[PersonName], out: &mut dyn Write) -> Result<()> {
    let list = store.list()?;
    let list = list.iter().filter(|person| wanted(people, &person.name));
    let rows: usize = list.map(|person| person.templates).sum();
    let shape = [rows as u64, facenet::network::ENCODING_LENGTH as u64];
    let mut npy = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(out).begin_nd()?;
    for_each(store, people, |person| {
        let numbers = person.templates.iter().flat_map(|template| template.encoding.values());
        Ok(npy.extend(numbers.copied())?)
    })?;
    Ok(npy.finish()?)
}

fn table(store: &Store, people: &[PersonName], out: &mut dyn Write) -> Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(COLUMNS)?;
    let model = store.model();
    for_each(store, people, |person| {
        let enrolled = timestamp(person.enrolled);
        let consent = person.consent.as_deref().unwrap_or_default();
        for _ in &person.templates {
            csv.write_record([
                person.name.as_str(),
                &enrolled,
                consent,
                &model.variant,
                &model.weights_sha256,
                &model.crop_version,
            ])?;
        }
        Ok(())
    })?;
    Ok(csv.flush()?)
}
