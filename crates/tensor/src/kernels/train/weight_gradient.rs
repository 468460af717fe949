//! The derivative of a convolution with respect to its weight.
//!
//! Each value is a sum, over all pixels of the batch, of an input value times a
//! gradient. Both are copied into the [`Blocked`] layout, and tiles are summed directly
//! from it, pixel by pixel. A tile reads one operand as single values and the other as
//! vectors:
//!
//! * usually, rows are output channels and vectors are input channels under one
//!   tap of the kernel: three taps of a row overlap in memory, so little is read;
//! * with fewer input channels than a vector has lanes (the colors of an image), rows are
//!   input channels under all taps, and vectors are output channels.
//!
//! With products of pairs, a word holds the same value of two images: under every tap, the
//! words of the input and of the gradient match without a shift.
//!
//! Jobs are parts of the batch times parts of the output channels. Each sums its
//! part of the batch in order; then the parts are added, in order too, so that the
//! bits do not depend on which thread ran which job.

use ndarray::{Array4, ArrayView4, ArrayViewMut4, Axis};
use rayon::prelude::*;

use super::blocked::{Blocked, Words};
use super::correlation::image_values;
use super::products::Products;
use super::tile::{ROWS, Segment, SumOrder, Tile};
use crate::Element;
use crate::kernels::packed_weight::panel_widths;
use crate::kernels::scratch::with_scratch;
use crate::kernels::simd::LANES;
use crate::kernels::tasks::{Task, split_batch};
use crate::kernels::transpose::Transpose;
use crate::ops::Conv2dOptions;

/// Output pixels that are copied at a time, about.
const TASK_PIXELS: usize = 576;
/// Most pixels of a part of a sum, about.
const STEPS: usize = 160;
/// Jobs to aim for.
const JOBS: usize = 8;

/// The convolution whose weight gradient is computed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WeightGradient<'a, T> {
    /// N × C × H × W, standard layout.
    pub(crate) input: ArrayView4<'a, T>,
    /// N × O × OH × OW, standard layout.
    pub(crate) grad_output: ArrayView4<'a, T>,
    /// Height and width of the kernel.
    pub(crate) kernel: [usize; 2],
    pub(crate) options: Conv2dOptions,
    pub(crate) products: Products,
}

