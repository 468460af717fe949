//! Squared distances from one point to the rows of a matrix.
//!
//! As in [`sums`](super::sums), sixteen partial sums are accumulated in parallel and added
//! pairwise at the end, so that the result does not depend on the machine's vectors.

use crate::Element;

use super::simd::{SimdOp, Vector};
use super::sums::{LANES, join};

/// `output[m] = Σ (points[m, i] − probe[i])²`, `points` in row-major order.
pub(crate) struct Rows<'a, T> {
    /// M × I, I at least 1.
    pub(crate) points: &'a [T],
    /// I.
    pub(crate) probe: &'a [T],
    /// M.
    pub(crate) output: &'a mut [T],
}

impl<T: Element> SimdOp for Rows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Element = f32>>(self, _features: V::Features) {
        let rows = self.points.chunks_exact(self.probe.len());
        for (row, output) in rows.zip(self.output) {
            *output = distance(row, self.probe);
        }
    }
}

/// The distance of one row. Several rows at a time would hide the latency of the sums, but
/// reading memory strictly in order is twice as fast.
#[inline(always)]
fn distance<T: Element>(row: &[T], probe: &[T]) -> T {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let (probe_chunks, probe_rest) = probe.as_chunks::<LANES>();
    let mut sums = [T::zero(); LANES];
    for (chunk, probe) in chunks.iter().zip(probe_chunks) {
        for lane in 0..LANES {
            let difference = chunk[lane] - probe[lane];
            sums[lane] += difference * difference;
        }
    }
    for (lane, (&value, &probe)) in rest.iter().zip(probe_rest).enumerate() {
        let difference = value - probe;
        sums[lane] += difference * difference;
    }
    join(sums)
}
