//! Light and what cameras and files do to it.

use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::{DynamicImage, RgbImage};
use tensor::Random;

use super::canvas::Canvas;
use crate::random::between;

/// Steps of a table of powers.
const STEPS: usize = 2048;
/// How many pixels of a face, along a side, blur leaves at least.
const LEAST: f32 = 9.0;

/// Changes the light of a scene, in the order in which the world, the camera and the file
/// do it.
pub(super) fn relight(canvas: &mut Canvas, random: &mut Random) {
    if random.uniform() < 0.15 {
        half_shadow(canvas, random);
    }
    if random.uniform() < 0.75 {
        tone(canvas, random);
    }
    if random.uniform() < 0.25 {
        blur(canvas, random);
    }
    if random.uniform() < 0.2 {
        noise(canvas, random);
    }
    if random.uniform() < 0.25 {
        compress(canvas, random);
    }
}

/// Darkens all on one side of a line, through a face if there is one.
pub(super) fn half_shadow(canvas: &mut Canvas, random: &mut Random) {
    let side = canvas.side as f32;
    let (middle, size) = match canvas.faces.len() {
        0 => ([side / 2.0; 2], side),
        count => {
            let face = canvas.faces[random.below(count)].known;
            (face.middle(), face.size())
        }
    };
    let shift = size * between(random, -0.3, 0.3) as f32;
    let (sin, cos) = (between(random, 0.0, std::f64::consts::TAU) as f32).sin_cos();
    let width = size * between(random, 0.03, 0.6) as f32;
    let light = between(random, 0.12, 0.6) as f32;
    for (i, pixel) in canvas.pixels.iter_mut().enumerate() {
        let [x, y] = [(i % canvas.side) as f32 - middle[0], (i / canvas.side) as f32 - middle[1]];
        let share = ((x * cos + y * sin + shift) / width + 0.5).clamp(0.0, 1.0);
        let factor = 1.0 - share * (1.0 - light);
        *pixel = pixel.map(|value| value * factor);
    }
}

/// Exposure, contrast, gamma and color; sometimes gray.
fn tone(canvas: &mut Canvas, random: &mut Random) {
    let gamma = between(random, -0.7, 0.7).exp() as f32;
    let contrast = between(random, 0.55, 1.25) as f32;
    let base = between(random, -0.12, 0.2) as f32;
    let is_gray = random.uniform() < 0.2;
    let gains = match is_gray {
        true => [1.0; 3],
        false => [(); 3].map(|()| between(random, 0.82, 1.18) as f32),
    };
    // A power for every value would take longer than all the rest of a scene.
    let curve: Vec<f32> =
        (0..=STEPS).map(|step| (step as f32 / STEPS as f32).powf(gamma)).collect();
    for pixel in &mut canvas.pixels {
        if is_gray {
            let [r, g, b] = *pixel;
            *pixel = [0.299 * r + 0.587 * g + 0.114 * b; 3];
        }
        for (value, gain) in pixel.iter_mut().zip(gains) {
            let power = curve[(STEPS as f32 * value.clamp(0.0, 1.0) + 0.5) as usize];
            *value = (base + contrast * gain * power).clamp(0.0, 1.0);
        }
    }
}

/// Fewer pixels, then as many as before; along one axis alone for a camera that moved.
fn blur(canvas: &mut Canvas, random: &mut Random) {
    let sizes = canvas.faces.iter().filter(|face| face.is_sure).map(|face| face.known.size());
    let smallest = sizes.fold(canvas.side as f32, f32::min);
    let most = (smallest / LEAST).clamp(1.0, 8.0);
    let factor = 1.0 + (most - 1.0) * random.uniform() as f32;
    if factor < 1.1 {
        return;
    }
    let axes = match random.below(4) {
        0 => [factor, 1.0],
        1 => [1.0, factor],
        _ => [factor; 2],
    };
    let side = canvas.side as u32;
    let [w, h] = axes.map(|factor| ((side as f32 / factor).round() as u32).max(1));
    let image = bytes(canvas);
    let small = image::imageops::thumbnail(&image, w, h);
    let filter = image::imageops::FilterType::Triangle;
    set(canvas, &image::imageops::resize(&small, side, side, filter));
}

