//! Drawn faces for tests: an oval with eyes, nose and mouth where the landmarks are.

use std::fs;
use std::path::Path;

use facenet::npy::write;
use image::{Rgb, RgbImage};
use npyz::WriterBuilder;
use tensor::Random;

use super::known::KnownFace;
use super::pictures::Picture;

/// A picture of `side` × `side` pixels with one drawn face.
pub(super) fn portrait(side: u32, seed: u64) -> Picture {
    let mut random = Random::new(seed);
    let mut draw = |low: f32, high: f32| low + (high - low) * random.uniform() as f32;
    let s = side as f32;
    let [w, h] = [s * draw(0.4, 0.5), s * draw(0.5, 0.6)];
    let [x, y] = [s * draw(0.45, 0.55), s * draw(0.45, 0.55)];
    let skin = [draw(120.0, 230.0), draw(90.0, 180.0), draw(70.0, 150.0)];
    let ground = [(); 3].map(|()| draw(0.0, 255.0));
    let landmarks = [[-0.22, -0.12], [0.22, -0.12], [0.0, 0.08], [-0.16, 0.27], [0.16, 0.27]]
        .map(|[right, down]: [f32; 2]| [x + right * w, y + down * h]);
    let rgb = RgbImage::from_fn(side, side, |column, row| {
        let [px, py] = [column as f32 + 0.5, row as f32 + 0.5];
        let near = |point: [f32; 2]| (px - point[0]).hypot(py - point[1]) < 0.06 * w;
        let color = if landmarks.into_iter().any(near) {
            [20.0, 10.0, 30.0]
        } else if ((px - x) / (w / 2.0)).hypot((py - y) / (h / 2.0)) < 1.0 {
            skin
        } else {
            ground
        };
        Rgb(color.map(|v| v as u8))
    });
    let sides = [x - w / 2.0, y - h / 2.0, x + w / 2.0, y + h / 2.0];
    Picture { rgb, faces: vec![KnownFace { sides, landmarks, score: 0.95 }] }
}

/// Noise without a face.
pub(super) fn ground(side: u32, seed: u64) -> Picture {
    let mut random = Random::new(seed);
    let rgb = RgbImage::from_fn(side, side, |_, _| Rgb([(); 3].map(|()| random.below(256) as u8)));
    Picture { rgb, faces: Vec::new() }
}

/// A pack of so many pictures of 96 × 96 pixels, the last of them without a face.
pub(super) fn write_pack(folder: &Path, pictures: usize, grounds: usize) {
    let (mut bytes, mut offsets, mut faces, mut held_out) = (vec![], vec![0], vec![], vec![]);
    for index in 0..pictures {
        let seed = index as u64;
        let picture =
            if index + grounds < pictures { portrait(96, seed) } else { ground(96, seed) };
        let file = std::io::Cursor::new(Vec::new());
        let mut file = file;
        picture.rgb.write_to(&mut file, image::ImageFormat::Png).unwrap();
        bytes.extend(file.into_inner());
        offsets.push(bytes.len() as i64);
        for KnownFace { sides, landmarks, score } in picture.faces {
            faces.push(index as f32);
            faces.extend(sides.iter().chain(landmarks.as_flattened()).chain([&score]));
        }
        held_out.push(i32::from(index % 5 == 4));
    }
    let manifest = format!(r#"{{"format": "image-pack-2", "images": {pictures}}}"#);
    fs::write(folder.join("pack.json"), manifest).unwrap();
    fs::write(folder.join("images.bin"), bytes).unwrap();
    fs::write(folder.join("faces.npy"), write(&[faces.len() / 16, 16], &faces)).unwrap();
    write_integers(&folder.join("offsets.npy"), &offsets);
    write_integers(&folder.join("held_out.npy"), &held_out);
}

fn write_integers<T: npyz::AutoSerialize + Copy>(path: &Path, values: &[T]) {
    let options = npyz::WriteOptions::new().default_dtype().shape(&[values.len() as u64]);
    let mut writer = options.writer(fs::File::create(path).unwrap()).begin_nd().unwrap();
    writer.extend(values.iter().copied()).unwrap();
    writer.finish().unwrap();
}
