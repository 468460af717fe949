//! An interpreter of the network that times each operator's kernels, forward and
//! backward, on the shapes that they have there.
//!
//! It gets every layer from the definition of the network, so the breakdown is complete.
//! Outputs go into reused memory, as in a training step, whose tape keeps its buffers.

mod detector;
mod padding;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use facenet::network::{Builder, Convolution, Dense, Head};
use ndarray::{Array1, Array2, Array4, ArrayView2, Axis};
use tensor::ops::{self, BatchNormTrain, Conv2dOptions, LocalResponseNormOptions, Pool2dOptions};
use tensor::{Activation, Padding2d, Precision};

/// Runs of each kernel, of which the fastest counts.
const RUNS: usize = 3;

/// Seconds that one kind of operator takes in a step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Time {
    pub(super) forward: f64,
    pub(super) backward: f64,
    /// Floating-point operations of both, if they are counted.
    pub(super) flops: f64,
}

impl Time {
    pub(super) fn total(&self) -> f64 {
        self.forward + self.backward
    }
}

/// Times kernels; a node is the shape of a value, `[C, H, W]`.
pub(super) struct Stopwatch {
    batch: usize,
    precision: Precision,
    kinds: BTreeMap<String, Time>,
    /// What is padded next, unless a max-pool takes it with its padding.
    padding: Option<([usize; 3], Padding2d)>,
}

impl Stopwatch {
    pub(super) fn new(batch: usize, precision: Precision) -> Self {
        Self { batch, precision, kinds: BTreeMap::new(), padding: None }
    }

    /// Floating-point operations of a step's convolutions and dense layer.
    pub(super) fn flops(&self) -> f64 {
        self.kinds.values().map(|time| time.flops).sum()
    }

    /// The kinds of operators with their times.
    pub(super) fn times(&self) -> Vec<(String, Time)> {
        self.kinds.iter().map(|(kind, time)| (kind.clone(), *time)).collect()
    }

    fn add(&mut self, kind: &str, forward: f64, backward: f64, flops: f64) {
        let time = self.kinds.entry(kind.to_owned()).or_default();
        time.forward += forward;
        time.backward += backward;
        time.flops += flops;
    }

    /// Deterministic values of both signs.
    fn values(&self, [c, h, w]: [usize; 3]) -> Array4<f32> {
        Array4::from_shape_fn((self.batch, c, h, w), |(n, c, y, x)| {
            ((37 * n + 11 * c + 5 * y + 3 * x) % 64) as f32 / 32.0 - 1.0
        })
    }

    fn pool(
        &mut self,
        kind: &str,
        [c, h, w]: [usize; 3],
        pool: Pool2dOptions,
        run: impl Fn(&Array4<f32>) -> (f64, f64),
    ) -> [usize; 3] {
        let Some([oh, ow]) = pool.output_size([h, w]) else { panic!("{pool:?} does not fit") };
        let (forward, backward) = run(&self.values([c, h, w]));
        self.add(kind, forward, backward, 0.0);
        [c, oh, ow]
    }
}

/// The fastest of a few runs, in seconds.
fn seconds<T>(mut run: impl FnMut() -> T) -> f64 {
    let mut fastest = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        black_box(run());
        fastest = fastest.min(start.elapsed().as_secs_f64());
    }
    fastest
}

/// `(N, C, 1, 1)` as `(N, C)`.
fn rows(values: &Array4<f32>) -> ArrayView2<'_, f32> {
    values.view().index_axis_move(Axis(3), 0).index_axis_move(Axis(2), 0)
}

impl Stopwatch {
    /// Batch-norm and ReLU behind a convolution.
    fn time_batch_norm(&mut self, output: &Array4<f32>, mut gradient: Array4<f32>, epsilon: f64) {
        let channels = output.dim().1;
        let (scale, shift) = (Array1::ones(channels), Array1::zeros(channels));
        let activation = Activation::Relu;
        let (scale, shift) = (scale.view(), shift.view());
        let parameters = BatchNormTrain { scale, shift, epsilon, activation };
        let mut normalized = Array4::zeros(output.dim());
        let forward = seconds(|| {
            ops::batch_norm_train_into(output.view(), &parameters, normalized.view_mut())
        });
        let statistics =
            ops::batch_norm_train_into(output.view(), &parameters, normalized.view_mut());
        let backward = seconds(|| {
            ops::batch_norm_backward_in_place(
                output.view(),
                gradient.view_mut(),
                &parameters,
                &statistics,
            )
        });
        self.add("batch-norm + ReLU", forward, backward, 0.0);
    }
}

impl Builder for Stopwatch {
    type Node = [usize; 3];

    fn input(&mut self, shape: [usize; 3]) -> [usize; 3] {
        shape
    }

