//! From the network's definition and its weights to a program.

use ndarray::{CowArray, Ix1, Ix2, Ix4};
use tensor::inference::{Program, ProgramBuilder, ScaledWeight, Value};
use tensor::ops::{Conv2dOptions, LocalResponseNormOptions, Pool2dOptions};
use tensor::{Activation, Padding2d};

use super::EngineOptions;
use crate::network::{Architecture, Builder, Convolution, Dense, Head, NORM_EPSILON, TensorRole};
use crate::weights::Weights;

/// Compiles a network with its `weights`, for images of its own size.
pub(super) fn compile(
    architecture: Architecture,
    weights: &Weights,
    options: EngineOptions,
) -> Program {
    let [_, h, w] = architecture.input();
    compile_for(architecture, [h, w], weights, options)
}

/// [`compile`] for images of `size`, height and width, which the network takes.
pub(super) fn compile_for(
    architecture: Architecture,
    size: [usize; 2],
    weights: &Weights,
    EngineOptions { level, precision, .. }: EngineOptions,
) -> Program {
    let [channels, ..] = architecture.input();
    let input = [channels, size[0], size[1]];
    let program = ProgramBuilder::at_level(input, level).precision(precision);
    let mut compiler = Compiler { weights, program, stages: Vec::new() };
    let outputs = architecture.build_for(&mut compiler, size);
    let Compiler { program, stages, .. } = compiler;
    program.finish_all(&outputs, &stages)
}

/// Passes the definition's layers on to a program's builder.
struct Compiler<'w> {
    weights: &'w Weights,
    program: ProgramBuilder<'w>,
    stages: Vec<(&'static str, Value)>,
}

impl Builder for Compiler<'_> {
    type Node = Value;

    fn input(&mut self, shape: [usize; 3]) -> Value {
        let input = self.program.input();
        assert_eq!(self.program.shape(input), shape, "the definition takes other images");
        input
    }

    fn convolution(&mut self, input: &Value, layer: &Convolution) -> Value {
        let (weight, bias) = folded(self.weights, layer);
        self.program.convolution(&layer.name, *input, weight, &bias, options(layer))
    }

    fn depthwise(&mut self, input: &Value, layer: &Convolution) -> Value {
        let (weight, bias) = folded(self.weights, layer);
        self.program.depthwise(&layer.name, *input, weight, &bias, options(layer))
    }

    fn head(&mut self, input: &Value, layer: &Head) -> Value {
        let kernel = self.weights.view::<Ix4>(&TensorRole::HeadKernel.of(layer.name));
        let bias = self.weights.view::<Ix1>(&TensorRole::HeadBias.of(layer.name));
        let (kernel, options) = (CowArray::from(kernel), Conv2dOptions::default());
        self.program.convolution(layer.name, *input, kernel, &bias.to_vec(), options)
    }

    fn add_upsampled(&mut self, input: &Value, coarse: &Value, name: &str) -> Value {
        self.program.add_upsampled(name, *input, *coarse)
    }

    fn pad(&mut self, input: &Value, name: &str, padding: Padding2d) -> Value {
        self.program.pad(name, *input, padding)
    }

    fn max_pool(&mut self, input: &Value, name: &str, pool: Pool2dOptions) -> Value {
        self.program.max_pool(name, *input, pool)
    }

    fn average_pool(&mut self, input: &Value, name: &str, pool: Pool2dOptions) -> Value {
        self.program.average_pool(name, *input, pool)
    }

    fn l2_pool(&mut self, input: &Value, name: &str, pool: Pool2dOptions) -> Value {
        self.program.l2_pool(name, *input, pool)
    }

    fn local_response_norm(&mut self, input: &Value, name: &str) -> Value {
        self.program.local_response_norm(name, *input, LocalResponseNormOptions::default())
    }

    fn concat(&mut self, inputs: &[Value], name: &str) -> Value {
        self.program.concat(name, inputs)
    }

    /// Nothing to do: a program's dense layers take all values of an image.
    fn flatten(&mut self, input: &Value, _name: &str) -> Value {
        *input
    }

    fn dense(&mut self, input: &Value, layer: &Dense) -> Value {
        let weight = self.weights.view::<Ix2>(&TensorRole::DenseWeight.of(layer.name));
        let bias = self.weights.view::<Ix1>(&TensorRole::DenseBias.of(layer.name));
        self.program.dense(layer.name, *input, weight, &bias.to_vec(), Activation::None)
    }

    fn l2_normalize(&mut self, input: &Value, name: &str) -> Value {
        self.program.l2_normalize(name, *input, NORM_EPSILON)
    }

    fn stage(&mut self, name: &'static str, node: &Value) {
        self.stages.push((name, *node));
    }
}

/// Stride and padding of a layer, and its ReLU.
fn options(layer: &Convolution) -> Conv2dOptions {
    Conv2dOptions {
        stride: [layer.stride; 2],
        padding: Padding2d::same(layer.padding),
        activation: Activation::Relu,
        ..Conv2dOptions::default()
    }
}

/// A convolution's kernel and bias with its batch-norm folded in:
/// `w' = w · s`, `b' = (b - mean) · s + shift` with `s = scale / √(variance + ε)`.
/// Computed in f64 and rounded once.
fn folded<'w>(weights: &'w Weights, layer: &Convolution) -> (ScaledWeight<'w>, Vec<f32>) {
    let [scale, shift, mean, variance] = [
        TensorRole::Scale,
        TensorRole::Shift,
        TensorRole::RunningMean,
        TensorRole::RunningVariance,
    ]
    .map(|role| weights.view::<Ix1>(&role.of(&layer.batch_norm)));
    let factor: Vec<f64> = scale
        .iter()
        .zip(variance)
        .map(|(&scale, &variance)| f64::from(scale) / (f64::from(variance) + layer.epsilon).sqrt())
        .collect();

    let bias = weights.view::<Ix1>(&TensorRole::Bias.of(&layer.name));
    let bias = (0..bias.len())
        .map(|o| {
            let centered = f64::from(bias[o]) - f64::from(mean[o]);
            (centered * factor[o] + f64::from(shift[o])) as f32
        })
        .collect();
    let kernel = weights.view::<Ix4>(&TensorRole::Kernel.of(&layer.name));
    (ScaledWeight::new(kernel, factor), bias)
}
