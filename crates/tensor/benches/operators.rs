//! Throughput of the network's convolutions, forward and backward, and of other operators.
//!
//! `cargo bench -p tensor -- conv2d`; items are floating-point operations, so that
//! `Gitem/s` reads as GFLOP/s. `RAYON_NUM_THREADS=1` for one core.

use std::fmt;

use divan::Bencher;
use divan::counter::ItemsCount;
use ndarray::{Array1, Array4, Dim};
use tensor::ops::*;
use tensor::{Activation, Padding2d};

fn main() {
    divan::main();
}

/// A convolution of the network.
#[derive(Clone, Copy)]
struct Layer {
    name: &'static str,
    c: usize,
    o: usize,
    size: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
}

impl fmt::Display for Layer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

const fn layer(name: &'static str, [c, o, size]: [usize; 3], kernel: [usize; 3]) -> Layer {
    let [kernel, stride, padding] = kernel;
    Layer { name, c, o, size, kernel, stride, padding }
}

/// Every shape of the network: channels and size, then kernel, stride and padding.
const LAYERS: [Layer; 35] = [
    layer("conv1 7x7/2", [3, 64, 96], [7, 2, 3]),
    layer("conv2 1x1", [64, 64, 24], [1, 1, 0]),
    layer("conv3 3x3", [64, 192, 24], [3, 1, 1]),
    layer("3a 1x1 192-96", [192, 96, 12], [1, 1, 0]),
    layer("3a 3b 3x3", [96, 128, 12], [3, 1, 1]),
    layer("3a 1x1 192-16", [192, 16, 12], [1, 1, 0]),
    layer("3a 5x5", [16, 32, 12], [5, 1, 2]),
    layer("3a pool 192-32", [192, 32, 5], [1, 1, 0]),
    layer("3a 1x1 192-64", [192, 64, 12], [1, 1, 0]),
    layer("3b 1x1 256-96", [256, 96, 12], [1, 1, 0]),
    layer("3b 1x1 256-32", [256, 32, 12], [1, 1, 0]),
    layer("3b 5x5", [32, 64, 12], [5, 1, 2]),
    layer("3b pool 256-64", [256, 64, 4], [1, 1, 0]),
    layer("3b 1x1 256-64", [256, 64, 12], [1, 1, 0]),
    layer("3c 1x1 320-128", [320, 128, 12], [1, 1, 0]),
    layer("3c 3x3/2", [128, 256, 12], [3, 2, 1]),
    layer("3c 1x1 320-32", [320, 32, 12], [1, 1, 0]),
    layer("3c 5x5/2", [32, 64, 12], [5, 2, 2]),
    layer("4a 1x1 640-96", [640, 96, 6], [1, 1, 0]),
    layer("4a 3x3", [96, 192, 6], [3, 1, 1]),
    layer("4a 1x1 640-32", [640, 32, 6], [1, 1, 0]),
    layer("4a 5x5", [32, 64, 6], [5, 1, 2]),
    layer("4a pool 640-128", [640, 128, 2], [1, 1, 0]),
    layer("4a 1x1 640-256", [640, 256, 6], [1, 1, 0]),
    layer("4e 1x1 640-160", [640, 160, 6], [1, 1, 0]),
    layer("4e 3x3/2", [160, 256, 6], [3, 2, 1]),
    layer("4e 1x1 640-64", [640, 64, 6], [1, 1, 0]),
    layer("4e 5x5/2", [64, 128, 6], [5, 2, 2]),
    layer("5a 1x1 1024-96", [1024, 96, 3], [1, 1, 0]),
    layer("5a 5b 3x3", [96, 384, 3], [3, 1, 1]),
    layer("5a pool 1024-96", [1024, 96, 1], [1, 1, 0]),
    layer("5a 1x1 1024-256", [1024, 256, 3], [1, 1, 0]),
    layer("5b 1x1 736-96", [736, 96, 3], [1, 1, 0]),
    layer("5b pool 736-96", [736, 96, 1], [1, 1, 0]),
    layer("5b 1x1 736-256", [736, 256, 3], [1, 1, 0]),
];

/// A layer with input, weights and output.
struct Work {
    options: Conv2dOptions,
    input: Array4<f32>,
    weight: Array4<f32>,
    bias: Array1<f32>,
    output: Array4<f32>,
    operations: ItemsCount,
}

