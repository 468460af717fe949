//! The named tensors that training changes.
//!
//! Separate from the tape, which lives for a step, and from optimisers, of which
//! there may be several. A step of training goes round these types:
//!
//! [`Parameters`] → [`Leaves`] on a tape → loss → `Gradients` →
//! [`ParameterGradients`] → [`Optimiser::step`](crate::Optimiser::step) → `Parameters`.

mod gradients;
mod leaves;

use std::collections::HashMap;
use std::sync::Arc;

use ndarray::{ArcArray, ArrayBase, ArrayViewD, DataOwned, Dimension, IxDyn};
use tensor::Element;

use crate::{Error, Tape};

pub use gradients::ParameterGradients;
pub use leaves::Leaves;

/// What a group of parameters has in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParameterGroup {
    /// Pull towards zero; what it multiplies depends on the optimiser. Usually zero for
    /// biases and for scale and shift of batch normalisation.
    pub weight_decay: f64,
    /// Multiplies the learning rate. Zero keeps the group as it is.
    pub rate_factor: f64,
}

impl Default for ParameterGroup {
    /// No decay, the learning rate as it is.
    fn default() -> Self {
        Self { weight_decay: 0.0, rate_factor: 1.0 }
    }
}

/// Number of a group of one [`Parameters`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupId(usize);

/// Named tensors in the order they were inserted, each in a group.
#[derive(Clone, Debug, Default)]
pub struct Parameters<T> {
    groups: Vec<ParameterGroup>,
    list: Vec<Parameter<T>>,
    places: HashMap<Arc<str>, usize>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Parameter<T> {
    pub(crate) name: Arc<str>,
    /// Place in the list of groups.
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

    /// What a group has in common, to be changed between steps.
    ///
    /// # Panics
    /// If the group is of other `Parameters`.
    pub fn group_mut(&mut self, group: GroupId) -> &mut ParameterGroup {
        &mut self.groups[group.0]
    }

    /// Adds a parameter.
    ///
    /// # Errors
    /// [`Error::DuplicateParameter`] if the name is taken.
    ///
    /// # Panics
    /// If the group is of other `Parameters`.
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

    /// The value of a parameter; `None` if there is none of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<ArrayViewD<'_, T>> {
        Some(self.list[*self.places.get(name)?].value.view())
    }

    /// Replaces a value.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`] or [`Error::ParameterShape`]; nothing is changed then.
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

    /// Numbers in all parameters together.
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
