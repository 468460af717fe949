//! Parameters as leaves of a tape.

use std::ops::Index;
use std::sync::Arc;

use tensor::Element;

use super::{ParameterGradients, Parameters};
use crate::{Error, Gradients, Var};

/// The leaves of all [`Parameters`] on one tape, by name.
///
/// They share the values of the parameters: drop clones of them before the optimizer's step,
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
    /// # Errors
    /// [`Error::NoGradient`] names the first parameter that the loss does not depend on: a
    /// layer that was left out by mistake would never learn, and nothing else would say so.
    pub fn collect(self, gradients: Gradients<T>) -> Result<ParameterGradients<T>, Error> {
        self.collect_except(gradients, &[])
    }

    /// [`collect`](Self::collect) where the loss depends on all parameters but those that are
    /// named, such as a frozen layer's. They get no gradient, and optimizers leave them as
    /// they are.
    ///
    /// # Errors
    /// [`Error::NoGradient`] or [`Error::UnexpectedGradient`] names the first parameter for
    /// which that is not so, [`Error::UnknownParameter`] a name that no parameter has.
    pub fn collect_except(
        self,
        mut gradients: Gradients<T>,
        without: &[&str],
    ) -> Result<ParameterGradients<T>, Error> {
        if let Some(name) = without.iter().find(|name| self.get(name).is_none()) {
            return Err(Error::UnknownParameter { name: (*name).to_owned() });
        }
        let parameters = self.parameters.list().iter().zip(&self.list);
        let list = parameters.map(|(parameter, leaf)| {
            let (gradient, name) = (gradients.take(leaf), &parameter.name);
            match (gradient.is_some(), without.contains(&&**name)) {
                (false, false) => Err(Error::NoGradient { name: name.to_string() }),
                (true, true) => Err(Error::UnexpectedGradient { name: name.to_string() }),
                _ => Ok((Arc::clone(name), gradient)),
            }
        });
        Ok(ParameterGradients::new(list.collect::<Result<_, _>>()?))
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
