//! Bad conditions, made of good face crops: small, blurred, compressed, dark, covered.
//!
//! Each changes the 96×96 crop after alignment, so what is measured is how the network bears
//! it, not whether the face would still be detected. Nothing is drawn at random.

use anyhow::Result;
use faces::landmarks::TEMPLATE;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::imageops::{self, FilterType};
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};
use ndarray::Array3;

/// A bad condition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Degradation {
    /// As it is.
    None,
    /// The crop has so many pixels a side.
    Small(u32),
    /// Blurred by a Gaussian with this standard deviation, in pixels of the crop.
    Blurred(f32),
    /// A JPEG of this quality.
    Jpeg(u8),
    /// With this share of its light.
    Dark(f32),
    /// Without color.
    Gray,
    /// Left and right exchanged.
    Mirrored,
    /// Nose, mouth and chin under a mask of one color.
    Masked,
    /// The eyes behind dark glasses.
    DarkGlasses,
}

/// All that are measured.
pub(super) const ALL: [Degradation; 12] = [
    Degradation::None,
    Degradation::Small(48),
    Degradation::Small(32),
    Degradation::Small(24),
    Degradation::Small(16),
    Degradation::Blurred(3.0),
    Degradation::Jpeg(10),
    Degradation::Dark(0.2),
    Degradation::Gray,
    Degradation::Mirrored,
    Degradation::Masked,
    Degradation::DarkGlasses,
];

/// The color of a surgical mask, and that of dark glasses.
const MASK: Rgb<u8> = Rgb([150, 190, 215]);
const GLASS: Rgb<u8> = Rgb([18, 18, 20]);

impl Degradation {
    /// For tables.
    pub(super) fn name(self) -> String {
        match self {
            Self::None => "unchanged".to_owned(),
            Self::Small(side) => format!("{side} × {side} pixels"),
            Self::Blurred(deviation) => format!("blurred by {deviation:.0} pixels"),
            Self::Jpeg(quality) => format!("JPEG of quality {quality}"),
            Self::Dark(share) => format!("dark, {:.0} % of the light", 100.0 * share),
            Self::Gray => "gray".to_owned(),
            Self::Mirrored => "mirrored".to_owned(),
            Self::Masked => "masked: nose, mouth and chin".to_owned(),
            Self::DarkGlasses => "dark glasses".to_owned(),
        }
    }

    /// The crop in this condition.
    ///
    /// # Shapes
    /// `(3, 96, 96)` to the same.
    pub(super) fn apply(self, crop: &Array3<u8>) -> Result<Array3<u8>> {
        let mut image = to_image(crop);
        let (width, height) = image.dimensions();
        match self {
            Self::None => {}
            Self::Small(side) => {
                let small = imageops::resize(&image, side, side, FilterType::Triangle);
                image = imageops::resize(&small, width, height, FilterType::Triangle);
            }
            Self::Blurred(deviation) => image = imageops::blur(&image, deviation),
            Self::Jpeg(quality) => {
                let mut file = Vec::new();
                JpegEncoder::new_with_quality(&mut file, quality).write_image(
                    &image,
                    width,
                    height,
                    ExtendedColorType::Rgb8,
                )?;
                let decoder = JpegDecoder::new(std::io::Cursor::new(file))?;
                image = image::DynamicImage::from_decoder(decoder)?.into_rgb8();
            }
            Self::Dark(share) => {
                let darker = |value: &mut u8| *value = (share * f32::from(*value)).round() as u8;
                image.iter_mut().for_each(darker);
            }
            Self::Gray => {
                for pixel in image.pixels_mut() {
                    let [red, green, blue] = pixel.0.map(f32::from);
                    let gray = 0.299 * red + 0.587 * green + 0.114 * blue;
                    pixel.0 = [gray.round() as u8; 3];
                }
            }
            Self::Mirrored => imageops::flip_horizontal_in_place(&mut image),
            Self::Masked => fill(&mut image, &mask(), MASK),
            Self::DarkGlasses => {
                for eye in &TEMPLATE[..2] {
                    fill(&mut image, &glass(*eye), GLASS);
                }
            }
        }
        Ok(from_image(&image))
    }
}

