//! A network's tensors while they are trained.
//!
//! [`Weights`] are complete and never change; a [`Model`] is the same tensors
//! sorted by what training does with them:
//!
//! | tensors | here | changed by |
//! | --- | --- | --- |
//! | kernels, batch-norm's scale and shift, the dense layer | [`Parameters`] | the optimizer |
//! | batch-norm's mean and variance | [`RunningStatistics`] | averaging over batches |
//! | biases of convolutions | constants | nothing |
//!
//! Batch-norm follows every convolution and takes the mean away, and the bias with
//! it, so a bias has a gradient of exactly zero. In floating point it would be a
//! little noise, of which Adam makes steps as large as any. They are left as they
//! are, which saves a pass over memory too.
//!
//! It is generic so that gradients can be checked in `f64`.

mod start;

use std::collections::{BTreeMap, HashMap};

use autograd::{
    BatchMoments, Leaves, Optimizer, ParameterGradients, Parameters, RunningStatistics, Var,
};
use ndarray::{Array1, ArrayD};
use tensor::{Element, Precision};

use super::graph::{Graph, Mode};
use crate::network::{Architecture, TensorRole};
use crate::weights::{Weights, WeightsError};

/// A network in training.
#[derive(Clone, Debug)]
pub struct Model<T: Element = f32> {
    architecture: Architecture,
    pub(super) parameters: Parameters<T>,
    /// By the convolution's name.
    pub(super) biases: BTreeMap<String, Array1<T>>,
    /// By the batch-norm's name.
    pub(super) statistics: BTreeMap<String, RunningStatistics<T>>,
    precision: Precision,
}

/// Result of a pass through the network.
#[derive(Clone, Debug)]
pub struct Forward<T: Element> {
    /// The network's answers: one, of FaceNet `(n, 128)`, rows of unit length; or the detector's
    /// three, `(n, 16, H / s, W / s)` for strides s of 8, 16 and 32.
    pub outputs: Vec<Var<T>>,
    /// Each batch-norm's mean and variance over this batch; nothing in evaluation.
    pub moments: Vec<LayerMoments<T>>,
    /// The named stages, such as `conv1` or `inception_3a`, in order.
    pub stages: Vec<(&'static str, Var<T>)>,
}

impl<T: Element> Forward<T> {
    /// The first answer, which is the only one of all networks but the detector.
    pub fn output(&self) -> &Var<T> {
        &self.outputs[0]
    }
}

/// A batch's statistics at one batch-norm.
#[derive(Clone, Debug)]
pub struct LayerMoments<T> {
    /// The batch-norm's name.
    pub batch_norm: String,
    /// Mean and variance of what the convolution gave, its bias included.
    pub moments: BatchMoments<T>,
}

impl<T: Element> Model<T> {
    /// Which network.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// The tensors that have gradients.
    pub fn parameters(&self) -> &Parameters<T> {
        &self.parameters
    }

    /// The same, to be changed otherwise than by an optimizer.
    pub fn parameters_mut(&mut self) -> &mut Parameters<T> {
        &mut self.parameters
    }

    /// Sets how convolutions multiply in [`train`](Self::train) and backward from there;
    /// f32 if it is not called. The tensors are f32 in any case.
    pub fn set_precision(&mut self, precision: Precision) {
        self.precision = precision;
    }

    /// How convolutions multiply in training.
    pub(super) fn precision(&self) -> Precision {
        self.precision
    }

    /// Computes the output for a batch in training mode, normalized by the
    /// batch's own statistics.
    ///
    /// # Shapes
    /// `batch`: `(n, 3, 96, 96)`, or as the architecture says.
    ///
    /// # Panics
    /// On another shape, leaves of another model, or a precision that this machine does not
    /// have.
    pub fn train(&self, leaves: &Leaves<'_, T>, batch: &Var<T>) -> Forward<T> {
        self.pass(&|name| leaves[name].clone(), batch, Mode::Training)
    }

    /// Computes the output in evaluation mode, with the running statistics.
    /// [`Engine`](crate::engine::Engine) does the same several times as fast.
    ///
    /// # Shapes
    /// `batch`: `(n, 3, 96, 96)`, or as the architecture says.
    ///
    /// # Panics
    /// On another shape, or leaves of another model.
    pub fn evaluate(&self, leaves: &Leaves<'_, T>, batch: &Var<T>) -> Forward<T> {
        self.pass(&|name| leaves[name].clone(), batch, Mode::Evaluation)
    }

    /// A pass with parameters that may be others than the model's own.
    pub(super) fn pass(
        &self,
        parameter: &dyn Fn(&str) -> Var<T>,
        batch: &Var<T>,
        mode: Mode,
    ) -> Forward<T> {
        let mut graph = Graph::new(self, parameter, batch, mode);
        let outputs = match *batch.shape() {
            [_, _, h, w] if self.architecture.takes([h, w]) => {
                self.architecture.build_for(&mut graph, [h, w])
            }
            // The graph refuses it and names both shapes.
            _ => self.architecture.build(&mut graph),
        };
        graph.forward(&outputs)
    }

    /// Takes a step of an optimizer that was made for
    /// [`parameters`](Self::parameters).
    ///
    /// # Panics
    /// If the optimizer or the gradients are another model's.
    pub fn update(
        &mut self,
        optimizer: &mut Optimizer<T>,
        gradients: &ParameterGradients<T>,
        learning_rate: f64,
    ) {
        optimizer.step(&mut self.parameters, gradients, learning_rate);
    }

    /// Takes a batch's statistics into the running ones.
    ///
    /// `momentum` is the share of the batch, as PyTorch counts.
    ///
    /// # Panics
    /// If the moments are another network's.
    pub fn absorb(&mut self, moments: &[LayerMoments<T>], momentum: f64) {
        for LayerMoments { batch_norm, moments } in moments {
            match self.statistics.get_mut(batch_norm) {
                Some(statistics) => statistics.update(moments, momentum),
                None => panic!("the network has no batch-norm called {batch_norm:?}"),
            }
        }
    }

    /// Moves every tensor that training changes `share` of the way to another model's:
    /// the step of a moving average.
    ///
    /// # Panics
    /// If the other is of another architecture.
    pub fn approach(&mut self, other: &Self, share: f64) {
        self.parameters.approach(&other.parameters, share);
        let share = T::from_f64(share);
        let toward = |own: &mut T, &other: &T| *own += share * (other - *own);
        for (name, own) in &mut self.statistics {
            let target = &other.statistics[name];
            own.mean.zip_mut_with(&target.mean, toward);
            own.variance.zip_mut_with(&target.variance, toward);
        }
    }

    /// The tensors as weights, rounded to `f32`.
    ///
    /// # Errors
    /// Names the first that is not finite: training has diverged.
    pub fn weights(&self) -> Result<Weights, WeightsError> {
        let rounded = |values: ndarray::ArrayViewD<'_, T>| values.mapv(|v| v.into_f64() as f32);
        let mut tensors: HashMap<String, ArrayD<f32>> = HashMap::new();
        for (name, value) in self.parameters.iter() {
            tensors.insert(name.to_owned(), rounded(value));
        }
        for (name, bias) in &self.biases {
            tensors.insert(TensorRole::Bias.of(name), rounded(bias.view().into_dyn()));
        }
        for (name, RunningStatistics { mean, variance }) in &self.statistics {
            tensors.insert(TensorRole::RunningMean.of(name), rounded(mean.view().into_dyn()));
            tensors
                .insert(TensorRole::RunningVariance.of(name), rounded(variance.view().into_dyn()));
        }
        Weights::from_tensors_for(self.architecture, tensors)
    }
}
