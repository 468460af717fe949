//! Packs of pictures with all their faces.

use std::path::{Path, PathBuf};

use facenet::bounded_file;
use facenet::npy::{self, ReadError};
use faces::{DecodeLimits, Photo};
use image::RgbImage;
use sha2::{Digest, Sha256};

use super::known::{KnownFace, area};
use crate::Error;
use crate::checkpoint::Fingerprint;
use crate::dataset::{DatasetError, Pack};

/// Numbers in a row of `faces.npy`.
const COLUMNS: usize = 16;
/// Most bytes of `faces.npy`: some sixteen million faces.
const FACES_LIMIT: u64 = 1 << 30;
/// Largest coordinate, in pixels.
const FARTHEST: f32 = 1e6;
/// The teacher's score from which a face is one.
pub(super) const SURE: f32 = 0.7;
/// The teacher's score from which it may be one: neither learned nor counted as a mistake.
pub(super) const PERHAPS: f32 = 0.35;

/// Pictures of one or more packs, with all their faces.
///
/// Beside the files of a [`Pack`] each has
///
/// | file | what |
/// | --- | --- |
/// | `faces.npy` | float32, M×16: picture, from 0, ascending; left, top, right, bottom of the box; x, y of five landmarks; score, 0 to 1. In pixels of the picture, continuous coordinates |
/// | `held_out.npy` | int32, N: 1 for a picture to measure on, 0 for one to train on |
#[derive(Debug)]
pub struct Pictures {
    packs: Vec<Pack>,
    /// Pack, and number there.
    places: Vec<(usize, usize)>,
    faces: Vec<Vec<KnownFace>>,
    held_out: Vec<bool>,
}

/// A picture in memory.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    pub(super) rgb: RgbImage,
    pub(super) faces: Vec<KnownFace>,
}

impl Pictures {
    /// Opens packs and checks everything but the images.
    ///
    /// # Errors
    /// When a file is missing, malformed or disagrees with another.
    pub fn open(folders: &[PathBuf]) -> Result<Self, DatasetError> {
        let mut pictures =
            Self { packs: Vec::new(), places: Vec::new(), faces: Vec::new(), held_out: Vec::new() };
        for (number, folder) in folders.iter().enumerate() {
            let pack = Pack::open(folder)?;
            pictures.places.extend((0..pack.len()).map(|index| (number, index)));
            pictures.faces.extend(read_faces(&folder.join("faces.npy"), pack.len())?);
            pictures.held_out.extend(read_held_out(&folder.join("held_out.npy"), pack.len())?);
            pictures.packs.push(pack);
        }
        Ok(pictures)
    }

    /// Number of pictures.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// All faces of a picture, the teacher's guesses among them.
    ///
    /// # Panics
    /// If there is no such picture.
    pub fn faces(&self, index: usize) -> &[KnownFace] {
        &self.faces[index]
    }

    /// Whether the picture is to measure on.
    ///
    /// # Panics
    /// If there is no such picture.
    pub fn is_held_out(&self, index: usize) -> bool {
        self.held_out[index]
    }

    /// What the picture is called in messages.
    pub(super) fn name(&self, index: usize) -> String {
        let (number, image) = self.places[index];
        let pack = &self.packs[number];
        match pack.name(image) {
            Some(name) => format!("{}, {name}", pack.folder().display()),
            None => format!("{}, image {image}", pack.folder().display()),
        }
    }

    /// Decodes a picture.
    pub(super) fn read(&self, index: usize) -> Result<Picture, String> {
        let (pack, image) = self.places[index];
        let bytes = self.packs[pack].image(image).map_err(|error| error.to_string())?;
        let photo = Photo::from_bytes(&bytes, "image", &DecodeLimits::default())
            .map_err(|error| error.to_string())?;
        Ok(Picture { rgb: photo.rgb().clone(), faces: self.faces[index].clone() })
    }

    /// What identifies the pictures, by their faces.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        let mut hasher = Sha256::new();
        for (faces, held_out) in self.faces.iter().zip(&self.held_out) {
            hasher.update([u8::from(*held_out)]);
            hasher.update((faces.len() as u64).to_le_bytes());
            for KnownFace { sides, landmarks, score } in faces {
                for value in sides.iter().chain(landmarks.as_flattened()).chain([score]) {
                    hasher.update(value.to_le_bytes());
                }
            }
        }
        Fingerprint::with_hash(self.len(), hasher)
    }

    /// Fails where there is nothing to learn.
    pub(super) fn check(&self) -> Result<(), Error> {
        let is_useful = |index: usize| {
            !self.held_out[index] && self.faces[index].iter().any(|face| face.score >= SURE)
        };
        if (0..self.len()).any(is_useful) { Ok(()) } else { Err(Error::NoImages) }
    }
}

