//! Pooling windows over image planes, shared by all pools: they differ only in how values
//! are combined.
//!
//! A window is reduced along its columns first, then along its row, both over contiguous
//! values, which suits vectors: `KH + KW` steps instead of `KH KW`.

use ndarray::{ArrayView4, ArrayViewMut4};

use crate::Element;
use crate::kernels::planes::{expect_shape, for_each_plane};
use crate::kernels::scratch::with_scratch;
use crate::ops::Pool2dOptions;

/// How a pool combines the values of its window.
pub(crate) trait Reduction<T>: Sync {
    /// The running value after the window's first value.
    fn first(&self, value: T) -> T;
    /// The running value after one more value of the input.
    fn next(&self, running: T, value: T) -> T;
    /// The running value of two parts of a window.
    fn join(&self, left: T, right: T) -> T;
    /// The output from the running value of the whole window.
    fn finish(&self, running: T) -> T;
}

/// Reduces every window of every plane, planes in parallel.
///
/// # Panics
/// If the window does not fit into the image or `output` is not of the pool's size.
pub(crate) fn reduce_windows<T: Element>(
    name: &str,
    input: ArrayView4<'_, T>,
    options: Pool2dOptions,
    reduction: &impl Reduction<T>,
    output: ArrayViewMut4<'_, T>,
) {
    let (n, c, h, w) = input.dim();
    let [oh, ow] = options.expect_output_size(name, [h, w]);
    expect_shape(name, output.dim(), (n, c, oh, ow));
    let input = input.as_standard_layout();
    let Some(input) = input.as_slice() else { unreachable!("standard layout is contiguous") };
    for_each_plane(name, output, |n, channel, target| {
        let source = &input[(n * c + channel) * h * w..][..h * w];
        with_scratch([w, w], |scratch| {
            reduce_plane(source, target, ow, options, reduction, scratch);
        });
    });
}

/// Reduces the windows of one plane. `columns` and `line` are scratch, as long as a row
/// of the input.
#[inline(always)]
fn reduce_plane<T: Element>(
    source: &[T],
    target: &mut [T],
    ow: usize,
    options: Pool2dOptions,
    reduction: &impl Reduction<T>,
    [columns, line]: [&mut [T]; 2],
) {
    let w = columns.len();
    let [kh, kw] = options.kernel;
    let [sh, sw] = options.stride;
    for (y, output) in target.chunks_exact_mut(ow).enumerate() {
        let window = &source[y * sh * w..][..kh * w];
        let (first, others) = window.split_at(w);
        for (running, value) in columns.iter_mut().zip(first) {
            *running = reduction.first(*value);
        }
        for row in others.chunks_exact(w) {
            for (running, value) in columns.iter_mut().zip(row) {
                *running = reduction.next(*running, *value);
            }
        }
        // Windows at every column, although a stride skips some: this way the loop is
        // over contiguous values.
        let line = &mut line[..w + 1 - kw];
        line.copy_from_slice(&columns[..line.len()]);
        for offset in 1..kw {
            for (running, value) in line.iter_mut().zip(&columns[offset..]) {
                *running = reduction.join(*running, *value);
            }
        }
        for (output, running) in output.iter_mut().zip(line.iter().step_by(sw)) {
            *output = reduction.finish(*running);
        }
    }
}

/// Distributes the gradients of windows over their pixels, planes in parallel.
///
/// `scatter` receives a plane of `target`, filled with zeros, and the corresponding planes
/// of `sources`.
///
/// # Panics
/// If the sources are not of the pool's output size.
pub(crate) fn scatter_windows<T: Element, const S: usize>(
    name: &str,
    sources: [ArrayView4<'_, T>; S],
    options: Pool2dOptions,
    target: ArrayViewMut4<'_, T>,
    scatter: impl Fn(&mut [T], [&[T]; S]) + Sync,
) {
    let (n, c, h, w) = target.dim();
    let [oh, ow] = options.expect_output_size(name, [h, w]);
    for source in &sources {
        assert_eq!(
            source.dim(),
            (n, c, oh, ow),
            "{name}: gradient or output is {:?}, the pool over {h} x {w} gives {:?}",
            source.dim(),
            (n, c, oh, ow)
        );
    }
    let sources = sources.each_ref().map(|source| source.as_standard_layout());
    let sources = sources.each_ref().map(|source| {
        let Some(values) = source.as_slice() else { unreachable!("standard layout is contiguous") };
        values
    });
    for_each_plane(name, target, |n, channel, target| {
        let size = oh * ow;
        target.fill(T::zero());
        scatter(target, sources.map(|source| &source[(n * c + channel) * size..][..size]));
    });
}
