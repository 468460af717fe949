//! reshape, flatten, transpose, permute, slice_axis, select_rows, concat, concat_channels.
//!
//! Most are followed by a square, so that the gradient depends on the order of values.

use std::ops::Range;

use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::random;
use autograd::{Tape, Var};
use ndarray::{ArrayD, Axis, IxDyn, Slice, concatenate};
use proptest::prelude::*;
use tensor::reference;

use crate::config;
use crate::fixed::four;

fn squares(values: ArrayD<f64>) -> ArrayD<f64> {
    values.mapv(|value| value * value)
}

#[track_caller]
fn check_reshape(from: &[usize], to: &[usize]) {
    assert_operator(
        &[random(from, 1)],
        |x| x[0].reshape(to).square(),
        |x| squares(x[0].to_shape(IxDyn(to)).expect("as many values").into_owned()),
    );
}

#[track_caller]
fn check_permute(shape: &[usize], order: &[usize]) {
    assert_operator(
        &[random(shape, 1)],
        |x| x[0].permute(order).square(),
        |x| squares(x[0].to_owned().permuted_axes(IxDyn(order))),
    );
}

#[track_caller]
fn check_slice(shape: &[usize], axis: usize, range: Range<usize>) {
    assert_operator(
        &[random(shape, 1)],
        |x| x[0].slice_axis(axis, range.clone()).square(),
        |x| squares(x[0].slice_axis(Axis(axis), Slice::from(range.clone())).to_owned()),
    );
}

#[track_caller]
fn check_select(shape: &[usize], rows: &[usize]) {
    assert_operator(
        &[random(shape, 1)],
        |x| x[0].select_rows(rows).square(),
        |x| squares(x[0].select(Axis(0), rows)),
    );
}

#[track_caller]
fn check_concat(axis: usize, shapes: &[&[usize]]) {
    let parts: Vec<_> = (1..).zip(shapes).map(|(seed, shape)| random(shape, seed)).collect();
    assert_operator(
        &parts,
        |x| Var::concat(axis, &x.iter().collect::<Vec<_>>()).square(),
        |x| squares(concatenate(Axis(axis), x).expect("the case's shapes fit")),
    );
}

#[track_caller]
fn check_channels([n, h, w]: [usize; 3], channels: &[usize]) {
    let parts: Vec<_> = (1..).zip(channels).map(|(seed, c)| random(&[n, *c, h, w], seed)).collect();
    assert_operator(
        &parts,
        |x| Var::concat_channels(&x.iter().collect::<Vec<_>>()).square(),
        |x| {
            let parts: Vec<_> = x.iter().map(four).collect();
            squares(reference::concat_channels(&parts).into_dyn())
        },
    );
}

#[test]
fn reshapes() {
    check_reshape(&[6], &[2, 3]);
    check_reshape(&[2, 3, 2], &[3, 4]);
    check_reshape(&[1], &[]);
    check_reshape(&[], &[1, 1]);
    check_reshape(&[2, 0], &[0, 7]);
    assert_operator(
        &[random(&[2, 3, 2, 1], 1)],
        |x| x[0].flatten(),
        |x| x[0].to_shape(IxDyn(&[2, 6])).expect("as many values").into_owned(),
    );
}

#[test]
fn permutations() {
    check_permute(&[3], &[0]);
    check_permute(&[2, 3], &[1, 0]);
    check_permute(&[2, 3, 4], &[1, 2, 0]);
    check_permute(&[2, 1, 3, 2], &[0, 2, 3, 1]);
    for shape in [&[][..], &[3], &[2, 3], &[2, 3, 4]] {
        let input = [random(shape, 1)];
        assert_operator(&input, |x| x[0].transpose().exp(), |x| x[0].t().mapv(f64::exp));
    }
}

#[test]
fn slices() {
    check_slice(&[4], 0, 1..3);
    check_slice(&[4, 3], 0, 0..4);
    check_slice(&[4, 3], 1, 2..3);
    check_slice(&[2, 3, 4], 1, 0..2);
    check_slice(&[4, 3], 1, 3..3);
    // Overlapping slices of one variable.
    assert_operator(
        &[random(&[4, 2], 1)],
        |x| &x[0].slice_axis(0, 0..2) * &x[0].slice_axis(0, 1..3),
        |x| &x[0].slice_axis(Axis(0), (0..2).into()) * &x[0].slice_axis(Axis(0), (1..3).into()),
    );
}

