//! Depthwise convolution of planes: each channel is correlated with a kernel of its own.
//!
//! All three passes are sums of shifted rows, with vectors over columns; `layout.rs` brings
//! images and gradients into an order in which every shift is contiguous.

mod layout;

use crate::kernels::simd::{SimdOp, Vector};
use crate::kernels::sums::join;
use crate::{Activation, Element};

pub(crate) use layout::{Geometry, Margins, Phases};

/// Outputs that are summed together.
const WIDTH: usize = 16;

/// A value's offset in the source, and its factor.
type Term<T> = (usize, T);

/// `target[x] = activation(start + Σ factor source[offset + x])` over the terms, in their order.
#[inline(always)]
fn sum_rows<T: Element>(
    source: &[T],
    terms: &[Term<T>],
    start: T,
    activation: Activation,
    target: &mut [T],
) {
    let (chunks, rest) = target.as_chunks_mut::<WIDTH>();
    let at = chunks.len() * WIDTH;
    for (index, chunk) in chunks.iter_mut().enumerate() {
        *chunk = sum_chunk(&source[index * WIDTH..], terms, start, activation);
    }
    if !rest.is_empty() {
        let chunk = sum_chunk(&source[at..], terms, start, activation);
        rest.copy_from_slice(&chunk[..rest.len()]);
    }
}

#[inline(always)]
fn sum_chunk<T: Element>(
    source: &[T],
    terms: &[Term<T>],
    start: T,
    activation: Activation,
) -> [T; WIDTH] {
    let mut sums = [start; WIDTH];
    for &(offset, factor) in terms {
        let values = chunk(source, offset);
        for lane in 0..WIDTH {
            sums[lane] += factor * values[lane];
        }
    }
    // Not by `map`, which might not be inlined into the code for this machine's vectors.
    for lane in 0..WIDTH {
        sums[lane] = activation.of(sums[lane]);
    }
    sums
}

#[inline(always)]
fn chunk<T>(source: &[T], offset: usize) -> &[T; WIDTH] {
    match source[offset..].first_chunk() {
        Some(chunk) => chunk,
        None => panic!("a row ends at {}, {WIDTH} values from {offset} are read", source.len()),
    }
}

/// The convolution of one plane.
pub(crate) struct Forward<'a, T> {
    pub(crate) phases: &'a Phases,
    pub(crate) image: &'a [T],
    /// KH × KW.
    pub(crate) weight: &'a [T],
    pub(crate) bias: T,
    pub(crate) activation: Activation,
    /// Scratch, [`Phases::values`].
    pub(crate) padded: &'a mut [T],
    /// OH × OW.
    pub(crate) target: &'a mut [T],
}

impl<T: Element> SimdOp for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Element = f32>>(self, _features: V::Features) {
        let Self { phases, image, weight, bias, activation, padded, target } = self;
        let Geometry { output: [_, ow], kernel: [_, kw], stride: [sh, _], .. } = phases.geometry;
        phases.fill(image, padded);
        let terms: Vec<Term<T>> = weight
            .iter()
            .enumerate()
            .map(|(tap, factor)| (phases.tap(tap / kw, tap % kw), *factor))
            .collect();
        for (y, target) in target.chunks_exact_mut(ow).enumerate() {
            let source = &padded[y * sh * phases.row_step()..];
            sum_rows(source, &terms, bias, activation, target);
        }
    }
}

/// The derivative of one plane with respect to the image.
pub(crate) struct BackwardInput<'a, T> {
    pub(crate) geometry: &'a Geometry,
    pub(crate) margins: &'a Margins,
    /// OH × OW.
    pub(crate) gradient: &'a [T],
    /// KH × KW.
    pub(crate) weight: &'a [T],
    /// Scratch, [`Margins::values`].
    pub(crate) padded: &'a mut [T],
    /// Scratch, as long as a row of the image.
    pub(crate) line: &'a mut [T],
    /// H × W.
    pub(crate) target: &'a mut [T],
}

