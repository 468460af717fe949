//! The named tensors that training changes.
//!
//! They outlive the tape's steps and do not belong to an optimizer, so several optimizers
//! can share them. A training step passes through these types:
//!
//! [`Parameters`] → [`Leaves`] on a tape → loss → `Gradients` →
//! [`ParameterGradients`] → [`Optimizer::step`](crate::Optimizer::step) → `Parameters`.

mod gradients;
mod leaves;

use std::collections::HashMap;
use std::sync::Arc;

use ndarray::{ArcArray, ArrayBase, ArrayViewD, DataOwned, Dimension, IxDyn};
use rayon::prelude::*;
use tensor::Element;

use crate::{Error, Tape, parallel};

pub use gradients::ParameterGradients;
pub(crate) use gradients::sum_of_squares;
pub use leaves::Leaves;

/// The settings of a group of parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParameterGroup {
    /// Strength of the decay toward zero; the optimizer defines its exact meaning. Usually
    /// zero for biases and for scale and shift of batch normalization.
    pub weight_decay: f64,
    /// Factor of the learning rate. With zero the group does not change.
    pub rate_factor: f64,
}

impl Default for ParameterGroup {
    /// No decay, the unchanged learning rate.
    fn default() -> Self {
        Self { weight_decay: 0.0, rate_factor: 1.0 }
    }
}

/// Identifies a group of one [`Parameters`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupId(usize);

/// Named tensors in order of insertion, each in a group.
#[derive(Clone, Debug, Default)]
pub struct Parameters<T> {
    groups: Vec<ParameterGroup>,
    list: Vec<Parameter<T>>,
    places: HashMap<Arc<str>, usize>,
}

/// A named tensor.
#[derive(Clone, Debug)]
pub(crate) struct Parameter<T> {
    pub(crate) name: Arc<str>,
    /// Index in the list of groups.
    pub(crate) group: usize,
    /// In standard layout.
    pub(crate) value: ArcArray<T, IxDyn>,
}

impl<T: Element> Parameters<T> {
    /// No parameters, no groups.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a group, for [`insert`](Self::insert).
    pub fn add_group(&mut self, group: ParameterGroup) -> GroupId {
        self.groups.push(group);
        GroupId(self.groups.len() - 1)
    }

    /// Adds a parameter.
    ///
    /// # Errors
    /// [`Error::DuplicateParameter`] if there is one of this name.
    ///
    /// # Panics
    /// If the group belongs to other `Parameters`.
    pub fn insert<S, D>(
        &mut self,
        name: &str,
        value: ArrayBase<S, D>,
        group: GroupId,
    ) -> Result<(), Error>
    where
        S: DataOwned<Elem = T>,
        D: Dimension,
    {
        let groups = self.groups.len();
        assert!(group.0 < groups, "Parameters::insert: group {} of {groups}", group.0);
        if self.places.contains_key(name) {
            return Err(Error::DuplicateParameter { name: name.to_owned() });
        }
        let name: Arc<str> = name.into();
        self.places.insert(Arc::clone(&name), self.list.len());
        self.list.push(Parameter { name, group: group.0, value: standard(value) });
        Ok(())
    }

    /// The value of a parameter; `None` if there is none of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<ArrayViewD<'_, T>> {
        Some(self.list[*self.places.get(name)?].value.view())
    }

    /// Replaces a value.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`] or [`Error::ParameterShape`]; then nothing changes.
    pub fn set<S, D>(&mut self, name: &str, value: ArrayBase<S, D>) -> Result<(), Error>
    where
        S: DataOwned<Elem = T>,
        D: Dimension,
    {
        let Some(place) = self.places.get(name) else {
            return Err(Error::UnknownParameter { name: name.to_owned() });
        };
        let target = &mut self.list[*place].value;
        if target.shape() != value.shape() {
            return Err(Error::ParameterShape {
                name: name.to_owned(),
                expected: target.shape().to_vec(),
                found: value.shape().to_vec(),
            });
        }
        *target = standard(value);
        Ok(())
    }

    /// Moves every value `share` of the way to the one of the same name among `other`: the step
    /// of a moving average.
    ///
    /// # Panics
    /// If names, their order or shapes differ.
    pub fn approach(&mut self, other: &Self, share: f64) {
        let [own, others] = [self.list.len(), other.list.len()];
        assert_eq!(own, others, "approach: {own} parameters, {others} to approach");
        let share = T::from_f64(share);
        self.list.par_iter_mut().zip(&other.list).for_each(|(own, other)| {
            assert!(
                own.name == other.name && own.value.shape() == other.value.shape(),
                "approach: {} of shape {:?} cannot approach {} of shape {:?}",
                own.name,
                own.value.shape(),
                other.name,
                other.value.shape()
            );
            parallel::update(&mut own.value, other.value.view(), |own, other| {
                own + share * (other - own)
            });
        });
    }

    /// Names and values, in the order of insertion.
    pub fn iter(&self) -> impl Iterator<Item = (&str, ArrayViewD<'_, T>)> {
        self.list.iter().map(|parameter| (&*parameter.name, parameter.value.view()))
    }

    /// How many parameters.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Total number of values of all parameters.
    #[must_use]
    pub fn value_count(&self) -> usize {
        self.list.iter().map(|parameter| parameter.value.len()).sum()
    }

    /// All parameters as leaves of a tape, sharing their values.
    #[must_use]
    pub fn leaves(&self, tape: &Tape<T>) -> Leaves<'_, T> {
        let leaves = self.list.iter().map(|parameter| tape.parameter(parameter.value.clone()));
        Leaves::new(self, leaves.collect())
    }

    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    pub(crate) fn list(&self) -> &[Parameter<T>] {
        &self.list
    }

    /// Groups and parameters at once.
    pub(crate) fn parts_mut(&mut self) -> (&[ParameterGroup], &mut [Parameter<T>]) {
        (&self.groups, &mut self.list)
    }
}

/// The array in standard layout, shared.
fn standard<T, S, D>(array: ArrayBase<S, D>) -> ArcArray<T, IxDyn>
where
    T: Element,
    S: DataOwned<Elem = T>,
    D: Dimension,
{
    if array.is_standard_layout() {
        array.into_shared().into_dyn()
    } else {
        array.as_standard_layout().into_owned().into_shared().into_dyn()
    }
}
