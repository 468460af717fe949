//! Elementwise maps over arrays, on all threads if the arrays are large.
//!
//! Most operators are one such map forward and one in place backward. Each value is
//! computed independently, so that results do not depend on the number of threads.

use ndarray::{ArrayBase, ArrayD, ArrayViewD, DataMut, IxDyn, Zip};
use tensor::Element;

/// Fewest values for which tasks save more time than they cost.
const PARALLEL: usize = 1 << 15;

/// `map(value)` of each value.
pub(crate) fn map<T: Element>(
    values: ArrayViewD<'_, T>,
    map: impl Fn(T) -> T + Send + Sync,
) -> ArrayD<T> {
    let zip = Zip::from(values);
    if zip.size() < PARALLEL {
        zip.map_collect(|value| map(*value))
    } else {
        zip.par_map_collect(|value| map(*value))
    }
}

/// `target ← map(target, value)`, elementwise.
///
/// # Panics
/// If the shapes differ.
pub(crate) fn update<T: Element>(
    target: &mut ArrayBase<impl DataMut<Elem = T>, IxDyn>,
    values: ArrayViewD<'_, T>,
    map: impl Fn(T, T) -> T + Send + Sync,
) {
    let zip = Zip::from(target.view_mut()).and(values);
    if zip.size() < PARALLEL {
        zip.for_each(|target, value| *target = map(*target, *value));
    } else {
        zip.par_for_each(|target, value| *target = map(*target, *value));
    }
}
