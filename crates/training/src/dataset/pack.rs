//! A folder of the form `jpeg-pack-1` or `image-pack-2`: thousands of small picture files
//! in one.
//!
//! Pictures stay on disk and are read one by one, so that a pack costs a few
//! hundred kilobytes of memory however large it is. All the rest is read and
//! checked when the pack is opened.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use facenet::network::ENCODING_LENGTH;
use faces::Window;

use super::manifest::Manifest;
use super::names::Names;
use super::npy::Half;
use super::{DatasetError, npy, regular_file};

/// Most bytes of one picture.
const IMAGE_LIMIT: u64 = 64 * 1024 * 1024;

/// How far from 1 the length of a target may be: its numbers are rounded to
/// eleven bits.
const LENGTH_TOLERANCE: f64 = 1e-2;

/// The encoding of a picture that another network, the teacher, gives: 128
/// numbers of unit length.
pub type Target = [f32; ENCODING_LENGTH];

/// Pixels (x, y) of eye, eye, nose tip, mouth corner and mouth corner, left to
/// right in the picture. Whole numbers are the middles of pixels, so a window's
/// coordinates are larger by 0.5.
pub type Landmarks = [[f32; 2]; 5];

/// An open pack, a folder of the form `jpeg-pack-1` or `image-pack-2`. May be shared
/// between threads.
///
/// | file | what |
/// | --- | --- |
/// | `pack.json` | format, number of pictures, and optionally their size and the window that is the network's input |
/// | `images.bin` | the picture files end to end: JPEG, in `image-pack-2` also WebP and PNG |
/// | `offsets.npy` | int64, N + 1: where each begins, and the length of all |
/// | `names.txt` | optional: a file name a line |
/// | `identity.npy` | optional: int32, N: the number of the person |
/// | `landmarks.npy` | optional: float32, N×5×2: see [`Landmarks`] |
/// | `target.npy` | optional: float16, N×128: see [`Target`] |
///
/// Pictures stay on disk and are read one by one; the rest is in memory.
#[derive(Debug)]
pub struct Pack {
    folder: PathBuf,
    manifest: Manifest,
    images_path: PathBuf,
    images: Mutex<File>,
    offsets: Vec<u64>,
    names: Option<Names>,
    identities: Option<Vec<i32>>,
    landmarks: Option<Vec<Landmarks>>,
    /// In half precision, as on disk, one picture after the other.
    targets: Option<Vec<Half>>,
}

impl Pack {
    /// Opens the pack in `folder` and checks everything but the pictures.
    ///
    /// # Errors
    /// When a file is missing, malformed or disagrees with another; the message
    /// names the file and says what was expected and found.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, DatasetError> {
        let folder = folder.as_ref();
        let manifest = Manifest::read(&folder.join("pack.json"))?;
        let images_path = folder.join("images.bin");
        let (images, length) = regular_file::open(&images_path)?;
        let offsets = read_offsets(&folder.join("offsets.npy"), manifest.images, length)?;
        let optional = |name| {
            let path = folder.join(name);
            regular_file::exists(&path).map(|there| there.then_some(path))
        };
        let names = match optional("names.txt")? {
            Some(path) => Some(Names::read(&path, manifest.images)?),
            None => None,
        };
        let identities = match optional("identity.npy")? {
            Some(path) => Some(read_identities(&path, manifest.images)?),
            None => None,
        };
        let landmarks = match optional("landmarks.npy")? {
            Some(path) => Some(read_landmarks(&path, manifest.images)?),
            None => None,
        };
        let targets = match optional("target.npy")? {
            Some(path) => Some(read_targets(&path, manifest.images)?),
            None => None,
        };
        Ok(Self {
            folder: folder.to_path_buf(),
            manifest,
            images_path,
            images: Mutex::new(images),
            offsets,
            names,
            identities,
            landmarks,
            targets,
        })
    }

    /// The pack's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.manifest.images
    }

    /// Whether there is no picture in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Width and height in pixels that every picture claims to have; `None`
    /// where they differ.
    pub fn canvas(&self) -> Option<[u32; 2]> {
        self.manifest.canvas
    }

    /// The part of every picture that is the network's input; `None` where the
    /// pictures are photos in which the face has yet to be found.
    pub fn window(&self) -> Option<Window> {
        self.manifest.window
    }

    /// The picture file of picture `index`, from 0.
    ///
    /// # Errors
    /// When there is no such picture, or the disk fails.
    pub fn image(&self, index: usize) -> Result<Vec<u8>, DatasetError> {
        let mut bytes = Vec::new();
        self.image_into(index, &mut bytes)?;
        Ok(bytes)
    }

    /// [`image`](Self::image) into a buffer that is used again and again.
    ///
    /// # Errors
    /// As [`image`](Self::image); the buffer is then empty.
    pub fn image_into(&self, index: usize, bytes: &mut Vec<u8>) -> Result<(), DatasetError> {
        bytes.clear();
        let Some(&[start, end]) = self.offsets.get(index..).and_then(<[u64]>::first_chunk) else {
            return Err(DatasetError::NoSuchImage {
                path: self.folder.clone(),
                index,
                images: self.len(),
            });
        };
        bytes.resize((end - start) as usize, 0);
        // A reader that panicked left the file's position anywhere, and the next
        // sets it anyway.
        let mut file = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        let read = file.seek(SeekFrom::Start(start)).and_then(|_| file.read_exact(bytes));
        read.map_err(|source| {
            bytes.clear();
            regular_file::read_fault(&self.images_path, source)
        })
    }

    /// The file name of picture `index`, from 0, if the pack has names.
    pub fn name(&self, index: usize) -> Option<&str> {
        self.names.as_ref()?.name(index)
    }

    /// The number of the picture with this file name, from 0.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.names.as_ref()?.place(name)
    }

    /// The number of the person on each picture, if the pack has identities.
    pub fn identities(&self) -> Option<&[i32]> {
        self.identities.as_deref()
    }

    /// Whether the pack has a file of landmarks.
    pub fn has_landmarks(&self) -> bool {
        self.landmarks.is_some()
    }

    /// The landmarks on picture `index`, from 0; `None` where the detector found
    /// no face.
    pub fn landmarks(&self, index: usize) -> Option<&Landmarks> {
        let landmarks = self.landmarks.as_ref()?.get(index)?;
        (!landmarks[0][0].is_nan()).then_some(landmarks)
    }

    /// Whether the pack has a file of targets.
    pub fn has_targets(&self) -> bool {
        self.targets.is_some()
    }

    /// The target of picture `index`, from 0; `None` where the pack has no
    /// targets or no such picture.
    pub fn target(&self, index: usize) -> Option<Target> {
        let (rows, _) = self.targets.as_ref()?.as_chunks::<ENCODING_LENGTH>();
        let mut target = rows.get(index)?.map(f32::from);
        let length = length(&target);
        for value in &mut target {
            *value = (f64::from(*value) / length) as f32;
        }
        Some(target)
    }
}

