//! A folder of known people: `NAME.jpg`, or `NAME/` with any number of photos.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use facenet::gallery::{self, PersonName};
use facenet::matching::Encoding;
use training::dataset::{LeftOut, Listing, PhotoTree};

use crate::face_reader::FaceReader;
use crate::left_out::note_left_out;
use crate::output::warn;
use crate::text::abridged;
use crate::{ExitStatus, exit_status_of, progress};
use report::ErrorRow;

/// The people of a folder with their photo files, both sorted.
#[derive(Debug)]
pub(crate) struct GalleryFolder {
    folder: PathBuf,
    people: BTreeMap<String, Vec<PathBuf>>,
    /// Files that are no photos.
    left_out: Vec<LeftOut>,
}

/// The encodings of people's photos.
pub(crate) struct Gallery {
    /// One entry per photo.
    pub(crate) entries: Vec<(String, Encoding)>,
    /// Photos that could not be used; each was reported.
    pub(crate) skipped: usize,
    /// Rows for JSON: why, and the folder's files that are no photos.
    pub(crate) left_out: Vec<ErrorRow>,
}

impl Gallery {
    /// A searchable gallery: each person is the mean of their photos.
    pub(crate) fn gallery(&self) -> Result<gallery::Gallery> {
        let mut people: BTreeMap<PersonName, Vec<Encoding>> = BTreeMap::new();
        for (name, encoding) in &self.entries {
            let name = PersonName::new(name).context("a name in the gallery")?;
            people.entry(name).or_default().push(encoding.clone());
        }
        let mut gallery = gallery::Gallery::with_capacity(people.len());
        for (name, templates) in people {
            let person = name.as_str().to_owned();
            let inserted = gallery.insert(name, &templates);
            inserted.with_context(|| format!("{person:?} in the gallery"))?;
        }
        Ok(gallery)
    }
}

impl GalleryFolder {
    /// Lists the folder.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        let mut people: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        let Listing { photos, left_out } = PhotoTree::open(folder)?.list()?;
        for photo in photos {
            let name = name(photo.person().or(photo.path.file_stem()), &photo.path)?;
            people.entry(name).or_default().push(photo.path);
        }
        if people.is_empty() {
            note_left_out(left_out);
            bail!(
                "the gallery {} has no photos: expected NAME.jpg, or folders NAME with photos",
                folder.display()
            );
        }
        Ok(Self { folder: folder.to_path_buf(), people, left_out })
    }

    /// The encodings of one person's photos: at least one.
    pub(crate) fn person(&self, name: &str, reader: &FaceReader) -> Result<Gallery> {
        let Some((name, photos)) = self.people.get_key_value(&name_form(name)) else {
            bail!(
                "there is no {:?} in the gallery {}; it has {}",
                name,
                self.folder.display(),
                abridged(self.people.keys().map(String::as_str))
            );
        };
        let photos: Vec<_> = photos.iter().map(|photo| (name, photo.as_path())).collect();
        let own = |file: &LeftOut| {
            let folder = file.path.parent().and_then(Path::file_name).and_then(OsStr::to_str);
            folder.map(name_form).as_ref() == Some(name)
        };
        let left_out = self.left_out.iter().filter(|file| own(file)).cloned().collect();
        read(&photos, note_left_out(left_out), reader)
    }

    /// The encodings of all photos: at least one.
    pub(crate) fn everybody(&self, reader: &FaceReader) -> Result<Gallery> {
        let of_one = |(name, photos): (&'_ String, &'_ Vec<PathBuf>)| -> Vec<(String, PathBuf)> {
            photos.iter().map(|photo| (name.clone(), photo.clone())).collect()
        };
        let photos: Vec<_> = self.people.iter().flat_map(of_one).collect();
        let photos: Vec<_> = photos.iter().map(|(name, photo)| (name, photo.as_path())).collect();
        read(&photos, note_left_out(self.left_out.clone()), reader)
    }
}

/// Encodes the photos; reports and skips those without a usable face.
fn read(
    photos: &[(&String, &Path)],
    left_out: Vec<ErrorRow>,
    reader: &FaceReader,
) -> Result<Gallery> {
    let files: Vec<_> = photos.iter().map(|(_, file)| file).collect();
    let bar = progress::bar(files.len(), "reading the gallery");
    let mut gallery = Gallery { entries: Vec::new(), skipped: 0, left_out };
    let mut first_fault = None;
    for ((name, file), faces) in photos.iter().zip(reader.read_all(&files, &bar)) {
        match faces {
            Ok(faces) => gallery
                .entries
                .extend(faces.into_iter().map(|face| ((*name).clone(), face.encoding))),
            Err(error) => {
                gallery.skipped += 1;
                gallery.left_out.push(ErrorRow::of_file(file, &error));
                bar.suspend(|| warn(format_args!("skipped a photo of the gallery: {error:#}")));
                // If nothing can be used, the exit status is that of a photo without a face
                // rather than that of a file that is not a photo.
                if first_fault.is_none() || exit_status_of(&error) == ExitStatus::NoFace {
                    first_fault = Some(error);
                }
            }
        }
    }
    bar.finish_and_clear();
    match first_fault {
        Some(error) if gallery.entries.is_empty() => {
            Err(error).context("no photo of the gallery can be used")
        }
        _ => Ok(gallery),
    }
}

/// A person's name. It must be UTF-8: other names could look alike after conversion.
fn name(part: Option<&OsStr>, path: &Path) -> Result<String> {
    match part.unwrap_or_default().to_str() {
        Some(name) => Ok(name_form(name)),
        None => bail!("{} in the gallery: expected a name in UTF-8", path.display()),
    }
}

/// A name in normalized form (`é` as one character); text that is not a valid name is
/// returned unchanged.
pub(crate) fn name_form(text: &str) -> String {
    PersonName::new(text).map_or_else(|_| text.to_owned(), |name| name.as_str().to_owned())
}
