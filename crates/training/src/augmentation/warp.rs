//! One resampling from the canvas to the network's input: bilinear, beyond the
//! canvas its border repeated.
//!
//! Shift, scale, rotation and mirroring are one similarity transform, so that a
//! picture is resampled once and not four times.

use facenet::network::{INPUT_CHANNELS, INPUT_SIZE};
use faces::Window;
use image::RgbImage;

/// Values of one channel.
pub(super) const PLANE: usize = INPUT_SIZE * INPUT_SIZE;

/// A similarity transform of the network's input about its middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Similarity {
    /// Right and down, input pixels.
    pub(super) shift: [f64; 2],
    /// Over 1 shows more of the canvas, so that the face gets smaller.
    pub(super) scale: f64,
    /// Radians.
    pub(super) rotation: f64,
    /// Left and right exchanged.
    pub(super) mirror: bool,
}

impl Similarity {
    /// Leaves the window as it is.
    pub(super) const IDENTITY: Self =
        Self { shift: [0.0; 2], scale: 1.0, rotation: 0.0, mirror: false };
}

/// The affine map from the input's pixels to places on the canvas.
struct Map {
    origin: [f64; 2],
    /// Change of place, x and y, a step to the right.
    right: [f64; 2],
    /// The same a step down.
    down: [f64; 2],
}

impl Map {
    fn new(window: Window, similarity: Similarity) -> Self {
        let Similarity { shift, scale, rotation, mirror } = similarity;
        let middle = INPUT_SIZE as f64 / 2.0;
        let pixel = [window.width, window.height].map(|side| side / INPUT_SIZE as f64);
        let (sin, cos) = rotation.sin_cos();
        let flip = if mirror { -1.0 } else { 1.0 };
        let right = [flip * cos * scale * pixel[0], flip * sin * scale * pixel[1]];
        let down = [-sin * scale * pixel[0], cos * scale * pixel[1]];
        let corner = [window.x, window.y];
        // Pixel 0 has its middle at 0.5, in the input as on the canvas.
        let origin = std::array::from_fn(|axis| {
            let turned = (0.5 - middle) * (right[axis] + down[axis]);
            corner[axis] + (middle + shift[axis]) * pixel[axis] + turned - 0.5
        });
        Self { origin, right, down }
    }
}