fn length(target: &Target) -> f64 {
    target.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt()
}

/// Offsets ascend from 0 to the length of `images.bin`.
fn read_offsets(path: &Path, images: usize, length: u64) -> Result<Vec<u64>, DatasetError> {
    let offsets: Vec<i64> = npy::read(path, &[images.saturating_add(1)])?;
    let end = |position: usize, expected: u64| {
        let found = offsets[position];
        if u64::try_from(found) == Ok(expected) {
            return Ok(());
        }
        Err(DatasetError::OffsetEnd { path: path.to_path_buf(), position, expected, found })
    };
    end(0, 0)?;
    for (i, pair) in offsets.windows(2).enumerate() {
        let (before, found) = (pair[0], pair[1]);
        // Both ends are non-negative once all steps before were positive.
        if !found.checked_sub(before).is_some_and(|step| (1..=IMAGE_LIMIT as i64).contains(&step)) {
            return Err(DatasetError::OffsetStep {
                path: path.to_path_buf(),
                position: i + 1,
                limit: IMAGE_LIMIT,
                before,
                found,
            });
        }
    }
    end(images, length)?;
    Ok(offsets.into_iter().map(i64::cast_unsigned).collect())
}

fn read_identities(path: &Path, images: usize) -> Result<Vec<i32>, DatasetError> {
    let identities: Vec<i32> = npy::read(path, &[images])?;
    match identities.iter().position(|&identity| identity < 0) {
        None => Ok(identities),
        Some(image) => {
            let found = identities[image];
            Err(DatasetError::Identity { path: path.to_path_buf(), image, found })
        }
    }
}

fn read_landmarks(path: &Path, images: usize) -> Result<Vec<Landmarks>, DatasetError> {
    let values: Vec<f32> = npy::read(path, &[images, 5, 2])?;
    let mut landmarks = Vec::with_capacity(images);
    for (image, ten) in values.chunks_exact(10).enumerate() {
        let points: Landmarks = std::array::from_fn(|i| [ten[2 * i], ten[2 * i + 1]]);
        if !ten.iter().all(|value| value.is_finite()) && !ten.iter().all(|value| value.is_nan()) {
            return Err(DatasetError::Landmarks { path: path.to_path_buf(), image, found: points });
        }
        landmarks.push(points);
    }
    Ok(landmarks)
}

/// Each of unit length but for rounding, which [`Pack::target`] takes away.
fn read_targets(path: &Path, images: usize) -> Result<Vec<Half>, DatasetError> {
    let targets: Vec<Half> = npy::read(path, &[images, ENCODING_LENGTH])?;
    let (rows, _) = targets.as_chunks::<ENCODING_LENGTH>();
    for (image, row) in rows.iter().enumerate() {
        let found = length(&row.map(f32::from));
        // NaN is in no range.
        if !(1.0 - LENGTH_TOLERANCE..=1.0 + LENGTH_TOLERANCE).contains(&found) {
            return Err(DatasetError::Target { path: path.to_path_buf(), image, found });
        }
    }
    Ok(targets)
}
