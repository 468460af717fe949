//! A photo at half its size, and at half of that, and so on.
//!
//! In a photo of 12 megapixels the detector, each pass over a face and the crop all want
//! far fewer pixels than there are. Averaging them each time took longer than decoding the
//! file, so they are averaged once, by halves, when first wanted, and kept with the photo: a
//! third of its memory more, and nothing for a small photo.
//!
//! A [`PyramidLevel`] is chosen so that a wanted pixel spans √3 to 2√3 of its own, and it says how
//! much its averaging has blurred already: samplers blur that much less, so that
//! the filter is as wide in all as if the photo itself had been sampled.

use image::RgbImage;
use rayon::prelude::*;

use crate::Similarity;

/// A level is halved while a wanted pixel spans so many of its own, 2√3: of half as many
/// the filter can still be a bilinear tent (variance 1/6) after what halving has blurred
/// (almost 1/12).
pub(crate) const SPANNED: f64 = 3.464_101_615_137_754_6;
/// Rows that a thread takes at least.
const ROWS: usize = 32;

/// A photo, reduced by a power of two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PyramidLevel<'p> {
    /// The pixels.
    pub(crate) rgb: &'p RgbImage,
    /// Pixels of the photo along a pixel's side.
    pub(crate) factor: f64,
    /// Twelve times the variance of the mean that made a pixel, in its own sides: 0 for
    /// the photo itself, nearly 1 far down.
    pub(crate) blur: f64,
}

impl PyramidLevel<'_> {
    /// The image itself, where there are no others.
    pub(crate) fn whole(rgb: &RgbImage) -> PyramidLevel<'_> {
        PyramidLevel { rgb, factor: 1.0, blur: 0.0 }
    }

    /// The way to the photo as one to this level.
    pub(crate) fn map(&self, to_photo: &Similarity) -> Similarity {
        Similarity::new(1.0 / self.factor, 0.0, [0.0; 2], [0.0; 2]).after(to_photo)
    }
}

/// The mean of each 2×2 pixels; a last row or column by itself counts twice.
pub(crate) fn half_size(image: &RgbImage) -> RgbImage {
    let (width, height) = (image.width().div_ceil(2), image.height().div_ceil(2));
    let mut half = RgbImage::new(width, height);
    let stride = 3 * image.width() as usize;
    if stride == 0 {
        return half;
    }
    let rows = half.par_chunks_exact_mut(3 * width as usize).with_min_len(ROWS);
    rows.zip(image.par_chunks(2 * stride)).for_each(|(half, pair)| {
        let (upper, lower) = pair.split_at(stride);
        row(upper, if lower.is_empty() { upper } else { lower }, half);
    });
    half
}

/// Halves two rows of pixels to one.
fn row(upper: &[u8], lower: &[u8], half: &mut [u8]) {
    let mean = |values: [u8; 4]| ((values.map(u16::from).iter().sum::<u16>() + 2) / 4) as u8;
    let ((upper, upper_rest), (lower, lower_rest)) =
        (upper.as_chunks::<6>(), lower.as_chunks::<6>());
    let (half, half_rest) = half.split_at_mut(3 * upper.len());
    for ((u, l), half) in upper.iter().zip(lower).zip(half.as_chunks_mut::<3>().0) {
        *half = std::array::from_fn(|c| mean([u[c], u[c + 3], l[c], l[c + 3]]));
    }
    for ((u, l), half) in upper_rest.iter().zip(lower_rest).zip(half_rest) {
        *half = mean([*u, *u, *l, *l]);
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;
    use crate::Photo;

    #[test]
    fn a_half_holds_the_means_of_four_and_the_border_twice() {
        let image =
            RgbImage::from_fn(5, 3, |x, y| Rgb([10 * x as u8, 40 * y as u8, 200 + x as u8]));
        let half = half_size(&image);
        assert_eq!(half.dimensions(), (3, 2));
        assert_eq!(half.get_pixel(0, 0).0, [5, 20, 201]);
        assert_eq!(half.get_pixel(1, 0).0, [25, 20, 203]);
        assert_eq!(half.get_pixel(2, 1).0, [40, 80, 204]);
        assert_eq!(half_size(&RgbImage::new(0, 7)).dimensions(), (0, 4));
        assert_eq!(half_size(&RgbImage::new(1, 1)).dimensions(), (1, 1));
    }

    #[test]
    fn levels_have_more_pixels_than_are_wanted_and_are_made_once() {
        let photo = Photo::from_rgb(RgbImage::new(400, 300));
        for (scale, width, factor, blur) in [
            (f64::NAN, 400, 1.0, 0.0),
            (0.5, 400, 1.0, 0.0),
            (3.4, 400, 1.0, 0.0),
            (3.5, 200, 2.0, 0.75),
            (7.5, 100, 4.0, 0.9375),
            (f64::INFINITY, 1, 512.0, 0.999_996_185_302_734_4),
        ] {
            let level = photo.level(scale);
            assert_eq!((level.rgb.width(), level.factor, level.blur), (width, factor, blur));
        }
        assert!(std::ptr::eq(photo.level(4.0).rgb, photo.level(4.0).rgb));
    }

    /// Each of many faces may ask first, from threads that take up one face while they wait
    /// for a piece of the half that another wants.
    #[test]
    fn many_threads_may_want_a_level_at_once() {
        let (done, is_done) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(8).build().unwrap();
            for _ in 0..200 {
                let photo = Photo::from_rgb(RgbImage::new(64, 1600));
                let faces = || (0..16).into_par_iter().for_each(|_| _ = photo.level(8.0));
                pool.install(faces);
            }
            done.send(()).unwrap();
        });
        let limit = std::time::Duration::from_secs(60);
        is_done.recv_timeout(limit).expect("threads wait for each other");
    }
}
