//! A variable: a value, its tape and its origin on the tape.

use std::fmt;

use ndarray::{ArcArray, ArrayBase, ArrayD, ArrayViewD, DataOwned, Dimension, IxDyn};
use tensor::Element;

use crate::backward::differentiate_steps;
use crate::tape::{Origin, Parent, Step, Tape};
use crate::{Gradients, ParentGradients};

/// A value on a [`Tape`]. Operators are methods and return a new variable.
///
/// Cloning is cheap: the value is shared.
#[derive(Clone)]
pub struct Var<T> {
    tape: Tape<T>,
    origin: Origin,
    value: ArcArray<T, IxDyn>,
}

impl<T: Element> Var<T> {
    pub(crate) fn new<S, D>(tape: &Tape<T>, origin: Origin, value: ArrayBase<S, D>) -> Self
    where
        S: DataOwned<Elem = T>,
        D: Dimension,
    {
        Self { tape: tape.clone(), origin, value: value.into_shared().into_dyn() }
    }

    /// The output of an operator on `parents`, which `backward` differentiates.
    ///
    /// All operators are defined with it, here and in other crates. `backward` takes
    /// the gradient of the output and [adds](ParentGradients::add) to those of the
    /// parents, by their number in `parents`. It should capture the arrays that it needs
    /// ([`Var::shared`] costs nothing) and **no `Var`**, which would form a reference cycle
    /// with the tape. If no parent needs a gradient, `backward` is dropped at once.
    ///
    /// # Panics
    /// If there are no parents, if they are on different tapes, or if one was computed
    /// before an earlier `backward` of the tape.
    ///
    /// # Examples
    ///
    /// ```
    /// use autograd::{Tape, Var};
    ///
    /// /// `x³`; its derivative is `3 x²`.
    /// fn cube(x: &Var<f64>) -> Var<f64> {
    ///     let value = x.shared();
    ///     let output = value.mapv(|x| x * x * x);
    ///     Var::record(&[x], output, move |gradient, parents| {
    ///         parents.add(0, gradient * value.mapv(|x| 3.0 * x * x));
    ///     })
    /// }
    ///
    /// let tape = Tape::new();
    /// let x = tape.parameter(ndarray::array![2.0]);
    /// let gradients = cube(&x).sum().backward();
    /// assert_eq!(gradients.get(&x).map(|gradient| gradient[[0]]), Some(12.0));
    /// ```
    pub fn record<S, D, F>(parents: &[&Self], output: ArrayBase<S, D>, backward: F) -> Self
    where
        S: DataOwned<Elem = T>,
        D: Dimension,
        F: FnOnce(ArrayD<T>, &mut ParentGradients<'_, T>) + 'static,
    {
        let Some(first) = parents.first() else { panic!("record: an operator has an input") };
        let tape = &first.tape;
        for (index, parent) in parents.iter().enumerate() {
            assert!(tape.is(&parent.tape), "record: inputs 0 and {index} are on different tapes");
        }
        let mut origin = Origin::Constant;
        if parents.iter().any(|parent| parent.requires_gradient()) {
            let parents = parents
                .iter()
                .map(|parent| Parent { origin: parent.origin, shape: parent.value.raw_dim() })
                .collect();
            origin = tape.push(Step { parents, backward: Box::new(backward) });
        }
        Self::new(tape, origin, output)
    }

    /// Differentiates this value, a single number, with respect to all parameters that it
    /// depends on.
    ///
    /// Empties the tape: variables that operators returned before keep their values but can
    /// no longer be differentiated. Leaves remain usable.
    ///
    /// # Panics
    /// If this is not a single number, or an earlier `backward` has freed its steps.
    #[must_use = "the backward pass empties the tape and leaves nothing but the gradients"]
    pub fn backward(&self) -> Gradients<T> {
        assert_eq!(
            self.value.len(),
            1,
            "backward: the value has shape {:?}, a single number expected; \
             use `backward_from` with a gradient of that shape",
            self.shape()
        );
        self.backward_from(ArrayD::ones(self.value.raw_dim()))
    }

    /// [`backward`](Self::backward) for a value of any shape, whose own gradient is
    /// `gradient`: the product of that vector and the Jacobian.
    ///
    /// # Panics
    /// If the shapes differ, or an earlier `backward` has freed its steps.
    #[must_use = "the backward pass empties the tape and leaves nothing but the gradients"]
    pub fn backward_from(&self, gradient: ArrayD<T>) -> Gradients<T> {
        assert_eq!(
            gradient.shape(),
            self.shape(),
            "backward_from: the gradient is {:?}, the value {:?}",
            gradient.shape(),
            self.shape()
        );
        differentiate_steps(&self.tape, self.origin, gradient)
    }

    /// The same value as a constant, without a gradient.
    #[must_use]
    pub fn detach(&self) -> Self {
        Self { origin: Origin::Constant, ..self.clone() }
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> ArrayViewD<'_, T> {
        self.value.view()
    }

    /// The value, shared instead of copied. It is copied if it is changed while shared.
    #[must_use]
    pub fn shared(&self) -> ArcArray<T, IxDyn> {
        self.value.clone()
    }

    /// The value as a number.
    ///
    /// # Panics
    /// If the value is not a single number.
    #[must_use]
    pub fn item(&self) -> T {
        match (self.value.len(), self.value.first()) {
            (1, Some(value)) => *value,
            _ => panic!("item: the value has shape {:?}, a single number expected", self.shape()),
        }
    }

    /// Lengths of the axes.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        self.value.shape()
    }

    /// The tape it is on.
    #[must_use]
    pub fn tape(&self) -> &Tape<T> {
        &self.tape
    }

    /// Whether an operator on it is recorded: it is a parameter or computed from one, and
    /// the tape is recording.
    #[must_use]
    pub fn requires_gradient(&self) -> bool {
        self.origin != Origin::Constant && self.tape.is_recording()
    }

    pub(crate) fn origin(&self) -> Origin {
        self.origin
    }
}

impl<T: Element> fmt::Debug for Var<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Var")
            .field("origin", &self.origin)
            .field("value", &self.value)
            .finish_non_exhaustive()
    }
}
