//! The checks themselves find wrong values and derivatives.

use autograd::gradcheck::points::{distinct, random};
use autograd::gradcheck::{GradientCheck, Layout, assert_operator};
use autograd::{Error, Var};
use ndarray::IxDyn;

/// `x²` whose derivative is off by `factor`.
fn wrong_square(x: &Var<f64>, factor: f64) -> Var<f64> {
    let values = x.shared();
    Var::record(&[x], &values * &values, move |gradient, parents| {
        parents.add(0, gradient * &values * (2.0 * factor));
    })
}

#[test]
fn a_derivative_a_little_off_is_found() {
    let check = GradientCheck::default();
    let inputs = [random(&[2, 3], 1)];
    assert!(check.run(&inputs, |x| wrong_square(&x[0], 1.0)).is_ok());
    assert!(check.run_along(3, &inputs, |x| wrong_square(&x[0], 1.0)).is_ok());
    for factor in [1.0 + 2e-5, 1.0 - 2e-5, -1.0, 0.0, f64::NAN] {
        let error = check.run(&inputs, |x| wrong_square(&x[0], factor));
        assert!(matches!(error, Err(Error::GradientMismatch { input: 0, .. })), "factor {factor}");
        let error = check.run_along(3, &inputs, |x| wrong_square(&x[0], factor));
        assert!(matches!(error, Err(Error::DirectionMismatch { .. })), "factor {factor}");
    }
}

#[test]
fn a_gradient_that_was_forgotten_is_found() {
    let check = GradientCheck::default();
    let forgotten = |x: &[Var<f64>]| &x[0] * &x[1].detach();
    let error = check.run(&[random(&[2], 1), random(&[2], 2)], forgotten);
    assert!(matches!(error, Err(Error::GradientMismatch { input: 1, tape: 0.0, .. })), "{error:?}");
}

#[test]
fn the_message_says_where_and_how_much() {
    let inputs = [random(&[2, 2], 1)];
    let Err(error) = GradientCheck::default().run(&inputs, |x| wrong_square(&x[0], -1.0)) else {
        panic!("the sign is wrong")
    };
    let message = error.to_string();
    assert!(message.starts_with("input 0 at [0, 0]: the tape's derivative is "), "{message}");
    assert!(message.ends_with("relative error 2.00e0, at most 1e-5 allowed"), "{message}");
}

#[test]
#[should_panic(expected = "the value at [0] is")]
fn a_wrong_value_is_found() {
    assert_operator(&[random(&[3], 1)], |x| x[0].square(), |x| x[0].mapv(|x| x * x + 1e-9));
}

#[test]
#[should_panic(expected = "the gradient of input 0, Transposed,")]
fn an_operator_that_reads_memory_in_the_wrong_order_is_found() {
    let in_memory_order = |x: &Var<f64>| {
        let values = x.shared();
        let output = &values * &values;
        Var::record(&[x], output, move |gradient, parents| {
            let mut product = gradient.clone();
            let gradients = gradient.as_slice_memory_order().expect("contiguous").to_vec();
            for ((product, value), gradient) in product.iter_mut().zip(&values).zip(gradients) {
                *product = 2.0 * value * gradient;
            }
            parents.add(0, product);
        })
    };
    assert_operator(&[random(&[2, 3], 1)], |x| in_memory_order(&x[0]), |x| &x[0] * &x[0]);
}

#[test]
fn layouts_hold_the_same_values_elsewhere() {
    let standard = random(&[2, 3, 4], 1);
    for layout in Layout::OTHERS {
        let other = layout.of(standard.view());
        assert_eq!(other, standard, "{layout:?}");
        assert!(!other.is_standard_layout(), "{layout:?}");
    }
}

#[test]
fn distinct_points_keep_away_from_kinks() {
    for shape in [&[][..], &[1], &[7], &[2, 3, 4]] {
        let points = distinct(shape, 3);
        assert_eq!(points.raw_dim(), IxDyn(shape));
        let mut values: Vec<f64> = points.iter().copied().chain([0.0]).collect();
        values.sort_by(f64::total_cmp);
        let nearest = values.windows(2).map(|pair| pair[1] - pair[0]).fold(2.0, f64::min);
        assert!(nearest >= 0.99 / (points.len() + 1) as f64, "{shape:?}: {nearest}");
    }
}
