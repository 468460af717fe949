//! Maps over whole arrays, on all threads when they are large.
//!
//! Separate because most operators are one such map forward and one in place
//! backward. Every value is computed by itself, so that threads change no bit.

use ndarray::{ArrayD, ArrayViewD, Zip};
use tensor::Element;

/// Values below which starting tasks costs more than it saves.
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

/// `target ← map(target, value)`, place by place.
///
/// # Panics
/// If the shapes differ.
pub(crate) fn update<T: Element>(
    target: &mut ArrayD<T>,
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
