//! Cross-correlation of images with weights: the forward convolution, and its derivative
//! with respect to the input, which is a correlation too.
//!
//! Each task takes some rows of an image (or several small images), copies the window
//! that their outputs depend on into the [`Blocked`] layout and computes, for each panel
//! of output channels, tiles of eight pixels. The sum over the weights is divided into
//! parts so that the weights of a part stay in the first-level cache while all pixels are
//! computed. A finished panel is transposed back to planes, and bias and activation are
//! applied during that copy.

use ndarray::{ArrayView1, ArrayView4, ArrayViewMut4, Axis};
use rayon::prelude::*;

use super::blocked::{Blocked, Words};
use super::products::Products;
use super::tile::{ROWS, Segment, SumOrder, Tile};
use crate::kernels::packed_weight::{PackedWeight, Panel, VECTORS};
use crate::kernels::scratch::with_scratch;
use crate::kernels::simd::{LANES, vectorize};
use crate::kernels::tasks::{Task, split_batch, split_output};
use crate::kernels::transpose::Transpose;
use crate::{Activation, Element};

/// Output pixels of a task, about.
const TASK_PIXELS: usize = 384;
/// Most steps of a part of a sum: 30 KiB of a panel.
const STEPS: usize = 160;

/// Which weights to correlate with which images.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Correlation<'a, T: Element> {
    /// N × C × H × W, standard layout.
    pub(crate) source: ArrayView4<'a, T>,
    pub(crate) weight: &'a PackedWeight<T>,
    /// O values to add.
    pub(crate) bias: Option<ArrayView1<'a, T>>,
    pub(crate) activation: Activation,
    /// The rows and columns of the kernel to use; they apply to adjacent rows and columns
    /// of the source.
    pub(crate) taps: [&'a [usize]; 2],
    /// Row and column of the source that the first tap of the first output reads;
    /// outside the source it reads zeros.
    pub(crate) origin: [isize; 2],
    pub(crate) stride: [usize; 2],
    /// Those that the weight was packed for.
    pub(crate) products: Products,
}

impl<T: Element> Correlation<'_, T> {
    /// Computes every output, tasks in parallel.
    ///
    /// # Shapes
    /// `target`: N × O × OH × OW, any strides.
    pub(crate) fn run(&self, target: ArrayViewMut4<'_, T>) {
        let (n, _, oh, ow) = target.dim();
        let tasks = split_batch([n, oh, ow], TASK_PIXELS);
        let Some(largest) = tasks.first() else { return };
        let plan = Plan::new(self, largest, ow);
        split_output(target, &tasks)
            .into_par_iter()
            .zip(tasks)
            .for_each(|(target, task)| self.run_task(&plan, &task, target));
    }

    /// Computes the outputs of one task.
    fn run_task(&self, plan: &Plan, task: &Task, mut target: ArrayViewMut4<'_, T>) {
        let (.., h, w) = self.source.dim();
        let (.., ow) = target.dim();
        let pixels = task.pixels(ow);
        let o = self.weight.outputs;
        let lengths = [plan.layout.length(), pixels * VECTORS * LANES, pixels * LANES];
        with_scratch(lengths, |[image, sums, planes]| {
            let sources = task.images.clone().map(|n| [image_values(&self.source, n), &[]]);
            let [top, left] = self.origin;
            let origin = [top + (task.rows.start * self.stride[0]) as isize, left];
            plan.layout.fill(sources, [h, w], origin, image);
            for panel in self.weight.panels() {
                plan.sum_panel(image, self.weight, *panel, &plan.rows[..pixels], sums);
                for vector in 0..panel.vectors {
                    let first = panel.first + vector * LANES;
                    let channels = o.saturating_sub(first).min(LANES);
                    Transpose {
                        source: &sums[vector * LANES..],
                        source_step: panel.vectors * LANES,
                        target: planes,
                        target_step: pixels,
                        rows: pixels,
                        columns: channels,
                    }
                    .run();
                    self.store(&planes[..channels * pixels], first, pixels, &mut target);
                }
            }
        });
    }

    /// Writes finished planes of some output channels, image after image.
    fn store(&self, planes: &[T], first: usize, pixels: usize, target: &mut ArrayViewMut4<'_, T>) {
        let (_, _, rows, ow) = target.dim();
        let size = rows * ow;
        for (image, mut target) in target.outer_iter_mut().enumerate() {
            for (offset, plane) in planes.chunks_exact(pixels).enumerate() {
                let channel = first + offset;
                let finish = Finish {
                    bias: self.bias.map_or(T::zero(), |bias| bias[channel]),
                    activation: self.activation,
                };
                let plane = &plane[image * size..][..size];
                let mut target = target.index_axis_mut(Axis(0), channel);
                if let Some(target) = target.as_slice_mut() {
                    finish.write_slice(plane, target);
                } else {
                    for (mut target, row) in
                        target.rows_mut().into_iter().zip(plane.chunks_exact(ow))
                    {
                        finish.write(row, target.iter_mut());
                    }
                }
            }
        }
    }
}

