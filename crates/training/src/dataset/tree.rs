//! Finding photos in folders, by name or all of them.
//!
//! Apart from [`Pack`](super::Pack), because these are a user's own files: of
//! any format, with other things among them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::DatasetError;
use super::error::abridged;
use super::regular_file::read_fault;

/// Endings of the pictures that are listed, in small letters.
pub const PHOTO_EXTENSIONS: [&str; 8] = ["bmp", "gif", "jpeg", "jpg", "png", "tif", "tiff", "webp"];

/// A folder of photos: one folder a person, or all in one.
///
/// ```text
/// photos/Ada_Lovelace/Ada_Lovelace_0001.jpg      as LFW is published
/// photos/Ada_Lovelace_0001.jpg                   flat
/// ```
///
/// Folders inside a person's folder are not looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhotoTree {
    root: PathBuf,
}

/// One photo of a [`PhotoTree`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Photo {
    /// The file, beginning with the tree's folder.
    pub path: PathBuf,
    in_folder: bool,
}

impl Photo {
    /// Name of the person's folder; `None` for a photo in the tree's own.
    pub fn person(&self) -> Option<&OsStr> {
        self.path.parent().filter(|_| self.in_folder)?.file_name()
    }
}

impl PhotoTree {
    /// The tree below `root`.
    ///
    /// # Errors
    /// When it cannot be read or is no folder.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, DatasetError> {
        let root = root.into();
        let metadata = fs::metadata(&root).map_err(|source| read_fault(&root, source))?;
        if !metadata.is_dir() {
            return Err(DatasetError::NotAFolder { path: root });
        }
        Ok(Self { root })
    }

    /// Finds the picture called `name`, as a list of pairs has it: in the folder
    /// of its person (the name without `_0001.jpg`), or else under the tree's
    /// own. A name with folders in it, `ada/1.jpg`, is taken as it is.
    ///
    /// # Errors
    /// When it is in neither place, or the name leads out of the tree.
    pub fn resolve(&self, name: &str) -> Result<PathBuf, DatasetError> {
        let path = Path::new(name);
        let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
        if name.is_empty() || name.contains('\0') || !inside {
            return Err(DatasetError::OutsideName { found: abridged(name) });
        }
        let mut tried = Vec::with_capacity(2);
        if let Some(person) = person_of(name) {
            tried.push(self.root.join(person).join(name));
        }
        tried.push(self.root.join(name));
        match tried.iter().find(|path| path.is_file()) {
            Some(found) => Ok(found.clone()),
            None => Err(DatasetError::NoSuchPhoto { name: name.to_owned(), tried }),
        }
    }

    /// All photos by their [endings](PHOTO_EXTENSIONS), sorted by path: those of
    /// the tree's own folder and of the folders in it. Hidden files and folders
    /// (`.name`) are left out.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn photos(&self) -> Result<Vec<Photo>, DatasetError> {
        let mut photos = Vec::new();
        for path in entries(&self.root)? {
            if path.is_dir() {
                for path in entries(&path)? {
                    if is_photo(&path) {
                        photos.push(Photo { path, in_folder: true });
                    }
                }
            } else if is_photo(&path) {
                photos.push(Photo { path, in_folder: false });
            }
        }
        photos.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(photos)
    }
}

/// Who is on the picture called `name`, if it says so as LFW does: the folder of
/// `ada/1.jpg`, or `Ada_Lovelace` of `Ada_Lovelace_0001.jpg`.
pub fn person_in_name(name: &str) -> Option<&str> {
    match name.rsplit_once(['/', '\\']) {
        Some((folder, _)) => Some(folder).filter(|folder| !folder.is_empty()),
        None => person_of(name),
    }
}

/// `Ada_Lovelace` of `Ada_Lovelace_0001.jpg`.
fn person_of(name: &str) -> Option<&str> {
    if name.contains(['/', '\\']) {
        return None;
    }
    let (stem, _) = name.rsplit_once('.')?;
    let (person, number) = stem.rsplit_once('_')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !person.is_empty() && person != "." && person != "..").then_some(person)
}

/// What a folder holds, but for hidden things.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let fault = |source| read_fault(folder, source);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    Ok(paths)
}

fn is_photo(path: &Path) -> bool {
    let known = path.extension().and_then(OsStr::to_str).is_some_and(|extension| {
        PHOTO_EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
    });
    known && path.is_file()
}