impl<T: Element> SimdOp for BackwardInput<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Element = f32>>(self, _features: V::Features) {
        let Self { geometry, margins, gradient, weight, padded, line, target } = self;
        let Geometry { image: [_, w], output: [oh, _], kernel: [kh, kw], .. } = *geometry;
        let Geometry { stride: [sh, sw], padding: [top, left], .. } = *geometry;
        margins.fill(gradient, padded);
        let mut terms: Vec<Term<T>> = Vec::with_capacity(kh * kw);
        for (y, target) in target.chunks_exact_mut(w.max(1)).enumerate() {
            let row = y + top;
            // The kernel's rows that read this one, with the outputs' rows that they serve.
            let rows = |i: &usize| *i <= row && (row - i).is_multiple_of(sh) && (row - i) / sh < oh;
            for phase in 0..sw {
                terms.clear();
                for i in (0..kh).filter(rows) {
                    let start = (row - i) / sh * margins.step + margins.lead;
                    for (k, j) in (phase..kw).step_by(sw).enumerate() {
                        terms.push((start - k, weight[i * kw + j]));
                    }
                }
                // Columns of this phase, from the first that is in the image.
                let first = left.saturating_sub(phase).div_ceil(sw);
                let column = first * sw + phase - left;
                let source = &padded[first..];
                if sw == 1 {
                    sum_rows(source, &terms, T::zero(), Activation::None, target);
                    continue;
                }
                let line = &mut line[..w.saturating_sub(column).div_ceil(sw)];
                sum_rows(source, &terms, T::zero(), Activation::None, line);
                let columns = target.iter_mut().skip(column).step_by(sw);
                columns.zip(line).for_each(|(target, value)| *target = *value);
            }
        }
    }
}

/// The derivative of one plane with respect to the kernel, which is added to `sums`.
pub(crate) struct BackwardWeight<'a, T> {
    pub(crate) phases: &'a Phases,
    pub(crate) margins: &'a Margins,
    pub(crate) image: &'a [T],
    /// OH × OW.
    pub(crate) gradient: &'a [T],
    /// Scratch, [`Phases::values`] and [`Margins::values`].
    pub(crate) padded: [&'a mut [T]; 2],
    /// KH × KW; planes are added in `f64`.
    pub(crate) sums: &'a mut [f64],
}

/// Taps of a row of the kernel whose sums are in registers together.
const TAPS: usize = 3;

impl<T: Element> SimdOp for BackwardWeight<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Element = f32>>(self, _features: V::Features) {
        let Self { phases, margins, image, gradient, padded: [images, gradients], sums } = self;
        let [_, kw] = phases.geometry.kernel;
        phases.fill(image, images);
        margins.fill(gradient, gradients);
        let (images, gradients) = (&*images, &*gradients);
        for (i, sums) in sums.chunks_exact_mut(kw).enumerate() {
            for (group, sums) in sums.chunks_mut(TAPS).enumerate() {
                let tap = |j: usize| phases.tap(i, group * TAPS + j);
                match sums {
                    [a] => products(phases, margins, images, gradients, [tap(0)], [a]),
                    [a, b] => {
                        products(phases, margins, images, gradients, [0, 1].map(tap), [a, b]);
                    }
                    [a, b, c] => {
                        let taps = [0, 1, 2].map(tap);
                        products(phases, margins, images, gradients, taps, [a, b, c]);
                    }
                    _ => unreachable!("groups of up to three taps"),
                }
            }
        }
    }
}

/// `sums[k] += Σ gradient[y, x] image[taps[k] + y, x]`.
#[inline(always)]
fn products<T: Element, const N: usize>(
    phases: &Phases,
    margins: &Margins,
    images: &[T],
    gradients: &[T],
    taps: [usize; N],
    sums: [&mut f64; N],
) {
    let Geometry { output: [oh, ow], stride: [sh, _], .. } = phases.geometry;
    let mut lanes = [[T::zero(); WIDTH]; N];
    for y in 0..oh {
        let gradients = &gradients[y * margins.step + margins.lead..];
        let images = &images[y * sh * phases.row_step()..];
        for x in (0..ow).step_by(WIDTH) {
            let gradient = chunk(gradients, x);
            for k in 0..N {
                let image = chunk(images, taps[k] + x);
                for lane in 0..WIDTH {
                    lanes[k][lane] += gradient[lane] * image[lane];
                }
            }
        }
    }
    for (sum, lanes) in sums.into_iter().zip(lanes) {
        *sum += join(lanes).into_f64();
    }
}
