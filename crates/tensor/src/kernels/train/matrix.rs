//! Products of matrices by the tiles of training convolutions.
//!
//! A task is some rows of the left matrix. The right one is packed into panels, as the weights
//! of a 1×1 convolution are; the left one is read where it lies, or, with products of pairs,
//! from words of two adjacent numbers of a row.

use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::products::Products;
use super::tile::{ROWS, Segment, SumOrder, Tile};
use crate::Element;
use crate::kernels::packed_weight::{PackedWeight, VECTORS};
use crate::kernels::scratch::with_scratch;
use crate::kernels::simd::LANES;

/// Rows of a task.
const TASK_ROWS: usize = 6 * ROWS;
/// Most steps of a part of a sum: 30 KiB of a panel.
const STEPS: usize = 160;

/// A product of matrices.
#[derive(Debug)]
pub(crate) struct MatrixProduct<'a, T: Element> {
    /// M × K.
    pub(crate) left: ArrayView2<'a, T>,
    /// Takes K and returns N channels, with a kernel of one tap.
    pub(crate) right: &'a PackedWeight<T>,
    /// Those that `right` was packed for.
    pub(crate) products: Products,
    /// Whether columns beyond the last row of a task are left zero, because the product is
    /// known to be symmetric.
    pub(crate) lower: bool,
}

impl<T: Element> MatrixProduct<'_, T> {
    /// Computes the product, M × N, tasks in parallel.
    pub(crate) fn run(&self) -> Array2<T> {
        let (m, k) = self.left.dim();
        let n = self.right.outputs;
        assert_eq!(k, self.right.inputs, "a product of K {k} and {}", self.right.inputs);
        let mut target = Array2::zeros((m, n));
        if target.is_empty() {
            return target;
        }
        let left = self.left.as_standard_layout();
        let parts = parts(self.right.words);
        target.axis_chunks_iter_mut(Axis(0), TASK_ROWS).into_par_iter().enumerate().for_each(
            |(task, target)| {
                let (first, rows) = (task * TASK_ROWS, target.nrows());
                let Some(target) = target.into_slice() else {
                    unreachable!("rows of a new array are contiguous")
                };
                let Some(left) = left.as_slice() else {
                    unreachable!("a standard layout is contiguous")
                };
                let left = &left[first * k..][..rows * k];
                let columns = if self.lower { n.min(first + rows) } else { n };
                self.run_task(left, &parts, columns, target);
            },
        );
        target
    }

    /// Computes the first columns of some rows.
    fn run_task(&self, left: &[T], parts: &[Part], columns: usize, target: &mut [T]) {
        let (k, words) = (self.right.inputs, self.right.words);
        let n = self.right.outputs;
        let rows = target.len() / n;
        let joined = if self.products.per_word() == 1 { 0 } else { rows * words };
        with_scratch([joined, rows * VECTORS * LANES], |[joined, sums]| {
            let left = match self.products {
                Products::Numbers(_) => left,
                Products::Pairs(_) if words == 0 => left,
                Products::Pairs(bf16) => {
                    for (row, target) in left.chunks_exact(k).zip(joined.chunks_exact_mut(words)) {
                        T::join_columns(row, target, bf16);
                    }
                    &*joined
                }
            };
            let offsets: Vec<usize> = (0..rows).map(|row| row * words).collect();
            let vectors = [0, LANES, 2 * LANES];
            let panels = self.right.panels().iter().filter(|panel| panel.first < columns);
            for panel in panels {
                let width = panel.vectors * LANES;
                for (index, part) in parts.iter().enumerate() {
                    let tiles = offsets.chunks(ROWS).zip(sums.chunks_mut(ROWS * width));
                    for (rows, c) in tiles {
                        Tile {
                            a: left,
                            rows,
                            b: self.right.panel(*panel),
                            vectors: &vectors[..panel.vectors],
                            order: &part.orders[panel.vectors - 1],
                            c,
                            c_step: width,
                            accumulate: index > 0,
                        }
                        .run(self.products);
                    }
                }
                let some = width.min(columns - panel.first);
                for (sums, target) in sums.chunks_exact(width).zip(target.chunks_exact_mut(n)) {
                    target[panel.first..][..some].copy_from_slice(&sums[..some]);
                }
            }
        });
    }
}

/// A part of the sums, by width of the panel.
struct Part {
    orders: [SumOrder; VECTORS],
}

/// Equal parts of sums over `words`, of at most [`STEPS`] each; one if there are no words.
fn parts(words: usize) -> Vec<Part> {
    let part = words.div_ceil(words.div_ceil(STEPS).max(1)).max(1);
    (0..words.max(1))
        .step_by(part)
        .map(|start| {
            let length = words.min(start + part) - start.min(words);
            let order = |vectors: usize| {
                let columns = vectors * LANES;
                SumOrder::new([Segment { a: start, b: start * columns, length }], 1, columns)
            };
            Part { orders: [order(1), order(2), order(3)] }
        })
        .collect()
}
