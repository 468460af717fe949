//! Training views drawn from one image of the pack.
//!
//! A view is cut from the image with another [border](super::border), changed as a box may be
//! off and as light may be other.

use facenet::network::VIEW_SIZE;
use faces::landmarks::view;
use faces::resample::warp_image;
use faces::{Landmarks, Similarity};
use image::{RgbImage, imageops};
use tensor::Random;

use super::border::{VIEW, framed};
use super::no_face;
use crate::random::between;

/// Share of views without a face.
const NO_FACE: f64 = 0.3;
/// Standard deviation and limit of the shift, in sides of the view.
const SHIFT: [f64; 2] = [0.07, 0.2];
/// Largest change of size, as a natural logarithm.
const SCALE: f64 = 0.25;
/// Largest roll of a face, in degrees.
const MAX_ROLL: f64 = 50.0;
/// Share of faces rolled by any angle up to [`MAX_ROLL`]; the others as people hold their heads.
const ROLLED_SHARE: f64 = 0.6;
/// Standard deviation of the others' roll, in degrees.
const UPRIGHT: f64 = 8.0;

/// A view with what the network is to answer.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// Three planes of 64×64 values in 0..1.
    pub(super) image: Vec<f32>,
    /// The ten numbers of the landmarks; nothing where there is no face.
    pub(super) landmarks: Option<[f32; 10]>,
}

impl Sample {
    /// Draws a view of an image whose landmarks are known, or one of no face.
    pub(super) fn draw(image: &RgbImage, landmarks: &Landmarks, random: &mut Random) -> Self {
        let sample = if random.uniform() < NO_FACE {
            Self { image: no_face::draw(image, landmarks, random), landmarks: None }
        } else {
            Self::face(image, landmarks, random)
        };
        sample.with_other_light(random)
    }

    fn face(image: &RgbImage, landmarks: &Landmarks, random: &mut Random) -> Self {
        let (image, landmarks) = match random.uniform() < 0.5 {
            true => (imageops::flip_horizontal(image), mirrored(landmarks, image.width())),
            false => (image.clone(), *landmarks),
        };
        let (image, landmarks) = framed(&image, &landmarks, random);
        let Some(view) = view::of_landmarks(&landmarks) else {
            return Self { image: vec![0.5; VIEW], landmarks: None };
        };
        let roll = if random.uniform() < ROLLED_SHARE {
            between(random, -MAX_ROLL, MAX_ROLL)
        } else {
            (UPRIGHT * random.normal()).clamp(-MAX_ROLL, MAX_ROLL)
        };
        let view = view.after(&jitter(roll, random));
        let mut planes = warp_image(&image, &view, VIEW_SIZE);
        erase(&mut planes, random);
        Self { image: planes, landmarks: Some(view::to_outputs(&landmarks, &view)) }
    }

    /// Brightness, contrast, color, blur; then round.
    fn with_other_light(mut self, random: &mut Random) -> Self {
        let gamma = between(random, -0.5, 0.5).exp() as f32;
        let (contrast, base) =
            (between(random, 0.5, 1.2) as f32, between(random, -0.1, 0.3) as f32);
        let gains = [(); 3].map(|()| between(random, 0.85, 1.15) as f32);
        let gray = random.uniform() < 0.15;
        let blur = random.uniform() < 0.25;
        let size = 16 + random.below(32);
        let noise = if random.uniform() < 0.2 { 0.06 * random.uniform() } else { 0.0 };
        let plane = VIEW_SIZE * VIEW_SIZE;
        if gray {
            for i in 0..plane {
                let [r, g, b] = [0, 1, 2].map(|c| self.image[c * plane + i]);
                let luma = 0.299 * r + 0.587 * g + 0.114 * b;
                (0..3).for_each(|c| self.image[c * plane + i] = luma);
            }
        }
        if blur {
            blurred(&mut self.image, size);
        }
        for (i, value) in self.image.iter_mut().enumerate() {
            let lit = base + contrast * gains[if gray { 0 } else { i / plane }] * value.powf(gamma);
            let grain = if noise > 0.0 { noise * random.normal() } else { 0.0 };
            *value = (lit + grain as f32).clamp(0.0, 1.0);
        }
        view::cut_round(&mut self.image);
        self
    }
}

/// A transform of the view about its middle, as a box may be off.
fn jitter(roll: f64, random: &mut Random) -> Similarity {
    let side = VIEW_SIZE as f64;
    let [deviation, limit] = SHIFT;
    let to =
        [(); 2].map(|()| side / 2.0 + side * (deviation * random.normal()).clamp(-limit, limit));
    let scale = between(random, -SCALE, SCALE).exp();
    Similarity::new(scale, roll.to_radians(), [side / 2.0; 2], to)
}

/// Points of the mirrored image, left to right again.
pub(super) fn mirrored(landmarks: &Landmarks, width: u32) -> Landmarks {
    [1, 0, 2, 4, 3].map(|i| [width as f32 - landmarks[i][0], landmarks[i][1]])
}

/// Sometimes paints a patch over, as hands and hair do.
fn erase(planes: &mut [f32], random: &mut Random) {
    if random.uniform() > 0.15 {
        return;
    }
    let size = [(); 2].map(|()| 6 + random.below(18));
    let corner = [0, 1].map(|axis| random.below(VIEW_SIZE - size[axis]));
    let color = [(); 3].map(|()| random.uniform() as f32);
    for (plane, color) in planes.chunks_exact_mut(VIEW_SIZE * VIEW_SIZE).zip(color) {
        for row in plane.chunks_exact_mut(VIEW_SIZE).skip(corner[1]).take(size[1]) {
            row[corner[0]..corner[0] + size[0]].fill(color);
        }
    }
}

/// Fewer pixels, then as many as before.
fn blurred(planes: &mut [f32], size: usize) {
    let step = (VIEW_SIZE as f32 - 1.0) / (size as f32 - 1.0);
    let look = |plane: &[f32], width: usize, x: f32, y: f32| {
        let (left, top) = (x as usize, y as usize);
        let (right, lower) = ((left + 1).min(width - 1), (top + 1).min(width - 1));
        let (across, down) = (x - left as f32, y - top as f32);
        let mix = |a: f32, b: f32, t: f32| a + (b - a) * t;
        let row = |y: usize| mix(plane[y * width + left], plane[y * width + right], across);
        mix(row(top), row(lower), down)
    };
    for plane in planes.chunks_exact_mut(VIEW_SIZE * VIEW_SIZE) {
        let last = (VIEW_SIZE - 1) as f32;
        let small: Vec<f32> = (0..size * size)
            .map(|i| {
                let at = [i % size, i / size].map(|v| (v as f32 * step).min(last));
                look(plane, VIEW_SIZE, at[0], at[1])
            })
            .collect();
        for (i, value) in plane.iter_mut().enumerate() {
            let at = [i % VIEW_SIZE, i / VIEW_SIZE].map(|v| v as f32 / step);
            let at = at.map(|v| v.min(size as f32 - 1.0));
            *value = look(&small, size, at[0], at[1]);
        }
    }
}
