//! Resampling a part of one color plane to a given size.
//!
//! Coordinates are continuous: pixel `i` covers `[i, i + 1)`, its middle is at
//! `i + 0.5`. Output pixel `j` of `n` looks at the point
//! `origin + (j + 0.5) * length / n`; beyond the image its border pixels are
//! repeated.
//!
//! One filter, a tent, serves all scales; `scale = length / n` is how many
//! source pixels an output pixel spans.
//! - `scale <= √2`: half-width 1, which *is* plain bilinear interpolation.
//! - above: half-width `scale / √2`. Its variance `scale² / 12` is that of the
//!   mean over the area an output pixel covers, so nothing aliases, and at √2
//!   the two rules meet without a jump.
//!
//! Pixels that are means of others already, of a [`PyramidLevel`](super::pyramid::PyramidLevel), are given
//! a filter that is narrower by as much ([`Axis::of_level`]).
//!
//! The filter is separable: rows are reduced first, and only those that an
//! output row looks at are read, one at a time.

use std::f64::consts::SQRT_2;

use rayon::prelude::*;

/// Source pixels and weights of each output pixel along one axis.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    taps: Vec<Tap>,
}

/// Consecutive source pixels and their weights, which add up to 1.
#[derive(Clone, Debug)]
struct Tap {
    first: usize,
    weights: Vec<f32>,
}

impl Axis {
    /// `count` output pixels over `[origin, origin + length)` of `source` pixels.
    ///
    /// # Panics
    /// If there is no source pixel or the range is not finite and positive.
    pub(crate) fn new(origin: f64, length: f64, count: usize, source: usize) -> Axis {
        Axis::of_level(origin, length, count, source, 0.0)
    }

    /// The same over pixels of which each is a mean already, of twelve times the variance
    /// `blur`.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub(crate) fn of_level(
        origin: f64,
        length: f64,
        count: usize,
        source: usize,
        blur: f64,
    ) -> Axis {
        assert!(source > 0, "an axis needs at least one source pixel");
        assert!(
            origin.is_finite() && length.is_finite() && length > 0.0,
            "a window needs finite, positive sides: found {length} from {origin}"
        );
        let scale = length / count as f64;
        let spanned = if blur > 0.0 { (scale * scale - blur).max(0.0).sqrt() } else { scale };
        let half = (spanned / SQRT_2).max(1.0);
        let taps = (0..count)
            .map(|j| Tap::new(origin + (j as f64 + 0.5) * scale - 0.5, half, source))
            .collect();
        Axis { taps }
    }

    /// First source pixel that is read at all, and the one after the last.
    fn span(&self) -> (usize, usize) {
        span(&self.taps)
    }
}

impl Tap {
    /// A tent of half-width `half` about `middle`, where 0 is the middle of the
    /// first source pixel.
    fn new(middle: f64, half: f64, source: usize) -> Tap {
        let last = source as f64 - 1.0;
        // Wholly outside, all weight is on the nearest border pixel; clamping
        // the middle keeps the loop below short however far outside it is.
        let middle = middle.clamp(-half, last + half);
        let (low, high) = ((middle - half).ceil() as i64, (middle + half).floor() as i64);
        let clamp = |i: i64| i.clamp(0, last as i64) as usize;
        let (first, end) = (clamp(low), clamp(high));
        let mut weights = vec![0.0_f64; end - first + 1];
        if high - low > 2 * (source as i64) + 2 {
            return Tap::wide(middle, half, source);
        }
        for i in low..=high {
            weights[clamp(i) - first] += half - (i as f64 - middle).abs();
        }
        Tap::normalized(first, weights)
    }

    /// The same for a tent far wider than the image: what falls outside is
    /// added up by its area rather than pixel by pixel.
    fn wide(middle: f64, half: f64, source: usize) -> Tap {
        // The tent's integral from its left end to `t`.
        let area = |t: f64| {
            let t = ((t - middle) / half).clamp(-1.0, 1.0);
            if t < 0.0 { (1.0 + t).powi(2) / 2.0 } else { 1.0 - (1.0 - t).powi(2) / 2.0 }
        };
        let edge = |i: usize| match i {
            0 => 0.0,
            i if i == source => 1.0,
            i => area(i as f64 - 0.5),
        };
        Tap::normalized(0, (0..source).map(|i| edge(i + 1) - edge(i)).collect())
    }

    fn normalized(first: usize, weights: Vec<f64>) -> Tap {
        let sum: f64 = weights.iter().sum();
        Tap { first, weights: weights.into_iter().map(|w| (w / sum) as f32).collect() }
    }
}

/// A `columns` by `rows` plane, row by row, resampled from a source whose row
/// `y`, pixels `from..to`, the function `read(y, from, to, row)` writes to `row`.
///
/// Threads take bands of output rows; a row's sum has the same order in any band.
pub(crate) fn plane(
    columns: &Axis,
    rows: &Axis,
    read: impl Fn(usize, usize, usize, &mut [f32]) + Sync,
) -> Vec<f32> {
    let (width, height) = (columns.taps.len(), rows.taps.len());
    let mut out = vec![0.0; width * height];
    let bands = out.par_chunks_mut(width * BAND).zip(rows.taps.par_chunks(BAND));
    bands.for_each(|(out, taps)| band(columns, taps, &read, out));
    out
}