impl Work {
    fn new(layer: Layer, n: usize) -> Self {
        let Layer { c, o, size, kernel, stride, padding, .. } = layer;
        let options = Conv2dOptions {
            stride: [stride, stride],
            padding: Padding2d::same(padding),
            ..Conv2dOptions::default()
        };
        let [oh, ow] =
            options.output_size([size, size], [kernel, kernel]).expect("the kernel fits");
        Self {
            options,
            input: values([n, c, size, size]),
            weight: values([o, c, kernel, kernel]),
            bias: Array1::from_shape_fn(o, |index| index as f32 / o as f32),
            output: values([n, o, oh, ow]),
            operations: ItemsCount::new(2 * n * o * oh * ow * c * kernel * kernel),
        }
    }
}

/// Values between -0.5 and 0.5.
fn values(shape: [usize; 4]) -> Array4<f32> {
    let length: usize = shape.iter().product();
    let values = (0..length).map(|index| (index * 7919 % 1013) as f32 / 1013.0 - 0.5).collect();
    Array4::from_shape_vec(Dim(shape), values).expect("as many values as the shape has")
}

#[divan::bench(args = LAYERS, consts = [1, 48], max_time = 0.3)]
fn conv2d_forward<const N: usize>(bencher: Bencher<'_, '_>, layer: Layer) {
    let Work { options, input, weight, bias, mut output, operations } = Work::new(layer, N);
    bencher.counter(operations).bench_local(|| {
        let bias = Some(bias.view());
        conv2d_into(input.view(), weight.view(), bias, options, output.view_mut());
    });
}

#[divan::bench(args = LAYERS, consts = [48], max_time = 0.3)]
fn conv2d_backward_to_input<const N: usize>(bencher: Bencher<'_, '_>, layer: Layer) {
    let Work { options, mut input, weight, output, operations, .. } = Work::new(layer, N);
    bencher.counter(operations).bench_local(|| {
        conv2d_backward_input_into(output.view(), weight.view(), options, input.view_mut());
    });
}

#[divan::bench(args = LAYERS, consts = [48], max_time = 0.3)]
fn conv2d_backward_to_weight<const N: usize>(bencher: Bencher<'_, '_>, layer: Layer) {
    let Work { options, input, output, operations, .. } = Work::new(layer, N);
    let kernel = [layer.kernel, layer.kernel];
    bencher
        .counter(operations)
        .bench_local(|| conv2d_backward_weight(input.view(), output.view(), kernel, options));
}

/// The largest map of the network; items are values, of which a training step reads or
/// writes two (forward) and three (backward) a value.
const NORMALIZED: [usize; 4] = [48, 64, 48, 48];

#[divan::bench(max_time = 0.3)]
fn batch_norm_relu_forward(bencher: Bencher<'_, '_>) {
    let input = values(NORMALIZED);
    let mut output = input.clone();
    let ones = Array1::ones(NORMALIZED[1]);
    let parameters = BatchNormTrain {
        scale: ones.view(),
        shift: ones.view(),
        epsilon: 1e-5,
        activation: Activation::Relu,
    };
    bencher
        .counter(ItemsCount::new(input.len()))
        .bench_local(|| batch_norm_train_into(input.view(), &parameters, output.view_mut()));
}

#[divan::bench(max_time = 0.3)]
fn batch_norm_relu_backward(bencher: Bencher<'_, '_>) {
    let input = values(NORMALIZED);
    let mut gradient = input.clone();
    let ones = Array1::ones(NORMALIZED[1]);
    let parameters = BatchNormTrain {
        scale: ones.view(),
        shift: ones.view(),
        epsilon: 1e-5,
        activation: Activation::Relu,
    };
    let (_, statistics) = batch_norm_train(input.view(), &parameters);
    bencher.counter(ItemsCount::new(input.len())).bench_local(|| {
        gradient.fill(1.0);
        batch_norm_backward_in_place(input.view(), gradient.view_mut(), &parameters, &statistics)
    });
}

/// The first pool, 3 x 3 with stride 2; items are input values.
#[divan::bench(max_time = 0.3)]
fn max_pool2d_with_indices_forward(bencher: Bencher<'_, '_>) {
    let input = values([48, 64, 50, 50]);
    let mut output = Array4::zeros((48, 64, 24, 24));
    let mut indices = Array4::zeros((48, 64, 24, 24));
    bencher.counter(ItemsCount::new(input.len())).bench_local(|| {
        let options = Pool2dOptions::square(3, 2);
        max_pool2d_with_indices_into(input.view(), options, output.view_mut(), indices.view_mut());
    });
}

#[divan::bench(max_time = 0.3)]
fn max_pool2d_to_input(bencher: Bencher<'_, '_>) {
    let mut input = values([48, 64, 50, 50]);
    let (output, indices) = max_pool2d_with_indices(input.view(), Pool2dOptions::square(3, 2));
    bencher.counter(ItemsCount::new(input.len())).bench_local(|| {
        max_pool2d_backward_into(output.view(), indices.view(), input.view_mut());
    });
}
