//! Errors that are not bugs of the caller.

/// An error of this crate.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two parameters have the same name.
    #[error("parameter {name} exists already")]
    DuplicateParameter {
        /// The name.
        name: String,
    },
    /// No parameter has this name.
    #[error("there is no parameter {name}")]
    UnknownParameter {
        /// The name.
        name: String,
    },
    /// An array for a parameter has another shape.
    #[error("parameter {name} has shape {expected:?}, found {found:?}")]
    ParameterShape {
        /// The parameter.
        name: String,
        /// Its shape.
        expected: Vec<usize>,
        /// The shape of the array.
        found: Vec<usize>,
    },
    /// The loss does not depend on a parameter, so that training would never change it.
    #[error(
        "parameter {name} got no gradient: the loss does not depend on it; name it in \
         `collect_except` if that is meant"
    )]
    NoGradient {
        /// The parameter.
        name: String,
    },
    /// A parameter that was said to have no gradient has one.
    #[error("parameter {name} was named as one without a gradient, and has one")]
    UnexpectedGradient {
        /// The parameter.
        name: String,
    },
    /// A state was saved by another optimizer.
    #[error("the optimizer is {expected}, the state was saved by {found}")]
    StateAlgorithm {
        /// The optimizer that should take the state.
        expected: &'static str,
        /// The optimizer that saved it.
        found: String,
    },
    /// An entry of the state is missing.
    #[error("the optimizer's state has no {name}")]
    MissingState {
        /// The tensor, or the parameter whose count of updates is missing.
        name: String,
    },
    /// An entry of the state does not belong to any parameter.
    #[error("the optimizer's state holds {name}, which belongs to no parameter")]
    UnexpectedState {
        /// The tensor or parameter.
        name: String,
    },
    /// A tensor of the state has another shape than its parameter.
    #[error("{name} of the optimizer's state should have shape {expected:?}, found {found:?}")]
    StateShape {
        /// The tensor.
        name: String,
        /// The parameter's shape.
        expected: Vec<usize>,
        /// The tensor's.
        found: Vec<usize>,
    },
    /// A derivative of the tape differs from central differences.
    #[error(
        "input {input} at {index:?}: the tape's derivative is {tape}, differences give \
         {differences}: relative error {relative_error:.2e}, at most {tolerance:e} allowed"
    )]
    GradientMismatch {
        /// Number of the input.
        input: usize,
        /// Index of the value.
        index: Vec<usize>,
        /// The tape's derivative.
        tape: f64,
        /// That of central differences.
        differences: f64,
        /// Their difference, relative to the greater.
        relative_error: f64,
        /// What was allowed.
        tolerance: f64,
    },
    /// A directional derivative of the tape differs from central differences.
    #[error(
        "along direction {direction}: the tape's derivative is {tape}, differences give \
         {differences}: relative error {relative_error:.2e}, at most {tolerance:e} allowed"
    )]
    DirectionMismatch {
        /// Number of the direction.
        direction: usize,
        /// The tape's derivative.
        tape: f64,
        /// That of central differences.
        differences: f64,
        /// Their difference, relative to the greater.
        relative_error: f64,
        /// What was allowed.
        tolerance: f64,
    },
}
