//! Sums in a fixed order that suits SIMD, and the squared distances that are such sums.
//!
//! Sixteen partial sums are accumulated in parallel, so that rounding does not depend on
//! the vector width of the machine, and added pairwise at the end.

use super::simd::{SimdOp, Vector};
use crate::Element;

/// Partial sums.
const LANES: usize = 16;

/// `Σ term(value)`.
#[inline(always)]
pub(crate) fn sum<T: Element>(values: &[T], term: impl Fn(T) -> T) -> T {
    let mut lanes = [T::zero(); LANES];
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for lane in 0..LANES {
            lanes[lane] += term(chunk[lane]);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += term(*value);
    }
    join(lanes)
}

/// `Σ terms(left, right)`, two sums at once.
#[inline(always)]
pub(crate) fn sum2<T: Element>(left: &[T], right: &[T], terms: impl Fn(T, T) -> [T; 2]) -> [T; 2] {
    let mut first = [T::zero(); LANES];
    let mut second = [T::zero(); LANES];
    let (left_chunks, right_chunks) = (left.chunks_exact(LANES), right.chunks_exact(LANES));
    let (left_rest, right_rest) = (left_chunks.remainder(), right_chunks.remainder());
    for (left, right) in left_chunks.zip(right_chunks) {
        for lane in 0..LANES {
            let terms = terms(left[lane], right[lane]);
            first[lane] += terms[0];
            second[lane] += terms[1];
        }
    }
    for (lane, (left, right)) in left_rest.iter().zip(right_rest).enumerate() {
        let terms = terms(*left, *right);
        first[lane] += terms[0];
        second[lane] += terms[1];
    }
    [join(first), join(second)]
}

/// Adds partial sums pairwise.
#[inline(always)]
pub(crate) fn join<T: Element>(mut lanes: [T; LANES]) -> T {
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// `output[m] = Σ (points[m, i] − probe[i])²`, `points` in row-major order.
pub(crate) struct Distances<'a, T> {
    /// M × I, I at least 1.
    pub(crate) points: &'a [T],
    /// I.
    pub(crate) probe: &'a [T],
    /// M.
    pub(crate) output: &'a mut [T],
}

impl<T: Element> SimdOp for Distances<'_, T> {
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
