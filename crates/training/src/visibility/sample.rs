//! Training views drawn from one face of the pack, covered or not.

use facenet::network::{INPUT_SIZE, VISIBILITY_SIZE};
use faces::landmarks::alignment;
use faces::resample::warp_image;
use faces::visibility::half_size;
use faces::{Landmarks, Similarity};
use image::RgbImage;
use ndarray::Array3;
use tensor::Random;

use super::cover::{Cover, FaceFrame, FacePoint};
use super::kinds::Painter;
use crate::random::between;

/// Values of one plane, and of one image.
const PLANE: usize = VISIBILITY_SIZE * VISIBILITY_SIZE;
pub(super) const IMAGE: usize = 3 * PLANE;

/// Standard deviation of the shift, in pixels of the crop.
const SHIFT: f64 = 3.0;
/// Standard deviation of the change of size, as a natural logarithm.
const SCALE: f64 = 0.06;
/// Standard deviation of the rotation, in degrees.
const ROTATION: f64 = 5.0;

/// An image with what the network is to answer.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// Three planes of 48×48 values in 0..1.
    pub(super) image: Vec<f32>,
    /// Whether the mouth, and whether the eyes can be seen; nothing where it is not clear.
    pub(super) seen: [Option<bool>; 2],
}

/// Whether a sample is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Covers {
    None,
    Any,
}

impl Sample {
    /// Draws a view of an image whose landmarks are known; `other` gives patterns.
    pub(super) fn draw(
        image: &RgbImage,
        landmarks: &Landmarks,
        other: &RgbImage,
        covers: Covers,
        random: &mut Random,
    ) -> Option<Self> {
        let size = INPUT_SIZE as f64;
        let to = [(); 2].map(|()| size / 2.0 + (SHIFT * random.normal()).clamp(-10.0, 10.0));
        let scale = (SCALE * random.normal()).clamp(-0.2, 0.2).exp();
        let rotation = (ROTATION * random.normal()).clamp(-15.0, 15.0).to_radians();
        let map =
            alignment(landmarks)?.after(&Similarity::new(scale, rotation, [size / 2.0; 2], to));
        let crop = warp_image(image, &map, INPUT_SIZE);
        let crop = Array3::from_shape_vec((3, INPUT_SIZE, INPUT_SIZE), crop).ok()?;
        let mut planes = half_size(crop.view()).into_raw_vec_and_offset().0;
        let back = map.inverse();
        let half = |point: &[f32; 2]| back.apply(point.map(f64::from)).map(|v| (v / 2.0) as f32);
        let frame = FaceFrame::new(&landmarks.each_ref().map(half))?;
        let mut seen = [Some(true); 2];
        if covers == Covers::Any {
            let skin = skin(&frame, &planes);
            let mut painter = Painter { random, frame: &frame, skin, other };
            let mut all = painter.lower();
            all.extend(painter.upper());
            all.extend(painter.stray());
            all.iter().for_each(|cover| cover.draw(&frame, &mut planes, VISIBILITY_SIZE));
            seen = [mouth(&frame, &all), eyes(&frame, &all)];
        }
        let mut sample = Self { image: planes, seen };
        sample.change_light(random);
        if random.uniform() < 0.5 {
            sample.image.chunks_exact_mut(VISIBILITY_SIZE).for_each(<[f32]>::reverse);
        }
        Some(sample)
    }

    /// Brightness, contrast, color, blur, noise.
    fn change_light(&mut self, random: &mut Random) {
        let gamma = between(random, -0.5, 0.5).exp() as f32;
        let (contrast, base) =
            (between(random, 0.55, 1.15) as f32, between(random, -0.08, 0.2) as f32);
        let gains = [(); 3].map(|()| between(random, 0.85, 1.15) as f32);
        let is_gray = random.uniform() < 0.15;
        let blurs = [0, 0, 0, 1, 1, 2, 3, 5][random.below(8)];
        let noise = if random.uniform() < 0.3 { 0.05 * random.uniform() } else { 0.0 };
        if is_gray {
            for i in 0..PLANE {
                let [r, g, b] = [0, 1, 2].map(|c| self.image[c * PLANE + i]);
                let gray = 0.299 * r + 0.587 * g + 0.114 * b;
                (0..3).for_each(|c| self.image[c * PLANE + i] = gray);
            }
        }
        (0..blurs).for_each(|_| self.image.chunks_exact_mut(PLANE).for_each(blur));
        for (i, value) in self.image.iter_mut().enumerate() {
            let gain = if is_gray { 1.0 } else { gains[i / PLANE] };
            let lit = base + contrast * gain * value.powf(gamma);
            let grain = if noise > 0.0 { noise * random.normal() } else { 0.0 };
            *value = (lit + grain as f32).clamp(0.0, 1.0);
        }
    }
}

/// Half of each pixel and an eighth of each neighbor.
fn blur(plane: &mut [f32]) {
    let (before, last) = (plane.to_vec(), VISIBILITY_SIZE - 1);
    for (i, value) in plane.iter_mut().enumerate() {
        let (row, column) = (i / VISIBILITY_SIZE, i % VISIBILITY_SIZE);
        let at = |row: usize, column: usize| before[row * VISIBILITY_SIZE + column];
        let round = at(row.saturating_sub(1), column)
            + at((row + 1).min(last), column)
            + at(row, column.saturating_sub(1))
            + at(row, (column + 1).min(last));
        *value = *value / 2.0 + round / 8.0;
    }
}

