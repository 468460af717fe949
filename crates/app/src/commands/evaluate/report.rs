//! `--report FOLDER`: `report.json` for programs, `report.html` for people.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use faces::FaceLocator;

use super::figures::{Figures, WrongPair};
use super::{page, thumbnails};
use crate::labelled_pictures::LabelledPictures;
use crate::output::escaped;

/// Faces by the names of their pictures, as addresses.
pub(super) type Faces = BTreeMap<String, String>;

/// Makes the folder before the work is done, so that a bad path shows at once.
pub(super) fn prepare(folder: &Path) -> Result<()> {
    let shown = escaped(&folder.display().to_string());
    if folder.exists() && !folder.is_dir() {
        bail!("{shown}: expected a folder to write the report into, found a file");
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {shown}"))
}

/// Writes both files; `shown` is where the faces of wrong pairs come from, if they are
/// to be in the page.
pub(super) fn write(
    folder: &Path,
    figures: &Figures,
    shown: Option<(&LabelledPictures, &FaceLocator)>,
) -> Result<()> {
    let faces = match shown {
        Some((pictures, finder)) => faces(figures, pictures, finder)?,
        None => Faces::new(),
    };
    let json = serde_json::to_string_pretty(figures)?;
    let page = page::of(figures, &faces)?;
    for (name, text) in [("report.json", json), ("report.html", page)] {
        let path = folder.join(name);
        fs::write(&path, text)
            .with_context(|| format!("cannot write {}", escaped(&path.display().to_string())))?;
    }
    Ok(())
}

fn faces(figures: &Figures, pictures: &LabelledPictures, locator: &FaceLocator) -> Result<Faces> {
    let wrong = &figures.hardest;
    let mut faces = Faces::new();
    for WrongPair { a, b, .. } in wrong.false_matches.iter().chain(&wrong.false_non_matches) {
        for name in [a, b] {
            if let (Some(index), false) = (pictures.index_of(name), faces.contains_key(name)) {
                let address = thumbnails::data_address(&pictures.crop(index, locator)?)?;
                faces.insert(name.clone(), address);
            }
        }
    }
    Ok(faces)
}
