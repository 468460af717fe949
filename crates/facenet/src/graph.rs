//! A network on a tape: the interpreter of its definition that can be
//! differentiated.
//!
//! The second interpreter beside the [engine](crate::engine)'s, which folds the
//! layers; here they stay apart. In training mode batch-norm takes the batch's own
//! statistics, and reports them; in evaluation mode the running ones. A test holds
//! that evaluation mode and engine agree.

use autograd::{BatchMoments, Var};
use tensor::ops::{Conv2dOptions, LocalResponseNormOptions, Pool2dOptions};
use tensor::{Activation, Element, Padding2d, Precision};

use super::model::{Forward, LayerMoments, Model};
use crate::network::{Builder, Convolution, Dense, Head, NORM_EPSILON, TensorRole};

/// Where batch-norm's statistics come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// The batch.
    Training,
    /// The model.
    Evaluation,
}

/// A node: a value, and zeros around it that are not in memory unless they have to be.
#[derive(Clone, Debug)]
pub(super) struct Node<T: Element> {
    value: Var<T>,
    padding: Padding2d,
}

impl<T: Element> Node<T> {
    fn new(value: Var<T>) -> Self {
        Self { value, padding: Padding2d::default() }
    }

    /// The value with its zeros.
    pub(super) fn whole(&self) -> Var<T> {
        if self.padding.is_none() { self.value.clone() } else { self.value.pad2d(self.padding) }
    }
}

/// One pass.
pub(super) struct Graph<'a, T: Element> {
    model: &'a Model<T>,
    parameter: &'a dyn Fn(&str) -> Var<T>,
    batch: &'a Var<T>,
    mode: Mode,
    moments: Vec<LayerMoments<T>>,
    stages: Vec<(&'static str, Var<T>)>,
}

impl<'a, T: Element> Graph<'a, T> {
    pub(super) fn new(
        model: &'a Model<T>,
        parameter: &'a dyn Fn(&str) -> Var<T>,
        batch: &'a Var<T>,
        mode: Mode,
    ) -> Self {
        Self { model, parameter, batch, mode, moments: Vec::new(), stages: Vec::new() }
    }

    /// Its output.
    pub(super) fn forward(self, outputs: &[Node<T>]) -> Forward<T> {
        let outputs = outputs.iter().map(Node::whole).collect();
        Forward { outputs, moments: self.moments, stages: self.stages }
    }

    fn parameter(&self, layer: &str, role: TensorRole) -> Var<T> {
        (self.parameter)(&role.of(layer))
    }

    /// A convolution, by `convolve` with its kernel and bias, batch-norm and ReLU.
    fn normalized(
        &mut self,
        layer: &Convolution,
        convolve: impl Fn(&Var<T>, Option<&Var<T>>, Conv2dOptions) -> Var<T>,
    ) -> Node<T> {
        let Convolution { name, batch_norm, epsilon, .. } = layer;
        let options = Conv2dOptions {
            stride: [layer.stride; 2],
            padding: Padding2d::same(layer.padding),
            activation: Activation::None,
            precision: match self.mode {
                Mode::Training => self.model.precision(),
                Mode::Evaluation => Precision::F32,
            },
        };
        let kernel = self.parameter(name, TensorRole::Kernel);
        let [scale, shift] =
            [TensorRole::Scale, TensorRole::Shift].map(|role| self.parameter(batch_norm, role));
        let bias = &self.model.biases[name];
        Node::new(match self.mode {
            Mode::Training => {
                // Without the bias, which batch-norm would take away again.
                let x = convolve(&kernel, None, options);
                let (x, moments) = x.batch_norm_relu_train(&scale, &shift, *epsilon);
                let BatchMoments { mean, variance } = moments;
                let moments = BatchMoments { mean: mean + bias, variance };
                self.moments.push(LayerMoments { batch_norm: batch_norm.clone(), moments });
                x
            }
            Mode::Evaluation => {
                let bias = kernel.tape().constant(bias.clone());
                let x = convolve(&kernel, Some(&bias), options);
                x.batch_norm(&scale, &shift, &self.model.statistics[batch_norm], *epsilon).relu()
            }
        })
    }
}

impl<T: Element> Builder for Graph<'_, T> {
    type Node = Node<T>;

    fn input(&mut self, [c, h, w]: [usize; 3]) -> Node<T> {
        let shape = self.batch.shape();
        assert!(
            matches!(*shape, [_, cc, hh, ww] if [cc, hh, ww] == [c, h, w]),
            "expected images of shape (n, {c}, {h}, {w}), found {shape:?}"
        );
        Node::new(self.batch.clone())
    }

    fn convolution(&mut self, x: &Node<T>, layer: &Convolution) -> Node<T> {
        let x = x.whole();
        self.normalized(layer, |kernel, bias, options| x.conv2d(kernel, bias, options))
    }

    fn depthwise(&mut self, x: &Node<T>, layer: &Convolution) -> Node<T> {
        let x = x.whole();
        self.normalized(layer, |kernel, bias, options| x.depthwise_conv2d(kernel, bias, options))
    }

    fn head(&mut self, x: &Node<T>, layer: &Head) -> Node<T> {
        let [kernel, bias] = [TensorRole::HeadKernel, TensorRole::HeadBias]
            .map(|role| self.parameter(layer.name, role));
        Node::new(x.whole().conv2d(&kernel, Some(&bias), Conv2dOptions::default()))
    }

    fn add_upsampled(&mut self, x: &Node<T>, coarse: &Node<T>, _name: &str) -> Node<T> {
        Node::new(x.whole().add(&coarse.whole().upsample2d()))
    }

    fn pad(&mut self, x: &Node<T>, _name: &str, padding: Padding2d) -> Node<T> {
        Node { value: x.whole(), padding }
    }

    fn max_pool(&mut self, x: &Node<T>, _name: &str, pool: Pool2dOptions) -> Node<T> {
        Node::new(x.value.max_pool2d_padded(x.padding, pool))
    }

    fn average_pool(&mut self, x: &Node<T>, _name: &str, pool: Pool2dOptions) -> Node<T> {
        Node::new(x.whole().average_pool2d(pool))
    }

    fn l2_pool(&mut self, x: &Node<T>, _name: &str, pool: Pool2dOptions) -> Node<T> {
        Node::new(x.whole().l2_pool2d(pool))
    }

    fn local_response_norm(&mut self, x: &Node<T>, _name: &str) -> Node<T> {
        Node::new(x.whole().local_response_norm(LocalResponseNormOptions::default()))
    }

    fn concat(&mut self, inputs: &[Node<T>], _name: &str) -> Node<T> {
        let parts: Vec<_> = inputs.iter().map(Node::whole).collect();
        Node::new(Var::concat_channels(&parts.iter().collect::<Vec<_>>()))
    }

    fn flatten(&mut self, x: &Node<T>, _name: &str) -> Node<T> {
        Node::new(x.whole().flatten())
    }

    fn dense(&mut self, x: &Node<T>, layer: &Dense) -> Node<T> {
        let [weight, bias] = [TensorRole::DenseWeight, TensorRole::DenseBias]
            .map(|role| self.parameter(layer.name, role));
        Node::new(x.whole().dense(&weight, Some(&bias)))
    }

    fn l2_normalize(&mut self, x: &Node<T>, _name: &str) -> Node<T> {
        Node::new(x.whole().l2_normalize(NORM_EPSILON))
    }

    fn stage(&mut self, name: &'static str, node: &Node<T>) {
        self.stages.push((name, node.whole()));
    }
}

#[cfg(test)]
mod tests;
