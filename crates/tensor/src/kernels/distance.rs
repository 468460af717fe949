//! Squared distances from one point to the rows of a matrix.
//!
//! As in [`sums`](super::sums), sixteen partial sums run side by side and are joined
//! pairwise, so that the result does not depend on the machine's vectors.

use crate::Element;

use super::wide::Wide;

/// Partial sums.
const LANES: usize = 16;

/// Rows whose partial sums run together: one chain of additions waits for itself.
const ROWS: usize = 4;

/// `output[m] = Σ (points[m, i] − probe[i])²`, rows one after another in `points`.
pub(crate) struct Rows<'a, T> {
    /// M × I, I at least 1.
    pub(crate) points: &'a [T],
    /// I.
    pub(crate) probe: &'a [T],
    /// M.
    pub(crate) output: &'a mut [T],
}

impl<T: Element> Wide for Rows<'_, T> {
    #[inline(always)]
    fn run(self) {
        let width = self.probe.len();
        let mut groups = self.points.chunks_exact(ROWS * width);
        let mut outputs = self.output.chunks_exact_mut(ROWS);
        for (group, output) in groups.by_ref().zip(outputs.by_ref()) {
            output.copy_from_slice(&distances::<T, ROWS>(group, self.probe));
        }
        let rest = groups.remainder().chunks_exact(width);
        for (row, output) in rest.zip(outputs.into_remainder()) {
            [*output] = distances::<T, 1>(row, self.probe);
        }
    }
}

/// The distances of `N` rows.
#[inline(always)]
fn distances<T: Element, const N: usize>(rows: &[T], probe: &[T]) -> [T; N] {
    let width = probe.len();
    let (probe_chunks, rest) = probe.as_chunks::<LANES>();
    let mut sums = [[T::zero(); LANES]; N];
    for (chunk, probe) in probe_chunks.iter().enumerate() {
        for (n, sum) in sums.iter_mut().enumerate() {
            let at = n * width + chunk * LANES;
            if let Some(point) = rows[at..].first_chunk::<LANES>() {
                for lane in 0..LANES {
                    let difference = point[lane] - probe[lane];
                    sum[lane] += difference * difference;
                }
            }
        }
    }
    let first = probe_chunks.len() * LANES;
    for (n, sum) in sums.iter_mut().enumerate() {
        let tail = &rows[n * width + first..(n + 1) * width];
        for (lane, (&point, &probe)) in tail.iter().zip(rest).enumerate() {
            let difference = point - probe;
            sum[lane] += difference * difference;
        }
    }
    sums.map(join)
}

/// Joins partial sums pairwise.
#[inline(always)]
fn join<T: Element>(mut lanes: [T; LANES]) -> T {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}
