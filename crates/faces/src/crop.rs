//! Cutting a face out of a photo as the network expects it.
//!
//! [`crop_face`], [`crop_aligned`] and [`crop_window`] end in the same resampling: plain
//! bilinear near the original size, area-averaging where the photo is much
//! larger than the crop.
//!
//! # Framing
//! The weights were trained on faces whose landmarks lie, on the median, at fixed places of
//! the 96×96 crop, the [`TEMPLATE`](crate::landmarks::TEMPLATE). A detector's
//! box frames a face in its own way; [`RIGHT`], [`DOWN`] and [`SCALE`] lead from
//! one to the other.
//!
//! They were fitted on 1,583 photographs of 250×250 pixels (LFW, the images of
//! the first two folds of its pairs) with known landmarks. The shift and scale
//! that best map a face's five landmarks to the points above (least squares, no
//! turn) give the window that training would have cut; each constant is the
//! median, over all faces, of that window against the box that
//! [`NetworkDetector`](crate::NetworkDetector) finds with its default options.

use facenet::network::{INPUT_CHANNELS, INPUT_SIZE};
use ndarray::Array3;

use crate::resample::{Axis, plane, warp};
use crate::{FaceBox, Photo, Similarity, Window};

/// From the box's middle to the window's, to the right, in box widths.
const RIGHT: f32 = 0.027;
/// From the box's middle to the window's, downwards, in box heights.
const DOWN: f32 = 0.0625;
/// Side of the window in the box's longer side.
const SCALE: f32 = 0.9645;

/// The network's input for a detected face.
///
/// # Shapes
/// `(3, 96, 96)`: red, green, blue planes, each value in 0..1.
///
/// # Panics
/// If the photo has no pixels or the box is not finite and positive.
#[must_use]
pub fn crop_face(photo: &Photo, face: &FaceBox) -> Array3<f32> {
    crop_window(photo, face_window(face))
}

/// The square of the photo that [`crop_face`] cuts out.
#[must_use]
pub fn face_window(face: &FaceBox) -> Window {
    let FaceBox { x, y, width, height, .. } = *face;
    let side = SCALE * width.max(height);
    let (middle_x, middle_y) = (x + width * (0.5 + RIGHT), y + height * (0.5 + DOWN));
    Window {
        x: f64::from(middle_x - side / 2.0),
        y: f64::from(middle_y - side / 2.0),
        width: f64::from(side),
        height: f64::from(side),
    }
}

/// The network's input from an image that is a face crop already, framed as
/// the weights expect: the whole image, resized to 96×96.
///
/// # Shapes
/// `(3, 96, 96)`: red, green, blue planes, each value in 0..1.
///
/// # Panics
/// If the photo has no pixels.
#[must_use]
pub fn crop_aligned(photo: &Photo) -> Array3<f32> {
    let (width, height) = (f64::from(photo.width()), f64::from(photo.height()));
    crop_window(photo, Window { x: 0.0, y: 0.0, width, height })
}

/// The network's input from a given window of the photo.
///
/// Coordinates are continuous: pixel `i` covers `[i, i + 1)`. The window may
/// reach beyond the image, whose border pixels are then repeated.
///
/// # Shapes
/// `(3, 96, 96)`: red, green, blue planes, each value in 0..1.
///
/// # Panics
/// If the photo has no pixels or the window is not finite and positive.
///
/// ```
/// use faces::{Photo, Window, crop_window};
///
/// let photo = Photo::from_rgb(image::RgbImage::from_pixel(200, 100, image::Rgb([255, 0, 51])));
/// let crop = crop_window(&photo, Window { x: 50.0, y: -10.0, width: 120.0, height: 120.0 });
/// assert_eq!(crop.dim(), (3, 96, 96));
/// assert!((crop[[2, 5, 5]] - 0.2).abs() < 1e-6);
/// ```
#[must_use]
pub fn crop_window(photo: &Photo, window: Window) -> Array3<f32> {
    let Window { x, y, width, height } = window;
    let columns = Axis::new(x, width, INPUT_SIZE, photo.width() as usize);
    let rows = Axis::new(y, height, INPUT_SIZE, photo.height() as usize);
    let samples = photo.rgb().as_raw();
    let stride = 3 * photo.width() as usize;
    let mut planes = Vec::with_capacity(INPUT_CHANNELS * INPUT_SIZE * INPUT_SIZE);
    for channel in 0..INPUT_CHANNELS {
        planes.extend(plane(&columns, &rows, |y, from, to, row| {
            let pixels = samples[y * stride..][3 * from..3 * to].chunks_exact(3);
            for (value, pixel) in row.iter_mut().zip(pixels) {
                *value = f32::from(pixel[channel]);
            }
        }));
    }
    // Weights add up to 1 only as far as `f32` goes.
    planes.iter_mut().for_each(|v| *v = (*v / 255.0).clamp(0.0, 1.0));
    Array3::from_shape_vec((INPUT_CHANNELS, INPUT_SIZE, INPUT_SIZE), planes)
        .expect("three planes of 96×96")
}

/// The network's input along a transform from the crop to the photo, such as
/// [`alignment`](crate::landmarks::alignment) gives.
///
/// # Shapes
/// `(3, 96, 96)`: red, green, blue planes, each value in 0..1.
///
/// # Panics
/// If the photo has no pixels.
#[must_use]
pub(crate) fn crop_along(photo: &Photo, map: &Similarity) -> Array3<f32> {
    let planes = warp(photo, map, INPUT_SIZE);
    Array3::from_shape_vec((INPUT_CHANNELS, INPUT_SIZE, INPUT_SIZE), planes)
        .expect("three planes of 96×96")
}
