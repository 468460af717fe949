//! Exports all people for other programs: as JSON lines, or as a NumPy array with a table of
//! its rows. Stored photos are not exported.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use npyz::WriterBuilder;
use serde::{Deserialize, Serialize};
use store::{Model, Store};

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
    #[serde(default = "unknown_framing")]
    pub(super) framing: String,
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
    ["name", "enrolled", "consent", "variant", "weights_sha256", "framing"];

fn unknown_framing() -> String {
    Model::UNKNOWN_FRAMING.to_owned()
}

pub(super) fn run(store: &Store, file: Option<&Path>, output: &mut Output) -> Result<()> {
    match file.and_then(|file| Some((file, file.extension()?.to_str()?))) {
        None if file.is_none() => json_lines(store, output.writer()),
        Some((file, "jsonl")) => written(file, |out| json_lines(store, out)),
        Some((file, "npy")) => {
            written(file, |out| array(store, out))?;
            written(&file.with_extension("csv"), |out| table(store, out))
        }
        _ => bail!("{}: expected FILE.jsonl or FILE.npy", file.unwrap_or(Path::new("")).display()),
    }
}

fn written(file: &Path, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let context = || format!("cannot write {}", file.display());
    write_private(file, |out| write(out).with_context(context))
}

fn json_lines(store: &Store, out: &mut dyn Write) -> Result<()> {
    let model = store.model();
    store.for_each(|person| {
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
            framing: model.framing.clone(),
            templates: templates.collect(),
        };
        serde_json::to_writer(&mut *out, &row).map_err(std::io::Error::from)?;
        Ok(out.write_all(b"\n")?)
    })?;
    Ok(())
}

fn array(store: &Store, out: &mut dyn Write) -> Result<()> {
    let rows: usize = store.list()?.iter().map(|person| person.templates).sum();
    let shape = [rows as u64, facenet::network::ENCODING_LENGTH as u64];
    let mut npy = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(out).begin_nd()?;
    store.for_each(|person| {
        let numbers = person.templates.iter().flat_map(|template| template.encoding.values());
        Ok(npy.extend(numbers.copied())?)
    })?;
    Ok(npy.finish()?)
}

fn table(store: &Store, out: &mut dyn Write) -> Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(COLUMNS)?;
    let model = store.model();
    store.for_each(|person| {
        let enrolled = timestamp(person.enrolled);
        let consent = person.consent.as_deref().unwrap_or_default();
        for _ in &person.templates {
            csv.write_record([
                person.name.as_str(),
                &enrolled,
                consent,
                &model.variant,
                &model.weights_sha256,
                &model.framing,
            ])?;
        }
        Ok(())
    })?;
    Ok(csv.flush()?)
}
