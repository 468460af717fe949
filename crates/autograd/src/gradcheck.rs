//! Holds derivatives of the tape against central differences, in `f64`.
//!
//! Public, so that every operator, block, loss and network of other crates can be
//! checked in a line. Three depths:
//!
//! * [`assert_operator`]: value against a reference, every partial derivative against
//!   differences, and all of it again on arrays that are not contiguous;
//! * [`assert_gradient`]: every partial derivative of any function;
//! * [`GradientCheck::run_along`]: derivatives along random directions, for networks
//!   with too many parameters to move one by one.
//!
//! Differences are blind at a kink: choose points away from them
//! ([`points::distinct`]) and check the kink itself by hand.

mod layout;
mod operator;
pub mod points;

use ndarray::{ArrayD, Dimension, IxDyn};

pub use layout::Layout;
pub use operator::assert_operator;

use crate::{Error, Gradients, Random, Tape, Var};

/// How to check.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradientCheck {
    /// How far a coordinate moves to each side, times its size where that is over one.
    /// Rounding costs about `1e-16 / step`, curvature `step²`.
    pub step: f64,
    /// Greatest relative error.
    pub tolerance: f64,
    /// Of the output's gradient and of directions.
    pub seed: u64,
}

impl Default for GradientCheck {
    /// Step 1e-5, tolerance 1e-5.
    fn default() -> Self {
        Self { step: 1e-5, tolerance: 1e-5, seed: 0 }
    }
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Derivatives that were compared.
    pub compared: usize,
    /// Greatest relative error.
    pub largest_error: f64,
}

/// A derivative this small, relative to the greatest of its input, is compared to that.
const SMALL: f64 = 1e-3;
/// A derivative this small counts as zero: differences cannot tell.
const NOTHING: f64 = 1e-5;

impl GradientCheck {
    /// Compares every partial derivative of `function`.
    ///
    /// The output may have any shape; it is reduced to a number by random weights. An
    /// error is relative to the greater of the two derivatives, or to a thousandth of
    /// the greatest derivative of that input if both are smaller.
    ///
    /// # Errors
    /// [`Error::GradientMismatch`] at the first that differs by more than the tolerance,
    /// or is NaN.
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
            let floor = (SMALL * largest).max(NOTHING);
            for ((index, tape), differences) in
                analytic.gradients[input].indexed_iter().zip(&numeric)
            {
                let (tape, differences) = (*tape, *differences);
                let scale = floor.max(tape.abs()).max(differences.abs());
                let relative_error = (tape - differences).abs() / scale;
                if !agreement.takes(relative_error, self.tolerance) {
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

    /// Compares the derivatives of `function` along random directions of unit length over
    /// all inputs together: two evaluations each, however many parameters there are.
    ///
    /// # Errors
    /// [`Error::DirectionMismatch`] at the first that differs by more than the tolerance,
    /// or is NaN.
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
            let mut towards: Vec<ArrayD<f64>> =
                inputs.iter().map(|input| input.mapv(|_| random.normal())).collect();
            let norm = length(&towards).max(f64::MIN_POSITIVE);
            towards.iter_mut().for_each(|part| *part /= norm);
            let output_at = |step: f64| {
                let moved: Vec<_> =
                    inputs.iter().zip(&towards).map(|(input, part)| input + part * step).collect();
                evaluate(&moved, &function)
            };
            let difference = output_at(self.step) - output_at(-self.step);
            let differences = (difference * &weights).sum() / (2.0 * self.step);
            let tape: f64 = analytic
                .gradients
                .iter()
                .zip(&towards)
                .map(|(slope, part)| (slope * part).sum())
                .sum();
            // A direction that happens to be level is compared to what is usual.
            let values = inputs.iter().map(ArrayD::len).sum::<usize>().max(1) as f64;
            let floor = (SMALL.sqrt() * steepest / values.sqrt()).max(f64::MIN_POSITIVE);
            let scale = floor.max(tape.abs()).max(differences.abs());
            let relative_error = (tape - differences).abs() / scale;
            if !agreement.takes(relative_error, self.tolerance) {
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

    /// What reduces an output to a number: its gradient.
    fn weights(&self, shape: &[usize]) -> ArrayD<f64> {
        let mut random = Random::new(self.seed);
        // Away from zero, so that no output goes unseen.
        ArrayD::from_shape_simple_fn(IxDyn(shape), || {
            let size = 0.5 + random.uniform();
            if random.below(2) == 0 { size } else { -size }
        })
    }
}

/// Sets the seed of directions apart from that of weights.
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
    /// Counts a comparison; says whether it is within the tolerance.
    fn takes(&mut self, relative_error: f64, tolerance: f64) -> bool {
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
/// That is its purpose.
#[track_caller]
pub fn assert_gradient(inputs: &[ArrayD<f64>], function: impl Fn(&[Var<f64>]) -> Var<f64>) {
    if let Err(error) = GradientCheck::default().run(inputs, function) {
        panic!("{error}");
    }
}
