//! From the network's definition and its weights to a plan.

use ndarray::{Array1, Array4, ArrayView1, ArrayView4, Axis, Ix1, Ix2, Ix4};
use tensor::ops::{Conv2dOptions, LocalResponseNormOptions, PackedConv2dWeight, Pool2dOptions};
use tensor::{Activation, Padding2d};

use super::plan::{Operation, Plan};
use crate::network::{Architecture, Builder, Convolution, Dense, NORM_EPSILON};
use crate::weights::Weights;

/// Compiles a network with its `weights`.
pub(super) fn compile(architecture: Architecture, weights: &Weights) -> Plan {
    let mut compiler = Compiler { weights, plan: Plan::default() };
    architecture.build(&mut compiler);
    compiler.plan.forget_early();
    compiler.plan
}

/// Collects steps; a node is the number of the value it stands for.
struct Compiler<'w> {
    weights: &'w Weights,
    plan: Plan,
}

impl Builder for Compiler<'_> {
    type Node = usize;

    fn input(&mut self, _shape: [usize; 3]) -> usize {
        self.plan.input()
    }

    fn convolution(&mut self, input: &usize, layer: &Convolution) -> usize {
        let (weight, bias) = folded(self.weights, layer);
        let options = Conv2dOptions {
            stride: [layer.stride; 2],
            padding: Padding2d::same(layer.padding),
            activation: Activation::Relu,
        };
        let weight = PackedConv2dWeight::new(weight.view());
        self.plan.step(Operation::Convolution { weight, bias, options }, &[*input])
    }

    fn pad(&mut self, input: &usize, _name: &str, padding: Padding2d) -> usize {
        self.plan.step(Operation::Pad(padding), &[*input])
    }

    fn max_pool(&mut self, input: &usize, _name: &str, pool: Pool2dOptions) -> usize {
        self.plan.step(Operation::MaxPool(pool), &[*input])
    }

    fn average_pool(&mut self, input: &usize, _name: &str, pool: Pool2dOptions) -> usize {
        self.plan.step(Operation::AveragePool(pool), &[*input])
    }

    fn l2_pool(&mut self, input: &usize, _name: &str, pool: Pool2dOptions) -> usize {
        self.plan.step(Operation::L2Pool(pool), &[*input])
    }

    fn local_response_norm(&mut self, input: &usize, _name: &str) -> usize {
        let options = LocalResponseNormOptions::default();
        self.plan.step(Operation::LocalResponseNorm(options), &[*input])
    }

    fn concat(&mut self, inputs: &[usize], _name: &str) -> usize {
        self.plan.step(Operation::Concat, inputs)
    }

    fn flatten(&mut self, input: &usize, _name: &str) -> usize {
        self.plan.step(Operation::Flatten, &[*input])
    }

    fn dense(&mut self, input: &usize, layer: &Dense) -> usize {
        let weight = self.weights.view::<Ix2>(&format!("{}_w", layer.name)).to_owned();
        let bias = self.weights.view::<Ix1>(&format!("{}_b", layer.name)).to_owned();
        self.plan.step(Operation::Dense { weight, bias }, &[*input])
    }

    fn l2_normalize(&mut self, input: &usize, _name: &str) -> usize {
        self.plan.step(Operation::L2Normalize { epsilon: NORM_EPSILON }, &[*input])
    }

    fn stage(&mut self, name: &'static str, node: &usize) {
        self.plan.stage(name, *node);
    }
}

/// A convolution's kernel and bias with its batch-norm folded in:
/// `w' = w · s`, `b' = (b - mean) · s + shift` with `s = scale / √(variance + ε)`.
/// Computed in f64 and rounded once.
fn folded(weights: &Weights, layer: &Convolution) -> (Array4<f32>, Array1<f32>) {
    let conv = |ending: &str| format!("{}_{ending}", layer.name);
    let norm = |ending: &str| -> ArrayView1<'_, f32> {
        weights.view::<Ix1>(&format!("{}_{ending}", layer.batch_norm))
    };
    let (scale, shift, mean, variance) = (norm("w"), norm("b"), norm("m"), norm("v"));
    let factor: Vec<f64> = scale
        .iter()
        .zip(variance)
        .map(|(&scale, &variance)| f64::from(scale) / (f64::from(variance) + layer.epsilon).sqrt())
        .collect();

    let kernel: ArrayView4<'_, f32> = weights.view::<Ix4>(&conv("w"));
    let mut weight = kernel.to_owned();
    for (mut filter, &factor) in weight.axis_iter_mut(Axis(0)).zip(&factor) {
        filter.mapv_inplace(|w| (f64::from(w) * factor) as f32);
    }
    let bias = weights.view::<Ix1>(&conv("b"));
    let bias = Array1::from_shape_fn(bias.len(), |o| {
        let centred = f64::from(bias[o]) - f64::from(mean[o]);
        (centred * factor[o] + f64::from(shift[o])) as f32
    });
    (weight, bias)
}
