//! Photos in a folder tree `person/photo.jpg`.
//!
//! Photos are of any size and format, and the face may have yet to be found, so
//! cutting it out is left to a [`Framing`] that is given. It may take a tenth of
//! a second, and training shows every picture many times: canvases are reduced to
//! what training needs and kept, up to a limit.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Canvas, Framing, PictureError, Source, check_not_empty};
use crate::TrainingError;
use crate::dataset::PhotoTree;

/// What a [`FolderSource`] keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FolderOptions {
    /// How much of a photo round the window is kept on each side, as a share of
    /// the window's; of a detected face, a half is kept at most.
    pub margin: f64,
    /// Most bytes of pictures that are kept in memory; the others are read anew
    /// each time.
    pub memory: usize,
}

impl Default for FolderOptions {
    /// A quarter round the window, which shifts, scales and turns of usual size
    /// do not leave; half a gibibyte, some ten thousand pictures.
    fn default() -> Self {
        Self { margin: 0.25, memory: 512 << 20 }
    }
}

/// The photos of a [`PhotoTree`], one folder a person.
pub struct FolderSource {
    photos: Vec<Photo>,
    people: Vec<String>,
    unlabelled: Vec<PathBuf>,
    framing: Box<dyn Framing>,
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
        framing: impl Framing + 'static,
        options: FolderOptions,
    ) -> Result<Self, TrainingError> {
        let listed = PhotoTree::open(root)?.photos()?;
        let (mut photos, mut unlabelled) = (Vec::new(), Vec::new());
        let mut numbers = BTreeMap::new();
        let mut people = Vec::new();
        for photo in listed {
            let Some(person) = photo.person() else {
                unlabelled.push(photo.path);
                continue;
            };
            let identity = *numbers.entry(person.to_owned()).or_insert_with(|| {
                people.push(person.to_string_lossy().into_owned());
                people.len() as u32 - 1
            });
            photos.push(Photo { path: photo.path, identity, canvas: OnceLock::new() });
        }
        let framing = Box::new(framing);
        let kept = AtomicUsize::new(0);
        let source = Self { photos, people, unlabelled, framing, options, kept };
        check_not_empty(&source)?;
        Ok(source)
    }

    /// Names of the people, by number.
    pub fn people(&self) -> &[String] {
        &self.people
    }

    /// Photos beside the people's folders, which are not used: nothing says who
    /// is on them.
    pub fn unlabelled(&self) -> &[PathBuf] {
        &self.unlabelled
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

    fn canvas(&self, index: usize) -> Result<Canvas, PictureError> {
        let photo = &self.photos[index];
        if let Some(canvas) = photo.canvas.get() {
            return Ok(canvas.clone());
        }
        let canvas = self.framing.frame(&photo.path)?.reduced(self.options.margin);
        // Whether a picture is kept changes how long it takes, not what it is, so
        // threads may come to different counts.
        let size = canvas.picture.as_raw().len();
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
