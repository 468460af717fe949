//! Collects the operators of a network in the order of its definition.

mod maps;

use ndarray::{ArrayView2, CowArray, Ix4};

use super::Precision;
use super::planner::{self, space_to_depth};
use super::program::{Program, Stage};
use super::weight::ScaledWeight;
use crate::kernels::program::layout::SpaceToDepth;
use crate::kernels::program::pool::PoolKind;
use crate::kernels::simd::Isa;
use crate::ops::{Conv2dOptions, LocalResponseNormOptions, Pool2dOptions};
use crate::{Activation, Level, Padding2d};

/// A value of a program that is being built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(pub(super) usize);

/// The operation that computes a value.
#[derive(Debug)]
pub(super) enum Operation<'w> {
    Input {
        space_to_depth: Option<SpaceToDepth>,
    },
    Convolution {
        weight: ScaledWeight<'w>,
        bias: Vec<f32>,
        options: Conv2dOptions,
        /// Multiplications and additions for an image.
        operations: usize,
    },
    /// A convolution of each channel by itself.
    Depthwise {
        weight: ScaledWeight<'w>,
        bias: Vec<f32>,
        options: Conv2dOptions,
        /// Multiplications and additions for an image.
        operations: usize,
    },
    /// The sum of a value and of another, each of whose values covers 2×2 pixels.
    AddUpsampled,
    Pool {
        kind: PoolKind,
        options: Pool2dOptions,
    },
    Pad(Padding2d),
    LocalResponseNorm(LocalResponseNormOptions),
    L2Normalize {
        epsilon: f64,
    },
    Concat,
}

/// A value and its operation.
#[derive(Debug)]
pub(super) struct Node<'w> {
    pub(super) name: String,
    pub(super) operation: Operation<'w>,
    pub(super) inputs: Vec<usize>,
    /// C, H, W.
    pub(super) shape: [usize; 3],
}

/// Collects operators and compiles them to a [`Program`].
///
/// Shapes are those of one image, C × H × W. Names are for profiles. Weights are borrowed
/// until the program is finished.
#[derive(Debug)]
pub struct ProgramBuilder<'w> {
    nodes: Vec<Node<'w>>,
    isa: Isa,
    precision: Precision,
}

impl<'w> ProgramBuilder<'w> {
    /// Begins a program for images of this shape, with the kernels of [`Level::best`].
    pub fn new(input: [usize; 3]) -> Self {
        Self::at_level(input, Level::best())
    }

    /// [`new`](Self::new) with the kernels of a given level.
    ///
    /// # Panics
    /// If the machine does not have it, or a dimension is zero.
    pub fn at_level(input: [usize; 3], level: Level) -> Self {
        let isa = Isa::detect(level);
        let isa = isa.unwrap_or_else(|| panic!("this machine does not have {level}"));
        assert!(input.iter().all(|size| *size > 0), "an image of {input:?} is empty");
        let name = "input".into();
        let node = Node {
            name,
            operation: Operation::Input { space_to_depth: None },
            inputs: Vec::new(),
            shape: input,
        };
        Self { nodes: vec![node], isa, precision: Precision::F32 }
    }

    /// Computes convolutions with this precision.
    ///
    /// # Panics
    /// If the builder's level [does not have it](Precision::is_available_at).
    #[must_use]
    pub fn precision(self, precision: Precision) -> Self {
        let level = self.isa.level();
        assert!(precision.is_available_at(level), "{level} does not have {precision} here");
        Self { precision, ..self }
    }

    /// The input images.
    pub fn input(&self) -> Value {
        Value(0)
    }

    /// C, H and W of a value.
    pub fn shape(&self, value: Value) -> [usize; 3] {
        self.nodes[value.0].shape
    }

    /// See [`conv2d`](crate::ops::conv2d()).
    ///
    /// # Shapes
    /// `weight`: O × C × KH × KW, `bias`: O. Returns O × OH × OW.
    ///
    /// # Panics
    /// If channels differ or the kernel does not fit.
    pub fn convolution(
        &mut self,
        name: &str,
        input: Value,
        weight: impl Into<ScaledWeight<'w>>,
        bias: &[f32],
        options: Conv2dOptions,
    ) -> Value {
        let [c, h, w] = self.shape(input);
        let weight = weight.into();
        let (o, weight_c, kh, kw) = weight.dim();
        assert_eq!(c, weight_c, "{name}: the value has {c} channels, the weight takes {weight_c}");
        assert_eq!(bias.len(), o, "{name}: bias has {} values, weight gives {o}", bias.len());
        let Some([oh, ow]) = options.output_size([h, w], [kh, kw]) else {
            panic!("{name}: kernel {kh} x {kw} with {options:?} does not fit {h} x {w}")
        };
        let bias = bias.to_vec();
        let operations = 2 * o * c * kh * kw * oh * ow;
        let operation = Operation::Convolution { weight, bias, options, operations };
        self.node(name, operation, &[input], [o, oh, ow])
    }

