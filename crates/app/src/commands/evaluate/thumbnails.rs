//! Face crops as JPEGs in the page; used only with `--thumbnails`.

use std::collections::BTreeMap;

use anyhow::Result;
use base64::Engine as _;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};
use ndarray::Array3;

/// Data addresses of face crops by the names of their photos.
pub(super) type Faces = BTreeMap<String, String>;

/// JPEG quality: enough to recognize a face.
const QUALITY: u8 = 80;

/// The crop as a `data:` address of a JPEG.
///
/// # Shapes
/// `(3, H, W)`, values from 0 to 1.
pub(super) fn data_address(crop: &Array3<f32>) -> Result<String> {
    let (_, height, width) = crop.dim();
    let bytes: Vec<u8> = crop
        .view()
        .permuted_axes([1, 2, 0])
        .iter()
        .map(|value| (255.0 * value).round().clamp(0.0, 255.0) as u8)
        .collect();
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).write_image(
        &bytes,
        width as u32,
        height as u32,
        ExtendedColorType::Rgb8,
    )?;
    Ok(format!("data:image/jpeg;base64,{}", base64::prelude::BASE64_STANDARD.encode(jpeg)))
}
