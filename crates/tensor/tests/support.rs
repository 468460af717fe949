//! Arrays, layouts, comparisons and thread pools for all operators' tests.

use std::sync::OnceLock;

use ndarray::{Array, Array4, ArrayView, Dimension, IntoDimension, SliceArg, SliceInfo};
use ndarray::{Ix1, Ix2, Ix4, SliceInfoElem};
use proptest::prelude::*;
use tensor::{Element, Padding2d};
pub(crate) use test_support::random_tests as config;

/// The order of an array's values in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Layout {
    Standard,
    /// Last axis outermost.
    Transposed,
    /// Every second element of a larger array whose other elements are NaN.
    Strided,
    /// Standard with the last axis backwards: a negative stride.
    Backwards,
}

/// Any of the layouts.
pub(crate) fn layouts() -> impl Strategy<Value = Layout> {
    prop_oneof![
        Just(Layout::Standard),
        Just(Layout::Transposed),
        Just(Layout::Strided),
        Just(Layout::Backwards),
    ]
}

/// Zero to two zeros on each side.
pub(crate) fn paddings() -> impl Strategy<Value = Padding2d> {
    [0..3_usize, 0..3_usize, 0..3_usize, 0..3_usize]
        .prop_map(|[top, bottom, left, right]| Padding2d { top, bottom, left, right })
}

/// Dimensions whose axes can all be sliced at once.
pub(crate) trait Sliceable: Dimension {
    fn every(step: isize) -> impl SliceArg<Self, OutDim = Self>;
    fn last_backwards() -> impl SliceArg<Self, OutDim = Self>;
}

macro_rules! sliceable {
    ($dimension:ty, $axes:literal) => {
        impl Sliceable for $dimension {
            fn every(step: isize) -> impl SliceArg<Self, OutDim = Self> {
                let whole = SliceInfoElem::Slice { start: 0, end: None, step };
                SliceInfo::<_, Self, Self>::try_from([whole; $axes]).unwrap()
            }

            fn last_backwards() -> impl SliceArg<Self, OutDim = Self> {
                let mut axes = [SliceInfoElem::Slice { start: 0, end: None, step: 1 }; $axes];
                axes[$axes - 1] = SliceInfoElem::Slice { start: 0, end: None, step: -1 };
                SliceInfo::<_, Self, Self>::try_from(axes).unwrap()
            }
        }
    };
}

sliceable!(Ix1, 1);
sliceable!(Ix2, 2);
sliceable!(Ix4, 4);

/// The same values in another layout.
pub(crate) fn laid_out<T: Element, D: Sliceable>(
    array: ArrayView<'_, T, D>,
    layout: Layout,
) -> Array<T, D> {
    match layout {
        Layout::Standard => array.as_standard_layout().into_owned(),
        Layout::Transposed => {
            array.reversed_axes().as_standard_layout().into_owned().reversed_axes()
        }
        Layout::Strided => {
            let mut shape = array.raw_dim();
            shape.slice_mut().iter_mut().for_each(|length| *length *= 2);
            let mut spaced = Array::from_elem(shape, T::nan());
            spaced.slice_mut(D::every(2)).assign(&array);
            spaced.slice_move(D::every(2))
        }
        Layout::Backwards => array
            .slice(D::last_backwards())
            .as_standard_layout()
            .into_owned()
            .slice_move(D::last_backwards()),
    }
}

/// Values in -1..1, the same for the same seed.
pub(crate) fn random<T: Element, D: Sliceable>(
    shape: impl IntoDimension<Dim = D>,
    seed: u64,
    layout: Layout,
) -> Array<T, D> {
    let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
    let standard = Array::from_shape_simple_fn(shape.into_dimension(), || {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        T::from_f64((bits >> 40) as f64 / f64::from(1 << 23) - 1.0)
    });
    laid_out(standard.view(), layout)
}

