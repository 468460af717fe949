//! Views that are to have a low confidence.
//!
//! The pack holds faces only, so what is no face is made of them: pieces of a face too
//! near or beside it, faces on their side or head, faces whose parts are shuffled; and
//! of nothing: noise, stripes, plain color.

use std::f64::consts::PI;

use facenet::network::VIEW_SIZE;
use faces::landmarks::view;
use faces::resample::warp_image;
use faces::{Landmarks, Similarity};
use image::{RgbImage, imageops};
use tensor::Random;

use super::border::{VIEW, framed};
use crate::random::between;

/// Three planes of a view of no face.
pub(super) fn draw(image: &RgbImage, landmarks: &Landmarks, random: &mut Random) -> Vec<f32> {
    match random.below(10) {
        0..=2 => beside(image, landmarks, random),
        3 => too_near(image, landmarks, random),
        4 | 5 => on_its_head(image, landmarks, random),
        6 | 7 => shuffled(image, landmarks, random),
        _ => texture(random),
    }
}

/// The face's view changed by a transform about its middle.
fn changed(
    image: &RgbImage,
    landmarks: &Landmarks,
    random: &mut Random,
    [scale, rotation]: [f64; 2],
    shift: [f64; 2],
) -> Vec<f32> {
    let (image, landmarks) = framed(image, landmarks, random);
    let Some(view) = view::of_landmarks(&landmarks) else { return vec![0.5; VIEW] };
    let side = VIEW_SIZE as f64;
    let to = shift.map(|shift| side * (0.5 + shift));
    let change = Similarity::new(scale, rotation, [side / 2.0; 2], to);
    warp_image(&image, &view.after(&change), VIEW_SIZE)
}

/// A place where the face is at the edge of the view at most.
fn beside(image: &RgbImage, landmarks: &Landmarks, random: &mut Random) -> Vec<f32> {
    let (direction, way) = (between(random, -PI, PI), between(random, 0.5, 0.9));
    let scale = between(random, 0.5, 1.3);
    let rotation = between(random, -PI, PI);
    changed(
        image,
        landmarks,
        random,
        [scale, rotation],
        [way * direction.cos(), way * direction.sin()],
    )
}

/// A piece of the face that fills the view.
fn too_near(image: &RgbImage, landmarks: &Landmarks, random: &mut Random) -> Vec<f32> {
    let scale = between(random, 0.15, 0.5);
    let shift = [(); 2].map(|()| between(random, -0.35, 0.35));
    let rotation = between(random, -0.8, 0.8);
    changed(image, landmarks, random, [scale, rotation], shift)
}

/// A face rolled by 80° or more.
fn on_its_head(image: &RgbImage, landmarks: &Landmarks, random: &mut Random) -> Vec<f32> {
    let roll = between(random, 80.0, 280.0).to_radians();
    let scale = between(random, 0.8, 1.25);
    let shift = [(); 2].map(|()| between(random, -0.1, 0.1));
    changed(image, landmarks, random, [scale, roll], shift)
}

/// The parts of a face in another order.
fn shuffled(image: &RgbImage, landmarks: &Landmarks, random: &mut Random) -> Vec<f32> {
    let parts = 2 + random.below(4);
    let size = image.width().min(image.height()) / parts as u32;
    let mut places: Vec<usize> = (0..parts * parts).collect();
    crate::random::choose(random, &mut places, parts * parts);
    let mut mixed = image.clone();
    for (to, from) in places.into_iter().enumerate() {
        let corner = |i: usize| [i % parts, i / parts].map(|v| v as u32 * size);
        let ([x, y], [to_x, to_y]) = (corner(from), corner(to));
        let mut part = imageops::crop_imm(image, x, y, size, size).to_image();
        if random.uniform() < 0.5 {
            imageops::rotate180_in_place(&mut part);
        }
        imageops::replace(&mut mixed, &part, to_x.into(), to_y.into());
    }
    let scale = between(random, 0.7, 1.2);
    let shift = [(); 2].map(|()| between(random, -0.2, 0.2));
    let rotation = between(random, -PI, PI);
    changed(&mixed, landmarks, random, [scale, rotation], shift)
}

/// Noise of some grain, stripes, a gradient or one color.
fn texture(random: &mut Random) -> Vec<f32> {
    let kind = random.below(4);
    let grain = 1 + random.below(20);
    let ends: [[f32; 3]; 2] = [(); 2].map(|()| [(); 3].map(|()| random.uniform() as f32));
    let (direction, period) = (between(random, 0.0, PI), between(random, 2.0, 40.0));
    let cells: Vec<f32> = (0..VIEW).map(|_| random.uniform() as f32).collect();
    let colored = random.uniform() < 0.5;
    let plane = VIEW_SIZE * VIEW_SIZE;
    let value = |i: usize| {
        let (channel, row, column) = (i / plane, i / VIEW_SIZE % VIEW_SIZE, i % VIEW_SIZE);
        let along = column as f64 * direction.cos() + row as f64 * direction.sin();
        let share = match kind {
            0 => {
                let cell = row / grain * VIEW_SIZE + column / grain;
                cells[if colored { channel * plane } else { 0 } + cell]
            }
            1 => ((along / period).sin() as f32 + 1.0) / 2.0,
            2 => (along / (1.5 * VIEW_SIZE as f64)).abs() as f32,
            _ => 0.0,
        };
        let [low, high] = ends.map(|end| end[channel]);
        (low + (high - low) * share).clamp(0.0, 1.0)
    };
    (0..VIEW).map(value).collect()
}