impl<T: Element> WeightGradient<'_, T> {
    /// Computes the gradient, O × C × KH × KW.
    pub(crate) fn run(&self) -> Array4<T> {
        let (_, c, ..) = self.input.dim();
        let (n, o, oh, ow) = self.grad_output.dim();
        let [kh, kw] = self.kernel;
        let mut gradient = Array4::zeros((o, c, kh, kw));
        // With products of pairs, two images are one.
        let tasks = split_batch([n.div_ceil(self.products.per_word()), oh, ow], TASK_PIXELS);
        if gradient.is_empty() || tasks.is_empty() {
            return gradient;
        }
        let batch_parts = tasks.chunks(tasks.len().div_ceil(JOBS));
        let channel_parts = JOBS.div_ceil(batch_parts.len()).min(o.div_ceil(LANES));
        let channels = o.div_ceil(channel_parts).next_multiple_of(LANES);
        let plans: Vec<_> = (0..o)
            .step_by(channels)
            .map(|first| Plan::new(self, &tasks[0], first, channels.min(o - first)))
            .collect();
        let parts = batch_parts.len();
        let length = |plan: &Plan| plan.rows.len() * plan.row_step();
        let total = parts * plans.iter().map(length).sum::<usize>();
        with_scratch([total], |[mut rest]| {
            let mut jobs = Vec::new();
            let mut sums_of_plans = Vec::new();
            for plan in &plans {
                let (sums, tail) = rest.split_at_mut(parts * length(plan));
                rest = tail;
                sums_of_plans.push(sums);
            }
            for (plan, sums) in plans.iter().zip(&mut sums_of_plans) {
                let parts = sums.chunks_exact_mut(length(plan)).zip(batch_parts.clone());
                jobs.extend(parts.map(|(sums, tasks)| (plan, tasks, sums)));
            }
            jobs.into_par_iter().for_each(|(plan, tasks, sums)| self.sum_tasks(plan, tasks, sums));
            gradient
                .axis_chunks_iter_mut(Axis(0), channels)
                .into_par_iter()
                .zip(sums_of_plans)
                .zip(&plans)
                .for_each(|((gradient, sums), plan)| {
                    let (sums, others) = sums.split_at_mut(length(plan));
                    for other in others.chunks_exact(sums.len()) {
                        sums.iter_mut().zip(other).for_each(|(sum, other)| *sum += *other);
                    }
                    plan.unpack(sums, gradient);
                });
        });
        gradient
    }

    /// The images of one number: one, or two with products of pairs, unless there is no second.
    fn images<'a>(&self, of: &ArrayView4<'a, T>, number: usize) -> [&'a [T]; 2] {
        let first = number * self.products.per_word();
        let has_second = self.products.per_word() > 1 && first + 1 < of.len_of(Axis(0));
        let second = if has_second { image_values(of, first + 1) } else { &[] };
        [image_values(of, first), second]
    }

    /// Writes the sums over some tasks of the batch.
    fn sum_tasks(&self, plan: &Plan, tasks: &[Task], sums: &mut [T]) {
        let (_, _, h, w) = self.input.dim();
        let (_, _, oh, ow) = self.grad_output.dim();
        let [sh, sw] = self.options.stride;
        let padding = self.options.padding;
        let Plan { input, gradient, .. } = plan;
        with_scratch([input.length(), gradient.length()], |[inputs, gradients]| {
            for (index, task) in tasks.iter().enumerate() {
                let sources = task.images.clone().map(|n| self.images(&self.input, n));
                let top = (task.rows.start * sh) as isize - padding.top as isize;
                input.fill(sources, [h, w], [top, -(padding.left as isize)], inputs);
                let from = plan.first * oh * ow;
                let sources = task.images.clone().map(|n| {
                    let images = self.images(&self.grad_output, n);
                    images.map(|image| image.get(from..).unwrap_or_default())
                });
                gradient.fill(sources, [oh, ow], [task.rows.start as isize, 0], gradients);

                let lines: Vec<_> = task
                    .images
                    .clone()
                    .flat_map(|n| task.rows.clone().map(move |row| (n, row)))
                    .map(|(n, row)| (n - task.images.start, row - task.rows.start))
                    .map(|(image, row)| {
                        (input.pixel(image, row * sh, 0), gradient.pixel(image, row, 0))
                    })
                    .collect();
                let steps = (sw * input.width(), gradient.width());
                for (part, lines) in lines.chunks((STEPS / ow).max(1)).enumerate() {
                    let accumulate = index > 0 || part > 0;
                    plan.add(inputs, gradients, lines, (steps, ow), sums, accumulate);
                }
            }
        });
    }
}

/// What all jobs with the same output channels have in common.
struct Plan {
    products: Products,
    /// Its first output channel.
    first: usize,
    /// The window of the largest task; the others use the beginning of it.
    input: Blocked,
    gradient: Blocked,
    /// Whether rows are input channels and vectors output channels.
    input_by_rows: bool,
    /// Offsets of the rows of all tiles, for the first pixel.
    rows: Vec<usize>,
    /// Offsets of their vectors.
    vectors: Vec<usize>,
}

