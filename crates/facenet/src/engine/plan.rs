//! A list of steps over numbered values, and the loop that runs it.
//!
//! Values are `(m, C, H, W)`; after the flattening, `(m, C, 1, 1)`. Each value
//! is dropped after the last step that reads it.

use ndarray::{Array1, Array2, Array4, ArrayView2, ArrayView4};
use tensor::Padding2d;
use tensor::ops::{
    self, Conv2dOptions, LocalResponseNormOptions, PackedConv2dWeight, Pool2dOptions,
};

/// What one step does.
#[derive(Debug)]
pub(super) enum Operation {
    /// With bias and activation; the kernel in the order in which it is read.
    Convolution {
        weight: PackedConv2dWeight<f32>,
        bias: Array1<f32>,
        options: Conv2dOptions,
    },
    Pad(Padding2d),
    MaxPool(Pool2dOptions),
    AveragePool(Pool2dOptions),
    L2Pool(Pool2dOptions),
    LocalResponseNorm(LocalResponseNormOptions),
    Concat,
    Flatten,
    Dense {
        weight: Array2<f32>,
        bias: Array1<f32>,
    },
    L2Normalize {
        epsilon: f64,
    },
}

/// One step: it makes the value whose number is its own place in the list, plus
/// one for the input.
#[derive(Debug)]
struct Step {
    operation: Operation,
    inputs: Vec<usize>,
    /// Values that no later step reads.
    last_use_of: Vec<usize>,
}

/// Steps in the order they run. Value 0 is the input, value i + 1 is what step i
/// makes, the last value is the result.
#[derive(Debug, Default)]
pub(super) struct Plan {
    steps: Vec<Step>,
    stages: Vec<(&'static str, usize)>,
}

impl Plan {
    /// The number of the input's value.
    pub(super) fn input(&self) -> usize {
        assert!(self.steps.is_empty(), "the input comes before the first step");
        0
    }

    /// Adds a step and returns the number of the value it makes.
    pub(super) fn step(&mut self, operation: Operation, inputs: &[usize]) -> usize {
        let inputs = inputs.to_vec();
        self.steps.push(Step { operation, inputs, last_use_of: Vec::new() });
        self.steps.len()
    }

    /// Names a value.
    pub(super) fn stage(&mut self, name: &'static str, value: usize) {
        self.stages.push((name, value));
    }

    /// Notes after which step each value can be dropped.
    pub(super) fn forget_early(&mut self) {
        let mut read_later = vec![false; self.steps.len() + 1];
        for step in self.steps.iter_mut().rev() {
            for &input in &step.inputs {
                if !std::mem::replace(&mut read_later[input], true) {
                    step.last_use_of.push(input);
                }
            }
        }
    }

    /// Runs every step; `look` sees each stage as it is made. The result's rows
    /// are the encodings.
    pub(super) fn run(
        &self,
        batch: ArrayView4<'_, f32>,
        look: &mut dyn FnMut(&'static str, ArrayView4<'_, f32>),
    ) -> Array2<f32> {
        let mut values: Vec<Option<Array4<f32>>> = vec![None; self.steps.len() + 1];
        for (i, step) in self.steps.iter().enumerate() {
            let inputs: Vec<_> = step
                .inputs
                .iter()
                .map(|&value| match &values[value] {
                    Some(made) => made.view(),
                    None => batch,
                })
                .collect();
            let made = step.operation.run(&inputs);
            for (name, _) in self.stages.iter().filter(|(_, value)| *value == i + 1) {
                look(name, made.view());
            }
            values[i + 1] = Some(made);
            for &value in &step.last_use_of {
                values[value] = None;
            }
        }
        match values.pop().flatten() {
            Some(result) => matrix(result.view()).to_owned(),
            None => panic!("the plan has no steps"),
        }
    }
}

impl Operation {
    fn run(&self, inputs: &[ArrayView4<'_, f32>]) -> Array4<f32> {
        let x = inputs[0];
        match self {
            Self::Convolution { weight, bias, options } => convolution(x, weight, bias, *options),
            Self::Pad(padding) => ops::pad2d(x, *padding),
            Self::MaxPool(pool) => ops::max_pool2d(x, *pool),
            Self::AveragePool(pool) => ops::average_pool2d(x, *pool),
            Self::L2Pool(pool) => ops::l2_pool2d(x, *pool),
            Self::LocalResponseNorm(options) => ops::local_response_norm(x, *options),
            Self::Concat => ops::concat_channels(inputs),
            Self::Flatten => {
                let (m, c, h, w) = x.dim();
                planes(x.to_shape((m, c * h * w)).map(|flat| flat.into_owned()))
            }
            Self::Dense { weight, bias } => {
                planes(Ok(ops::dense(matrix(x), weight.view(), Some(bias.view()))))
            }
            Self::L2Normalize { epsilon } => planes(Ok(ops::l2_normalize(matrix(x), *epsilon))),
        }
    }
}

fn convolution(
    x: ArrayView4<'_, f32>,
    weight: &PackedConv2dWeight<f32>,
    bias: &Array1<f32>,
    options: Conv2dOptions,
) -> Array4<f32> {
    let (m, _, h, w) = x.dim();
    let (o, _, kh, kw) = weight.dim();
    let Some([oh, ow]) = options.output_size([h, w], [kh, kw]) else {
        panic!("a {kh}×{kw} kernel does not fit an input of {h}×{w}")
    };
    let mut output = Array4::zeros((m, o, oh, ow));
    ops::conv2d_packed_into(x, weight, Some(bias.view()), options, output.view_mut());
    output
}

/// `(m, C)` as `(m, C, 1, 1)`.
fn planes(rows: Result<Array2<f32>, ndarray::ShapeError>) -> Array4<f32> {
    match rows {
        Ok(rows) => rows.insert_axis(ndarray::Axis(2)).insert_axis(ndarray::Axis(3)),
        Err(error) => panic!("flattening: {error}"),
    }
}

/// `(m, C, 1, 1)` as `(m, C)`.
fn matrix(x: ArrayView4<'_, f32>) -> ArrayView2<'_, f32> {
    let (_, _, h, w) = x.dim();
    assert_eq!([h, w], [1, 1], "expected a flat value, found {h}×{w} planes");
    x.index_axis_move(ndarray::Axis(3), 0).index_axis_move(ndarray::Axis(2), 0)
}
