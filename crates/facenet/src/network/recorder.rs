//! An interpreter that computes nothing: it records layers, shapes and tensors, for
//! `facenet model`'s table and for the [tensor table](tensor_table) that weights are checked
//! against.

use std::fmt;

use tensor::Padding2d;
use tensor::ops::{Conv2dOptions, Pool2dOptions};

use super::{Architecture, Builder, Convolution, Dense, Head, TensorRole, TensorSpec, Variant};

/// Shape of one image's value: `(C, H, W)` or `(N)`, without the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape(Vec<usize>);

impl Shape {
    /// The axes, outermost first.
    pub fn axes(&self) -> &[usize] {
        &self.0
    }

    fn len(&self) -> usize {
        self.0.iter().product()
    }

    fn planes(&self) -> [usize; 3] {
        match self.0[..] {
            [c, h, w] => [c, h, w],
            _ => panic!("expected a value of shape (C, H, W), found {self}"),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let axes: Vec<_> = self.0.iter().map(usize::to_string).collect();
        write!(f, "({})", axes.join(", "))
    }
}

/// One row of the layer table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Name, unique in the network.
    pub name: String,
    /// Keras' word for what it does.
    pub kind: &'static str,
    /// Shape of its output for one image.
    pub output: Shape,
    /// Values of its tensors, running statistics included.
    pub parameters: usize,
}

/// All tensors, in the order the network uses them; the same for every
/// [`Variant`].
///
/// ```
/// let table = facenet::network::tensor_table();
/// assert_eq!(table.len(), 224);
/// assert_eq!(table.iter().map(|tensor| tensor.len()).sum::<usize>(), 3_743_280);
/// ```
pub fn tensor_table() -> Vec<TensorSpec> {
    Architecture::FaceNet(Variant::HappyHouse).tensor_table()
}

/// Records the network.
#[derive(Debug, Default)]
pub struct Recorder {
    layers: Vec<Layer>,
    tensors: Vec<TensorSpec>,
    multiplications: usize,
}

impl Recorder {
    /// Nothing recorded yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The layers so far, in order.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Multiplications of an image's convolutions and dense layers, each with an addition.
    pub fn multiplications(&self) -> usize {
        self.multiplications
    }

    /// The tensors, in order.
    pub(crate) fn into_tensors(self) -> Vec<TensorSpec> {
        self.tensors
    }

    fn layer(&mut self, name: &str, kind: &'static str, axes: &[usize]) -> Shape {
        let output = Shape(axes.to_vec());
        let name = name.to_owned();
        self.layers.push(Layer { name, kind, output: output.clone(), parameters: 0 });
        output
    }

    /// Adds a tensor to the layer recorded last, whose name it takes.
    fn tensor(&mut self, role: TensorRole, shape: &[usize]) {
        let layer = self.layers.last_mut().expect("a tensor belongs to a layer");
        let name = role.of(&layer.name);
        let spec = TensorSpec { name, layer: layer.name.clone(), role, shape: shape.to_vec() };
        layer.parameters += spec.len();
        self.tensors.push(spec);
    }

    /// A convolution each of whose kernels reads `inputs` channels, batch-norm and ReLU.
    fn normalized_convolution(
        &mut self,
        x: &Shape,
        layer: &Convolution,
        kind: &'static str,
        inputs: usize,
    ) -> Shape {
        let mut x = x.clone();
        let Convolution { name, batch_norm, channels, kernel, stride, padding, .. } = layer;
        if *padding > 0 {
            x = self.pad(&x, &format!("{name}_pad"), Padding2d::same(*padding));
        }
        let [_, h, w] = x.planes();
        let options = Conv2dOptions { stride: [*stride; 2], ..Conv2dOptions::default() };
        let Some([oh, ow]) = options.output_size([h, w], [*kernel; 2]) else {
            panic!("{name}: a {kernel}×{kernel} kernel does not fit an input of {h}×{w}");
        };
        let axes = [*channels, oh, ow];

        let output = self.layer(name, kind, &axes);
        self.multiplications += output.len() * inputs * kernel * kernel;
        self.tensor(TensorRole::Kernel, &[*channels, inputs, *kernel, *kernel]);
        self.tensor(TensorRole::Bias, &[*channels]);
        self.layer(batch_norm, "BatchNormalization", &axes);
        for role in [
            TensorRole::Scale,
            TensorRole::Shift,
            TensorRole::RunningMean,
            TensorRole::RunningVariance,
        ] {
            self.tensor(role, &[*channels]);
        }
        self.layer(&format!("{name}_relu"), "Activation", &axes)
    }

    fn pool(&mut self, x: &Shape, name: &str, kind: &'static str, pool: Pool2dOptions) -> Shape {
        let [c, h, w] = x.planes();
        let Some([oh, ow]) = pool.output_size([h, w]) else {
            panic!("{name}: a {:?} window does not fit an input of {h}×{w}", pool.kernel);
        };
        self.layer(name, kind, &[c, oh, ow])
    }
}

impl Builder for Recorder {
    type Node = Shape;

    fn input(&mut self, shape: [usize; 3]) -> Shape {
        self.layer("input", "InputLayer", &shape)
    }

    fn convolution(&mut self, x: &Shape, layer: &Convolution) -> Shape {
        let [channels, ..] = x.planes();
        self.normalized_convolution(x, layer, "Conv2D", channels)
    }