/// What is applied to an output before it is stored.
#[derive(Clone, Copy)]
struct Finish<T> {
    bias: T,
    activation: Activation,
}

impl<T: Element> Finish<T> {
    /// Writes contiguous values.
    fn write_slice(self, values: &[T], targets: &mut [T]) {
        if self.bias.is_zero() && self.activation == Activation::None {
            targets.copy_from_slice(values);
        } else {
            vectorize(|| self.write(values, targets.iter_mut()));
        }
    }

    #[inline(always)]
    fn write<'a>(self, values: &[T], targets: impl Iterator<Item = &'a mut T>)
    where
        T: 'a,
    {
        match self.activation {
            Activation::None => {
                targets.zip(values).for_each(|(target, value)| *target = *value + self.bias);
            }
            Activation::Relu => targets.zip(values).for_each(|(target, value)| {
                *target = Activation::Relu.of(*value + self.bias);
            }),
        }
    }
}

/// The values of one image.
pub(crate) fn image_values<'a, T>(images: &ArrayView4<'a, T>, n: usize) -> &'a [T] {
    let Some(values) = (*images).index_axis_move(Axis(0), n).to_slice() else {
        unreachable!("an image of a standard layout is contiguous")
    };
    values
}

/// What all tasks of a correlation have in common.
struct Plan {
    products: Products,
    /// The window of the largest task; the others use the beginning of it.
    layout: Blocked,
    /// For each width of a panel, the parts of the sum, of about [`STEPS`] each.
    orders: [Vec<SumOrder>; VECTORS],
    /// Where the window of each output pixel begins.
    rows: Vec<usize>,
}

impl Plan {
    /// Plans for the largest task, `ow` being the output's width.
    fn new<T: Element>(correlation: &Correlation<'_, T>, largest: &Task, ow: usize) -> Self {
        let PackedWeight { inputs, words: c, kernel: [_, kernel_w], .. } = *correlation.weight;
        let [taps_h, taps_w] = correlation.taps;
        let [sh, sw] = correlation.stride;
        let [images, rows] = [largest.images.len(), largest.rows.len()];
        let window = [(rows - 1) * sh + taps_h.len(), (ow - 1) * sw + taps_w.len()];
        let layout = Blocked::whole(inputs, images, window, Words::channels(correlation.products));
        // For each tap, the offset of its words in the window and in the weights' steps.
        let taps: Vec<_> = taps_h
            .iter()
            .enumerate()
            .flat_map(|(i, row)| {
                taps_w.iter().enumerate().map(move |(j, column)| (i, row, j, column))
            })
            .map(|(i, row, j, column)| (layout.pixel(0, i, j), (row * kernel_w + column) * c))
            .collect();
        let orders = [1, 2, 3].map(|vectors| orders(&taps, c, vectors * LANES));
        let rows = (0..images * rows * ow)
            .map(|pixel| (pixel / (rows * ow), pixel / ow % rows, pixel % ow))
            .map(|(image, row, column)| layout.pixel(image, row * sh, column * sw))
            .collect();
        Self { products: correlation.products, layout, orders, rows }
    }

    /// Sums of all pixels and the output channels of one panel, pixel by pixel.
    fn sum_panel<T: Element>(
        &self,
        image: &[T],
        weight: &PackedWeight<T>,
        panel: Panel,
        pixels: &[usize],
        sums: &mut [T],
    ) {
        let columns = panel.vectors * LANES;
        let vectors = [0, LANES, 2 * LANES];
        for (part, order) in self.orders[panel.vectors - 1].iter().enumerate() {
            let tiles = pixels.chunks(ROWS).zip(sums.chunks_mut(ROWS * columns));
            for (rows, c) in tiles {
                Tile {
                    a: image,
                    rows,
                    b: weight.panel(panel),
                    vectors: &vectors[..panel.vectors],
                    order,
                    c,
                    c_step: columns,
                    accumulate: part > 0,
                }
                .run(self.products);
            }
        }
    }
}

/// Divides a sum over taps and their channels into equal parts of at most [`STEPS`] steps.
///
/// The parts depend on the weights' shape alone, so an output is summed in the same order
/// in any batch. Taps that are adjacent in the window and in the weights become one
/// segment.
fn orders(taps: &[(usize, usize)], channels: usize, columns: usize) -> Vec<SumOrder> {
    let depth = taps.len() * channels;
    let part = depth.div_ceil(depth.div_ceil(STEPS).max(1)).max(1);
    // An empty sum must be written, too: at least one part.
    (0..depth.max(1))
        .step_by(part)
        .map(|start| {
            let end = depth.min(start + part);
            let segments = taps.iter().enumerate().map(|(index, (pixel, step))| {
                let first = index * channels;
                let from = start.clamp(first, first + channels);
                let to = end.clamp(from, first + channels);
                Segment {
                    a: pixel + from - first,
                    b: (step + from - first) * columns,
                    length: to - from,
                }
            });
            SumOrder::new(segments, 1, columns)
        })
        .collect()
}
