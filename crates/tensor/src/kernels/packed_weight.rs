//! Convolution weights in the order in which tiles read them.
//!
//! A panel is up to three vectors of output channels. In each panel, each step of the sum
//! is a row; steps run over kernel row, kernel column and channel, in the order of the
//! values of a row of pixels. Rows are filled by transposing sixteen channels at a time,
//! because packing must be fast: training packs the weights at every step.

use ndarray::ArrayView4;
use rayon::prelude::*;

use super::aligned_buffer::AlignedBuffer;
use super::bf16::pair_rows;
use super::scratch::{Scratch, with_scratch};
use super::simd::LANES;
use super::train::products::Products;
use super::transpose::Transpose;
use crate::Element;

/// Most vectors of a panel, and of a row of a tile.
pub(crate) const VECTORS: usize = 3;

/// A panel of output channels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panel {
    /// Its first output channel.
    pub(crate) first: usize,
    /// Vectors of output channels; the last may be padded with zeros.
    pub(crate) vectors: usize,
    /// Offset of its values.
    pub(crate) start: usize,
}

/// Panels for this many output channels, whose values are sums of `depth` steps.
pub(crate) fn panels(outputs: usize, depth: usize) -> Vec<Panel> {
    let (mut first, mut start) = (0, 0);
    panel_widths(outputs.div_ceil(LANES))
        .into_iter()
        .map(|vectors| {
            let panel = Panel { first, vectors, start };
            first += vectors * LANES;
            start += vectors * LANES * depth;
            panel
        })
        .collect()
}

/// Divides vectors of output channels into the widths of panels: threes, but two twos rather
/// than three and one.
pub(crate) fn panel_widths(vectors: usize) -> Vec<usize> {
    let mut widths = vec![VECTORS; vectors / VECTORS];
    match (vectors % VECTORS, widths.len()) {
        (0, _) => {}
        (1, 1..) => {
            widths.pop();
            widths.extend([2, 2]);
        }
        (rest, _) => widths.push(rest),
    }
    widths
}

/// Packed weights of a convolution.
#[derive(Debug)]
pub(crate) struct PackedWeight<T: Element> {
    values: Storage<T>,
    panels: Vec<Panel>,
    /// Channels that the packed convolution returns.
    pub(crate) outputs: usize,
    /// Channels that it takes.
    pub(crate) inputs: usize,
    /// Steps of each tap of the kernel: channels, or pairs of channels.
    pub(crate) words: usize,
    /// Height and width of its kernel.
    pub(crate) kernel: [usize; 2],
}

/// The memory of packed weights.
#[derive(Debug)]
enum Storage<T: Element> {
    /// For one call, in the thread's scratch.
    Scratch(Scratch<T>),
    /// For the lifetime of a program.
    Permanent(AlignedBuffer<T>),
}

/// The direction for which a convolution is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The convolution itself.
    Forward,
    /// Its derivative with respect to the input: channels exchanged, rows and columns of
    /// the kernel reversed.
    Backward,
}

impl<T: Element> PackedWeight<T> {
    /// Packs weights for one call, into the thread's scratch.
    ///
    /// # Shapes
    /// `weight`: O × C × KH × KW, any strides. Forward, the packed convolution takes C
    /// channels and returns O; backward, it takes O and returns C.
    pub(crate) fn new(weight: ArrayView4<'_, T>, direction: Direction, products: Products) -> Self {
        let allocate = |length| Storage::Scratch(Scratch::new(length));
        Self::pack(weight, None, direction, Some(products), allocate)
    }

    /// Packs weights, forward, into a buffer from `allocate`, which the packed weights own.
    /// The weights of each output are multiplied by its factor, in f64, and rounded once.
    pub(crate) fn permanent(
        weight: ArrayView4<'_, T>,
        factors: Option<&[f64]>,
        allocate: impl FnOnce(usize) -> AlignedBuffer<T>,
    ) -> Self {
        let allocate = |length| Storage::Permanent(allocate(length));
        Self::pack(weight, factors, Direction::Forward, None, allocate)
    }