    fn convolution(&mut self, x: &[usize; 3], layer: &Convolution) -> [usize; 3] {
        self.time_padding();
        let [c, h, w] = *x;
        let Convolution { channels: o, kernel: k, stride, padding, epsilon, .. } = *layer;
        let options = Conv2dOptions {
            stride: [stride; 2],
            padding: Padding2d::same(padding),
            precision: self.precision,
            ..Conv2dOptions::default()
        };
        let Some([oh, ow]) = options.output_size([h, w], [k, k]) else { panic!("{layer:?}") };
        let input = self.values(*x);
        let weight = Array4::from_elem((o, c, k, k), 0.01_f32);
        let mut output = Array4::zeros((self.batch, o, oh, ow));
        let forward = seconds(|| {
            ops::conv2d_into(input.view(), weight.view(), None, options, output.view_mut());
        });
        let gradient = self.values([o, oh, ow]);
        let by_weight =
            seconds(|| ops::conv2d_backward_weight(input.view(), gradient.view(), [k, k], options));
        // The network's input has no gradient.
        let is_first = c == 3;
        let mut grad_input = Array4::zeros(input.dim());
        let by_input = if is_first {
            0.0
        } else {
            seconds(|| {
                ops::conv2d_backward_input_into(
                    gradient.view(),
                    weight.view(),
                    options,
                    grad_input.view_mut(),
                );
            })
        };
        let passes = if is_first { 2.0 } else { 3.0 };
        let flops = passes * 2.0 * (self.batch * o * oh * ow * c * k * k) as f64;
        let kind = match stride {
            1 => format!("conv {k}×{k}"),
            _ => format!("conv {k}×{k}/{stride}"),
        };
        self.add(&kind, forward, by_weight + by_input, flops);

        self.time_batch_norm(&output, gradient, epsilon);
        [o, oh, ow]
    }

    fn depthwise(&mut self, x: &[usize; 3], layer: &Convolution) -> [usize; 3] {
        self.time_padding();
        self.time_depthwise(*x, layer)
    }

    fn head(&mut self, x: &[usize; 3], layer: &Head) -> [usize; 3] {
        self.time_padding();
        self.time_head(*x, layer)
    }

    fn add_upsampled(&mut self, x: &[usize; 3], coarse: &[usize; 3], _name: &str) -> [usize; 3] {
        self.time_padding();
        self.time_add_upsampled(*x, *coarse)
    }

    fn pad(&mut self, x: &[usize; 3], _name: &str, padding: Padding2d) -> [usize; 3] {
        self.time_padding();
        let [c, h, w] = *x;
        self.padding = Some((*x, padding));
        [c, h + padding.top + padding.bottom, w + padding.left + padding.right]
    }

    fn max_pool(&mut self, x: &[usize; 3], _name: &str, pool: Pool2dOptions) -> [usize; 3] {
        self.time_max_pool(*x, pool)
    }

    fn average_pool(&mut self, x: &[usize; 3], _name: &str, pool: Pool2dOptions) -> [usize; 3] {
        self.time_padding();
        let [_, h, w] = *x;
        self.pool("average pool", *x, pool, |input| {
            let mut output = ops::average_pool2d(input.view(), pool);
            let forward =
                seconds(|| ops::average_pool2d_into(input.view(), pool, output.view_mut()));
            let mut gradient = ops::average_pool2d_backward(output.view(), [h, w], pool);
            let backward = seconds(|| {
                ops::average_pool2d_backward_into(output.view(), pool, gradient.view_mut());
            });
            (forward, backward)
        })
    }

    fn l2_pool(&mut self, x: &[usize; 3], _name: &str, pool: Pool2dOptions) -> [usize; 3] {
        self.time_padding();
        self.pool("L2 pool", *x, pool, |input| {
            let forward = seconds(|| ops::l2_pool2d(input.view(), pool));
            let output = ops::l2_pool2d(input.view(), pool);
            let backward = seconds(|| {
                ops::l2_pool2d_backward(input.view(), output.view(), output.view(), pool)
            });
            (forward, backward)
        })
    }

    fn local_response_norm(&mut self, x: &[usize; 3], _name: &str) -> [usize; 3] {
        self.time_padding();
        let options = LocalResponseNormOptions::default();
        let input = self.values(*x);
        let forward = seconds(|| ops::local_response_norm(input.view(), options));
        let backward =
            seconds(|| ops::local_response_norm_backward(input.view(), input.view(), options));
        self.add("LRN", forward, backward, 0.0);
        *x
    }

    fn concat(&mut self, inputs: &[[usize; 3]], _name: &str) -> [usize; 3] {
        self.time_padding();
        let parts: Vec<_> = inputs.iter().map(|&shape| self.values(shape)).collect();
        let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
        let channels: Vec<_> = inputs.iter().map(|[c, ..]| *c).collect();
        let [_, h, w] = inputs[0];
        let output = [channels.iter().sum(), h, w];
        let gradient = self.values(output);
        let mut joined = ops::concat_channels(&views);
        let forward = seconds(|| ops::concat_channels_into(&views, joined.view_mut()));
        let backward = seconds(|| ops::concat_channels_backward(gradient.view(), &channels));
        self.add("concat", forward, backward, 0.0);
        output
    }

    fn flatten(&mut self, [c, h, w]: &[usize; 3], _name: &str) -> [usize; 3] {
        [c * h * w, 1, 1]
    }

    fn dense(&mut self, [c, ..]: &[usize; 3], layer: &Dense) -> [usize; 3] {
        let (o, values) = (layer.outputs, self.values([*c, 1, 1]));
        let input = rows(&values);
        let weight = Array2::from_elem((o, *c), 0.01_f32);
        let gradient = Array2::from_elem((self.batch, o), 0.5_f32);
        let forward = seconds(|| ops::dense(input, weight.view(), None));
        let backward = seconds(|| ops::dense_backward(input, weight.view(), gradient.view()));
        self.add("dense", forward, backward, 6.0 * (self.batch * o * c) as f64);
        [o, 1, 1]
    }

    fn l2_normalize(&mut self, x: &[usize; 3], _name: &str) -> [usize; 3] {
        let values = self.values(*x);
        let input = rows(&values);
        let forward = seconds(|| ops::l2_normalize(input, 1e-12));
        let backward = seconds(|| ops::l2_normalize_backward(input, input, 1e-12));
        self.add("l2-normalize", forward, backward, 0.0);
        *x
    }
}
