//! The maxima of windows and their indices, for max-pools whose derivative is wanted.
//!
//! A plane is divided into its phases: of rows and columns every `stride`th each. In a phase
//! the values of one tap of successive windows lie next to each other, from row to row, so that
//! a tap of all windows is one long loop, which the compiler vectorizes. A phase is a little
//! wider than the outputs; what is computed in the surplus columns is left out at the end.

use crate::Element;
use crate::kernels::simd::{SimdOp, Vector};
use crate::ops::Pool2dOptions;

/// The maxima of one plane and their indices in it.
pub(crate) struct PlaneMaxima<'a, T> {
    pub(crate) plane: &'a [T],
    pub(crate) layout: Phases,
    /// Scratch of [`Phases::length`] values.
    pub(crate) phases: &'a mut [T],
    /// Scratch of [`Phases::windows`] values each.
    pub(crate) maxima: [&'a mut [T]; 2],
    pub(crate) taps: &'a mut [u32],
    pub(crate) outputs: &'a mut [T],
    pub(crate) places: &'a mut [u32],
}

/// How a plane is divided.
#[derive(Clone, Copy)]
pub(crate) struct Phases {
    options: Pool2dOptions,
    /// Height and width of the plane.
    image: [usize; 2],
    /// Height and width of the outputs.
    output: [usize; 2],
    /// Height and width of a phase.
    phase: [usize; 2],
}

impl Phases {
    pub(crate) fn new(options: Pool2dOptions, image: [usize; 2], output: [usize; 2]) -> Self {
        let phase = [0, 1].map(|axis| image[axis].div_ceil(options.stride[axis]));
        Self { options, image, output, phase }
    }

    /// Values of all phases.
    pub(crate) fn length(&self) -> usize {
        let [sh, sw] = self.options.stride;
        sh * sw * self.phase[0] * self.phase[1]
    }

    /// Windows, those in the surplus columns included; the last row has none of them, so that
    /// no tap reaches beyond its phase.
    pub(crate) fn windows(&self) -> usize {
        (self.output[0] - 1) * self.phase[1] + self.output[1]
    }

    /// Where the values of a tap begin.
    #[inline(always)]
    fn start(&self, [row, column]: [usize; 2]) -> usize {
        let ([sh, sw], [height, width]) = (self.options.stride, self.phase);
        let phase = row % sh * sw + column % sw;
        (phase * height + row / sh) * width + column / sw
    }
}

impl<T: Element> SimdOp for PlaneMaxima<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Element = f32>>(self, _features: V::Features) {
        let Self { plane, layout, phases, maxima, taps, outputs, places } = self;
        let [mut maxima, mut next] = maxima;
        let Pool2dOptions { kernel: [kh, kw], stride: [sh, sw] } = layout.options;
        let (w, count) = (layout.image[1], layout.windows());
        for (y, row) in plane.chunks_exact(w).enumerate() {
            let first = layout.start([y, 0]);
            let step = layout.phase[0] * layout.phase[1];
            divide(row, sw, step, &mut phases[first..]);
        }
        maxima.copy_from_slice(&phases[..count]);
        taps.fill(0);
        for row in 0..kh {
            for column in 0..kw {
                if row + column > 0 {
                    let values = &phases[layout.start([row, column])..][..count];
                    take_greater(maxima, values, next, taps, (row * w + column) as u32);
                    std::mem::swap(&mut maxima, &mut next);
                }
            }
        }
        let ow = layout.output[1];
        let lines = outputs.chunks_exact_mut(ow).zip(places.chunks_exact_mut(ow));
        for (y, (outputs, places)) in lines.enumerate() {
            let from = y * layout.phase[1];
            outputs.copy_from_slice(&maxima[from..][..ow]);
            let (taps, first) = (&taps[from..][..ow], (y * sh * w) as u32);
            for x in 0..ow {
                places[x] = taps[x] + first + (x * sw) as u32;
            }
        }
    }
}

/// The greater of maxima and values, and the tap where it is the value. Only a greater value
/// replaces another: of equals the first remains.
///
/// Selections between values that were read before, into another array: a branch, or a
/// selection that keeps what is there, would become a masked store, which is slow.
#[inline(always)]
fn take_greater<T: Element>(
    maxima: &[T],
    values: &[T],
    next: &mut [T],
    taps: &mut [u32],
    tap: u32,
) {
    let count = values.len();
    let (maxima, next, taps) = (&maxima[..count], &mut next[..count], &mut taps[..count]);
    for i in 0..count {
        let (value, maximum, before) = (values[i], maxima[i], taps[i]);
        let is_taken = is_greater(value, maximum);
        next[i] = if is_taken { value } else { maximum };
        taps[i] = if is_taken { tap } else { before };
    }
}

/// Divides a row into its phases, which begin `step` values after each other.
#[inline(always)]
fn divide<T: Element>(row: &[T], stride: usize, step: usize, phases: &mut [T]) {
    match stride {
        1 => phases[..row.len()].copy_from_slice(row),
        2 => {
            let (even, odd) = phases.split_at_mut(step);
            let (pairs, last) = row.as_chunks::<2>();
            let count = pairs.len();
            let (even, last_even) = even.split_at_mut(count);
            let odd = &mut odd[..count];
            // Two loops over a constant stride, which are vectorized.
            for i in 0..count {
                even[i] = pairs[i][0];
            }
            for i in 0..count {
                odd[i] = pairs[i][1];
            }
            if let ([value], [target, ..]) = (last, last_even) {
                *target = *value;
            }
        }
        _ => {
            for (phase, phases) in phases.chunks_mut(step).take(stride).enumerate() {
                let values = row.iter().skip(phase).step_by(stride);
                phases.iter_mut().zip(values).for_each(|(target, value)| *target = *value);
            }
        }
    }
}

/// Whether `value` is greater than `other`, a NaN being greater than any number.
#[inline(always)]
#[expect(clippy::neg_cmp_op_on_partial_ord, reason = "one comparison that is true for NaN, too")]
fn is_greater<T: Element>(value: T, other: T) -> bool {
    !(value <= other) & !other.is_nan()
}