impl Plan {
    fn new<T: Element>(
        of: &WeightGradient<'_, T>,
        largest: &Task,
        first: usize,
        channels: usize,
    ) -> Self {
        let (_, c, ..) = of.input.dim();
        let (.., ow) = of.grad_output.dim();
        let [kh, kw] = of.kernel;
        let [sh, sw] = of.options.stride;
        let [images, rows] = [largest.images.len(), largest.rows.len()];
        let window = [(rows - 1) * sh + kh, (ow - 1) * sw + kw];
        let words = Words::images(of.products);
        let gradient = Blocked::vectors(channels, images, [rows, ow], words);
        let input_by_rows = c < LANES;
        let input = if input_by_rows {
            Blocked::whole(c, images, window, words)
        } else {
            Blocked::vectors(c, images, window, words)
        };
        let (rows, vectors) = if input_by_rows {
            let rows = (0..kh).flat_map(|i| (0..kw * c).map(move |at| input.pixel(0, i, 0) + at));
            let vectors = (0..gradient.blocks()).map(|block| block * gradient.block_step());
            (rows.collect(), vectors.collect())
        } else {
            let rows = (0..channels)
                .map(|channel| channel / LANES * gradient.block_step() + channel % LANES);
            let vectors = (0..kh)
                .flat_map(|i| (0..input.blocks()).map(move |block| (i, block)))
                .flat_map(|(i, block)| (0..kw).map(move |j| (i, block, j)))
                .map(|(i, block, j)| block * input.block_step() + input.pixel(0, i, j));
            (rows.collect(), vectors.collect())
        };
        Self { products: of.products, first, input, gradient, input_by_rows, rows, vectors }
    }

    /// Distance between rows of sums, in values.
    fn row_step(&self) -> usize {
        self.vectors.len() * LANES
    }

    /// Adds the products of some lines of pixels to every tile.
    ///
    /// `lines` are the offsets of each line in `inputs` and `gradients`; a line has
    /// `length` pixels, `steps` apart.
    fn add<T: Element>(
        &self,
        inputs: &[T],
        gradients: &[T],
        lines: &[(usize, usize)],
        (steps, length): ((usize, usize), usize),
        sums: &mut [T],
        accumulate: bool,
    ) {
        let segments = lines.iter().map(|(input, gradient)| {
            let (a, b) = if self.input_by_rows { (*input, *gradient) } else { (*gradient, *input) };
            Segment { a, b, length }
        });
        let (a, b, order) = if self.input_by_rows {
            (inputs, gradients, SumOrder::new(segments, steps.0, steps.1))
        } else {
            (gradients, inputs, SumOrder::new(segments, steps.1, steps.0))
        };
        let mut column = 0;
        for width in panel_widths(self.vectors.len()) {
            let vectors = &self.vectors[column / LANES..][..width];
            let tiles = self.rows.chunks(ROWS).zip(sums.chunks_mut(ROWS * self.row_step()));
            for (rows, c) in tiles {
                Tile {
                    a,
                    rows,
                    b,
                    vectors,
                    order: &order,
                    c: &mut c[column..],
                    c_step: self.row_step(),
                    accumulate,
                }
                .run(self.products);
            }
            column += width * LANES;
        }
    }

    /// Copies sums into the order of weights.
    ///
    /// # Shapes
    /// `gradient`: the plan's output channels × C × KH × KW.
    fn unpack<T: Element>(&self, sums: &[T], mut gradient: ArrayViewMut4<'_, T>) {
        let (_, c, kh, kw) = gradient.dim();
        let area = kh * kw;
        for (o, mut gradient) in gradient.outer_iter_mut().enumerate() {
            let Some(gradient) = gradient.as_slice_mut() else {
                unreachable!("the weights of a channel are contiguous")
            };
            if self.input_by_rows {
                for (row, sums) in sums.chunks_exact(self.row_step()).enumerate() {
                    gradient[row % c * area + row / c] = sums[o];
                }
                continue;
            }
            // Kernel row, block, kernel column, channel of the block.
            let sums = &sums[o * self.row_step()..][..self.row_step()];
            if area == 1 {
                gradient.copy_from_slice(&sums[..c]);
                continue;
            }
            with_scratch([area * LANES], |[taps]| {
                for (block, gradient) in gradient.chunks_mut(LANES * area).enumerate() {
                    for (tap, row) in taps.chunks_exact_mut(LANES).enumerate() {
                        let vector = (tap / kw * self.input.blocks() + block) * kw + tap % kw;
                        row.copy_from_slice(&sums[vector * LANES..][..LANES]);
                    }
                    Transpose {
                        source: taps,
                        source_step: LANES,
                        target_step: area,
                        rows: area,
                        columns: gradient.len() / area,
                        target: gradient,
                    }
                    .run();
                }
            });
        }
    }
}