    /// A fully connected layer on all values of an image, in C × H × W order.
    ///
    /// # Shapes
    /// `weight`: O × (C·H·W), `bias`: O. Returns O × 1 × 1.
    ///
    /// # Panics
    /// If the sizes do not fit.
    pub fn dense(
        &mut self,
        name: &str,
        input: Value,
        weight: ArrayView2<'w, f32>,
        bias: &[f32],
        activation: Activation,
    ) -> Value {
        let [c, h, w] = self.shape(input);
        let (o, features) = weight.dim();
        let values = c * h * w;
        assert_eq!(values, features, "{name}: {values} values, the weight takes {features}");
        // Rows that are not contiguous are copied first.
        let kernels: CowArray<'w, f32, Ix4> = match weight.into_shape_with_order((o, c, h, w)) {
            Ok(view) => view.into(),
            Err(_) => match weight.to_shape((o, c, h, w)) {
                Ok(kernels) => kernels.into_owned().into(),
                Err(_) => unreachable!("the sizes were just compared"),
            },
        };
        let options = Conv2dOptions { activation, ..Conv2dOptions::default() };
        self.convolution(name, input, kernels, bias, options)
    }

    /// See [`max_pool2d`](crate::ops::max_pool2d()).
    ///
    /// # Panics
    /// If the window does not fit.
    pub fn max_pool(&mut self, name: &str, input: Value, options: Pool2dOptions) -> Value {
        self.pool(name, input, PoolKind::Max, options)
    }

    /// See [`average_pool2d`](crate::ops::average_pool2d()).
    ///
    /// # Panics
    /// If the window does not fit.
    pub fn average_pool(&mut self, name: &str, input: Value, options: Pool2dOptions) -> Value {
        self.pool(name, input, PoolKind::Average, options)
    }

    /// See [`l2_pool2d`](crate::ops::l2_pool2d()).
    ///
    /// # Panics
    /// If the window does not fit.
    pub fn l2_pool(&mut self, name: &str, input: Value, options: Pool2dOptions) -> Value {
        self.pool(name, input, PoolKind::L2, options)
    }

    fn pool(&mut self, name: &str, input: Value, kind: PoolKind, options: Pool2dOptions) -> Value {
        let [c, h, w] = self.shape(input);
        let [oh, ow] = options.expect_output_size(name, [h, w]);
        self.node(name, Operation::Pool { kind, options }, &[input], [c, oh, ow])
    }

    /// A value surrounded by zeros, see [`pad2d`](crate::ops::pad2d()).
    ///
    /// # Panics
    /// If the padded size overflows.
    pub fn pad(&mut self, name: &str, input: Value, padding: Padding2d) -> Value {
        let [c, h, w] = self.shape(input);
        let Some([h, w]) = padding.padded([h, w]) else { panic!("{name}: {padding:?} overflows") };
        self.node(name, Operation::Pad(padding), &[input], [c, h, w])
    }

    /// See [`local_response_norm`](crate::ops::local_response_norm()).
    pub fn local_response_norm(
        &mut self,
        name: &str,
        input: Value,
        options: LocalResponseNormOptions,
    ) -> Value {
        let shape = self.shape(input);
        self.node(name, Operation::LocalResponseNorm(options), &[input], shape)
    }

    /// See [`l2_normalize`](crate::ops::l2_normalize()).
    ///
    /// # Panics
    /// If the value is not a vector, C × 1 × 1.
    pub fn l2_normalize(&mut self, name: &str, input: Value, epsilon: f64) -> Value {
        let shape @ [_, h, w] = self.shape(input);
        assert_eq!([h, w], [1, 1], "{name}: only vectors are normalized to unit length");
        self.node(name, Operation::L2Normalize { epsilon }, &[input], shape)
    }

    fn node(
        &mut self,
        name: &str,
        operation: Operation<'w>,
        inputs: &[Value],
        shape: [usize; 3],
    ) -> Value {
        let inputs = inputs.iter().map(|value| value.0).collect();
        self.nodes.push(Node { name: name.into(), operation, inputs, shape });
        Value(self.nodes.len() - 1)
    }

    /// Compiles the operators that `output` depends on.
    pub fn finish(self, output: Value) -> Program {
        self.finish_keeping(output, &[])
    }

    /// [`finish`](Self::finish), with named values for [`Program::trace`].
    pub fn finish_keeping(self, output: Value, stages: &[(&'static str, Value)]) -> Program {
        self.finish_all(&[output], stages)
    }

    /// [`finish_keeping`](Self::finish_keeping) for several outputs, which follow each other in
    /// the result of each image.
    pub fn finish_all(self, outputs: &[Value], stages: &[(&'static str, Value)]) -> Program {
        let Self { mut nodes, isa, precision } = self;
        let outputs: Vec<usize> = outputs.iter().map(|value| value.0).collect();
        let kept: Vec<usize> = stages.iter().map(|(_, value)| value.0).collect();
        let shape = nodes[0].shape;
        if !kept.contains(&0) && !outputs.contains(&0) {
            space_to_depth::rewrite_first_convolution(&mut nodes);
        }
        let plan = planner::plan(&nodes, &outputs, &kept);
        let values = plan.arena_values();
        let outputs = outputs.iter().map(|output| plan.region(*output)).collect();
        let stages = stages
            .iter()
            .map(|(name, value)| Stage {
                name,
                region: plan.region(value.0),
                phase: plan.ready_at(value.0),
            })
            .collect();
        Program::new(isa, shape, plan.steps(nodes, shape, precision), values, outputs, stages)
    }
}