    fn depthwise(&mut self, x: &Shape, layer: &Convolution) -> Shape {
        let ([channels, ..], own) = (x.planes(), layer.channels);
        assert_eq!(own, channels, "{}: {own} channels for an input of {channels}", layer.name);
        self.normalized_convolution(x, layer, "DepthwiseConv2D", 1)
    }

    fn head(&mut self, x: &Shape, head: &Head) -> Shape {
        let Head { name, channels } = head;
        let [c, h, w] = x.planes();
        let output = self.layer(name, "Conv2D", &[*channels, h, w]);
        self.tensor(TensorRole::HeadKernel, &[*channels, c, 1, 1]);
        self.tensor(TensorRole::HeadBias, &[*channels]);
        self.multiplications += output.len() * c;
        output
    }

    fn add_upsampled(&mut self, x: &Shape, coarse: &Shape, name: &str) -> Shape {
        let [c, h, w] = coarse.planes();
        let doubled = self.layer(&format!("{name}_up"), "UpSampling2D", &[c, 2 * h, 2 * w]);
        assert_eq!(x, &doubled, "{name}: values of different shapes");
        self.layer(name, "Add", x.axes())
    }

    fn pad(&mut self, x: &Shape, name: &str, padding: Padding2d) -> Shape {
        let [c, h, w] = x.planes();
        let Padding2d { top, bottom, left, right } = padding;
        self.layer(name, "ZeroPadding2D", &[c, h + top + bottom, w + left + right])
    }

    fn max_pool(&mut self, x: &Shape, name: &str, pool: Pool2dOptions) -> Shape {
        self.pool(x, name, "MaxPooling2D", pool)
    }

    fn average_pool(&mut self, x: &Shape, name: &str, pool: Pool2dOptions) -> Shape {
        self.pool(x, name, "AveragePooling2D", pool)
    }

    fn l2_pool(&mut self, x: &Shape, name: &str, pool: Pool2dOptions) -> Shape {
        self.pool(x, name, "L2Pooling2D", pool)
    }

    fn local_response_norm(&mut self, x: &Shape, name: &str) -> Shape {
        self.layer(name, "LRN", x.axes())
    }

    fn concat(&mut self, inputs: &[Shape], name: &str) -> Shape {
        let Some(first) = inputs.first() else { panic!("{name}: nothing to concatenate") };
        let [_, h, w] = first.planes();
        let mut channels = 0;
        for input in inputs {
            let [c, ih, iw] = input.planes();
            assert_eq!([ih, iw], [h, w], "{name}: branches differ in height and width");
            channels += c;
        }
        self.layer(name, "Concatenate", &[channels, h, w])
    }

    fn flatten(&mut self, x: &Shape, name: &str) -> Shape {
        self.layer(name, "Flatten", &[x.len()])
    }

    fn dense(&mut self, x: &Shape, dense: &Dense) -> Shape {
        let Dense { name, outputs } = dense;
        let output = self.layer(name, "Dense", &[*outputs]);
        self.multiplications += outputs * x.len();
        self.tensor(TensorRole::DenseWeight, &[*outputs, x.len()]);
        self.tensor(TensorRole::DenseBias, &[*outputs]);
        output
    }

    fn l2_normalize(&mut self, x: &Shape, name: &str) -> Shape {
        self.layer(name, "L2Normalize", x.axes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::build;

    fn recorded(variant: Variant) -> Recorder {
        let mut recorder = Recorder::new();
        let output = build(&mut recorder, variant);
        assert_eq!(output.axes(), [128]);
        recorder
    }

    #[test]
    fn counts_are_the_notebooks() {
        let tensors = recorded(Variant::HappyHouse).into_tensors();
        let count = |trained: bool| {
            let of = |t: &&TensorSpec| t.role.is_running_statistic() != trained;
            let chosen: Vec<_> = tensors.iter().filter(of).collect();
            (chosen.len(), chosen.iter().map(|t| t.len()).sum::<usize>())
        };
        assert_eq!(count(true), (150, 3_733_968));
        assert_eq!(count(false), (74, 9_312));
    }

    #[test]
    fn blocks_have_the_published_shapes() {
        let recorder = recorded(Variant::HappyHouse);
        for (name, shape) in [
            ("pool1", [64, 24, 24]),
            ("pool3", [192, 12, 12]),
            ("inception_3a", [256, 12, 12]),
            ("inception_3b", [320, 12, 12]),
            ("inception_3c", [640, 6, 6]),
            ("inception_4a", [640, 6, 6]),
            ("inception_4e", [1024, 3, 3]),
            ("inception_5a", [736, 3, 3]),
            ("inception_5b", [736, 3, 3]),
        ] {
            let layer = recorder.layers().iter().find(|layer| layer.name == name).unwrap();
            assert_eq!(layer.output.axes(), shape, "{name}");
        }
    }

    #[test]
    fn variants_share_every_tensor() {
        assert_eq!(
            recorded(Variant::HappyHouse).into_tensors(),
            recorded(Variant::OpenFace).into_tensors()
        );
    }

    #[test]
    fn layer_names_are_unique() {
        let networks = Variant::ALL.map(Architecture::FaceNet);
        for network in networks.into_iter().chain([Architecture::Landmarks, Architecture::Detector])
        {
            let mut recorder = Recorder::new();
            network.build(&mut recorder);
            let mut names: Vec<_> = recorder.layers().iter().map(|layer| &layer.name).collect();
            names.sort();
            let all = names.len();
            names.dedup();
            assert_eq!(names.len(), all);
        }
    }
}
