//! Films for the browser's camera, made of the built-in portraits: a head that turns, comes
//! closer, goes away. Motion JPEG: concatenated JPEG files, 30 a second.

use std::fs;
use std::path::{Path, PathBuf};

use e2e::portrait;
use faces::{FaceLocation, FaceLocator, Photo};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;

/// The distance of the eyes in a usual frame.
const EYES: f32 = 75.0;

/// Frames of a second, as the browser plays them.
const RATE: usize = 30;

/// One scene of a film.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene<'a> {
    /// Whose portrait; nobody's for an empty room.
    pub(crate) photo: Option<&'a str>,
    /// How far the head is turned, in degrees, positive to the right of the photo.
    pub(crate) turn: f32,
    /// How much larger than usual it is.
    pub(crate) scale: f32,
    /// What is added to each value of the photo.
    pub(crate) light: i32,
    pub(crate) seconds: usize,
}

impl<'a> Scene<'a> {
    pub(crate) fn of(photo: &'a str, seconds: usize) -> Self {
        Self { photo: Some(photo), turn: 0.0, scale: 1.0, light: 0, seconds }
    }

    pub(crate) fn empty(seconds: usize) -> Self {
        Self { photo: None, ..Self::of("", seconds) }
    }

    fn frame(&self) -> Vec<u8> {
        let mut frame = RgbImage::from_pixel(WIDTH, HEIGHT, Rgb([90, 100, 110]));
        if let Some(photo) = self.photo {
            let head = turned(&image::open(portrait(photo)).unwrap().into_rgb8(), self.turn);
            // The middle of the face comes to the middle of the frame, as large as asked for.
            let Head { image, nose: [x, y], eyes } = head;
            let scale = self.scale * EYES / eyes;
            let size = |side: u32| (side as f32 * scale) as u32;
            let (width, height) = (size(image.width()), size(image.height()));
            let image = imageops::resize(&image, width, height, FilterType::Triangle);
            let at = |nose: f32, middle: u32| i64::from(middle) - (nose * scale) as i64;
            imageops::overlay(&mut frame, &image, at(x, WIDTH / 2), at(y, HEIGHT / 2));
        }
        imageops::colorops::brighten_in_place(&mut frame, self.light);
        let mut jpeg = std::io::Cursor::new(Vec::new());
        frame.write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
        jpeg.into_inner()
    }
}

/// A portrait, and where its face is.
struct Head {
    image: RgbImage,
    /// The tip of the nose.
    nose: [f32; 2],
    /// The distance of the eyes.
    eyes: f32,
}

/// A portrait whose head is turned: its pixels are laid on a head of half an ellipsoid with a
/// nose, in units of the eyes' distance, which is turned, and looked at from the front.
fn turned(photo: &RgbImage, degrees: f32) -> Head {
    let locator = FaceLocator::new(FaceLocation::default()).unwrap();
    let found = locator.detect(&Photo::from_rgb(photo.clone())).unwrap();
    let [left, right, tip, ..] = found[0].landmarks;
    let eyes = (right[0] - left[0]).hypot(right[1] - left[1]);
    let middle = (left[0] + right[0]) / 2.0;
    let nose = (tip[0] - middle) / eyes;
    let (sin, cos) = degrees.to_radians().sin_cos();
    let depth = |x: f32, y: f32| {
        let head = 1.0 - (x / 1.15).powi(2) - (y / 1.7).powi(2);
        let from_nose = ((x - nose) / 0.22).powi(2) + (y / 0.35).powi(2);
        1.2 * head.max(0.0).sqrt() + 0.36 * (-from_nose / 2.0).exp()
    };
    let image = RgbImage::from_fn(photo.width(), photo.height(), |column, row| {
        let (seen, y) = ((column as f32 - middle) / eyes, (row as f32 - tip[1]) / eyes);
        // Which of the head's pixels comes here: seen = x cos + (depth - 1.2) sin.
        let x = (0..30).fold(seen, |x, _| seen - sin * (depth(x, y) - 1.2) + x * (1.0 - cos));
        let from = (x * eyes + middle).clamp(0.0, photo.width() as f32 - 1.0);
        *photo.get_pixel(from as u32, row)
    });
    Head { image, nose: tip, eyes }
}

/// Writes a film; the browser plays it again and again.
pub(crate) fn film(scenes: &[Scene<'_>], folder: &Path) -> PathBuf {
    let frames = scenes.iter().map(|scene| scene.frame().repeat(RATE * scene.seconds));
    let path = folder.join("film.mjpeg");
    fs::write(&path, frames.collect::<Vec<_>>().concat()).unwrap();
    path
}
