//! Optimizers: algorithms that change parameters by their gradients.
//!
//! Each algorithm is one fused loop over a parameter, its gradient and its moments, so that
//! memory is read once. This module knows the moments of each algorithm and distributes the
//! parameters to threads; `state.rs` saves and restores the moments.

mod adam;
mod adamw;
mod muon;
mod sgd;
mod state;

use std::sync::Arc;

use ndarray::{ArrayD, IxDyn};
use rayon::prelude::*;
use tensor::Element;

pub use adam::Adam;
pub use adamw::AdamW;
pub use muon::Muon;
pub use sgd::Sgd;
pub use state::OptimizerState;

use crate::{ParameterGradients, Parameters};

/// An optimization algorithm and its options.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Algorithm {
    /// Stochastic gradient descent with momentum.
    Sgd(Sgd),
    /// Adam, weight decay added to the gradient.
    Adam(Adam),
    /// Adam with decoupled weight decay.
    AdamW(AdamW),
    /// Orthogonal steps for matrices, AdamW for vectors.
    Muon(Muon),
}

impl Algorithm {
    /// Its name in a saved state.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sgd(_) => "sgd",
            Self::Adam(_) => "adam",
            Self::AdamW(_) => "adamw",
            Self::Muon(_) => "muon",
        }
    }

    /// The names of its moments, the tensors that it keeps for a parameter of so many axes.
    const fn moments(&self, axes: usize) -> &'static [&'static str] {
        match self {
            Self::Sgd(_) => &["velocity"],
            Self::Muon(_) if axes > 1 => &["velocity"],
            Self::Adam(_) | Self::AdamW(_) | Self::Muon(_) => &["first_moment", "second_moment"],
        }
    }
}

/// Changes [`Parameters`] by their gradients and keeps moments of past gradients.
///
/// ```
/// use autograd::optimizer::{Optimizer, Sgd};
/// use autograd::{ParameterGroup, Parameters, Tape};
/// use ndarray::arr0;
///
/// let mut parameters = Parameters::new();
/// let group = parameters.add_group(ParameterGroup::default());
/// parameters.insert("x", arr0(5.0_f32), group)?;
/// let mut optimizer = Optimizer::new(Sgd::default(), &parameters);
/// let tape = Tape::new();
/// for _ in 0..100 {
///     let leaves = parameters.leaves(&tape);
///     let loss = (&leaves["x"] - 2.0).square();
///     let gradients = leaves.collect(loss.backward())?;
///     optimizer.step(&mut parameters, &gradients, 0.1);
/// }
/// let x = parameters.get("x").map(|value| value.sum());
/// assert!(x.is_some_and(|x| (x - 2.0).abs() < 0.1));
/// # Ok::<(), autograd::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Optimizer<T> {
    algorithm: Algorithm,
    parameters: Vec<Moments<T>>,
}

/// The moments of one parameter.
#[derive(Clone, Debug)]
struct Moments<T> {
    name: Arc<str>,
    /// Number of updates so far.
    updates: u64,
    /// In the order of [`Algorithm::moments`], in standard layout.
    tensors: Vec<ArrayD<T>>,
}

/// The settings of one update of one parameter.
#[derive(Clone, Copy, Debug)]
struct Update {
    rate: f64,
    weight_decay: f64,
    /// 1 for the first update of the parameter.
    number: u64,
}

/// Values of a task.
const CHUNK: usize = 1 << 14;

impl<T: Element> Optimizer<T> {
    /// An optimizer of all of `parameters`, without past gradients.
    pub fn new(algorithm: impl Into<Algorithm>, parameters: &Parameters<T>) -> Self {
        let algorithm = algorithm.into();
        let parameters = parameters
            .list()
            .iter()
            .map(|parameter| Moments {
                name: Arc::clone(&parameter.name),
                updates: 0,
                tensors: algorithm
                    .moments(parameter.value.ndim())
                    .iter()
                    .map(|_| ArrayD::zeros(IxDyn(parameter.value.shape())))
                    .collect(),
            })
            .collect();
        Self { algorithm, parameters }
    }

    /// The algorithm and its options.
    #[must_use]
    pub const fn algorithm(&self) -> &Algorithm {
        &self.algorithm
    }

    /// Changes every parameter that has a gradient. The other parameters and their moments
    /// do not change.
    ///
    /// # Panics
    /// If the learning rate is not finite, or `parameters` or `gradients` belong to other
    /// parameters than the optimizer.
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
            list.len() == self.parameters.len() && gradients.len() == list.len(),
            "step: {} parameters and {} gradients, the optimizer has {}",
            list.len(),
            gradients.len(),
            self.parameters.len()
        );
        let algorithm = self.algorithm;
        list.par_iter_mut().zip(&mut self.parameters).zip(gradients).for_each(
            |((parameter, own), (name, gradient))| {
                assert!(
                    parameter.name == own.name && parameter.name == *name,
                    "step: parameter {}, gradient of {name}, moments of {}",
                    parameter.name,
                    own.name
                );
                let Some(gradient) = gradient else { return };
                own.updates += 1;
                let group = groups[parameter.group];
                let update = Update {
                    rate: learning_rate * group.rate_factor,
                    weight_decay: group.weight_decay,
                    number: own.updates,
                };
                let rows = (parameter.value.ndim() > 1).then(|| parameter.value.shape()[0]);
                let (Some(values), Some(gradient)) =
                    (parameter.value.as_slice_mut(), gradient.as_slice())
                else {
                    unreachable!("parameters and gradients are kept in standard layout")
                };
                algorithm.update(update, rows, values, gradient, &mut own.tensors);
            },
        );
    }
}

impl Algorithm {
    /// Updates one parameter; `rows` is the length of the first of several axes.
    fn update<T: Element>(
        &self,
        update: Update,
        rows: Option<usize>,
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
        match (self, rows) {
            (Self::Sgd(sgd), _) => sgd.update(update, values, gradient, next()),
            (Self::Adam(adam), _) => adam.update(update, values, gradient, [next(), next()]),
            (Self::AdamW(adamw), _) => adamw.update(update, values, gradient, [next(), next()]),
            (Self::Muon(muon), Some(rows)) => {
                muon.update_matrix(update, rows, values, gradient, next());
            }
            (Self::Muon(Muon { vectors, .. }), None) => {
                vectors.update(update, values, gradient, [next(), next()]);
            }
        }
    }
}
