//! Photos in a folder tree `person/photo.jpg`.
//!
//! Photos are of any size and format, and the face may have yet to be found, so
//! cutting it out is left to a [`PhotoReader`] that is given. It may take a tenth of
//! a second, and training shows every image many times: canvases are reduced to
//! what training needs and kept, up to a limit.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Canvas, PhotoReader, Source, SourceError, check_not_empty};
use crate::Error;
use crate::dataset::PhotoTree;

/// Which images a [`FolderSource`] holds in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FolderOptions {
    /// How much of a photo round the window is kept on each side, as a share of
    /// the window's; of a detected face, a half is kept at most.
    pub margin: f64,
    /// Most bytes of images that are kept in memory; the others are read again
    /// each time.
    pub memory: usize,
}

impl Default for FolderOptions {
    /// A quarter round the window, which shifts, scales and turns of usual size
    /// do not leave; half a gibibyte, some ten thousand images.
    fn default() -> Self {
        Self { margin: 0.25, memory: 512 << 20 }
    }
}

/// The photos of a [`PhotoTree`], one folder a person.
pub struct FolderSource {
    photos: Vec<Photo>,
    people: Vec<String>,
    unlabeled: Vec<PathBuf>,
    reader: Box<dyn PhotoReader>,
    options: FolderOptions,
    kept: AtomicUsize,
}

struct Photo {
    path: PathBuf,
    identity: u32,
    canvas: OnceLock<Canvas>,
}

impl FolderSource {
    /// Lists the photos of a tree. They are read when training asks for them.
    ///
    /// # Errors
    /// When a folder cannot be listed, or no folder in it has a photo.
    pub fn open(
        root: impl Into<PathBuf>,
        reader: impl PhotoReader + 'static,
        options: FolderOptions,
    ) -> Result<Self, Error> {
        let listed = PhotoTree::open(root)?.photos()?;
        let (mut photos, mut unlabeled) = (Vec::new(), Vec::new());
        let mut numbers = BTreeMap::new();
        let mut people = Vec::new();
        for photo in listed {
            let Some(person) = photo.person() else {
                unlabeled.push(photo.path);
                continue;
            };
            let identity = *numbers.entry(person.to_owned()).or_insert_with(|| {
                people.push(person.to_string_lossy().into_owned());
                people.len() as u32 - 1
            });
            photos.push(Photo { path: photo.path, identity, canvas: OnceLock::new() });
        }
        let reader = Box::new(reader);
        let kept = AtomicUsize::new(0);
        let source = Self { photos, people, unlabeled, reader, options, kept };
        check_not_empty(&source)?;
        Ok(source)
    }

    /// Names of the people, by number.
    pub fn people(&self) -> &[String] {
        &self.people
    }

    /// Photos beside the people's folders, which are not used: nothing says who
    /// is on them.
    pub fn unlabeled(&self) -> &[PathBuf] {
        &self.unlabeled
    }
}

impl Source for FolderSource {
    fn len(&self) -> usize {
        self.photos.len()
    }

    fn identity(&self, index: usize) -> u32 {
        self.photos[index].identity
    }

    fn name(&self, index: usize) -> String {
        self.photos[index].path.display().to_string()
    }

    fn file_name(&self, index: usize) -> String {
        let Photo { path, identity, .. } = &self.photos[index];
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        format!("{}/{file}", self.people[*identity as usize])
    }

    fn canvas(&self, index: usize) -> Result<Canvas, SourceError> {
        let photo = &self.photos[index];
        if let Some(canvas) = photo.canvas.get() {
            return Ok(canvas.clone());
        }
        let canvas = self.reader.read(&photo.path)?.reduced(self.options.margin);
        // Whether an image is kept changes how long it takes, not what it is, so
        // threads may come to different counts.
        let size = canvas.image.as_raw().len();
        let before = self.kept.fetch_add(size, Ordering::Relaxed);
        if before.saturating_add(size) > self.options.memory {
            self.kept.fetch_sub(size, Ordering::Relaxed);
        } else if photo.canvas.set(canvas.clone()).is_err() {
            // Another thread was faster.
            self.kept.fetch_sub(size, Ordering::Relaxed);
        }
        Ok(canvas)
    }
}