/// Resamples `canvas` into three planes of 96×96 values in 0..1.
///
/// # Panics
/// If `output` has another length, or the canvas is empty.
pub(super) fn warp(canvas: &RgbImage, window: Window, similarity: Similarity, output: &mut [f32]) {
    assert_eq!(output.len(), INPUT_CHANNELS * PLANE, "values of the network's input");
    let (width, height) = canvas.dimensions();
    assert!(width > 0 && height > 0, "a canvas of {width}×{height}");
    let Map { origin, right, down } = Map::new(window, similarity);
    let last = [width - 1, height - 1].map(f64::from);
    let (values, line) = (canvas.as_raw().as_slice(), 3 * width as usize);
    let (red, rest) = output.split_at_mut(PLANE);
    let (green, blue) = rest.split_at_mut(PLANE);

    for row in 0..INPUT_SIZE {
        for column in 0..INPUT_SIZE {
            let place = |axis: usize| {
                let place = origin[axis] + row as f64 * down[axis] + column as f64 * right[axis];
                place.clamp(0.0, last[axis])
            };
            let (x, y) = (place(0), place(1));
            let (left, top) = (x as usize, y as usize);
            let (fx, fy) = ((x - left as f64) as f32, (y - top as f64) as f32);
            // On the last pixel the neighbour counts nothing: take the pixel itself.
            let next = if left + 1 < width as usize { 3 } else { 0 };
            let below = if top + 1 < height as usize { line } else { 0 };
            let start = top * line + 3 * left;
            let pixel = |at: usize| -> [f32; 3] {
                std::array::from_fn(|channel| f32::from(values[at + channel]))
            };
            let corners = [start, start + next, start + below, start + below + next].map(pixel);
            let value = |channel: usize| {
                let [a, b, c, d] = corners.map(|corner| corner[channel]);
                let (upper, lower) = (a + (b - a) * fx, c + (d - c) * fx);
                (upper + (lower - upper) * fy) / 255.0
            };
            let at = row * INPUT_SIZE + column;
            (red[at], green[at], blue[at]) = (value(0), value(1), value(2));
        }
    }
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    fn warped(canvas: &RgbImage, window: Window, similarity: Similarity) -> Vec<f32> {
        let mut output = vec![f32::NAN; 3 * PLANE];
        warp(canvas, window, similarity, &mut output);
        output
    }

    /// Red grows to the right, green downwards, blue is 51; exact under bilinear
    /// resampling.
    fn ramp(side: u32) -> RgbImage {
        RgbImage::from_fn(side, side, |x, y| Rgb([x as u8, y as u8, 51]))
    }

    const WINDOW: Window = Window { x: 8.0, y: 10.0, width: 96.0, height: 96.0 };

    /// Where the input pixel (row, column) lies on the canvas, by the ramp.
    fn place(output: &[f32], row: usize, column: usize) -> [f64; 2] {
        let at = row * INPUT_SIZE + column;
        assert!((output[2 * PLANE + at] - 0.2).abs() < 1e-6);
        [output[at], output[PLANE + at]].map(|value| f64::from(value) * 255.0)
    }

    fn assert_close(found: [f64; 2], expected: [f64; 2]) {
        let off = |axis: usize| (found[axis] - expected[axis]).abs();
        assert!(off(0) < 1e-4 && off(1) < 1e-4, "{found:?}, expected {expected:?}");
    }

    #[test]
    fn a_window_of_96_pixels_is_copied() {
        let output = warped(&ramp(112), WINDOW, Similarity::IDENTITY);
        for (row, column) in [(0, 0), (0, 95), (95, 0), (50, 20)] {
            assert_close(place(&output, row, column), [column as f64 + 8.0, row as f64 + 10.0]);
        }
    }

    /// By the formula of the packs: the middle of input pixel i lies at
    /// x + (i + ½) width / 96, that of canvas pixel j at j + ½.
    #[test]
    fn another_window_is_scaled() {
        let window = Window { x: 11.789474, y: 11.789474, width: 88.421053, height: 88.421053 };
        let output = warped(&ramp(112), window, Similarity::IDENTITY);
        for (row, column) in [(0, 0), (3, 95), (95, 41)] {
            let along = |i: usize| 11.789474 + (i as f64 + 0.5) * 88.421053 / 96.0 - 0.5;
            assert_close(place(&output, row, column), [along(column), along(row)]);
        }
    }

    #[test]
    fn each_part_of_the_transform_does_what_it_says() {
        let canvas = ramp(112);
        let with = |similarity| warped(&canvas, WINDOW, similarity);
        let identity = Similarity::IDENTITY;

        let output = with(Similarity { shift: [3.0, -2.0], ..identity });
        assert_close(place(&output, 10, 20), [8.0 + 23.0, 10.0 + 8.0]);

        let output = with(Similarity { mirror: true, ..identity });
        assert_close(place(&output, 10, 20), [8.0 + 75.0, 10.0 + 10.0]);

        // Half the canvas, about the middle at 48 pixels.
        let output = with(Similarity { scale: 0.5, ..identity });
        assert_close(place(&output, 10, 20), [8.0 + 33.75, 10.0 + 28.75]);

        // A quarter turn takes right to down and down to left.
        let output = with(Similarity { rotation: std::f64::consts::FRAC_PI_2, ..identity });
        assert_close(place(&output, 10, 20), [8.0 + 85.0, 10.0 + 20.0]);

        // All at once: first mirror, then scale and turn, last shift.
        let output =
            with(Similarity { shift: [1.5, 0.25], scale: 0.8, rotation: 0.3, mirror: true });
        let (dx, dy) = (-(30.5 - 48.0) * 0.8, (70.5 - 48.0) * 0.8);
        let (sin, cos) = 0.3_f64.sin_cos();
        let turned = [cos * dx - sin * dy, sin * dx + cos * dy];
        let expected = [8.0 + 47.5 + turned[0] + 1.5, 10.0 + 47.5 + turned[1] + 0.25];
        assert_close(place(&output, 70, 30), expected);
    }

    #[test]
    fn beyond_the_canvas_its_border_is_repeated() {
        let output =
            warped(&ramp(112), WINDOW, Similarity { shift: [50.0, -60.0], ..Similarity::IDENTITY });
        assert_close(place(&output, 0, 95), [111.0, 0.0]);
        let one = RgbImage::from_pixel(1, 1, Rgb([255, 0, 51]));
        let window = Window { x: 0.0, y: 0.0, width: 1.0, height: 1.0 };
        let output = warped(&one, window, Similarity { scale: 1.1, ..Similarity::IDENTITY });
        assert!(output[..PLANE].iter().all(|&value| value == 1.0));
        assert!(output[PLANE..2 * PLANE].iter().all(|&value| value == 0.0));
    }
}
