//! Root of the sum of squares over a window.

use ndarray::Ix4;
use tensor::Element;
use tensor::ops::{self, Pool2dOptions};

use crate::Var;
use crate::axes::fixed;
use crate::ops::pooled;

impl<T: Element> Var<T> {
    /// `√Σ x²` over each window, see [`ops::l2_pool2d`](tensor::ops::l2_pool2d()). Derivative:
    /// `x / output`, summed over the windows that hold a value; undefined where a whole
    /// window is zero, zero is taken there.
    ///
    /// # Shapes
    /// N × C × H × W. Returns N × C × OH × OW, see [`Pool2dOptions::output_size`].
    ///
    /// # Panics
    /// If it has not four axes or the window does not fit.
    #[must_use]
    pub fn l2_pool2d(&self, options: Pool2dOptions) -> Self {
        let input = self.expect::<Ix4>("l2_pool2d", "input");
        let mut output = self.tape().take(pooled("l2_pool2d", &input.raw_dim(), options));
        ops::l2_pool2d_into(input.view(), options, output.view_mut());
        let output = self.tape().share(output);
        let kept = output.clone();
        Self::record(&[self], output, move |gradient, parents| {
            let gradient = fixed::<_, Ix4>(gradient);
            let (input, output) = (input.view(), kept.view());
            parents.add(0, ops::l2_pool2d_backward(input, output, gradient.view(), options));
        })
    }
}
