//! A blur as from a small picture: shrunk to fewer pixels, then enlarged.
//!
//! Shrinking takes the mean over the area that a small pixel covers; enlarging is
//! bilinear, the border repeated. Both are products with a sparse matrix along
//! one axis at a time.

use facenet::network::INPUT_SIZE;

use super::warp::PLANE;

/// Blurs planes of 96×96 values through `size`×`size`.
pub(super) fn blur(planes: &mut [f32], size: usize) {
    let shrink: Vec<_> = (0..size).map(|place| Taps::area(place, size)).collect();
    let enlarge: Vec<_> = (0..INPUT_SIZE).map(|place| Taps::bilinear(place, size)).collect();
    for plane in planes.chunks_exact_mut(PLANE) {
        let narrow = along_rows(plane, INPUT_SIZE, &shrink);
        let small = along_columns(&narrow, size, &shrink);
        let tall = along_columns(&small, size, &enlarge);
        plane.copy_from_slice(&along_rows(&tall, size, &enlarge));
    }
}

/// One output value as a weighted sum of neighbouring inputs.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

impl Taps {
    /// The mean over the share of the input that pixel `place` of `size` covers.
    fn area(place: usize, size: usize) -> Self {
        let step = INPUT_SIZE as f64 / size as f64;
        let (start, end) = (place as f64 * step, (place as f64 + 1.0) * step);
        let first = start as usize;
        // Rounding may put the end just beyond a pixel that counts nothing.
        let last = (end.ceil() as usize).min(INPUT_SIZE);
        let weights = (first..last).map(|pixel| {
            let covered = end.min(pixel as f64 + 1.0) - start.max(pixel as f64);
            (covered.max(0.0) / step) as f32
        });
        Self { first, weights: weights.collect() }
    }

    /// The two of `size` pixels next to pixel `place` of 96.
    fn bilinear(place: usize, size: usize) -> Self {
        let at = (place as f64 + 0.5) * size as f64 / INPUT_SIZE as f64 - 0.5;
        let at = at.clamp(0.0, (size - 1) as f64);
        let first = (at as usize).min(size.saturating_sub(2));
        let share = (at - first as f64) as f32;
        let weights = if size == 1 { vec![1.0] } else { vec![1.0 - share, share] };
        Self { first, weights }
    }
}

/// Every row of `width` values to as many as there are taps.
fn along_rows(values: &[f32], width: usize, taps: &[Taps]) -> Vec<f32> {
    let rows = values.chunks_exact(width);
    rows.flat_map(|row| {
        taps.iter().map(|Taps { first, weights }| {
            row[*first..].iter().zip(weights).map(|(value, weight)| value * weight).sum::<f32>()
        })
    })
    .collect()
}

/// Every column of rows of `width` values to as many as there are taps.
fn along_columns(values: &[f32], width: usize, taps: &[Taps]) -> Vec<f32> {
    let mut output = vec![0.0; width * taps.len()];
    for (target, Taps { first, weights }) in output.chunks_exact_mut(width).zip(taps) {
        for (row, weight) in values.chunks_exact(width).skip(*first).zip(weights) {
            for (target, value) in target.iter_mut().zip(row) {
                *target += value * weight;
            }
        }
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_picture_stays_and_weights_sum_to_one() {
        for size in [1, 2, 24, 31, 64, 95, 96] {
            let mut plane = vec![0.3; PLANE];
            blur(&mut plane, size);
            assert!(plane.iter().all(|value| (value - 0.3).abs() < 1e-6), "{size}");
        }
    }

    #[test]
    fn a_size_of_96_changes_nothing() {
        let original: Vec<f32> =
            (0..2 * PLANE).map(|i| ((i * 7919) % 1009) as f32 / 1009.0).collect();
        let mut planes = original.clone();
        blur(&mut planes, 96);
        let off = planes.iter().zip(&original).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off < 1e-6, "{off}");
    }

    /// Half the size: a small pixel is the mean of four; enlarged, the picture's
    /// pixel lies a quarter of the way to the next one.
    #[test]
    fn half_the_size_by_hand() {
        let mut plane = vec![0.0; PLANE];
        plane[0] = 1.0;
        blur(&mut plane, 48);
        let shares = [1.0, 0.75, 0.25, 0.0];
        for (y, row) in shares.into_iter().enumerate() {
            for (x, column) in shares.into_iter().enumerate() {
                assert!((plane[y * INPUT_SIZE + x] - 0.25 * row * column).abs() < 1e-6, "{x} {y}");
            }
        }
    }

    #[test]
    fn fine_stripes_vanish() {
        let mut plane: Vec<f32> = (0..PLANE).map(|i| (i % 2) as f32).collect();
        blur(&mut plane, 24);
        assert!(plane.iter().all(|value| (value - 0.5).abs() < 1e-5));
    }
}
