//! Times padding, which a max-pool takes into its own kernel and others need in memory.

use ndarray::Array4;
use tensor::Padding2d;
use tensor::ops::{self, Pool2dOptions};

use super::{Stopwatch, seconds};

impl Stopwatch {
    /// Times the padding that the next operator needs in memory, if there is one.
    pub(super) fn time_padding(&mut self) {
        let Some(([c, h, w], padding)) = self.padding.take() else { return };
        let Padding2d { top, bottom, left, right } = padding;
        let input = self.values([c, h, w]);
        let gradient = self.values([c, h + top + bottom, w + left + right]);
        let mut padded = ops::pad2d(input.view(), padding);
        let forward = seconds(|| ops::pad2d_into(input.view(), padding, padded.view_mut()));
        let mut cut = ops::pad2d_backward(gradient.view(), padding);
        let backward =
            seconds(|| ops::pad2d_backward_into(gradient.view(), padding, cut.view_mut()));
        self.add("pad", forward, backward, 0.0);
    }

    /// Times a max-pool, with the padding before it.
    pub(super) fn time_max_pool(&mut self, x: [usize; 3], pool: Pool2dOptions) -> [usize; 3] {
        let [c, h, w] = x;
        let Some([oh, ow]) = pool.output_size([h, w]) else { panic!("{pool:?} does not fit") };
        let (input, padding) = self.padding.take().unwrap_or((x, Padding2d::default()));
        let input = self.values(input);
        let mut output = Array4::zeros((self.batch, c, oh, ow));
        let mut indices = Array4::zeros(output.raw_dim());
        let forward = seconds(|| {
            let (output, indices) = (output.view_mut(), indices.view_mut());
            ops::max_pool2d_padded_into(input.view(), padding, pool, output, indices);
        });
        let mut gradient = Array4::zeros(input.raw_dim());
        let backward = seconds(|| {
            let (output, indices) = (output.view(), indices.view());
            ops::max_pool2d_padded_backward_into(output, indices, padding, gradient.view_mut());
        });
        self.add("max-pool", forward, backward, 0.0);
        [c, oh, ow]
    }
}
