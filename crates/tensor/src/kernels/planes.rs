//! Parallel loops over the planes of an array.
//!
//! A plane is the H × W values of one channel of one image. All operators except the
//! convolution process planes one by one.

use ndarray::{ArrayView3, ArrayViewMut2, ArrayViewMut4, Axis};
use rayon::prelude::*;

use super::simd::vectorize;
use crate::Element;

/// Fewest values that are worth a task.
const TASK_VALUES: usize = 1 << 14;

/// Calls `work` with the index of the image, the index of the channel and the plane, for
/// every plane of `targets` in parallel.
///
/// # Panics
/// If a plane is not contiguous.
pub(crate) fn for_each_plane<T: Send + Sync>(
    name: &str,
    targets: ArrayViewMut4<'_, T>,
    work: impl Fn(usize, usize, &mut [T]) + Sync,
) {
    let mut targets = targets;
    let planes_a_task = planes_a_task(targets.dim());
    targets.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(n, mut image)| {
        image
            .axis_iter_mut(Axis(0))
            .into_par_iter()
            .with_min_len(planes_a_task)
            .enumerate()
            .for_each(|(c, plane)| {
                let plane = plane_values(name, plane);
                vectorize(|| work(n, c, plane));
            });
    });
}

/// [`for_each_plane`] for two arrays of as many planes.
pub(crate) fn for_each_plane_pair<T: Send + Sync, U: Send + Sync>(
    name: &str,
    mut first: ArrayViewMut4<'_, T>,
    mut second: ArrayViewMut4<'_, U>,
    work: impl Fn(usize, usize, &mut [T], &mut [U]) + Sync,
) {
    let planes_a_task = planes_a_task(first.dim());
    let images = first.axis_iter_mut(Axis(0)).into_par_iter();
    images.zip(second.axis_iter_mut(Axis(0))).enumerate().for_each(
        |(n, (mut first, mut second))| {
            let planes = first.axis_iter_mut(Axis(0)).into_par_iter();
            planes
                .zip(second.axis_iter_mut(Axis(0)))
                .with_min_len(planes_a_task)
                .enumerate()
                .for_each(|(c, (first, second))| {
                    let (first, second) = (plane_values(name, first), plane_values(name, second));
                    vectorize(|| work(n, c, first, second));
                });
        },
    );
}

/// Planes of a task.
fn planes_a_task((_, _, h, w): (usize, usize, usize, usize)) -> usize {
    TASK_VALUES.div_ceil((h * w).max(1))
}

/// The values of a plane of an output.
pub(crate) fn plane_values<'a, T>(name: &str, plane: ArrayViewMut2<'a, T>) -> &'a mut [T] {
    let strides = [plane.strides()[0], plane.strides()[1]];
    plane.into_slice().unwrap_or_else(|| {
        panic!("{name}: a plane of the output is not contiguous, its strides are {strides:?}")
    })
}

/// The planes of one channel, image by image.
///
/// # Shapes
/// `channel`: N × H × W, of an array in standard layout.
pub(crate) fn channel_planes<T: Element>(channel: ArrayView3<'_, T>) -> impl Iterator<Item = &[T]> {
    (0..channel.len_of(Axis(0))).map(move |n| {
        let Some(plane) = channel.index_axis_move(Axis(0), n).to_slice() else {
            unreachable!("a plane of a standard layout is contiguous")
        };
        plane
    })
}

/// Panics if an output does not have the shape that its operator returns.
pub(crate) fn expect_shape(
    name: &str,
    actual: (usize, usize, usize, usize),
    expected: (usize, usize, usize, usize),
) {
    assert_eq!(actual, expected, "{name}: the output is {actual:?}, not {expected:?}");
}
