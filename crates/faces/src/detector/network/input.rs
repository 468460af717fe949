//! The copies of a photo that the network is given, and the way back.
//!
//! Height and width of a copy are multiples of the network's coarsest stride: what the photo
//! does not fill, to the right and below, is gray.

use facenet::network::INPUT_CHANNELS;
use facenet::network::detector::MULTIPLE;
use ndarray::{Array4, Axis, Slice};

use super::{LARGEST, SMALLEST};
use crate::detector::{DetectedLandmarks, Detection};
use crate::resample::{self, plane};
use crate::{FaceBox, Photo};

/// The gray beyond the photo.
const OUTSIDE: f32 = 0.5;
/// Photos are not enlarged by more than this: there is no detail to be gained.
const MOST_ENLARGED: f64 = 4.0;
/// A copy has no more pixels than this, so that a search takes a second at most.
const MOST_PIXELS: f64 = 4_000_000.0;
/// The same with the gray beyond the photo.
const PADDED_PIXELS: usize = 4_500_000;

/// Width and height of the copies in which faces from `smallest_face` of the photo's shorter
/// side are looked for, the largest first; none of a photo without pixels.
pub(super) fn sizes(photo: &Photo, smallest_face: f32) -> Vec<[usize; 2]> {
    let [width, height] = [photo.width(), photo.height()].map(f64::from);
    let shorter = width.min(height);
    if shorter == 0.0 {
        return Vec::new();
    }
    let wanted = (SMALLEST / f64::from(smallest_face) / shorter).min(MOST_ENLARGED);
    let mut scale = wanted.min((MOST_PIXELS / (width * height)).sqrt());
    let at = |scale: f64| [width, height].map(|side| ((side * scale).round() as usize).max(1));
    // A thin photo fills little of its copy.
    while at(scale).map(padded).iter().product::<usize>() > PADDED_PIXELS {
        scale /= 2.0;
    }
    let mut sizes = Vec::new();
    loop {
        sizes.push(at(scale));
        if shorter * scale <= LARGEST {
            return sizes;
        }
        scale /= 2.0;
    }
}

/// A side and the gray beyond it.
fn padded(side: usize) -> usize {
    side.next_multiple_of(MULTIPLE)
}

/// A copy of a photo.
#[derive(Debug)]
pub(super) struct Input {
    /// `(1, 3, H, W)`, RGB in 0..1.
    pub(super) pixels: Array4<f32>,
    /// Pixels of the photo to one of the copy, across and down.
    scale: [f32; 2],
}

impl Input {
    /// A copy of this width and height, at least one pixel each.
    pub(super) fn of(photo: &Photo, [w, h]: [usize; 2]) -> Self {
        let [width, height] = [photo.width(), photo.height()].map(f64::from);
        let scale = [width / w as f64, height / h as f64];
        let level = photo.level(scale[0].min(scale[1]));
        let axis = |length: f64, count: usize, source: u32| {
            resample::Axis::of_level(0.0, length / level.factor, count, source as usize, level.blur)
        };
        let columns = axis(width, w, level.rgb.width());
        let rows = axis(height, h, level.rgb.height());
        let samples = level.rgb.as_raw();
        let stride = INPUT_CHANNELS * level.rgb.width() as usize;
        let [padded_w, padded_h] = [w, h].map(padded);
        let mut pixels = Array4::from_elem((1, INPUT_CHANNELS, padded_h, padded_w), OUTSIDE);
        for channel in 0..INPUT_CHANNELS {
            let values = plane(&columns, &rows, |y, from, to, row| {
                let line = &samples[y * stride..][INPUT_CHANNELS * from..INPUT_CHANNELS * to];
                for (value, pixel) in row.iter_mut().zip(line.as_chunks::<INPUT_CHANNELS>().0) {
                    *value = f32::from(pixel[channel]) / 255.0;
                }
            });
            let mut target = pixels.index_axis_mut(Axis(1), channel);
            for (mut row, values) in
                target.index_axis_mut(Axis(0), 0).outer_iter_mut().zip(values.chunks_exact(w))
            {
                let places = row.iter_mut().zip(values);
                places.for_each(|(place, value)| *place = value.clamp(0.0, 1.0));
            }
        }
        Self { pixels, scale: scale.map(|scale| scale as f32) }
    }

    /// Stretches the range of the photo's brightness and lights what lies in shadow.
    /// `size` is the width and height of what the photo fills.
    pub(super) fn raise_contrast(&mut self, size: [usize; 2]) {
        let mut photo = self.pixels.view_mut();
        for (axis, length) in [3, 2].into_iter().zip(size) {
            photo.slice_axis_inplace(Axis(axis), Slice::from(..length));
        }
        let mut values: Vec<f32> = photo.iter().copied().collect();
        let last = values.len().saturating_sub(1);
        let mut at = |share: f64| {
            *values.select_nth_unstable_by((share * last as f64) as usize, f32::total_cmp).1
        };
        let (dark, bright) = (at(0.01), at(0.99));
        let gain = 1.0 / (bright - dark).max(0.05);
        // The root lights the shadow: a sixth of the light becomes two fifths.
        photo.mapv_inplace(|value| (gain * (value - dark)).clamp(0.0, 1.0).sqrt());
    }

