//! Faces that lie on their side or stand on their head: another detector's over rotated copies.
//!
//! A reduced copy of the photo is rotated in steps that the inner detector bridges, searched
//! each time, and what is found is brought back and merged. That takes as many times as long as
//! there are rotations, so it is optional.

use super::{DetectedLandmarks, Detection, Detector, merge_detections, order};
use crate::resample::warp_on_gray;
use crate::{FaceBox, Photo, Similarity};

/// Rotations of the photo, in degrees, at one of which any face has a roll of at most 22.5°.
pub const ALL_ROTATIONS: [f64; 8] = [0.0, 45.0, -45.0, 90.0, -90.0, 135.0, -135.0, 180.0];
/// Longest side of the copy that is rotated.
const LONGEST: f64 = 1000.0;
/// Boxes that overlap (intersection over union) by more are of one face.
const SAME_FACE: f32 = 0.3;

/// Searches a photo once for each of some rotations.
#[derive(Clone, Debug)]
pub struct RotatedDetector<D> {
    /// The detector that searches each copy.
    pub inner: D,
    /// Rotations of the photo in degrees.
    pub rotations: &'static [f64],
}

impl<D: Detector> Detector for RotatedDetector<D> {
    fn detect(&self, photo: &Photo) -> Vec<FaceBox> {
        self.detect_with_landmarks(photo).into_iter().map(|face| face.face_box).collect()
    }

    fn detect_with_landmarks(&self, photo: &Photo) -> Vec<Detection> {
        let search = |copy: &Photo| self.inner.detect_with_landmarks(copy);
        let mut faces = merge_detections(search_rotated(photo, self.rotations, search), SAME_FACE);
        faces.sort_by(|a, b| order(&a.face_box, &b.face_box));
        faces
    }
}

/// What a search finds on rotated copies of a photo, brought back to the photo; one face is
/// found several times.
pub(super) fn search_rotated(
    photo: &Photo,
    rotations: &[f64],
    search: impl Fn(&Photo) -> Vec<Detection>,
) -> Vec<Detection> {
    if photo.width() == 0 || photo.height() == 0 {
        return Vec::new();
    }
    let mut found = Vec::new();
    for &rotation in rotations {
        if rotation == 0.0 {
            found.extend(search(photo));
            continue;
        }
        let (copy, map) = rotated(photo, rotation.to_radians());
        found.extend(search(&copy).iter().map(|face| moved(face, &map)));
    }
    found
}

/// A rotated copy on gray, large enough for all of the photo, and the way from it to the
/// photo.
fn rotated(photo: &Photo, rotation: f64) -> (Photo, Similarity) {
    let [width, height] = [photo.width(), photo.height()].map(f64::from);
    let scale = (width.max(height) / LONGEST).max(1.0);
    let (sin, cos) = (rotation.sin().abs(), rotation.cos().abs());
    let sides = [width * cos + height * sin, width * sin + height * cos]
        .map(|side| (side / scale).ceil().max(1.0));
    let map =
        Similarity::new(scale, rotation, sides.map(|side| side / 2.0), [width / 2.0, height / 2.0]);
    let copy = warp_on_gray(photo, &map, sides.map(|side| side as usize));
    (Photo::from_rgb(copy), map)
}

/// A face of the copy as one of the photo: its landmarks, and an upright box of the same size
/// about the same middle.
fn moved(face: &Detection, map: &Similarity) -> Detection {
    let apply = |[x, y]: [f32; 2]| map.apply([x, y].map(f64::from)).map(|v| v as f32);
    let (x, y) = face.face_box.middle();
    let [x, y] = apply([x, y]);
    let [width, height] =
        [face.face_box.width, face.face_box.height].map(|side| side * map.scale() as f32);
    let (x, y) = (x - width / 2.0, y - height / 2.0);
    let landmarks =
        face.landmarks.map(|found| DetectedLandmarks { points: found.points.map(apply), ..found });
    Detection { face_box: FaceBox { x, y, width, height, ..face.face_box }, landmarks }
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;

    #[test]
    fn a_box_comes_back_to_where_it_was() {
        let photo = Photo::from_rgb(RgbImage::new(3000, 2000));
        let (copy, map) = rotated(&photo, 0.7);
        let (w, h) = (f64::from(copy.width()), f64::from(copy.height()));
        let there = map.inverse().apply([700.0, 1900.0]);
        assert!(there[0] > 0.0 && there[0] < w && there[1] > 0.0 && there[1] < h, "{there:?}");
        let [x, y] = there.map(|v| v as f32);
        let face = FaceBox { x: x - 20.0, y: y - 20.0, width: 40.0, height: 40.0, score: 1.0 };
        let landmarks = DetectedLandmarks { points: [[x, y]; 5], uncertainty: 0.1 };
        let back = moved(&Detection { face_box: face, landmarks: Some(landmarks) }, &map);
        let [x, y] = back.landmarks.unwrap().points[4];
        assert!((x - 700.0).abs() < 0.01 && (y - 1900.0).abs() < 0.01, "{back:?}");
        let back = back.face_box;
        let (x, y) = back.middle();
        assert!((x - 700.0).abs() < 0.01 && (y - 1900.0).abs() < 0.01, "{back:?}");
        assert!((back.width - 120.0).abs() < 0.01, "{back:?}");
    }
}
