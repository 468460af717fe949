//! Faces that lie on their side: another detector's boxes over rotated copies.
//!
//! Detectors know upright faces. A reduced copy of the photo is rotated in steps that the
//! inner detector bridges, searched each time, and the boxes are brought back and merged.
//! That takes as many times as long as there are rotations, so it is optional.

use image::Rgb;

use super::{Detector, overlap, sort};
use crate::warp::picture_along;
use crate::{FaceBox, Photo, Similarity};

/// Rotations of the photo in degrees.
const ROTATIONS: [f64; 7] = [0.0, 30.0, -30.0, 60.0, -60.0, 90.0, -90.0];
/// Longest side of the copy that is rotated.
const LONGEST: f64 = 1000.0;
/// The color beyond the photo.
const OUTSIDE: Rgb<u8> = Rgb([128; 3]);
/// Boxes that overlap (intersection over union) by more are of one face.
const SAME_FACE: f32 = 0.3;

/// Searches a photo seven times, rotated by up to 90° to either side.
#[derive(Clone, Debug)]
pub struct RotatedDetector<D> {
    /// The detector that searches each copy.
    pub inner: D,
}

impl<D: Detector> Detector for RotatedDetector<D> {
    fn detect(&self, photo: &Photo) -> Vec<FaceBox> {
        if photo.width() == 0 || photo.height() == 0 {
            return Vec::new();
        }
        let mut found = Vec::new();
        for turn in ROTATIONS {
            if turn == 0.0 {
                found.extend(self.inner.detect(photo));
                continue;
            }
            let (copy, map) = turned(photo, turn.to_radians());
            found.extend(self.inner.detect(&copy).iter().map(|face| moved(face, &map)));
        }
        let mut faces = merged(found);
        sort(&mut faces);
        faces
    }
}

/// A rotated copy on grey, large enough for all of the photo, and the way from it to the
/// photo.
fn turned(photo: &Photo, turn: f64) -> (Photo, Similarity) {
    let [width, height] = [photo.width(), photo.height()].map(f64::from);
    let scale = (width.max(height) / LONGEST).max(1.0);
    let (sin, cos) = (turn.sin().abs(), turn.cos().abs());
    let sides = [width * cos + height * sin, width * sin + height * cos]
        .map(|side| (side / scale).ceil().max(1.0));
    let map =
        Similarity::new(scale, turn, sides.map(|side| side / 2.0), [width / 2.0, height / 2.0]);
    let mut copy = picture_along(photo, &map, sides.map(|side| side as usize));
    for (x, y, pixel) in copy.enumerate_pixels_mut() {
        let [x, y] = map.apply([f64::from(x) + 0.5, f64::from(y) + 0.5]);
        if !(0.0..=width).contains(&x) || !(0.0..=height).contains(&y) {
            *pixel = OUTSIDE;
        }
    }
    (Photo::from_rgb(copy), map)
}

/// An upright box of the same size about the same middle.
fn moved(face: &FaceBox, map: &Similarity) -> FaceBox {
    let (x, y) = face.middle();
    let [x, y] = map.apply([x, y].map(f64::from)).map(|v| v as f32);
    let [width, height] = [face.width, face.height].map(|side| side * map.scale() as f32);
    FaceBox { x: x - width / 2.0, y: y - height / 2.0, width, height, score: face.score }
}

/// Of boxes of one face the one of the highest score; of equals the first.
fn merged(mut found: Vec<FaceBox>) -> Vec<FaceBox> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut faces: Vec<FaceBox> = Vec::new();
    for face in found {
        if faces.iter().all(|kept| overlap(kept, &face) <= SAME_FACE) {
            faces.push(face);
        }
    }
    faces
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;

    #[test]
    fn of_boxes_that_overlap_the_surest_stays() {
        let at = |x, score| FaceBox { x, y: 0.0, width: 10.0, height: 10.0, score };
        let faces = merged(vec![at(0.0, 5.0), at(1.0, 9.0), at(50.0, 3.0)]);
        assert_eq!(faces, [at(1.0, 9.0), at(50.0, 3.0)]);
    }

    #[test]
    fn a_box_comes_back_to_where_it_was() {
        let photo = Photo::from_rgb(RgbImage::new(3000, 2000));
        let (copy, map) = turned(&photo, 0.7);
        let (w, h) = (f64::from(copy.width()), f64::from(copy.height()));
        let there = map.inverse().apply([700.0, 1900.0]);
        assert!(there[0] > 0.0 && there[0] < w && there[1] > 0.0 && there[1] < h, "{there:?}");
        let [x, y] = there.map(|v| v as f32);
        let face = FaceBox { x: x - 20.0, y: y - 20.0, width: 40.0, height: 40.0, score: 1.0 };
        let back = moved(&face, &map);
        let (x, y) = back.middle();
        assert!((x - 700.0).abs() < 0.01 && (y - 1900.0).abs() < 0.01, "{back:?}");
        assert!((back.width - 120.0).abs() < 0.01, "{back:?}");
    }
}
