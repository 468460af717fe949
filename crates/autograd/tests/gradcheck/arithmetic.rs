//! add, sub, mul, div, with and without broadcasting; neg; the same with a number.

use autograd::Var;
use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::between;
use ndarray::ArrayD;
use proptest::prelude::*;

use crate::config;

type Method = fn(&Var<f64>, &Var<f64>) -> Var<f64>;
type Reference = fn(&ArrayD<f64>, &ArrayD<f64>) -> ArrayD<f64>;

/// An operator of two variables.
struct Binary {
    /// As a method and as an operator of the language.
    methods: [Method; 2],
    reference: Reference,
    /// The range of its inputs.
    range: [f64; 2],
}

const ANY: [f64; 2] = [-1.0, 2.0];
const POSITIVE: [f64; 2] = [0.5, 2.0];

const BINARY: [Binary; 4] = [
    Binary { methods: [Var::add, |a, b| a + b], reference: |a, b| a + b, range: ANY },
    Binary { methods: [Var::sub, |a, b| a - b], reference: |a, b| a - b, range: ANY },
    Binary { methods: [Var::mul, |a, b| a * b], reference: |a, b| a * b, range: ANY },
    Binary { methods: [Var::div, |a, b| a / b], reference: |a, b| a / b, range: POSITIVE },
];

#[track_caller]
fn check(left: &[usize], right: &[usize]) {
    for Binary { methods, reference, range: [low, high] } in BINARY {
        let inputs = [between(left, low, high, 1), between(right, low, high, 2)];
        for method in methods {
            assert_operator(
                &inputs,
                |x| method(&x[0], &x[1]),
                |x| reference(&x[0].to_owned(), &x[1].to_owned()),
            );
        }
    }
}

#[test]
fn cases() {
    check(&[3], &[3]);
    check(&[2, 3], &[2, 3]);
    check(&[2, 3], &[3]);
    check(&[3], &[2, 3]);
    check(&[2, 3], &[2, 1]);
    check(&[2, 1], &[1, 3]);
    check(&[2, 3, 2], &[]);
    check(&[], &[4]);
    check(&[], &[]);
    check(&[2, 1, 3, 1], &[4, 1, 2]);
    check(&[1, 2], &[1, 1, 1]);
}

proptest! {
    #![proptest_config(config(10))]
    #[test]
    fn shapes(
        lengths in proptest::collection::vec((1..4_usize, any::<[bool; 2]>()), 0..4),
        missing in 0..3_usize,
    ) {
        // An axis that a side does not keep has length one there.
        let side = |side: usize| -> Vec<usize> {
            lengths.iter().map(|(length, kept)| if kept[side] { *length } else { 1 }).collect()
        };
        let (left, right) = (side(0), side(1));
        check(&left, &right[missing.min(right.len())..]);
    }
}

#[test]
fn with_a_number() {
    type Scalar = fn(&Var<f64>) -> Var<f64>;
    type Value = fn(f64) -> f64;
    let operators: [([Scalar; 2], Value); 4] = [
        ([|x| x.add_scalar(2.5), |x| x + 2.5], |x| x + 2.5),
        ([|x| x.sub_scalar(2.5), |x| x - 2.5], |x| x - 2.5),
        ([|x| x.mul_scalar(2.5), |x| x * 2.5], |x| x * 2.5),
        ([|x| x.div_scalar(2.5), |x| x / 2.5], |x| x / 2.5),
    ];
    for (methods, value) in operators {
        for method in methods {
            let input = [between(&[2, 3], -1.0, 2.0, 1)];
            assert_operator(&input, |x| method(&x[0]), |x| x[0].mapv(value));
        }
    }
}

#[test]
fn negation() {
    for shape in [&[][..], &[5], &[1, 4], &[2, 3, 2], &[2, 0]] {
        let input = [between(shape, -2.0, 2.0, 1)];
        assert_operator(&input, |x| Var::neg(&x[0]), |x| x[0].mapv(|x| -x));
        assert_operator(&input, |x| -&x[0], |x| x[0].mapv(|x| -x));
    }
}

#[test]
fn the_same_variable_twice() {
    for Binary { methods: [method, _], reference, .. } in BINARY {
        assert_operator(
            &[between(&[3], 0.5, 2.0, 1)],
            |x| method(&x[0], &x[0]),
            |x| reference(&x[0].to_owned(), &x[0].to_owned()),
        );
    }
}

#[test]
fn shapes_that_do_not_broadcast_panic_with_both() {
    let names = ["add", "sub", "mul", "div"];
    for (Binary { methods: [method, _], .. }, name) in BINARY.into_iter().zip(names) {
        let message = crate::panic_message(move || {
            let tape = autograd::Tape::new();
            let left = tape.constant(between(&[2, 3], 1.0, 2.0, 1));
            let _ = method(&left, &tape.constant(between(&[2], 1.0, 2.0, 2)));
        });
        assert_eq!(message, format!("{name}: shapes [2, 3] and [2] do not broadcast"));
    }
}
