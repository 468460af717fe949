//! The table of groups: `sex.txt` of a pack, or `groups.csv` of any folder of photos.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail};
use biometrics::evaluation::{GroupFigures, by_group};
use facenet::bounded_file;
use facenet::matching::{Encoding, Threshold};
use serde::Serialize;

use crate::labeled_photos::{GROUPS, LabeledPhotos};
use crate::output::{escaped, warn};

/// Most bytes of a file of labels.
const LIMIT: u64 = 64 << 20;
/// The labels of a pack: `m`, `f` or `-` a line, in the order of its images.
const SEX: &str = "sex.txt";

/// The criterion of the groups, and each photo's group.
pub(super) struct Labels {
    by: String,
    of: Vec<Option<String>>,
}

/// Error rates by group, at one threshold for all.
#[derive(Serialize)]
pub(super) struct Groups {
    /// The criterion, such as `sex`.
    pub(super) by: String,
    /// Accepts distances below it.
    pub(super) threshold: f32,
    /// Everybody first, then from the highest false match rate to the lowest.
    pub(super) rows: Vec<GroupFigures>,
}

/// The labels that lie in the folder of the photos, if there are any.
pub(super) fn read(folder: &Path, photos: &LabeledPhotos) -> Result<Vec<Labels>> {
    let mut all = Vec::new();
    let path = folder.join(SEX);
    if photos.is_pack() && path.is_file() {
        all.push(sex(&text(&path)?, photos).with_context(|| escaped(&path.display().to_string()))?);
    }
    let path = folder.join(GROUPS);
    if path.is_file() {
        let of_table = table(&text(&path)?, photos);
        all.extend(of_table.with_context(|| escaped(&path.display().to_string()))?);
    }
    Ok(all)
}

/// Measures the groups of every kind.
pub(super) fn measure(
    labels: &[Labels],
    encodings: &[Option<Encoding>],
    people: &[usize],
    threshold: Threshold,
) -> Result<Vec<Groups>> {
    let tables = labels.iter().map(|labels| {
        let of: Vec<_> = labels.of.iter().map(Option::as_deref).collect();
        let rows = by_group(encodings, people, &of, threshold)?;
        Ok(Groups { by: labels.by.clone(), threshold: threshold.distance(), rows })
    });
    tables.collect()
}

fn text(path: &Path) -> Result<String> {
    let bytes = bounded_file::read(path, LIMIT)?;
    String::from_utf8(bytes)
        .with_context(|| format!("{} is not in UTF-8", escaped(&path.display().to_string())))
}

fn sex(text: &str, photos: &LabeledPhotos) -> Result<Labels> {
    let lines: Vec<_> = text.lines().collect();
    if let Some(images) = photos.pack_len()
        && lines.len() != images
    {
        bail!(
            "expected a line for each of the pack's {images} images, found {} lines",
            lines.len()
        );
    }
    let label = |(line, text): (usize, &&str)| match *text {
        "m" => Ok(Some("men")),
        "f" => Ok(Some("women")),
        "-" => Ok(None),
        found => bail!("line {}: expected m, f or -, found {found:?}", line + 1),
    };
    let labels = lines.iter().enumerate().map(label).collect::<Result<Vec<_>>>()?;
    let of = photos.pack_indices().map(|index| match labels.get(index) {
        Some(label) => Ok(label.map(str::to_owned)),
        None => bail!("expected a line for image {}, found {}", index + 1, labels.len()),
    });
    Ok(Labels { by: "sex".to_owned(), of: of.collect::<Result<_>>()? })
}

fn table(text: &str, photos: &LabeledPhotos) -> Result<Vec<Labels>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers()?.clone();
    let key = header.get(0).unwrap_or_default();
    if !["person", "photo"].contains(&key) || header.len() < 2 {
        bail!(
            "expected a first column `person` or `photo` and others to group by, found {:?}",
            header.iter().collect::<Vec<_>>()
        );
    }
    let mut rows = BTreeMap::new();
    for record in reader.records() {
        let record = record?;
        let name = record.get(0).unwrap_or_default().to_owned();
        if rows.insert(name.clone(), record).is_some() {
            bail!("{name:?} occurs twice");
        }
    }
    let keys: Vec<&str> = match key {
        "person" => photos.names().map(|name| photos.person_of(name).unwrap_or_default()).collect(),
        _ => photos.names().collect(),
    };
    let unknown: BTreeSet<_> = rows.keys().filter(|name| !keys.contains(&name.as_str())).collect();
    if let Some(first) = unknown.first() {
        warn(format_args!("{GROUPS}: {} of its rows name no {key} here: {first}", unknown.len()));
    }
    let column = |(column, by): (usize, &str)| {
        let label = |key: &&str| rows.get(*key)?.get(column).filter(|label| is_label(label));
        let of = keys.iter().map(|key| label(key).map(str::to_owned)).collect();
        Labels { by: by.to_owned(), of }
    };
    Ok(header.iter().enumerate().skip(1).map(column).collect())
}

/// Whether a cell names a group: not where it is empty or `-`.
fn is_label(cell: &str) -> bool {
    !["", "-"].contains(&cell)
}
