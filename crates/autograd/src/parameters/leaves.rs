//! Parameters as leaves of a tape.

use std::ops::Index;
use std::sync::Arc;

use tensor::Element;

use super::{ParameterGradients, Parameters};
use crate::{Gradients, Var};

/// The leaves of all [`Parameters`] on one tape, by name.
///
/// They share the values of the parameters: drop clones of them before the optimiser's step,
/// which otherwise copies the values that are still shared.
#[derive(Clone, Debug)]
pub struct Leaves<'p, T: Element> {
    parameters: &'p Parameters<T>,
    list: Vec<Var<T>>,
}

impl<'p, T: Element> Leaves<'p, T> {
    pub(super) fn new(parameters: &'p Parameters<T>, list: Vec<Var<T>>) -> Self {
        Self { parameters, list }
    }

    /// The leaf of a parameter; `None` if there is none of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Var<T>> {
        Some(&self.list[self.parameters.place(name)?])
    }

    /// Assigns the result of [`Var::backward`] to the parameters.
    ///
    /// A parameter that the loss does not depend on gets no gradient; optimisers leave
    /// it as it is.
    #[must_use]
    pub fn collect(self, mut gradients: Gradients<T>) -> ParameterGradients<T> {
        let parameters = self.parameters.list().iter().zip(&self.list);
        ParameterGradients::new(
            parameters
                .map(|(parameter, leaf)| (Arc::clone(&parameter.name), gradients.take(leaf)))
                .collect(),
        )
    }
}

impl<T: Element> Index<&str> for Leaves<'_, T> {
    type Output = Var<T>;

    /// # Panics
    /// If no parameter has this name.
    fn index(&self, name: &str) -> &Var<T> {
        let Some(leaf) = self.get(name) else { panic!("there is no parameter {name}") };
        leaf
    }
}
