//! squared_distances against its reference.

use ndarray::{Array1, array, s};
use proptest::prelude::*;
use tensor::ops::{squared_distances, squared_distances_into};
use tensor::{Element, reference};

use crate::support::{Layout, assert_within, config, layouts, random, roundings};

fn check<T: Element>(shape: [usize; 2], layouts: [Layout; 2], seed: u64) {
    let points = random::<T, _>(shape, seed, layouts[0]);
    let probe = random::<T, _>([shape[1]], seed ^ 1, layouts[1]);
    let actual = squared_distances(points.view(), probe.view());
    let expected = reference::squared_distances(points.view(), probe.view());
    // All terms are positive: three roundings each, and those of both sums.
    let bound = expected.mapv(|value| 2.0 * roundings::<T>(shape[1] + 4) * value.into_f64());
    assert_within(&actual, &expected, &bound);
    // The bits of a row do not depend on its neighbors.
    for (row, &distance) in points.rows().into_iter().zip(&actual) {
        let alone = row.insert_axis(ndarray::Axis(0));
        assert!(squared_distances(alone, probe.view())[0] == distance);
    }
    let mut strided = Array1::zeros(2 * shape[0]);
    squared_distances_into(points.view(), probe.view(), strided.slice_mut(s![..;2]));
    assert_within(&strided.slice(s![..;2]).to_owned(), &expected, &bound);
}

proptest! {
    #![proptest_config(config(60))]
    #[test]
    fn equals_the_reference(
        shape in [0..12_usize, 0..150_usize],
        layouts in [layouts(), layouts()],
        seed in 0..u64::MAX / 2,
    ) {
        check::<f32>(shape, layouts, seed);
        check::<f64>(shape, layouts, seed);
    }
}

#[test]
fn by_hand() {
    let points = array![[1.0, 2.0], [4.0, 6.0], [f64::NAN, 0.0]];
    let distances = squared_distances(points.view(), array![1.0, 2.0].view());
    assert_eq!(distances.slice(s![..2]), array![0.0, 25.0]);
    assert!(distances[2].is_nan());
}
