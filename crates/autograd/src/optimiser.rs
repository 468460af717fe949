//! Optimisers: how gradients change parameters.
//!
//! One file an algorithm, each with a fused loop over a parameter, its gradient and
//! its moments, so that memory is passed once. What they share is here: which tensors
//! an algorithm keeps, dealing the work out to threads, and in `state` saving it.

mod adam;
mod adamw;
mod sgd;
mod state;

use std::sync::Arc;

use ndarray::{ArrayD, IxDyn};
use rayon::prelude::*;
use tensor::Element;

pub use adam::Adam;
pub use adamw::AdamW;
pub use sgd::Sgd;
pub use state::OptimiserState;

use crate::{ParameterGradients, Parameters};

/// Which optimiser, with its options.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Algorithm {
    /// Stochastic gradient descent with momentum.
    Sgd(Sgd),
    /// Adam, weight decay added to the gradient.
    Adam(Adam),
    /// Adam with decoupled weight decay.
    AdamW(AdamW),
}

impl Algorithm {
    /// Its name in a saved state.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sgd(_) => "sgd",
            Self::Adam(_) => "adam",
            Self::AdamW(_) => "adamw",
        }
    }

    /// What it keeps for each parameter.
    const fn moments(&self) -> &'static [&'static str] {
        match self {
            Self::Sgd(_) => &["velocity"],
            Self::Adam(_) | Self::AdamW(_) => &["first_moment", "second_moment"],
        }
    }
}

/// Changes [`Parameters`] by their gradients, remembering past ones.
///
/// ```
/// use autograd::optimiser::{Optimiser, Sgd};
/// use autograd::{ParameterGroup, Parameters, Tape};
/// use ndarray::arr0;
///
/// let mut parameters = Parameters::new();
/// let group = parameters.add_group(ParameterGroup::default());
/// parameters.insert("x", arr0(5.0_f32), group)?;
/// let mut optimiser = Optimiser::new(Sgd::default(), &parameters);
/// let tape = Tape::new();
/// for _ in 0..100 {
///     let leaves = parameters.leaves(&tape);
///     let loss = (&leaves["x"] - 2.0).square();
///     let gradients = leaves.collect(loss.backward());
///     optimiser.step(&mut parameters, &gradients, 0.1);
/// }
/// let x = parameters.get("x").map(|value| value.sum());
/// assert!(x.is_some_and(|x| (x - 2.0).abs() < 0.1));
/// # Ok::<(), autograd::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Optimiser<T> {
    algorithm: Algorithm,
    memories: Vec<Memory<T>>,
}

/// What an optimiser keeps for one parameter.
#[derive(Clone, Debug)]
struct Memory<T> {
    name: Arc<str>,
    /// Updates made so far.
    updates: u64,
    /// As [`Algorithm::moments`] names them, in standard layout.
    moments: Vec<ArrayD<T>>,
}

/// The numbers of one update of one parameter.
#[derive(Clone, Copy, Debug)]
struct Update {
    rate: f64,
    weight_decay: f64,
    /// 1 for the first update of the parameter.
    number: u64,
}

/// Values that a task works on.
const CHUNK: usize = 1 << 14;

impl<T: Element> Optimiser<T> {
    /// An optimiser of all of `parameters`, which remembers nothing yet.
    pub fn new(algorithm: impl Into<Algorithm>, parameters: &Parameters<T>) -> Self {
        let algorithm = algorithm.into();
        let memories = parameters
            .list()
            .iter()
            .map(|parameter| Memory {
                name: Arc::clone(&parameter.name),
                updates: 0,
                moments: algorithm
                    .moments()
                    .iter()
                    .map(|_| ArrayD::zeros(IxDyn(parameter.value.shape())))
                    .collect(),
            })
            .collect();
        Self { algorithm, memories }
    }

    /// The algorithm and its options.
    #[must_use]
    pub const fn algorithm(&self) -> &Algorithm {
        &self.algorithm
    }

    /// Changes every parameter that has a gradient. The others, and what is remembered
    /// of them, stay as they are.
    ///
    /// # Panics
    /// If the learning rate is not finite, or `parameters` and `gradients` are not those
    /// that the optimiser was made for.
    pub fn step(
        &mut self,
        parameters: &mut Parameters<T>,
        gradients: &ParameterGradients<T>,
        learning_rate: f64,
    ) {
        assert!(learning_rate.is_finite(), "step: the learning rate is {learning_rate}");
        let (groups, list) = parameters.parts_mut();
        let gradients = gradients.list();
        assert!(
            list.len() == self.memories.len() && gradients.len() == list.len(),
            "step: {} parameters and {} gradients, the optimiser was made for {}",
            list.len(),
            gradients.len(),
            self.memories.len()
        );
        let algorithm = self.algorithm;
        list.par_iter_mut().zip(&mut self.memories).zip(gradients).for_each(
            |((parameter, memory), (name, gradient))| {
                assert!(
                    parameter.name == memory.name && parameter.name == *name,
                    "step: parameter {}, gradient of {name}, memory of {}",
                    parameter.name,
                    memory.name
                );
                let Some(gradient) = gradient else { return };
                memory.updates += 1;
                let group = groups[parameter.group];
                let update = Update {
                    rate: learning_rate * group.rate_factor,
                    weight_decay: group.weight_decay,
                    number: memory.updates,
                };
                let (Some(values), Some(gradient)) =
                    (parameter.value.as_slice_mut(), gradient.as_slice())
                else {
                    unreachable!("parameters and gradients are kept in standard layout")
                };
                algorithm.update(update, values, gradient, &mut memory.moments);
            },
        );
    }
}

impl Algorithm {
    /// Updates one parameter.
    fn update<T: Element>(
        &self,
        update: Update,
        values: &mut [T],
        gradient: &[T],
        moments: &mut [ArrayD<T>],
    ) {
        let mut moments = moments.iter_mut().map(|moment| {
            let Some(values) = moment.as_slice_mut() else {
                unreachable!("moments are kept in standard layout")
            };
            values
        });
        let mut next = || moments.next().unwrap_or_default();
        match self {
            Self::Sgd(sgd) => sgd.update(update, values, gradient, next()),
            Self::Adam(adam) => adam.update(update, values, gradient, [next(), next()]),
            Self::AdamW(adamw) => adamw.update(update, values, gradient, [next(), next()]),
        }
    }
}
