//! Initial parameters of a model: weights, or random numbers.

use std::collections::BTreeMap;

use autograd::{GroupId, ParameterGroup, Parameters, RunningStatistics, initial};
use ndarray::{ArrayD, Dimension, Ix1, IxDyn};
use tensor::{Element, Precision, Random};

use super::Model;
use crate::network::detector::INITIAL_HEAD;
use crate::network::{Architecture, TensorRole, TensorSpec};
use crate::weights::Weights;

/// Keeps the random numbers of initial weights apart from others of the same seed.
const INITIAL: u64 = 1;

impl<T: Element> Model<T> {
    /// The given weights. `weight_decay` is for the kernels and the dense layer's
    /// weight; biases, scales and shifts have none.
    ///
    /// # Panics
    /// If the weights are another network's.
    pub fn from_weights(
        architecture: impl Into<Architecture>,
        weights: &Weights,
        weight_decay: f64,
    ) -> Self {
        Self::filled(architecture.into(), weight_decay, |_, spec| {
            weights.tensor(&spec.name).mapv(|value| T::from_f64(value.into()))
        })
    }

    /// Random weights: kernels by He et al. (2015), the dense layer's weight by
    /// Glorot and Bengio (2010), biases and shifts 0, scales 1; statistics as of a
    /// mean of 0 and a variance of 1. Heads begin at biases that say what is usual,
    /// with kernels of a standard deviation of 0.01 (Lin et al., "Focal Loss for Dense
    /// Object Detection", 2017). The same seed gives the same numbers.
    pub fn random(architecture: impl Into<Architecture>, seed: u64, weight_decay: f64) -> Self {
        Self::filled(architecture.into(), weight_decay, |place, spec| {
            let shape = &spec.shape[..];
            let mut random = Random::at(seed, &[INITIAL, place as u64, 0]);
            match spec.role {
                TensorRole::Kernel => initial::he_normal(shape, &mut random),
                TensorRole::DenseWeight => initial::glorot_uniform(shape, &mut random),
                TensorRole::Scale | TensorRole::RunningVariance => ArrayD::ones(IxDyn(shape)),
                TensorRole::HeadKernel => {
                    ArrayD::from_shape_simple_fn(shape, || T::from_f64(0.01 * random.normal()))
                }
                TensorRole::HeadBias => {
                    ArrayD::from_shape_fn(shape, |channel| T::from_f64(INITIAL_HEAD[channel[0]]))
                }
                TensorRole::Bias
                | TensorRole::Shift
                | TensorRole::RunningMean
                | TensorRole::DenseBias => ArrayD::zeros(IxDyn(shape)),
            }
        })
    }

    /// Sorts the tensors that `value` gives by place in the table.
    fn filled(
        architecture: Architecture,
        weight_decay: f64,
        value: impl Fn(usize, &TensorSpec) -> ArrayD<T>,
    ) -> Self {
        let table = architecture.tensor_table();
        let mut parameters = Parameters::new();
        let decayed = parameters.add_group(ParameterGroup { weight_decay, ..Default::default() });
        let free = parameters.add_group(ParameterGroup::default());
        let mut biases = BTreeMap::new();
        let mut statistics: BTreeMap<String, RunningStatistics<T>> = BTreeMap::new();
        for (place, spec) in table.iter().enumerate() {
            let value = value(place, spec);
            let layer = || spec.layer.clone();
            match spec.role {
                TensorRole::Kernel | TensorRole::DenseWeight | TensorRole::HeadKernel => {
                    insert(&mut parameters, spec, value, decayed);
                }
                TensorRole::Scale
                | TensorRole::Shift
                | TensorRole::DenseBias
                | TensorRole::HeadBias => {
                    insert(&mut parameters, spec, value, free);
                }
                TensorRole::Bias => {
                    biases.insert(layer(), fixed::<T, Ix1>(value));
                }
                TensorRole::RunningMean | TensorRole::RunningVariance => {
                    let statistics = statistics
                        .entry(layer())
                        .or_insert_with(|| RunningStatistics::new(spec.len()));
                    match spec.role {
                        TensorRole::RunningMean => statistics.mean = fixed(value),
                        _ => statistics.variance = fixed(value),
                    }
                }
            }
        }
        Self { architecture, parameters, biases, statistics, precision: Precision::F32 }
    }
}

fn insert<T: Element>(
    parameters: &mut Parameters<T>,
    spec: &TensorSpec,
    value: ArrayD<T>,
    group: GroupId,
) {
    if let Err(error) = parameters.insert(&spec.name, value, group) {
        unreachable!("names in the table are unique: {error}");
    }
}

fn fixed<T, D: Dimension>(value: ArrayD<T>) -> ndarray::Array<T, D> {
    match value.into_dimensionality() {
        Ok(value) => value,
        Err(error) => unreachable!("the table says so: {error}"),
    }
}
