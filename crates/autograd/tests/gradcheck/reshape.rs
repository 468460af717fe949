//! `reshape` and `flatten`.

use autograd::Tape;
use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::random;
use ndarray::IxDyn;
use proptest::prelude::*;

#[track_caller]
fn check(from: &[usize], to: &[usize]) {
    assert_operator(
        &[random(from, 1)],
        |x| x[0].reshape(to).square(),
        |x| {
            let values = x[0].iter().map(|value| value * value).collect();
            ndarray::Array::from_shape_vec(IxDyn(to), values).expect("the case has as many values")
        },
    );
}

#[test]
fn cases() {
    check(&[6], &[2, 3]);
    check(&[2, 3, 2], &[3, 4]);
    check(&[1], &[]);
    check(&[], &[1, 1]);
    check(&[2, 0], &[0, 7]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn shapes(mut shape in proptest::collection::vec(1..4_usize, 1..5)) {
        let from = shape.clone();
        shape.reverse();
        check(&from, &shape);
    }
}

#[test]
fn flattens_images() {
    assert_operator(
        &[random(&[2, 3, 2, 1], 1)],
        |x| x[0].flatten(),
        |x| x[0].to_shape(IxDyn(&[2, 6])).expect("as many values").into_owned(),
    );
}

#[test]
fn copies_nothing_in_standard_layout() {
    let tape = Tape::new();
    let x = tape.parameter(random(&[4, 6], 1));
    let y = x.reshape(&[2, 12]);
    assert_eq!(x.value().as_ptr(), y.value().as_ptr());
}

#[test]
#[should_panic(expected = "reshape: [2, 3] into [5]")]
fn another_number_of_values_panics() {
    check(&[2, 3], &[5]);
}
