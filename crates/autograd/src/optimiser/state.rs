//! What an optimiser remembers, as named tensors to be saved and restored exactly.

use std::collections::BTreeMap;

use ndarray::ArrayD;
use tensor::Element;

use super::Optimiser;
use crate::Error;

/// All that an [`Optimiser`] remembers. Restored, it goes on to the same bits.
///
/// The options of the algorithm are not part of it: whoever resumes gives them again.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimiserState<T> {
    /// `sgd`, `adam` or `adamw`.
    pub algorithm: String,
    /// Updates so far, by parameter.
    pub updates: BTreeMap<String, u64>,
    /// The running means, by `<parameter>.<moment>`, where the moment is `velocity` or
    /// `first_moment` and `second_moment`.
    pub tensors: BTreeMap<String, ArrayD<T>>,
}

impl<T: Element> Optimiser<T> {
    /// A copy of what is remembered.
    #[must_use]
    pub fn state(&self) -> OptimiserState<T> {
        let mut updates = BTreeMap::new();
        let mut tensors = BTreeMap::new();
        for memory in &self.memories {
            updates.insert(memory.name.to_string(), memory.updates);
            for (moment, values) in self.algorithm.moments().iter().zip(&memory.moments) {
                tensors.insert(format!("{}.{moment}", memory.name), values.clone());
            }
        }
        OptimiserState { algorithm: self.algorithm.name().to_owned(), updates, tensors }
    }

    /// Replaces what is remembered.
    ///
    /// # Errors
    /// If the state is another algorithm's, or has not exactly the entries and shapes of
    /// this optimiser's parameters; the optimiser is as before then.
    pub fn restore(&mut self, state: OptimiserState<T>) -> Result<(), Error> {
        let OptimiserState { algorithm, mut updates, mut tensors } = state;
        if algorithm != self.algorithm.name() {
            let expected = self.algorithm.name();
            return Err(Error::StateAlgorithm { expected, found: algorithm });
        }
        let mut memories = self.memories.clone();
        for memory in &mut memories {
            let Some(count) = updates.remove(&*memory.name) else {
                return Err(Error::MissingState { name: memory.name.to_string() });
            };
            memory.updates = count;
            for (moment, target) in self.algorithm.moments().iter().zip(&mut memory.moments) {
                let name = format!("{}.{moment}", memory.name);
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
        self.memories = memories;
        Ok(())
    }
}
