//! Finding photos in folders, by name or all of them.
//!
//! Apart from [`Pack`](super::Pack), because these are a user's own files: of
//! any format, with other things among them.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use facenet::bounded_file::{self, FileError};

use super::DatasetError;
use super::error::abridged;

/// Endings of the images that are read, in small letters.
const PHOTO_EXTENSIONS: [&str; 8] = ["bmp", "gif", "jpeg", "jpg", "png", "tif", "tiff", "webp"];

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

/// Content of a [`PhotoTree`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The photos, sorted by path.
    pub photos: Vec<Photo>,
    /// Files that are no photos, sorted by path.
    pub left_out: Vec<LeftOut>,
}

/// A file or folder of a [`PhotoTree`] that is no photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Where it is.
    pub path: PathBuf,
    /// Its kind, such as `a PDF document`.
    pub found: String,
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
        let metadata = fs::metadata(&root).map_err(|source| FileError::read(&root, source))?;
        if !metadata.is_dir() {
            return Err(DatasetError::NotAFolder { path: root });
        }
        Ok(Self { root })
    }

    /// Finds the image called `name`, as a list of pairs has it: in the folder
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

    /// All photos, sorted by path: [`list`](Self::list) without what is left out.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn photos(&self) -> Result<Vec<Photo>, DatasetError> {
        Ok(self.list()?.photos)
    }

    /// All photos of the tree's own folder and of the folders in it, and what else is there.
    ///
    /// A file is a photo by its content, whatever its name is. One that has the name of a
    /// photo or cannot be read is listed as one: to read it is then an error, which says why.
    /// Hidden files and folders (`.name`) do not count.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn list(&self) -> Result<Listing, DatasetError> {
        let mut listing = Listing::default();
        for photo in self.files()? {
            match what_it_is(&photo.path) {
                Ok(()) => listing.photos.push(photo),
                Err(found) => listing.left_out.push(LeftOut { path: photo.path, found }),
            }
        }
        Ok(listing)
    }

    /// All files of the tree, photos or not, and folders where no photo is looked for, sorted
    /// by path.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn files(&self) -> Result<Vec<Photo>, DatasetError> {
        let mut files = Vec::new();
        for path in entries(&self.root)? {
            if path.is_dir() {
                files.extend(
                    entries(&path)?.into_iter().map(|path| Photo { path, in_folder: true }),
                );
            } else {
                files.push(Photo { path, in_folder: false });
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }
}

/// The person on the image called `name`, if the name says it as LFW's do: the folder of
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

/// Entries of a folder, without hidden ones.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let fault = |source| FileError::read(folder, source);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    Ok(paths)
}

/// Whether a file is a photo, or what it is instead.
fn what_it_is(path: &Path) -> Result<(), String> {
    /// Enough to tell what begins so.
    const START: u64 = 512;
    let is_named_so = || {
        let extension = path.extension().and_then(OsStr::to_str);
        let is_known = |known: &str| extension.is_some_and(|e| e.eq_ignore_ascii_case(known));
        PHOTO_EXTENSIONS.into_iter().any(is_known)
    };
    let file = match bounded_file::open(path) {
        Ok((file, _)) => file,
        Err(FileError::NotAFile { found: "a folder", .. }) => {
            return Err("a folder in a folder".to_owned());
        }
        Err(FileError::NotAFile { found, .. }) => return Err(found.to_owned()),
        // It is tried, and then the error is named.
        Err(_) => return Ok(()),
    };
    let mut start = Vec::new();
    let read = file.take(START).read_to_end(&mut start);
    match faces::Photo::sniff(&start) {
        Err(found) if read.is_ok() && !is_named_so() => Err(found),
        _ => Ok(()),
    }
}
