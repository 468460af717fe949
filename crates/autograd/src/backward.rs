//! The backward pass and its result: visits the steps from the last to the first and
//! accumulates gradients.
//!
//! The function of each step receives the whole gradient of its output, by value so that it
//! may work in place, and adds to the gradients of its inputs. The first gradient of a value
//! is moved, later ones are added to it. A step is dropped as soon as its function has run,
//! together with the activations that it kept.

use std::collections::BTreeMap;

use ndarray::{Array, ArrayD, Dimension};
use tensor::Element;

use crate::tape::{Origin, Parent, Step, Tape};
use crate::{Var, parallel};

/// The gradients of the leaves that the differentiated value depends on.
#[derive(Clone, Debug)]
pub struct Gradients<T: Element> {
    tape: Tape<T>,
    leaves: BTreeMap<usize, ArrayD<T>>,
}

impl<T: Element> Gradients<T> {
    fn new(tape: Tape<T>, leaves: BTreeMap<usize, ArrayD<T>>) -> Self {
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

/// The gradients of a step's inputs, to which the function of the step adds.
pub struct ParentGradients<'a, T> {
    tape: &'a Tape<T>,
    parents: &'a [Parent],
    sums: &'a mut Sums<T>,
}

/// The gradients accumulated so far.
struct Sums<T> {
    /// Number of the first step of the pass.
    first: usize,
    /// The gradients of the steps' outputs, from the first step to the one before the
    /// current.
    steps: Vec<Option<ArrayD<T>>>,
    leaves: BTreeMap<usize, Option<ArrayD<T>>>,
}

/// Differentiates the value of `origin`, whose own gradient is `seed`.
pub(crate) fn differentiate_steps<T: Element>(
    tape: &Tape<T>,
    origin: Origin,
    seed: ArrayD<T>,
) -> Gradients<T> {
    let (first, mut steps) = tape.take_until(origin);
    let mut sums = Sums { first, steps: vec![None; steps.len()], leaves: BTreeMap::new() };
    sums.add(origin, seed);
    while let Some(Step { parents, backward }) = steps.pop() {
        // Without a gradient, the differentiated value does not depend on this step.
        if let Some(gradient) = sums.steps.pop().flatten() {
            backward(gradient, &mut ParentGradients { tape, parents: &parents, sums: &mut sums });
        }
    }
    tape.release_unused();
    let leaves = sums.leaves.into_iter().filter_map(|(leaf, sum)| Some((leaf, sum?)));
    Gradients::new(tape.clone(), leaves.collect())
}

impl<T: Element> ParentGradients<'_, T> {
    /// Whether the gradient of input number `parent` is needed. Check it before computing an
    /// expensive gradient.
    ///
    /// # Panics
    /// If the step has no such input.
    #[must_use]
    pub fn wants(&self, parent: usize) -> bool {
        self.parents[parent].origin != Origin::Constant
    }

    /// Adds to the gradient of input number `parent`, if it is needed.
    ///
    /// # Panics
    /// If the step has no such input or the gradient has another shape than the input.
    pub fn add<D: Dimension>(&mut self, parent: usize, gradient: Array<T, D>) {
        let Parent { origin, shape } = &self.parents[parent];
        let gradient = gradient.into_dyn();
        assert_eq!(
            gradient.shape(),
            shape.slice(),
            "the gradient of input {parent} is {:?}, the input {:?}",
            gradient.shape(),
            shape.slice()
        );
        if let Some(added) = self.sums.add(*origin, gradient) {
            self.tape.give(added);
        }
    }

    /// An array with **unspecified values** for a gradient, see [`Tape::take`].
    pub(crate) fn take<D: Dimension>(&self, shape: D) -> Array<T, D> {
        self.tape.take(shape)
    }

    /// Returns the memory of a gradient to the tape, see [`Tape::give`].
    pub(crate) fn give<D: Dimension>(&self, gradient: Array<T, D>) {
        self.tape.give(gradient);
    }
}

impl<T: Element> Sums<T> {
    /// Returns the gradient if it was added to an earlier one, so that its memory is free.
    fn add(&mut self, origin: Origin, gradient: ArrayD<T>) -> Option<ArrayD<T>> {
        let sum = match origin {
            Origin::Constant => return Some(gradient),
            Origin::Step(step) => &mut self.steps[step - self.first],
            Origin::Leaf(leaf) => self.leaves.entry(leaf).or_default(),
        };
        if let Some(sum) = sum {
            parallel::update(sum, gradient.view(), |sum, value| sum + value);
            Some(gradient)
        } else {
            *sum = Some(gradient);
            None
        }
    }
}