/// The outline of a mask from the bridge of the nose to below the chin, from the landmarks.
fn mask() -> [[f64; 2]; 7] {
    let [left_eye, right_eye, nose, left_mouth, right_mouth] = TEMPLATE;
    let eyes = (left_eye[1] + right_eye[1]) / 2.0;
    // The mask begins half way between the eyes and the tip of the nose.
    let bridge = [nose[0], (eyes + nose[1]) / 2.0];
    let mouth = (left_mouth[1] + right_mouth[1]) / 2.0;
    let chin = mouth + 0.9 * (mouth - nose[1]);
    [
        bridge,
        [right_eye[0] + 8.0, nose[1] - 2.0],
        [right_mouth[0] + 12.0, mouth + 2.0],
        [right_mouth[0] + 2.0, chin + 12.0],
        [left_mouth[0] - 2.0, chin + 12.0],
        [left_mouth[0] - 12.0, mouth + 2.0],
        [left_eye[0] - 8.0, nose[1] - 2.0],
    ]
}

/// The outline of one glass around an eye.
fn glass([x, y]: [f64; 2]) -> [[f64; 2]; 4] {
    let (across, down) = (14.0, 9.0);
    [[x - across, y - down], [x + across, y - down], [x + across, y + down], [x - across, y + down]]
}

/// Fills a polygon, by the rule of even and odd crossings, at the middles of pixels.
fn fill(image: &mut RgbImage, outline: &[[f64; 2]], color: Rgb<u8>) {
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        let (x, y) = (f64::from(x) + 0.5, f64::from(y) + 0.5);
        let next = outline.iter().cycle().skip(1);
        let crossings = outline.iter().zip(next).filter(|([ax, ay], [bx, by])| {
            (*ay > y) != (*by > y) && x < ax + (y - ay) / (by - ay) * (bx - ax)
        });
        if crossings.count() % 2 == 1 {
            *pixel = color;
        }
    }
}

fn to_image(crop: &Array3<u8>) -> RgbImage {
    let (_, height, width) = crop.dim();
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        Rgb([0, 1, 2].map(|channel| crop[[channel, y as usize, x as usize]]))
    })
}

fn from_image(image: &RgbImage) -> Array3<u8> {
    let shape = (3, image.height() as usize, image.width() as usize);
    Array3::from_shape_fn(shape, |(channel, y, x)| image.get_pixel(x as u32, y as u32).0[channel])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crop() -> Array3<u8> {
        Array3::from_shape_fn((3, 96, 96), |(c, y, x)| (60 + 20 * c + x + y / 2) as u8)
    }

    #[test]
    fn each_condition_changes_what_it_should_and_is_the_same_on_every_run() {
        let crop = crop();
        for condition in ALL {
            let changed = condition.apply(&crop).unwrap();
            assert_eq!(changed.dim(), crop.dim(), "{condition:?}");
            assert_eq!(changed, condition.apply(&crop).unwrap(), "{condition:?}");
            assert_eq!(changed == crop, condition == Degradation::None, "{condition:?}");
        }
        let gray = Degradation::Gray.apply(&crop).unwrap();
        assert_eq!(gray[[0, 10, 10]], gray[[2, 10, 10]]);
        let mirrored = Degradation::Mirrored.apply(&crop).unwrap();
        assert_eq!(mirrored[[1, 5, 0]], crop[[1, 5, 95]]);
        let dark = Degradation::Dark(0.2).apply(&crop).unwrap();
        assert_eq!(dark[[0, 0, 0]], 12);
    }

    #[test]
    fn a_mask_covers_nose_and_mouth_and_not_the_eyes() {
        let masked = to_image(&Degradation::Masked.apply(&crop()).unwrap());
        let glasses = to_image(&Degradation::DarkGlasses.apply(&crop()).unwrap());
        let at = |image: &RgbImage, [x, y]: [f64; 2]| *image.get_pixel(x as u32, y as u32);
        for (number, landmark) in TEMPLATE.into_iter().enumerate() {
            assert_eq!(at(&masked, landmark) == MASK, number >= 2, "{landmark:?}");
            assert_eq!(at(&glasses, landmark) == GLASS, number < 2, "{landmark:?}");
        }
        assert_eq!(*masked.get_pixel(47, 85), MASK);
        assert_ne!(*masked.get_pixel(2, 85), MASK);
    }
}
