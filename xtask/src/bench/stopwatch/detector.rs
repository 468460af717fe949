//! What only the detector's network has: depthwise convolutions, heads, and sums with an
//! upsampled value.

use facenet::network::{Convolution, Head};
use ndarray::{Array1, Array4};
use tensor::Padding2d;
use tensor::ops::{self, Conv2dOptions};

use super::{Stopwatch, seconds};

impl Stopwatch {
    pub(super) fn time_depthwise(&mut self, x: [usize; 3], layer: &Convolution) -> [usize; 3] {
        let [c, h, w] = x;
        let Convolution { kernel: k, stride, padding, epsilon, .. } = *layer;
        let options = Conv2dOptions {
            stride: [stride; 2],
            padding: Padding2d::same(padding),
            ..Conv2dOptions::default()
        };
        let Some([oh, ow]) = options.output_size([h, w], [k, k]) else { panic!("{layer:?}") };
        let input = self.values(x);
        let weight = Array4::from_elem((c, 1, k, k), 0.1_f32);
        let mut output = Array4::zeros((self.batch, c, oh, ow));
        let forward = seconds(|| {
            let output = output.view_mut();
            ops::depthwise_conv2d_into(input.view(), weight.view(), None, options, output);
        });
        let gradient = self.values([c, oh, ow]);
        let mut grad_input = Array4::zeros(input.dim());
        let backward = seconds(|| {
            let (view, target) = (gradient.view(), grad_input.view_mut());
            ops::depthwise_conv2d_backward_input_into(view, weight.view(), options, target);
            ops::depthwise_conv2d_backward_weight(input.view(), gradient.view(), [k, k], options)
        });
        let kind = match stride {
            1 => format!("depthwise {k}×{k}"),
            _ => format!("depthwise {k}×{k}/{stride}"),
        };
        self.add(&kind, forward, backward, 6.0 * (output.len() * k * k) as f64);
        self.time_batch_norm(&output, gradient, epsilon);
        [c, oh, ow]
    }

    pub(super) fn time_head(&mut self, x: [usize; 3], layer: &Head) -> [usize; 3] {
        let ([c, h, w], o) = (x, layer.channels);
        let (input, gradient) = (self.values(x), self.values([o, h, w]));
        let weight = Array4::from_elem((o, c, 1, 1), 0.01_f32);
        let bias = Array1::zeros(o);
        let options = Conv2dOptions { precision: self.precision, ..Conv2dOptions::default() };
        let forward = seconds(|| {
            ops::conv2d(input.view(), weight.view(), Some(bias.view()), options);
        });
        let backward = seconds(|| {
            ops::conv2d_backward_input(gradient.view(), weight.view(), [h, w], options);
            ops::conv2d_backward_weight(input.view(), gradient.view(), [1, 1], options);
            ops::conv2d_backward_bias(gradient.view())
        });
        self.add("head", forward, backward, 6.0 * (self.batch * o * c * h * w) as f64);
        [o, h, w]
    }

    pub(super) fn time_add_upsampled(&mut self, x: [usize; 3], coarse: [usize; 3]) -> [usize; 3] {
        let (fine, coarse) = (self.values(x), self.values(coarse));
        let forward = seconds(|| &fine + &ops::upsample2d(coarse.view()));
        let backward = seconds(|| ops::upsample2d_backward(fine.view()));
        self.add("upsample + add", forward, backward, 0.0);
        x
    }
}