/// The faces of each of so many pictures.
fn read_faces(path: &Path, pictures: usize) -> Result<Vec<Vec<KnownFace>>, DatasetError> {
    let bytes = bounded_file::read(path, FACES_LIMIT)?;
    let values: Vec<f32> = npy::parse_rows(&bytes, COLUMNS)
        .map_err(|fault| DatasetError::Array { path: path.to_path_buf(), fault })?;
    let mut faces = vec![Vec::new(); pictures];
    let mut before = 0;
    for (row, values) in values.as_chunks::<COLUMNS>().0.iter().enumerate() {
        let fault = |expected: &'static str, found: String| DatasetError::Face {
            path: path.to_path_buf(),
            row,
            expected,
            found,
        };
        let [picture, left, top, right, bottom, .., score] = *values;
        let index = picture as usize;
        // Also false for NaN. Whole numbers up to 2^24 are exact.
        if !(picture >= before as f32 && index as f32 == picture && index < pictures) {
            let expected = "the number of a picture of the pack, ascending";
            return Err(fault(expected, picture.to_string()));
        }
        if let Some(far) =
            values[1..15].iter().find(|value| !value.is_finite() || value.abs() > FARTHEST)
        {
            return Err(fault("coordinates in pixels", far.to_string()));
        }
        let sides = [left, top, right, bottom];
        if area(&sides) <= 0.0 {
            return Err(fault("a box with right > left and bottom > top", format!("{sides:?}")));
        }
        if !(0.0..=1.0).contains(&score) {
            return Err(fault("a score of 0 to 1", score.to_string()));
        }
        let landmarks = std::array::from_fn(|i| [values[5 + 2 * i], values[6 + 2 * i]]);
        faces[index].push(KnownFace { sides, landmarks, score });
        before = index;
    }
    Ok(faces)
}

fn read_held_out(path: &Path, pictures: usize) -> Result<Vec<bool>, DatasetError> {
    let values: Vec<i32> = npy::read(path, &[pictures]).map_err(|error| match error {
        ReadError::File(error) => error.into(),
        ReadError::Array(fault) => DatasetError::Array { path: path.to_path_buf(), fault },
    })?;
    match values.iter().position(|value| !(0..=1).contains(value)) {
        None => Ok(values.iter().map(|&value| value == 1).collect()),
        Some(image) => {
            let (path, found) = (path.to_path_buf(), values[image]);
            Err(DatasetError::Mark { path, image, found })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use facenet::npy::write;

    use super::*;
    use crate::detector::synthetic;

    #[test]
    fn a_pack_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        synthetic::write_pack(folder.path(), 10, 3);
        let pictures = Pictures::open(&[folder.path().to_path_buf()]).unwrap();
        assert_eq!(pictures.len(), 10);
        pictures.check().unwrap();
        assert!((0..10).any(|index| pictures.is_held_out(index)));
        let with_faces = (0..10).filter(|&index| !pictures.faces(index).is_empty()).count();
        assert_eq!(with_faces, 7);
        let picture = pictures.read(0).unwrap();
        assert_eq!(picture.faces, pictures.faces(0));
        let again = Pictures::open(&[folder.path().to_path_buf()]).unwrap();
        assert_eq!(again.fingerprint(), pictures.fingerprint());
    }

    #[test]
    fn what_is_wrong_with_a_row_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("faces.npy");
        let mut good = [0.0_f32; 16];
        good[3..5].fill(10.0);
        good[15] = 0.9;
        let wrong = |change: &dyn Fn(&mut [f32; 16])| {
            let mut row = good;
            change(&mut row);
            let values: Vec<f32> = good.iter().chain(&row).copied().collect();
            fs::write(&path, write(&[2, 16], &values)).unwrap();
            read_faces(&path, 3).map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(wrong(&|_| ()), Ok(()));
        for (change, said) in [
            ((|row| row[0] = 3.0) as fn(&mut [f32; 16]), "the number of a picture"),
            (|row| row[0] = 0.5, "the number of a picture"),
            (|row| row[0] = f32::NAN, "the number of a picture"),
            (|row| row[7] = f32::INFINITY, "coordinates"),
            (|row| row[3] = 0.0, "right > left"),
            (|row| row[15] = 1.5, "a score"),
        ] {
            let message = wrong(&change).unwrap_err();
            assert!(message.contains("row 1") && message.contains(said), "{message}");
        }
        fs::write(&path, write(&[1, 15], &[0.0; 15])).unwrap();
        assert!(read_faces(&path, 3).is_err());
    }
}
