//! Checks the derivative of an operator of one's own against central differences.
//!
//! `cargo run -p autograd --example gradcheck` checks a Swish with a learned slope, then the
//! same operator with a factor forgotten in its derivative, and prints what each check finds.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use autograd::Var;
use autograd::gradcheck::{GradientCheck, points};

fn main() -> Result<(), autograd::Error> {
    // Points in f64: a value for each entry, and the slope, all of them away from kinks.
    let inputs = [points::distinct(&[4, 3], 1), points::distinct(&[], 2)];

    let agreement = GradientCheck::default().run(&inputs, |x| swish(&x[0], &x[1], 1.0))?;
    println!(
        "right derivative: {} derivatives agree, largest relative error {:.1e}",
        agreement.compared, agreement.largest_error
    );
    if let Err(error) = GradientCheck::default().run(&inputs, |x| swish(&x[0], &x[1], 0.9)) {
        println!("wrong derivative: {error}");
    }
    Ok(())
}

/// `y = x s(βx)`, with `s` the logistic function and `β` a number (Ramachandran et al.,
/// "Searching for activation functions", 2017).
///
/// With `t = βx`: `dy/dx = s(t) + t s(t) (1 - s(t))`, `dy/dβ = x² s(t) (1 - s(t))`. Any
/// `factor` but 1 makes the first one wrong.
pub(crate) fn swish(x: &Var<f64>, slope: &Var<f64>, factor: f64) -> Var<f64> {
    // Arrays, and no `Var`, go into the backward pass.
    let (values, slopes) = (x.shared(), slope.shared());
    let beta = slope.item();
    let logistic = values.mapv(|x| 1.0 / (1.0 + (-beta * x).exp()));
    let output = &values * &logistic;
    Var::record(&[x, slope], output, move |gradient, parents| {
        let bend = logistic.mapv(|s| s * (1.0 - s));
        let to_x = &logistic + &(&values * &bend * beta);
        let to_slope = (&gradient * &values * &values * &bend).sum();
        parents.add(0, gradient * to_x * factor);
        parents.add(1, slopes.mapv(|_| to_slope));
    })
}