    /// A face of the copy as one of the photo.
    pub(super) fn to_photo(&self, face: &Detection) -> Detection {
        let [across, down] = self.scale;
        let FaceBox { x, y, width, height, score } = face.face_box;
        let face_box = FaceBox {
            x: x * across,
            y: y * down,
            width: width * across,
            height: height * down,
            score,
        };
        let landmarks = face.landmarks.map(|found| DetectedLandmarks {
            points: found.points.map(|[x, y]| [x * across, y * down]),
            ..found
        });
        Detection { face_box, landmarks }
    }
}

/// Whether a part of a box is on the photo.
pub(super) fn touches(photo: &Photo, face: &FaceBox) -> bool {
    let [width, height] = [photo.width(), photo.height()].map(|side| side as f32);
    face.x < width && face.y < height && face.x + face.width > 0.0 && face.y + face.height > 0.0
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    fn photo(width: u32, height: u32) -> Photo {
        Photo::from_rgb(RgbImage::from_fn(width, height, |x, _| {
            Rgb([(x * 255 / width) as u8, 51, 255])
        }))
    }

    #[test]
    fn the_smallest_face_decides_the_size_and_large_copies_have_smaller_ones() {
        assert_eq!(sizes(&photo(640, 480), 0.1), [[320, 240]]);
        assert_eq!(sizes(&photo(100, 200), 0.1), [[240, 480]]);
        // No detail to be gained.
        assert_eq!(sizes(&photo(10, 20), 0.1), [[40, 80]]);
        assert_eq!(sizes(&photo(640, 480), 0.02), [[1600, 1200], [800, 600], [400, 300]]);
        // No more pixels than a second takes.
        let many = sizes(&photo(800, 800), 0.001);
        assert_eq!((many[0], many.len()), ([2000, 2000], 4));
        assert_eq!(sizes(&photo(3000, 1), 0.1), [[12000, 4]]);
        // The gray round a thin photo counts, too.
        for thin in [photo(1 << 20, 1), photo(1, 1 << 20)] {
            let size = sizes(&thin, 0.1)[0];
            assert!(size.map(padded).iter().product::<usize>() <= PADDED_PIXELS, "{size:?}");
        }
        assert!(sizes(&photo(0, 5), 0.1).is_empty());
    }

    #[test]
    fn a_copy_holds_the_photo_and_gray_round_it() {
        let input = Input::of(&photo(200, 100), [100, 50]);
        assert_eq!(input.pixels.dim(), (1, 3, 64, 128));
        let at = |c: usize, y: usize, x: usize| input.pixels[[0, c, y, x]];
        assert!((at(0, 20, 50) - 0.505).abs() < 0.01, "{}", at(0, 20, 50));
        assert!((at(1, 49, 99) - 0.2).abs() < 1e-6 && at(2, 0, 0) == 1.0);
        assert_eq!([at(0, 50, 0), at(1, 0, 100), at(2, 63, 127)], [OUTSIDE; 3]);
    }

    #[test]
    fn a_dark_photo_is_lit_and_the_gray_round_it_stays() {
        let dark = RgbImage::from_fn(100, 50, |x, _| Rgb([(x / 4) as u8; 3]));
        let mut input = Input::of(&Photo::from_rgb(dark), [100, 50]);
        input.raise_contrast([100, 50]);
        let at = |y: usize, x: usize| input.pixels[[0, 1, y, x]];
        assert!(at(20, 0) < 0.05 && at(20, 99) > 0.95, "{} {}", at(20, 0), at(20, 99));
        assert!((at(20, 25) - 0.5).abs() < 0.06, "{}", at(20, 25));
        assert_eq!([at(50, 0), at(0, 100)], [OUTSIDE; 2]);
    }

    #[test]
    fn a_face_comes_back_to_the_photo() {
        let input = Input::of(&photo(200, 100), [100, 25]);
        let face_box = FaceBox { x: 10.0, y: 5.0, width: 20.0, height: 10.0, score: 0.7 };
        let landmarks = DetectedLandmarks { points: [[12.0, 7.0]; 5], uncertainty: 0.1 };
        let found = input.to_photo(&Detection { face_box, landmarks: Some(landmarks) });
        let expected = FaceBox { x: 20.0, y: 20.0, width: 40.0, height: 40.0, score: 0.7 };
        assert_eq!(found.face_box, expected);
        let landmarks = found.landmarks.unwrap();
        assert_eq!((landmarks.points[4], landmarks.uncertainty), ([24.0, 28.0], 0.1));
    }

    #[test]
    fn a_box_beyond_the_photo_is_none() {
        let at = |x, y| FaceBox { x, y, width: 10.0, height: 10.0, score: 1.0 };
        let photo = photo(20, 30);
        assert!(touches(&photo, &at(-9.0, 0.0)) && touches(&photo, &at(19.0, 29.0)));
        assert!(!touches(&photo, &at(-10.0, 0.0)) && !touches(&photo, &at(0.0, 30.0)));
        assert!(!touches(&photo, &at(f32::NAN, 0.0)));
    }
}
