//! Compares derivatives of the tape with central differences, in `f64`.
//!
//! It is public, so that operators, losses and networks of other crates can be checked in a
//! line. There are three checks:
//!
//! * [`assert_operator`]: the value against a reference, every partial derivative against
//!   differences, and both again on arrays that are not contiguous;
//! * [`assert_gradient`]: every partial derivative of any function;
//! * [`GradientCheck::run_along`]: derivatives along random directions, for networks
//!   with too many parameters to vary one by one.
//!
//! Central differences are wrong at a kink: choose points away from kinks
//! ([`points::distinct`]) and test the derivative at the kink itself by hand.

mod layout;
mod operator;
pub mod points;

use ndarray::{ArrayD, Dimension, IxDyn};

pub use layout::Layout;
pub use operator::assert_operator;

use crate::{Error, Gradients, Random, Tape, Var};

/// The options of a gradient check.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradientCheck {
    /// Step of the differences, to each side of a coordinate; multiplied by the coordinate's
    /// size if that is greater than one. Rounding contributes an error of about
    /// `1e-16 / step`, curvature one of `step²`.
    pub step: f64,
    /// Greatest relative error.
    pub tolerance: f64,
    /// Seed of the output's gradient and of directions.
    pub seed: u64,
}

impl Default for GradientCheck {
    /// Step 1e-5, tolerance 1e-5.
    fn default() -> Self {
        Self { step: 1e-5, tolerance: 1e-5, seed: 0 }
    }
}

/// The result of a successful check.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Number of derivatives compared.
    pub compared: usize,
    /// Greatest relative error.
    pub largest_error: f64,
}

/// Derivatives smaller than this share of the greatest one of their input are compared
/// relative to that share of the greatest.
const SMALL: f64 = 1e-3;
/// Errors are relative to at least this, because differences cannot resolve smaller
/// derivatives.
const ZERO: f64 = 1e-5;

impl GradientCheck {
    /// Compares every partial derivative of `function`.
    ///
    /// The output may have any shape; random weights reduce it to a number. An
    /// error is relative to the greater of the two derivatives, or to a thousandth of
    /// the greatest derivative of that input if both are smaller.
    ///
    /// # Errors
    /// [`Error::GradientMismatch`] for the first derivative that differs by more than the
    /// tolerance, or is NaN.
    pub fn run(
        &self,
        inputs: &[ArrayD<f64>],
        function: impl Fn(&[Var<f64>]) -> Var<f64>,
    ) -> Result<Agreement, Error> {
        let analytic = self.analytic(inputs, &function);
        let weights = self.weights(analytic.output.shape());
        let mut moved = inputs.to_vec();
        let mut agreement = Agreement { compared: 0, largest_error: 0.0 };
        for (input, point) in inputs.iter().enumerate() {
            let mut numeric = ArrayD::zeros(point.raw_dim());
            for (index, value) in point.indexed_iter() {
                let step = self.step * value.abs().max(1.0);
                let mut output_at = |value: f64| {
                    moved[input][&index] = value;
                    evaluate(&moved, &function)
                };
                let (above, below) = (value + step, value - step);
                let difference = output_at(above) - output_at(below);
                moved[input][&index] = *value;
                numeric[&index] = (difference * &weights).sum() / (above - below);
            }
            let largest = numeric.iter().fold(0.0, |largest: f64, slope| largest.max(slope.abs()));
            let floor = (SMALL * largest).max(ZERO);
            for ((index, tape), differences) in
                analytic.gradients[input].indexed_iter().zip(&numeric)
            {
                let (tape, differences) = (*tape, *differences);
                let scale = floor.max(tape.abs()).max(differences.abs());
                let relative_error = (tape - differences).abs() / scale;
                if !agreement.record(relative_error, self.tolerance) {
                    let index = index.slice().to_vec();
                    let tolerance = self.tolerance;
                    return Err(Error::GradientMismatch {
                        input,
                        index,
                        tape,
                        differences,
                        relative_error,
                        tolerance,
                    });
                }
            }
        }
        Ok(agreement)
    }