/// Noise of a camera in the dark, alike or not in the three colors.
fn noise(canvas: &mut Canvas, random: &mut Random) {
    let strength = 0.07 * random.uniform() as f32;
    let is_gray = random.below(2) == 0;
    for pixel in &mut canvas.pixels {
        let gray = normal(random);
        for value in pixel {
            let grain = if is_gray { gray } else { normal(random) };
            *value = (*value + strength * grain).clamp(0.0, 1.0);
        }
    }
}

/// About normally distributed, without a logarithm: the sum of four even numbers.
fn normal(random: &mut Random) -> f32 {
    let bits = random.bits();
    let sum: u64 = (0..4).map(|i| (bits >> (16 * i)) & 0xffff).sum();
    // Each has a variance of 65536² / 12.
    (sum as f32 - 131_070.0) / 37_837.0
}

/// Through a JPEG file of low quality.
fn compress(canvas: &mut Canvas, random: &mut Random) {
    let quality = 15 + random.below(60) as u8;
    let mut file = Vec::new();
    let written = JpegEncoder::new_with_quality(&mut file, quality).encode_image(&bytes(canvas));
    let read = written.and_then(|()| {
        JpegDecoder::new(std::io::Cursor::new(file)).and_then(DynamicImage::from_decoder)
    });
    // An encoder and its decoder agree; if they did not, the scene would be as it was.
    if let Ok(image) = read {
        set(canvas, &image.into_rgb8());
    }
}

fn bytes(canvas: &Canvas) -> RgbImage {
    let side = canvas.side as u32;
    RgbImage::from_fn(side, side, |x, y| {
        let pixel = canvas.pixels[(y * side + x) as usize];
        image::Rgb(pixel.map(|value| (255.0 * value + 0.5) as u8))
    })
}

fn set(canvas: &mut Canvas, image: &RgbImage) {
    for (pixel, image::Rgb(new)) in canvas.pixels.iter_mut().zip(image.pixels()) {
        *pixel = new.map(|value| f32::from(value) / 255.0);
    }
}

#[cfg(test)]
mod tests {
    use faces::Similarity;

    use super::super::canvas::Part;
    use super::*;
    use crate::detector::synthetic;

    fn canvas() -> Canvas {
        let mut canvas = Canvas::new(128, [0.4, 0.5, 0.6]);
        let map = Similarity::new(1.0, 0.2, [48.0; 2], [64.0; 2]);
        canvas.lay(&synthetic::portrait(96, 1), &map, Part::Endless);
        canvas
    }

    #[test]
    fn every_change_keeps_colors_in_range_and_faces_where_they_are() {
        let before = canvas();
        let changes: [fn(&mut Canvas, &mut Random); 5] = [half_shadow, tone, blur, noise, compress];
        for (number, change) in changes.into_iter().enumerate() {
            let mut moved = 0;
            for seed in 0..10 {
                let mut after = before.clone();
                change(&mut after, &mut Random::new(seed));
                assert_eq!(after.faces, before.faces);
                let range = 0.0..=1.0;
                assert!(after.pixels.iter().flatten().all(|v| range.contains(v)), "{number}");
                moved += usize::from(after.pixels != before.pixels);
            }
            assert!(moved >= 7, "change {number} did something {moved} times of 10");
        }
    }

    #[test]
    fn noise_is_about_normal() {
        let mut random = Random::new(5);
        let values: Vec<f32> = (0..20_000).map(|_| normal(&mut random)).collect();
        let mean = values.iter().sum::<f32>() / 20_000.0;
        let variance = values.iter().map(|v| v * v).sum::<f32>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }

    #[test]
    fn a_shadow_darkens_one_side_of_the_face() {
        let mut after = canvas();
        let before = after.clone();
        half_shadow(&mut after, &mut Random::new(3));
        let pairs = before.pixels.iter().zip(&after.pixels);
        let darker = pairs.filter(|(a, b)| b[0] < 0.7 * a[0]).count();
        let share = darker as f32 / before.pixels.len() as f32;
        assert!((0.1..0.9).contains(&share), "{share}");
    }
}
