//! Writes the files of `--report`: `report.json` for programs, `report.html` for people,
//! `report.md` for documentation.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use faces::FaceLocator;

use super::figures::{Figures, WrongPair};
use super::markdown;
use super::page;
use super::thumbnails::{self, Faces};
use crate::labeled_photos::LabeledPhotos;
use crate::output::escaped;

/// Creates the folder before the work, so that a bad path is reported at once.
pub(super) fn prepare(folder: &Path) -> Result<()> {
    let shown = escaped(&folder.display().to_string());
    if folder.exists() && !folder.is_dir() {
        bail!("{shown}: expected a folder to write the report into, found a file");
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {shown}"))
}

/// Writes both files; with `shown`, the page contains the faces of the worst errors.
pub(super) fn write(
    folder: &Path,
    figures: &Figures,
    shown: Option<(&LabeledPhotos, &FaceLocator)>,
) -> Result<()> {
    let faces = match shown {
        Some((photos, locator)) => faces(figures, photos, locator)?,
        None => Faces::new(),
    };
    let json = serde_json::to_string_pretty(figures)?;
    let page = page::of(figures, &faces)?;
    let tables = markdown::of(figures);
    for (name, text) in [("report.json", json), ("report.html", page), ("report.md", tables)] {
        let path = folder.join(name);
        fs::write(&path, text)
            .with_context(|| format!("cannot write {}", escaped(&path.display().to_string())))?;
    }
    Ok(())
}

fn faces(figures: &Figures, photos: &LabeledPhotos, locator: &FaceLocator) -> Result<Faces> {
    let wrong = &figures.hardest;
    let mut faces = Faces::new();
    for WrongPair { a, b, .. } in wrong.false_matches.iter().chain(&wrong.false_non_matches) {
        for name in [a, b] {
            if let (Some(index), false) = (photos.index_of(name), faces.contains_key(name)) {
                let address = thumbnails::data_address(&photos.crop(index, locator)?)?;
                faces.insert(name.clone(), address);
            }
        }
    }
    Ok(faces)
}