#[test]
fn selections() {
    check_select(&[4], &[2, 0]);
    check_select(&[4, 3], &[3, 3, 0, 3]);
    check_select(&[1, 3], &[0]);
    check_select(&[3, 2, 2], &[1, 2]);
    check_select(&[3, 2], &[]);
}

#[test]
fn concatenations() {
    check_concat(0, &[&[3]]);
    check_concat(0, &[&[3], &[2], &[1]]);
    check_concat(1, &[&[2, 3], &[2, 1]]);
    check_concat(0, &[&[2, 3], &[0, 3], &[1, 3]]);
    check_concat(2, &[&[2, 1, 3], &[2, 1, 2]]);
    check_channels([1, 2, 3], &[4]);
    check_channels([1, 1, 1], &[1, 2, 3]);
    check_channels([3, 2, 2], &[2, 1]);
    check_channels([2, 3, 1], &[1, 1, 2, 1]);
    // A variable with itself.
    assert_operator(
        &[random(&[2, 2], 1)],
        |x| Var::concat(1, &[&x[0], &x[0]]).square(),
        |x| squares(concatenate![Axis(1), x[0], x[0]]),
    );
}

proptest! {
    #![proptest_config(config(10))]
    #[test]
    fn random_shapes(mut shape in proptest::collection::vec(1..4_usize, 1..5)) {
        let from = shape.clone();
        shape.reverse();
        check_reshape(&from, &shape);
    }

    #[test]
    fn random_orders(
        shape in proptest::collection::vec(1..4_usize, 4),
        order in Just(vec![0, 1, 2, 3]).prop_shuffle(),
    ) {
        check_permute(&shape, &order);
    }

    #[test]
    fn random_ranges(
        shape in [1..5_usize, 1..5_usize, 1..5_usize],
        axis in 0..3_usize,
        ends in [0..5_usize, 0..5_usize],
    ) {
        let [start, end] = ends.map(|end| end.min(shape[axis]));
        check_slice(&shape, axis, start.min(end)..start.max(end));
    }

    #[test]
    fn random_rows(
        shape in proptest::collection::vec(1..4_usize, 1..4),
        rows in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6),
    ) {
        let rows: Vec<usize> = rows.iter().map(|row| row.index(shape[0])).collect();
        check_select(&shape, &rows);
    }

    #[test]
    fn random_parts(
        shape in [1..4_usize, 1..4_usize, 1..4_usize],
        axis in 0..3_usize,
        lengths in proptest::collection::vec(0..3_usize, 1..4),
        channels in proptest::collection::vec(1..4_usize, 1..5),
    ) {
        let part = |length: &usize| {
            let mut part = shape;
            part[axis] = *length;
            part
        };
        let shapes: Vec<_> = lengths.iter().map(part).collect();
        check_concat(axis, &shapes.iter().map(|shape| &shape[..]).collect::<Vec<_>>());
        check_channels(shape, &channels);
    }
}

#[test]
fn values_are_shared_where_their_order_allows() {
    let tape = Tape::new();
    let x = tape.parameter(random(&[4, 6], 1));
    for view in [x.reshape(&[2, 12]), x.transpose(), x.slice_axis(1, 0..2)] {
        assert_eq!(x.value().as_ptr(), view.value().as_ptr());
    }
}

#[test]
fn wrong_arguments_panic_with_the_operator_and_the_shapes() {
    type Operator = fn(&Var<f64>) -> Var<f64>;
    let cases: [(&[usize], Operator, &str); 6] = [
        (&[2, 3], |x| x.reshape(&[5]), "reshape: [2, 3] into [5]"),
        (&[2, 3], |x| x.permute(&[0, 0]), "permute: order [0, 0] of the axes of shape [2, 3]"),
        (&[4, 3], |x| x.slice_axis(1, 1..4), "slice_axis: 1..4 of axis 1 of shape [4, 3]"),
        (&[4, 3], |x| x.select_rows(&[0, 4]), "select_rows: row 4 of 4"),
        (
            &[2, 3],
            |x| Var::concat(1, &[x, &x.transpose()]),
            "concat: part 1 has shape [3, 2], the first [2, 3], along axis 1",
        ),
        (
            &[2, 3],
            |x| Var::concat_channels(&[x]),
            "concat_channels: a part has shape [2, 3], 4 axes expected",
        ),
    ];
    for (shape, operator, expected) in cases {
        let message = crate::panic_message(move || {
            let _ = operator(&Tape::new().constant(random(shape, 1)));
        });
        assert!(message.contains(expected), "{message}");
    }
}
