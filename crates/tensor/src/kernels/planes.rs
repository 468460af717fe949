//! Walks over the planes of an array in parallel.
//!
//! A plane is the H × W values of one channel of one image. Most operators but the
//! convolution treat planes one by one; here is the only place that splits them.

use ndarray::{ArrayView3, ArrayViewMut2, ArrayViewMut4, Axis};
use rayon::prelude::*;

use super::wide::wide;
use crate::Element;

/// Values below which a task is not split further.
const TASK_VALUES: usize = 1 << 14;

/// Calls `work` with the number of the image, that of the channel and the plane, for
/// every plane of `targets`, several at a time.
///
/// # Panics
/// If the values of a plane do not lie end to end.
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
                wide(|| work(n, c, plane));
            });
    });
}

/// [`for_each_plane`] of two arrays at once, which have as many planes.
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
                    wide(|| work(n, c, first, second));
                });
        },
    );
}

/// Planes that make a task worth having.
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
