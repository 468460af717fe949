//! The state of an optimizer, as named tensors that can be saved and restored exactly.

use std::collections::BTreeMap;

use ndarray::ArrayD;
use tensor::Element;

use super::{Moments, Optimizer};
use crate::Error;

/// The complete state of an [`Optimizer`]: restored, training continues with the same bits.
///
/// The options of the algorithm are not part of it and must be given again.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerState<T> {
    /// `sgd`, `adam`, `adamw` or `muon`.
    pub algorithm: String,
    /// Number of updates so far, by parameter.
    pub updates: BTreeMap<String, u64>,
    /// The moments, by `<parameter>.<moment>`, where the moment is `velocity` or
    /// `first_moment` and `second_moment`.
    pub tensors: BTreeMap<String, ArrayD<T>>,
}

impl<T: Element> Optimizer<T> {
    /// A copy of the state.
    #[must_use]
    pub fn state(&self) -> OptimizerState<T> {
        let mut updates = BTreeMap::new();
        let mut tensors = BTreeMap::new();
        for parameter in &self.parameters {
            updates.insert(parameter.name.to_string(), parameter.updates);
            for (moment, values) in self.names(parameter).iter().zip(&parameter.tensors) {
                tensors.insert(format!("{}.{moment}", parameter.name), values.clone());
            }
        }
        OptimizerState { algorithm: self.algorithm.name().to_owned(), updates, tensors }
    }

    /// Replaces the state.
    ///
    /// # Errors
    /// If the state belongs to another algorithm, or its entries and shapes are not exactly
    /// those of this optimizer's parameters; then the optimizer does not change.
    pub fn restore(&mut self, state: OptimizerState<T>) -> Result<(), Error> {
        let OptimizerState { algorithm, mut updates, mut tensors } = state;
        if algorithm != self.algorithm.name() {
            let expected = self.algorithm.name();
            return Err(Error::StateAlgorithm { expected, found: algorithm });
        }
        let mut parameters = self.parameters.clone();
        for parameter in &mut parameters {
            let Some(count) = updates.remove(&*parameter.name) else {
                return Err(Error::MissingState { name: parameter.name.to_string() });
            };
            parameter.updates = count;
            let names = self.names(parameter);
            for (moment, target) in names.iter().zip(&mut parameter.tensors) {
                let name = format!("{}.{moment}", parameter.name);
                let Some(values) = tensors.remove(&name) else {
                    return Err(Error::MissingState { name });
                };
                if values.shape() != target.shape() {
                    let [expected, found] = [target.shape(), values.shape()].map(<[_]>::to_vec);
                    return Err(Error::StateShape { name, expected, found });
                }
                *target = values.as_standard_layout().into_owned();
            }
        }
        let left = tensors.into_keys().chain(updates.into_keys()).next();
        if let Some(name) = left {
            return Err(Error::UnexpectedState { name });
        }
        self.parameters = parameters;
        Ok(())
    }

    /// The names of a parameter's moments.
    fn names(&self, parameter: &Moments<T>) -> &'static [&'static str] {
        self.algorithm.moments(parameter.tensors.first().map_or(0, ArrayD::ndim))
    }
}