/// Output rows that a thread takes at a time; source rows at a band's edge are read twice.
const BAND: usize = 32;

fn band(
    columns: &Axis,
    taps: &[Tap],
    read: &impl Fn(usize, usize, usize, &mut [f32]),
    out: &mut [f32],
) {
    let width = columns.taps.len();
    let (from, to) = columns.span();
    let (first, end) = span(taps);
    let mut row = vec![0.0; to - from];
    let mut reduced = vec![0.0; width];
    for y in first..end {
        read(y, from, to, &mut row);
        for (value, tap) in reduced.iter_mut().zip(&columns.taps) {
            let pixels = &row[tap.first - from..][..tap.weights.len()];
            *value = pixels.iter().zip(&tap.weights).map(|(p, w)| p * w).sum();
        }
        for (out, tap) in out.chunks_exact_mut(width).zip(taps) {
            let Some(&weight) = y.checked_sub(tap.first).and_then(|i| tap.weights.get(i)) else {
                continue;
            };
            for (out, value) in out.iter_mut().zip(&reduced) {
                *out += weight * value;
            }
        }
    }
}

/// First source pixel that is read at all, and the one after the last.
fn span(taps: &[Tap]) -> (usize, usize) {
    let first = taps.iter().map(|tap| tap.first).min().unwrap_or(0);
    let end = taps.iter().map(|tap| tap.first + tap.weights.len()).max().unwrap_or(0);
    (first, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of `axis` over a one-row source.
    fn along(axis: &Axis, source: &[f32]) -> Vec<f32> {
        let one = Axis::new(0.0, 1.0, 1, 1);
        plane(axis, &one, |_, from, to, row| row.copy_from_slice(&source[from..to]))
    }

    #[test]
    fn the_identity_and_half_a_pixel_of_shift() {
        let source = [1.0, 5.0, 2.0, 8.0];
        assert_eq!(along(&Axis::new(0.0, 4.0, 4, 4), &source), source);
        let shifted = along(&Axis::new(0.5, 4.0, 4, 4), &source);
        assert_eq!(shifted, [3.0, 3.5, 5.0, 8.0]);
    }

    #[test]
    fn up_to_root_two_it_is_bilinear_interpolation() {
        let source: Vec<f32> = (0..40).map(|i| ((i * 37) % 101) as f32).collect();
        for (origin, length) in [(0.0, 30.0), (3.25, 41.0), (-4.5, 20.0), (7.7, 9.3)] {
            let axis = Axis::new(origin, length, 30, 40);
            for (j, value) in along(&axis, &source).into_iter().enumerate() {
                let at = origin + (j as f64 + 0.5) * length / 30.0 - 0.5;
                let at = at.clamp(0.0, 39.0);
                let (i, share) = ((at as usize).min(38), at - (at as usize).min(38) as f64);
                let expected =
                    f64::from(source[i]) * (1.0 - share) + f64::from(source[i + 1]) * share;
                assert!((f64::from(value) - expected).abs() < 1e-4, "{origin} {length} {j}");
            }
        }
    }

    #[test]
    fn strong_reduction_averages_instead_of_picking() {
        // The finest stripes there are: picking every 10th would give all or
        // nothing. Only at the border, which is repeated, one color prevails.
        let stripes: Vec<f32> = (0..400).map(|i| (i % 2) as f32).collect();
        let values = along(&Axis::new(0.0, 400.0, 40, 400), &stripes);
        assert!(values.iter().all(|v| (v - 0.5).abs() < 0.04), "{values:?}");
        assert!(values[1..39].iter().all(|v| (v - 0.5).abs() < 0.005), "{values:?}");
    }

    #[test]
    fn windows_far_outside_or_far_too_large_cost_nothing_extra() {
        let source = [2.0, 4.0, 6.0];
        assert_eq!(along(&Axis::new(1e15, 10.0, 2, 3), &source), [6.0, 6.0]);
        assert_eq!(along(&Axis::new(-1e15, 10.0, 2, 3), &source), [2.0, 2.0]);
        let wide = along(&Axis::new(-5e14, 1e15, 3, 3), &source);
        assert!((wide[0] - 2.0).abs() < 0.5 && (wide[1] - 4.0).abs() < 0.01, "{wide:?}");
        assert_eq!(along(&Axis::new(0.0, 1.0, 5, 1), &[7.0]), [7.0; 5]);
    }

    #[test]
    fn a_constant_stays_constant() {
        for length in [0.1, 3.0, 17.0, 900.0] {
            for value in along(&Axis::new(-2.0, length, 12, 50), &[0.25; 50]) {
                assert!((value - 0.25).abs() < 1e-6, "{length}: {value}");
            }
        }
    }
}
