//! A small pack of drawings, made where the tests run.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use image::{ImageFormat, Rgb, RgbImage};
use npyz::{AutoSerialize, WriterBuilder};
use tempfile::TempDir;
use training::PackSource;
use training::dataset::Pack;

/// Pictures of each person.
pub(crate) const EACH: usize = 3;

/// A folder with a pack of `people` people, three pictures each.
pub(crate) fn pack(people: usize) -> TempDir {
    let folder = TempDir::new().unwrap();
    let count = people * EACH;
    let pictures: Vec<_> = (0..count).map(|i| jpeg(&drawing(i / EACH, i % EACH))).collect();
    let mut offsets = vec![0_i64];
    for picture in &pictures {
        offsets.push(offsets.last().unwrap() + picture.len() as i64);
    }
    let identities: Vec<_> = (0..count).map(|i| (i / EACH) as i32).collect();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("images.bin", &pictures.concat());
    write("offsets.npy", &npy(&[offsets.len()], &offsets));
    write("identity.npy", &npy(&[count], &identities));
    write("target.npy", &targets(&(0..count).map(|i| unit(i / EACH)).collect::<Vec<_>>()));
    let window = r#"{"x": 4, "y": 4, "width": 32, "height": 32}"#;
    write("pack.json", format!(
        r#"{{"format": "jpeg-pack-1", "images": {count}, "width": 40, "height": 40, "window": {window}}}"#
    ).as_bytes());
    folder
}

pub(crate) fn source(folder: &Path) -> Arc<PackSource> {
    Arc::new(PackSource::new(Pack::open(folder).unwrap()).unwrap())
}

/// Stripes whose direction and colour are the person's, their phase the picture's.
pub(crate) fn drawing(person: usize, picture: usize) -> RgbImage {
    RgbImage::from_fn(40, 40, |x, y| {
        let angle = person as f32 * 0.7;
        let along = x as f32 * angle.cos() + y as f32 * angle.sin() + 2.0 * picture as f32;
        let wave = 0.5 + 0.4 * (0.5 * along).sin();
        Rgb([0, 1, 2].map(|c| (255.0 * wave * (0.4 + 0.3 * ((person + c) % 3) as f32)) as u8))
    })
}

pub(crate) fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

/// A unit vector of each person's own.
fn unit(person: usize) -> [f32; 128] {
    let values: [f32; 128] = std::array::from_fn(|i| ((i * (person + 3)) as f32 * 0.37).sin());
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    values.map(|value| value / length)
}

pub(crate) fn npy<T: AutoSerialize + Copy>(shape: &[usize], values: &[T]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let shape: Vec<_> = shape.iter().map(|&axis| axis as u64).collect();
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(&shape)
        .writer(&mut bytes)
        .begin_nd()
        .unwrap();
    writer.extend(values.iter().copied()).unwrap();
    writer.finish().unwrap();
    bytes
}

/// `target.npy`: rows in half precision.
pub(crate) fn targets(rows: &[[f32; 128]]) -> Vec<u8> {
    let bits: Vec<u16> = rows.iter().flatten().map(|&value| half(value)).collect();
    // Only the name of the type differs.
    let mut bytes = npy(&[rows.len(), 128], &bits);
    let at = bytes.windows(3).position(|name| name == b"<u2").unwrap();
    bytes[at + 1] = b'f';
    bytes
}

/// The half-precision number just below, for values of 2^-14 to 1 in size; smaller
/// ones become zero.
pub(crate) fn half(value: f32) -> u16 {
    let bits = value.to_bits();
    let exponent = (bits >> 23 & 0xff) as i32 - 127 + 15;
    let sign = (bits >> 16 & 0x8000) as u16;
    if exponent <= 0 {
        return sign;
    }
    assert!(exponent < 31, "{value}");
    sign | (exponent as u16) << 10 | (bits >> 13 & 0x3ff) as u16
}