    /// Compares the derivatives of `function` along random directions of unit length in the
    /// space of all inputs: two evaluations each, for any number of parameters.
    ///
    /// # Errors
    /// [`Error::DirectionMismatch`] for the first derivative that differs by more than the
    /// tolerance, or is NaN.
    pub fn run_along(
        &self,
        directions: usize,
        inputs: &[ArrayD<f64>],
        function: impl Fn(&[Var<f64>]) -> Var<f64>,
    ) -> Result<Agreement, Error> {
        let analytic = self.analytic(inputs, &function);
        let length = |arrays: &[ArrayD<f64>]| {
            arrays.iter().flatten().map(|value| value * value).sum::<f64>().sqrt()
        };
        let weights = self.weights(analytic.output.shape());
        let steepest = length(&analytic.gradients);
        let mut random = Random::new(self.seed ^ DIRECTIONS);
        let mut agreement = Agreement { compared: 0, largest_error: 0.0 };
        for direction in 0..directions {
            let mut toward: Vec<ArrayD<f64>> =
                inputs.iter().map(|input| input.mapv(|_| random.normal())).collect();
            let norm = length(&toward).max(f64::MIN_POSITIVE);
            toward.iter_mut().for_each(|part| *part /= norm);
            let output_at = |step: f64| {
                let moved: Vec<_> =
                    inputs.iter().zip(&toward).map(|(input, part)| input + part * step).collect();
                evaluate(&moved, &function)
            };
            let difference = output_at(self.step) - output_at(-self.step);
            let differences = (difference * &weights).sum() / (2.0 * self.step);
            let tape: f64 = analytic
                .gradients
                .iter()
                .zip(&toward)
                .map(|(slope, part)| (slope * part).sum())
                .sum();
            // An error is relative to at least a part of the typical slope, because a direction
            // may happen to have a slope of almost zero.
            let values = inputs.iter().map(ArrayD::len).sum::<usize>().max(1) as f64;
            let floor = (SMALL.sqrt() * steepest / values.sqrt()).max(f64::MIN_POSITIVE);
            let scale = floor.max(tape.abs()).max(differences.abs());
            let relative_error = (tape - differences).abs() / scale;
            if !agreement.record(relative_error, self.tolerance) {
                let tolerance = self.tolerance;
                return Err(Error::DirectionMismatch {
                    direction,
                    tape,
                    differences,
                    relative_error,
                    tolerance,
                });
            }
        }
        Ok(agreement)
    }

    /// The output and the tape's derivatives.
    fn analytic(
        &self,
        inputs: &[ArrayD<f64>],
        function: &impl Fn(&[Var<f64>]) -> Var<f64>,
    ) -> Analytic {
        let tape = Tape::new();
        let leaves: Vec<_> = inputs.iter().map(|input| tape.parameter(input.clone())).collect();
        let output = function(&leaves);
        let weights = self.weights(output.shape());
        Analytic::new(&leaves, output.backward_from(weights), output.value().to_owned())
    }

    /// The weights that reduce an output to a number: its gradient.
    fn weights(&self, shape: &[usize]) -> ArrayD<f64> {
        let mut random = Random::new(self.seed);
        // Away from zero, so that every output matters.
        ArrayD::from_shape_simple_fn(IxDyn(shape), || {
            let size = 0.5 + random.uniform();
            if random.below(2) == 0 { size } else { -size }
        })
    }
}

/// Distinguishes the seed of directions from that of weights.
const DIRECTIONS: u64 = 0x6469_7265_6374_696f;

/// The output of a function and the tape's derivative for each of its inputs.
struct Analytic {
    output: ArrayD<f64>,
    gradients: Vec<ArrayD<f64>>,
}

impl Analytic {
    fn new(leaves: &[Var<f64>], mut gradients: Gradients<f64>, output: ArrayD<f64>) -> Self {
        let gradients = leaves
            .iter()
            .map(|leaf| {
                gradients.take(leaf).unwrap_or_else(|| ArrayD::zeros(leaf.value().raw_dim()))
            })
            .collect();
        Self { output, gradients }
    }
}

impl Agreement {
    /// Records a comparison; returns whether it is within the tolerance.
    fn record(&mut self, relative_error: f64, tolerance: f64) -> bool {
        self.compared += 1;
        self.largest_error = self.largest_error.max(relative_error);
        relative_error <= tolerance
    }
}

/// The output of `function`, without a tape.
fn evaluate(inputs: &[ArrayD<f64>], function: &impl Fn(&[Var<f64>]) -> Var<f64>) -> ArrayD<f64> {
    let tape = Tape::new();
    let leaves: Vec<_> = inputs.iter().map(|input| tape.constant(input.clone())).collect();
    function(&leaves).value().to_owned()
}

/// Panics if a partial derivative of `function` at `inputs` is off by more than 1e-5.
///
/// ```
/// use autograd::gradcheck::{assert_gradient, points::distinct};
///
/// assert_gradient(&[distinct(&[2, 3], 1), distinct(&[3], 2)], |x| (&x[0] * &x[1]).exp());
/// ```
///
/// # Panics
/// If the check fails.
#[track_caller]
pub fn assert_gradient(inputs: &[ArrayD<f64>], function: impl Fn(&[Var<f64>]) -> Var<f64>) {
    if let Err(error) = GradientCheck::default().run(inputs, function) {
        panic!("{error}");
    }
}
