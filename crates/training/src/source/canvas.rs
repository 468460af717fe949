//! Making canvases: checked, and no larger than training needs.

use facenet::network::INPUT_SIZE;
use faces::Window;
use image::RgbImage;

use super::{Canvas, SourceError};

impl Canvas {
    /// An image and a window on it.
    ///
    /// # Errors
    /// When the image is empty, or the window's numbers are not finite or its
    /// sides not positive.
    pub fn new(image: RgbImage, window: Window) -> Result<Self, SourceError> {
        let Window { x, y, width, height } = window;
        let (w, h) = image.dimensions();
        let finite = [x, y, width, height].iter().all(|value| value.is_finite());
        if w == 0 || h == 0 || !finite || width <= 0.0 || height <= 0.0 {
            return Err(SourceError::Window { size: [w, h], window });
        }
        Ok(Self { image, window })
    }

    /// An image that is a face crop already: all of it is the window.
    ///
    /// # Errors
    /// When the image is empty.
    pub fn whole(image: RgbImage) -> Result<Self, SourceError> {
        let (width, height) = image.dimensions();
        let window = Window { x: 0.0, y: 0.0, width: width.into(), height: height.into() };
        Self::new(image, window)
    }

    /// The same view with as few pixels as are of use: the image beyond
    /// `margin` window sides round the window is cut off, and what is left
    /// shrunk by a whole number, each pixel the mean of a block, as long as the
    /// window keeps the network's input size.
    ///
    /// A large photo would otherwise be resampled with gaps, and take hundreds of
    /// times the memory.
    #[must_use]
    pub(crate) fn reduced(self, margin: f64) -> Self {
        let Self { image, window } = self;
        let (width, height) = image.dimensions();
        let factor = (window.width.min(window.height) / INPUT_SIZE as f64) as u32;
        let factor = factor.clamp(1, width.min(height));
        let (left, columns) = cut(window.x, window.width, margin, width, factor);
        let (top, rows) = cut(window.y, window.height, margin, height, factor);
        if factor == 1 && (columns, rows) == (width, height) {
            return Self { image, window };
        }
        let block = f64::from(factor);
        let window = Window {
            x: (window.x - f64::from(left)) / block,
            y: (window.y - f64::from(top)) / block,
            width: window.width / block,
            height: window.height / block,
        };
        Self { image: block_means(&image, [left, top], [columns, rows], factor), window }
    }
}

/// First pixel and number of blocks that cover the window and its margin along
/// one axis; at least one block, inside the image.
fn cut(start: f64, length: f64, margin: f64, side: u32, factor: u32) -> (u32, u32) {
    // Float to integer saturates.
    let first = ((start - margin * length).floor().max(0.0) as u32).min(side - factor);
    let end = ((start + (1.0 + margin) * length).ceil().max(0.0) as u32).min(side);
    let blocks = (end.saturating_sub(first)).div_ceil(factor).clamp(1, (side - first) / factor);
    (first, blocks)
}

/// The mean of each block of `factor`×`factor` pixels.
fn block_means(
    image: &RgbImage,
    [left, top]: [u32; 2],
    [columns, rows]: [u32; 2],
    factor: u32,
) -> RgbImage {
    let (values, line) = (image.as_raw(), 3 * image.width() as usize);
    let count = factor * factor;
    RgbImage::from_fn(columns, rows, |column, row| {
        let mut sums = [0_u32; 3];
        for y in 0..factor {
            let start =
                (top + row * factor + y) as usize * line + 3 * (left + column * factor) as usize;
            let pixels = values[start..start + 3 * factor as usize].chunks_exact(3);
            for pixel in pixels {
                for (sum, &value) in sums.iter_mut().zip(pixel) {
                    *sum += u32::from(value);
                }
            }
        }
        image::Rgb(sums.map(|sum| ((sum + count / 2) / count) as u8))
    })
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn large_photos_are_cut_and_shrunk_round_the_window() {
        // A photo of blocks of 3 × 3 pixels, each of one color.
        let photo = RgbImage::from_fn(1500, 1200, |x, y| {
            Rgb([(x / 3 % 251) as u8, (y / 3 % 241) as u8, ((x / 3 + y / 3) % 239) as u8])
        });
        let window = Window { x: 600.0, y: 450.0, width: 300.0, height: 360.0 };
        let canvas = Canvas::new(photo, window).unwrap().reduced(0.5);
        assert_eq!(canvas.window, Window { x: 50.0, y: 60.0, width: 100.0, height: 120.0 });
        assert_eq!(canvas.image.dimensions(), (200, 240));
        // The window's corner is block (200, 150) of the photo.
        assert_eq!(canvas.image.get_pixel(50, 60).0, [200, 150, (350 % 239) as u8]);
        assert_eq!(canvas.image.get_pixel(0, 0).0, [150, 90, (240 % 239) as u8]);
    }

    #[test]
    fn what_is_small_stays() {
        let crop = RgbImage::from_pixel(112, 112, Rgb([1, 2, 3]));
        let canvas = Canvas::whole(crop.clone()).unwrap().reduced(0.5);
        assert_eq!(canvas, Canvas::whole(crop).unwrap());
    }

    #[test]
    fn windows_beside_the_image_and_thin_images_are_no_trouble() {
        for (size, window) in [
            ([300, 300], Window { x: -1000.0, y: 500.0, width: 400.0, height: 400.0 }),
            ([300, 300], Window { x: 1e9, y: -1e9, width: 1e6, height: 1e6 }),
            ([5000, 1], Window { x: 0.0, y: 0.0, width: 5000.0, height: 500.0 }),
            ([1, 1], Window { x: 0.0, y: 0.0, width: 1.0, height: 1.0 }),
        ] {
            let image = RgbImage::new(size[0], size[1]);
            let canvas = Canvas::new(image, window).unwrap().reduced(0.5);
            let (width, height) = canvas.image.dimensions();
            assert!(width >= 1 && height >= 1, "{size:?} {window:?}");
            assert!(canvas.window.width.min(canvas.window.height) >= 1.0);
        }
    }

    #[test]
    fn what_is_no_window_is_refused() {
        let window = Window { x: 0.0, y: 0.0, width: 10.0, height: 10.0 };
        for window in [
            Window { x: f64::NAN, ..window },
            Window { width: 0.0, ..window },
            Window { height: f64::INFINITY, ..window },
        ] {
            assert!(Canvas::new(RgbImage::new(10, 10), window).is_err(), "{window:?}");
        }
        assert!(Canvas::whole(RgbImage::new(0, 10)).is_err());
    }
}