    /// Packs weights, panels in parallel.
    fn pack(
        weight: ArrayView4<'_, T>,
        factors: Option<&[f64]>,
        direction: Direction,
        products: Option<Products>,
        allocate: impl FnOnce(usize) -> Storage<T>,
    ) -> Self {
        let (o, c, kh, kw) = weight.dim();
        let weight = weight.as_standard_layout();
        let Some(weight) = weight.as_slice() else { unreachable!("standard layout is contiguous") };
        let area = kh * kw;
        let (outputs, inputs, steps) = match direction {
            Direction::Forward => (o, c, [c * area, area]),
            Direction::Backward => (c, o, [area, c * area]),
        };
        let per_word = products.map_or(1, Products::per_word);
        let words = inputs.div_ceil(per_word);
        let depth = area * words * per_word;
        let vectors = outputs.div_ceil(LANES);
        let mut values = allocate(vectors * LANES * depth);
        let mut rest = values.values_mut();
        let panels = panels(outputs, depth);
        let mut jobs = Vec::new();
        for panel in &panels {
            let (target, tail) = rest.split_at_mut(panel.vectors * LANES * depth);
            rest = tail;
            jobs.push((*panel, target));
        }
        let padded = words * per_word;
        let source = Source { weight, factors, steps, area, outputs, inputs, padded, direction };
        jobs.into_par_iter().for_each(|(panel, target)| {
            source.pack(panel, target);
            if let Some(Products::Pairs(bf16)) = products {
                T::join_rows(target, panel.vectors * LANES, bf16);
            }
        });
        Self { values, panels, outputs, inputs, words, kernel: [kh, kw] }
    }

    pub(crate) fn panels(&self) -> &[Panel] {
        &self.panels
    }

    /// Terms of the sum of each output.
    pub(crate) fn depth(&self) -> usize {
        self.inputs * self.kernel[0] * self.kernel[1]
    }

    /// The values of a panel, and those of all panels behind it.
    pub(crate) fn panel(&self, panel: Panel) -> &[T] {
        &self.values.values()[panel.start..]
    }
}

impl<T: Element> Storage<T> {
    fn values(&self) -> &[T] {
        match self {
            Self::Scratch(scratch) => scratch.values(),
            Self::Permanent(buffer) => buffer.values(),
        }
    }

    fn values_mut(&mut self) -> &mut [T] {
        match self {
            Self::Scratch(scratch) => scratch.values_mut(),
            Self::Permanent(buffer) => buffer.values_mut(),
        }
    }
}

impl PackedWeight<f32> {
    /// Rounds the weights to bf16 and joins every two steps of the sums.
    ///
    /// # Panics
    /// If the number of steps is odd.
    pub(crate) fn into_bf16(mut self) -> Self {
        let depth = self.depth();
        let values = self.values.values_mut();
        for panel in &self.panels {
            let columns = panel.vectors * LANES;
            pair_rows(&mut values[panel.start..][..columns * depth], columns);
        }
        self
    }
}

/// The weights to pack.
struct Source<'a, T> {
    weight: &'a [T],
    /// Factors of the outputs.
    factors: Option<&'a [f64]>,
    /// Distance between outputs, and between inputs, in values.
    steps: [usize; 2],
    /// Values of the kernel of one output and input.
    area: usize,
    outputs: usize,
    inputs: usize,
    /// Inputs, and a zero if there must be an even number.
    padded: usize,
    direction: Direction,
}