/// Values of an even grid over -1..1 in random order, at least `1 / count` apart and not
/// zero, for functions with kinks.
pub(crate) fn distinct<T: Element, D: Sliceable>(
    shape: impl IntoDimension<Dim = D>,
    seed: u64,
    layout: Layout,
) -> Array<T, D> {
    let keys = random::<f64, _>(shape, seed, Layout::Standard);
    let mut order: Vec<usize> = (0..keys.len()).collect();
    let keys_in_order: Vec<f64> = keys.iter().copied().collect();
    order.sort_by(|left, right| keys_in_order[*left].total_cmp(&keys_in_order[*right]));
    let mut values = vec![T::zero(); keys.len()];
    for (rank, place) in order.into_iter().enumerate() {
        values[place] = T::from_f64((2 * rank + 1) as f64 / keys.len() as f64 - 1.0 + 1e-3);
    }
    let standard = Array::from_shape_vec(keys.raw_dim(), values).expect("one value a place");
    laid_out(standard.view(), layout)
}

/// Multiples of 1/8 in -1..=1. Sums of some thousand products of two of them are exact in
/// `f32`, in any order, so that linear operators must equal their references.
pub(crate) fn whole<T: Element, D: Sliceable>(
    shape: impl IntoDimension<Dim = D>,
    seed: u64,
    layout: Layout,
) -> Array<T, D> {
    let eighth = T::from_f64(0.125);
    let values = random::<T, D>(shape, seed, Layout::Standard);
    laid_out(values.mapv(|value| (value / eighth).round() * eighth).view(), layout)
}

/// The greatest relative error of `n` roundings, one after another: `n u / (1 - n u)` with
/// the unit roundoff `u` (Higham, "Accuracy and Stability of Numerical Algorithms", 2002,
/// lemma 3.1).
pub(crate) fn roundings<T: Element>(n: usize) -> f64 {
    let u = n as f64 * 0.5 * T::epsilon().into_f64();
    u / (1.0 - u)
}

/// Panics with the index and both values where `actual` is not exactly `expected`.
#[track_caller]
pub(crate) fn assert_equal<T: Element, D: Dimension>(actual: &Array<T, D>, expected: &Array<T, D>) {
    assert_within(actual, expected, &Array::zeros(expected.raw_dim()));
}

/// Panics with the index and both values where `actual` differs from `expected` by more than
/// `bound`.
#[track_caller]
pub(crate) fn assert_within<T: Element, D: Dimension>(
    actual: &Array<T, D>,
    expected: &Array<T, D>,
    bound: &Array<f64, D>,
) {
    assert_eq!(actual.raw_dim(), expected.raw_dim(), "shapes differ");
    assert!(actual.is_standard_layout(), "output has strides {:?}", actual.strides());
    for (((index, actual), expected), bound) in actual.indexed_iter().zip(expected).zip(bound) {
        let error = (actual.into_f64() - expected.into_f64()).abs();
        let both_nan = actual.is_nan() && expected.is_nan();
        assert!(
            both_nan || error <= *bound,
            "at {index:?}: {actual} is not {expected}, off by {error:e}, at most {bound:e} allowed"
        );
    }
}

/// The absolute values, in `f64`.
pub(crate) fn magnitudes<T: Element, D: Dimension>(array: &Array<T, D>) -> Array<f64, D> {
    array.mapv(|value| value.abs().into_f64())
}

/// Runs `compute` on one thread and on four and checks that the bits are the same.
#[track_caller]
pub(crate) fn same_on_any_threads<T: Element, D: Dimension>(
    compute: impl Fn() -> Array<T, D> + Sync,
) -> Array<T, D> {
    static POOLS: OnceLock<[rayon::ThreadPool; 2]> = OnceLock::new();
    let [one, four] = POOLS.get_or_init(|| {
        [1, 4].map(|threads| {
            rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool")
        })
    });
    let alone = one.install(&compute);
    let shared = four.install(&compute);
    for ((index, alone), shared) in alone.indexed_iter().zip(&shared) {
        assert_eq!(
            alone.into_f64().to_bits(),
            shared.into_f64().to_bits(),
            "at {index:?}: {alone} with one thread, {shared} with four"
        );
    }
    alone
}

/// One plane of one image, for hand-computed cases.
pub(crate) fn plane<const H: usize, const W: usize>(rows: [[f64; W]; H]) -> Array4<f64> {
    Array4::from_shape_fn((1, 1, H, W), |(_, _, y, x)| rows[y][x])
}
