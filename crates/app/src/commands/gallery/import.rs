//! Imports people from a file that `export`, or `encode --format npy`, wrote.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use facenet::bounded_file;
use facenet::gallery::{PersonName, encodings_from_npy};
use facenet::matching::Encoding;
use store::{Enrollment, Model, Store};

use super::export::{COLUMNS, ExportedPerson};
use crate::progress;

/// The people of a file.
pub(super) type People = BTreeMap<PersonName, Enrollment>;

/// Longest line of JSON: a thousand templates of 128 numbers of a dozen digits.
const LONGEST_LINE: u64 = 4 << 20;

/// Largest array: four million rows.
const LARGEST_ARRAY: u64 = 2 << 30;

/// People per transaction.
const BATCH: usize = 1_000;

/// Reads and checks the whole file, so that an error in its last line enrolls nobody.
pub(super) fn read(
    file: &Path,
    names: Option<&Path>,
    model: &Model,
    same_model: bool,
) -> Result<People> {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("jsonl") if names.is_none() => json_lines(file, model, same_model),
        Some("npy") => {
            let names = names.map_or_else(|| file.with_extension("csv"), PathBuf::from);
            array(file, &names, model, same_model)
        }
        Some("jsonl") => bail!("--names is for FILE.npy; FILE.jsonl contains the names"),
        _ => bail!("{}: expected FILE.jsonl or FILE.npy", file.display()),
    }
}

/// Enrolls people in batches. What they have already is not added again, so an import that
/// broke off can be repeated; its error says how far it came.
pub(super) fn enroll(store: &mut Store, people: &mut People) -> Result<()> {
    let all = people.len();
    let bar = progress::bar(all, "enrolling");
    while !people.is_empty() {
        let rest = match people.keys().nth(BATCH).cloned() {
            Some(first) => people.split_off(&first),
            None => People::new(),
        };
        store.enroll_all(people.iter()).with_context(|| {
            let done = all - people.len() - rest.len();
            format!(
                "{done} of {all} people were imported; repeat the import to continue, which \
                 doubles nobody"
            )
        })?;
        bar.inc(people.len() as u64);
        *people = rest;
    }
    bar.finish_and_clear();
    Ok(())
}

fn json_lines(file: &Path, model: &Model, same_model: bool) -> Result<People> {
    let mut reader = BufReader::new(bounded_file::open(file)?.0);
    let mut people = People::new();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let context = || format!("{}, line {number}", file.display());
        let read = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
        if read.with_context(context)? == 0 {
            break;
        }
        if line.len() as u64 == LONGEST_LINE {
            bail!("{}: expected at most {LONGEST_LINE} bytes", context());
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        person(&line, model, same_model, &mut people).with_context(context)?;
    }
    Ok(people)
}

fn person(line: &[u8], model: &Model, same_model: bool, people: &mut People) -> Result<()> {
    let person: ExportedPerson = serde_json::from_slice(line)?;
    let ExportedPerson { variant, weights_sha256, crop_version, .. } = person;
    expect_model(Model { variant, weights_sha256, crop_version }, model, same_model)?;
    let name = PersonName::enrolled(&person.name)?;
    let mut templates = Vec::with_capacity(person.templates.len());
    for (number, template) in person.templates.into_iter().enumerate() {
        let encoding = Encoding::new(template.encoding);
        templates.push(encoding.with_context(|| format!("template {number}"))?.into());
    }
    let duplicate = format!("{:?} occurs twice", name.as_str());
    let enrollment = Enrollment { templates, consent: person.consent, at: Some(person.enrolled) };
    match people.insert(name, enrollment) {
        None => Ok(()),
        Some(_) => bail!(duplicate),
    }
}

fn array(file: &Path, names: &Path, model: &Model, same_model: bool) -> Result<People> {
    let bytes = bounded_file::read(file, LARGEST_ARRAY)?;
    let rows = encodings_from_npy(&bytes).with_context(|| file.display().to_string())?;
    let mut table = csv::Reader::from_reader(bounded_file::open(names)?.0);
    let context = || names.display().to_string();
    let headers = table.headers().with_context(context)?.clone();
    let column = |name| {
        let of = |name| headers.iter().position(|header| header == name);
        // The name of this column in earlier versions.
        of(name).or_else(|| if name == "crop_version" { of("framing") } else { None })
    };
    let [name, enrolled, consent, made_with @ ..] = COLUMNS.map(column);
    let Some(name) = name else { bail!("{}: there is no column `name`", context()) };
    if made_with.contains(&None) && !same_model {
        bail!(
            "{}: expected the columns `variant`, `weights_sha256` and `crop_version`, which \
             name the model; if it is the model in use, pass --same-model",
            context()
        );
    }
    let mut people = People::new();
    let mut lines = 0;
    for (number, record) in table.records().enumerate() {
        let context = || format!("{}, line {}", names.display(), number + 2);
        let record = record.with_context(context)?;
        let cell = |column: Option<usize>| column.and_then(|column| record.get(column));
        // A missing column was accepted above by --same-model.
        let value = |at: usize, ours: &str| cell(made_with[at]).unwrap_or(ours).to_owned();
        let (variant, crop_version) = (value(0, &model.variant), value(2, &model.crop_version));
        let weights_sha256 = value(1, &model.weights_sha256);
        let found = Model { variant, weights_sha256, crop_version };
        expect_model(found, model, same_model).with_context(context)?;
        let Some(row) = rows.get(number) else {
            bail!("{}: expected {} rows, as the array has, found more", names.display(), rows.len())
        };
        let name =
            PersonName::enrolled(cell(Some(name)).unwrap_or_default()).with_context(context)?;
        let person = people.entry(name).or_default();
        person.templates.push(row.clone().into());
        person.consent = cell(consent).filter(|note| !note.is_empty()).map(str::to_owned);
        let time = cell(enrolled).filter(|time| !time.is_empty());
        person.at = time.map(seconds).transpose().with_context(context)?;
        lines += 1;
    }
    if lines != rows.len() {
        bail!("{}: expected {} rows, as the array has, found {lines}", names.display(), rows.len());
    }
    Ok(people)
}

/// A time as `export` writes it, in seconds since 1970.
fn seconds(text: &str) -> Result<u64> {
    let time =
        humantime::parse_rfc3339_weak(text).with_context(|| format!("{text:?} is not a time"))?;
    Ok(time.duration_since(std::time::UNIX_EPOCH)?.as_secs())
}

/// Checks that the encodings were made with the model in use. With --same-model, an unknown
/// version of the crops is accepted.
fn expect_model(mut found: Model, model: &Model, same_model: bool) -> Result<()> {
    if same_model && found.crop_version == Model::UNKNOWN_CROP_VERSION {
        found.crop_version.clone_from(&model.crop_version);
    }
    if found != *model {
        bail!(
            "made with another model, {found}, instead of {model}: the encodings cannot be compared"
        );
    }
    Ok(())
}
