//! From a picture's bytes to the faces in it: the one place where the server meets the
//! reader of faces.

use anyhow::Result;
use facenet::photo::{FaceChoice, Photo, SeetaDetector};

use crate::face_finder::Framing;
use crate::face_reader::Face;

use super::house::House;

/// A picture and the faces that were chosen in it.
pub(super) struct Sight {
    /// Pixels of the picture, turned upright.
    pub(super) width: u32,
    pub(super) height: u32,
    /// At least one.
    pub(super) faces: Vec<Face>,
}

impl Sight {
    /// Looks at a picture.
    pub(super) fn of(house: &House, picture: &[u8], choice: FaceChoice) -> Result<Self> {
        let photo = Photo::from_bytes(picture, "the picture", &house.limits)?;
        let reader = house.reader.with_framing(Framing::Detected(choice))?;
        let crops = reader.finder().in_photo(&mut SeetaDetector::default(), &photo);
        let mut faces = Vec::new();
        for found in reader.encode_each(vec![crops]) {
            faces.extend(found?);
        }
        Ok(Self { width: photo.width(), height: photo.height(), faces })
    }
}
