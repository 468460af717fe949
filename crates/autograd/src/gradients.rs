//! The result of a backward pass.

use std::collections::BTreeMap;

use ndarray::ArrayD;
use tensor::Element;

use crate::Var;
use crate::tape::{Origin, Tape};

/// The gradients of the leaves that the differentiated value depends on.
#[derive(Clone, Debug)]
pub struct Gradients<T: Element> {
    tape: Tape<T>,
    leaves: BTreeMap<usize, ArrayD<T>>,
}

impl<T: Element> Gradients<T> {
    pub(crate) fn new(tape: Tape<T>, leaves: BTreeMap<usize, ArrayD<T>>) -> Self {
        Self { tape, leaves }
    }

    /// The gradient of a parameter; `None` if the differentiated value does not
    /// depend on it, or it is not a parameter of this tape.
    #[must_use]
    pub fn get(&self, parameter: &Var<T>) -> Option<&ArrayD<T>> {
        self.leaves.get(&self.leaf(parameter)?)
    }

    /// As [`get`](Self::get), moved out.
    pub fn take(&mut self, parameter: &Var<T>) -> Option<ArrayD<T>> {
        self.leaves.remove(&self.leaf(parameter)?)
    }

    /// How many parameters have a gradient.
    #[must_use]
    pub fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Whether no parameter has one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// The number of a leaf of this tape.
    fn leaf(&self, variable: &Var<T>) -> Option<usize> {
        match variable.origin() {
            Origin::Leaf(leaf) if self.tape.is(variable.tape()) => Some(leaf),
            _ => None,
        }
    }
}