impl<T: Element> Source<'_, T> {
    /// Writes one panel; columns without an output are zero.
    fn pack(&self, panel: Panel, target: &mut [T]) {
        let Self { weight, steps: [output_step, input_step], area, inputs, padded, .. } = *self;
        let columns = panel.vectors * LANES;
        let outputs = (self.outputs - panel.first).min(columns);
        if outputs < columns || inputs < padded {
            target.fill(T::zero());
        }
        if output_step == 1 {
            // A backward kernel of one tap: the outputs of an input are contiguous.
            for (input, row) in target.chunks_exact_mut(columns).enumerate().take(inputs) {
                let source = &weight[panel.first + input * input_step..][..outputs];
                self.scale_into(&mut row[..outputs], source, panel.first);
            }
            return;
        }
        // Inputs whose kernels are contiguous are transposed together.
        let together = if input_step == area { LANES } else { 1 };
        with_scratch([together * area * LANES], |[rows]| {
            for vector in 0..panel.vectors {
                let first = panel.first + vector * LANES;
                let outputs = self.outputs.saturating_sub(first).min(LANES);
                for input in (0..inputs).step_by(together) {
                    let some = (inputs - input).min(together);
                    Transpose {
                        source: &weight[first * output_step + input * input_step..],
                        source_step: output_step,
                        target: rows,
                        target_step: LANES,
                        rows: outputs,
                        columns: some * area,
                    }
                    .run();
                    for tap in 0..area {
                        let place = match self.direction {
                            Direction::Forward => tap,
                            Direction::Backward => area - 1 - tap,
                        };
                        for offset in 0..some {
                            let row = &rows[(offset * area + tap) * LANES..][..outputs];
                            let step = place * padded + input + offset;
                            let target = &mut target[step * columns + vector * LANES..][..outputs];
                            self.scale_into(target, row, first);
                        }
                    }
                }
            }
        });
    }

    /// Writes the weights of adjacent outputs, beginning with output `first`.
    #[inline(always)]
    fn scale_into(&self, target: &mut [T], weights: &[T], first: usize) {
        let Some(factors) = self.factors else { return target.copy_from_slice(weights) };
        let factors = &factors[first..];
        for ((target, weight), factor) in target.iter_mut().zip(weights).zip(factors) {
            *target = T::from_f64(weight.into_f64() * factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array4;

    use super::*;

    #[test]
    fn every_weight_is_at_the_place_that_tiles_read() {
        for (o, c, kh, kw) in [(40, 21, 3, 2), (21, 40, 1, 1), (3, 2, 2, 2)] {
            let weight = Array4::from_shape_fn((o, c, kh, kw), |(o, c, i, j)| {
                (((o * 100 + c) * 10 + i) * 10 + j + 1) as f32
            });
            for direction in [Direction::Forward, Direction::Backward] {
                let products = Products::Numbers(crate::level::active());
                let packed = PackedWeight::new(weight.view(), direction, products);
                check(&weight, direction, &packed, 1.0);
            }
            let factors = vec![0.5; o];
            let packed = PackedWeight::permanent(weight.view(), Some(&factors), AlignedBuffer::new);
            check(&weight, Direction::Forward, &packed, 0.5);
        }
    }

    fn check(weight: &Array4<f32>, direction: Direction, packed: &PackedWeight<f32>, factor: f32) {
        let (o, c, kh, kw) = weight.dim();
        let (outputs, inputs) = match direction {
            Direction::Forward => (o, c),
            Direction::Backward => (c, o),
        };
        assert_eq!((packed.outputs, packed.inputs, packed.kernel), (outputs, inputs, [kh, kw]));
        for panel in packed.panels() {
            let columns = panel.vectors * LANES;
            let values = &packed.panel(*panel)[..kh * kw * inputs * columns];
            for (at, actual) in values.iter().enumerate() {
                let (step, output) = (at / columns, panel.first + at % columns);
                let (i, j, input) = (step / inputs / kw, step / inputs % kw, step % inputs);
                let expected = match (output < outputs, direction) {
                    (false, _) => 0.0,
                    (_, Direction::Forward) => weight[[output, input, i, j]],
                    (_, Direction::Backward) => weight[[input, output, kh - 1 - i, kw - 1 - j]],
                };
                assert_eq!(*actual, factor * expected, "{direction:?}, {panel:?}, at {at}");
            }
        }
    }

    #[test]
    fn widths_add_up_and_only_a_single_vector_is_alone() {
        for vectors in 0..30 {
            let widths = panel_widths(vectors);
            assert_eq!(widths.iter().sum::<usize>(), vectors);
            assert!(widths.iter().all(|width| (1..=VECTORS).contains(width)), "{widths:?}");
            assert_eq!(widths.contains(&1), vectors == 1, "{widths:?}");
        }
    }
}
