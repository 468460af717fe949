//! How near the convolutions of the network come to the machine's peak.
//!
//! `cargo bench -p tensor -- conv2d`; items are floating-point operations, so
//! that `Gitem/s` reads as GFLOP/s. `RAYON_NUM_THREADS=1` for one core.

use divan::counter::ItemsCount;
use ndarray::{Array1, Array4};
use tensor::ops::{Conv2dOptions, conv2d};
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

impl std::fmt::Display for Layer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

#[rustfmt::skip]
const LAYERS: [Layer; 12] = [
    Layer { name: "conv1 7x7/2", c: 3, o: 64, size: 96, kernel: 7, stride: 2, padding: 3 },
    Layer { name: "conv2 1x1", c: 64, o: 64, size: 24, kernel: 1, stride: 1, padding: 0 },
    Layer { name: "conv3 3x3", c: 64, o: 192, size: 24, kernel: 3, stride: 1, padding: 1 },
    Layer { name: "3a 3x3", c: 96, o: 128, size: 12, kernel: 3, stride: 1, padding: 1 },
    Layer { name: "3b 5x5", c: 32, o: 64, size: 12, kernel: 5, stride: 1, padding: 2 },
    Layer { name: "3a 1x1", c: 192, o: 96, size: 12, kernel: 1, stride: 1, padding: 0 },
    Layer { name: "3c 3x3/2", c: 128, o: 256, size: 12, kernel: 3, stride: 2, padding: 1 },
    Layer { name: "4a 3x3", c: 96, o: 192, size: 6, kernel: 3, stride: 1, padding: 1 },
    Layer { name: "4a 1x1", c: 640, o: 256, size: 6, kernel: 1, stride: 1, padding: 0 },
    Layer { name: "4e 3x3/2", c: 160, o: 256, size: 6, kernel: 3, stride: 2, padding: 1 },
    Layer { name: "5a 3x3", c: 96, o: 384, size: 3, kernel: 3, stride: 1, padding: 1 },
    Layer { name: "5a 1x1", c: 1024, o: 256, size: 3, kernel: 1, stride: 1, padding: 0 },
];

fn forward(bencher: divan::Bencher<'_, '_>, layer: Layer, n: usize) {
    let Layer { c, o, size, kernel, stride, padding, .. } = layer;
    let options = Conv2dOptions {
        stride: [stride, stride],
        padding: Padding2d::same(padding),
        activation: Activation::Relu,
    };
    let value = |index: usize| (index % 17) as f32 / 17.0 - 0.5;
    let input =
        Array4::from_shape_fn((n, c, size, size), |(n, c, y, x)| value(n + c * 3 + y * 5 + x));
    let weight =
        Array4::from_shape_fn((o, c, kernel, kernel), |(o, c, y, x)| value(o + c * 3 + y * 5 + x));
    let bias = Array1::from_shape_fn(o, value);
    let [oh, ow] = options.output_size([size, size], [kernel, kernel]).expect("the kernel fits");
    let operations = 2 * n * o * oh * ow * c * kernel * kernel;
    bencher
        .counter(ItemsCount::new(operations))
        .bench(|| conv2d(input.view(), weight.view(), Some(bias.view()), options));
}

#[divan::bench(args = LAYERS, max_time = 0.3)]
fn conv2d_batch_1(bencher: divan::Bencher<'_, '_>, layer: Layer) {
    forward(bencher, layer, 1);
}

#[divan::bench(args = LAYERS, max_time = 0.5)]
fn conv2d_batch_32(bencher: divan::Bencher<'_, '_>, layer: Layer) {
    forward(bencher, layer, 32);
}