/// The mean color of the cheeks.
fn skin(frame: &FaceFrame, planes: &[f32]) -> [f64; 3] {
    let (mut sum, mut count) = ([0.0; 3], 0.0);
    for pixel in 0..PLANE {
        let at = [pixel % VISIBILITY_SIZE, pixel / VISIBILITY_SIZE].map(|v| v as f64 + 0.5);
        let [x, y] = frame.place(at);
        if (0.3..0.6).contains(&x.abs()) && (0.35..0.7).contains(&y) {
            (0..3).for_each(|c| sum[c] += f64::from(planes[c * PLANE + pixel]));
            count += 1.0;
        }
    }
    sum.map(|sum| if count > 0.0 { sum / count } else { 0.5 })
}

/// How much of a place all covers hide together.
fn hidden(covers: &[Cover<'_>], place: FacePoint) -> f64 {
    1.0 - covers.iter().map(|cover| 1.0 - cover.hides(place)).product::<f64>()
}

/// Whether the mouth can be seen: not where all of it is hidden, surely where nothing of it is,
/// nor of the nose.
fn mouth(frame: &FaceFrame, covers: &[Cover<'_>]) -> Option<bool> {
    let [_, _, nose, left, right] = frame.landmarks;
    let middle = [0, 1].map(|axis| (left[axis] + right[axis]) / 2.0);
    let upper = [middle[0], middle[1] - 0.12];
    let lower = [middle[0], middle[1] + 0.15];
    let mouth = [left, right, middle, upper, lower].map(|place| hidden(covers, place));
    let (least, most) = extremes(&mouth);
    if least > 0.85 { Some(false) } else { (most.max(hidden(covers, nose)) < 0.2).then_some(true) }
}

/// Whether the eyes can be seen: not where both are hidden, surely where neither is.
fn eyes(frame: &FaceFrame, covers: &[Cover<'_>]) -> Option<bool> {
    let off = [[0.0, 0.0], [-0.14, 0.0], [0.14, 0.0]];
    let places = [0, 1]
        .map(|eye: usize| off.map(|off| [0, 1].map(|axis| frame.landmarks[eye][axis] + off[axis])));
    let eyes: Vec<f64> = places.as_flattened().iter().map(|&place| hidden(covers, place)).collect();
    let (least, most) = extremes(&eyes);
    if least > 0.72 { Some(false) } else { (most < 0.3).then_some(true) }
}

fn extremes(values: &[f64]) -> (f64, f64) {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    (least, values.iter().copied().fold(0.0, f64::max))
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;
    use crate::visibility::cover::Shape;
    use crate::visibility::paint::Paint;

    fn made() -> (RgbImage, Landmarks) {
        let image = RgbImage::from_fn(112, 112, |x, y| {
            image::Rgb([(2 * x) as u8, (x * y / 50) as u8, 200 - (x / 2 + y) as u8])
        });
        let landmarks =
            faces::landmarks::TEMPLATE.map(|p| p.map(|v| (v * 88.4 / 96.0 + 11.8) as f32));
        (image, landmarks)
    }

    #[test]
    fn labels_follow_what_is_hidden() {
        let (_, landmarks) = made();
        let frame = FaceFrame::new(&landmarks).expect("a face");
        let cover = |middle: FacePoint, radii: FacePoint, opacity: f64| Cover {
            shape: Shape::Ellipse(middle, radii),
            paint: Paint::plain([0.0; 3]),
            opacity,
        };
        let [mask, half, glasses, clear] = [
            cover([0.0, 1.0], [0.9, 0.5], 1.0),
            cover([0.4, 1.0], [0.3, 0.5], 1.0),
            cover([0.0, 0.0], [1.0, 0.4], 0.9),
            cover([0.0, 0.0], [1.0, 0.4], 0.2),
        ];
        for (covers, expected) in [
            (&[][..], [Some(true), Some(true)]),
            (from_ref(&mask), [Some(false), Some(true)]),
            (from_ref(&half), [None, Some(true)]),
            (from_ref(&glasses), [Some(true), Some(false)]),
            (from_ref(&clear), [Some(true), Some(true)]),
            (&[mask.clone(), glasses.clone()][..], [Some(false), Some(false)]),
        ] {
            assert_eq!([mouth(&frame, covers), eyes(&frame, covers)], expected, "{covers:?}");
        }
    }

    #[test]
    fn samples_are_images_and_of_every_kind() {
        let (image, landmarks) = made();
        let mut counts = [[0; 3]; 2];
        for seed in 0..400 {
            let random = &mut Random::new(seed);
            let sample =
                Sample::draw(&image, &landmarks, &image, Covers::Any, random).expect("a face");
            assert_eq!(sample.image.len(), IMAGE);
            assert!(sample.image.iter().all(|v| (0.0..=1.0).contains(v)), "seed {seed}");
            for (counts, seen) in counts.iter_mut().zip(sample.seen) {
                counts[seen.map_or(2, usize::from)] += 1;
            }
        }
        // Covered, seen, unclear, of mouth and eyes.
        for [covered, seen, _] in counts {
            assert!(covered > 80 && seen > 150, "{counts:?}");
        }
        let random = &mut Random::new(1);
        let plain = Sample::draw(&image, &landmarks, &image, Covers::None, random).expect("a face");
        assert_eq!(plain.seen, [Some(true); 2]);
    }
}
