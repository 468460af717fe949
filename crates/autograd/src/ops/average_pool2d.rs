//! Mean over a window.

use ndarray::Ix4;
use tensor::Element;
use tensor::ops::{self, Pool2dOptions};

use crate::Var;
use crate::axes::fixed;
use crate::ops::pooled;

impl<T: Element> Var<T> {
    /// Mean over each window, see [`ops::average_pool2d`](tensor::ops::average_pool2d()).
    /// Derivative: each window spreads its gradient evenly. Defined everywhere.
    ///
    /// # Shapes
    /// N × C × H × W. Returns N × C × OH × OW, see [`Pool2dOptions::output_size`].
    ///
    /// # Panics
    /// If it has not four axes or the window does not fit.
    #[must_use]
    pub fn average_pool2d(&self, options: Pool2dOptions) -> Self {
        let input = self.expect::<Ix4>("average_pool2d", "input");
        let shape = input.raw_dim();
        let mut output = self.tape().take(pooled("average_pool2d", &shape, options));
        ops::average_pool2d_into(input.view(), options, output.view_mut());
        let output = self.tape().share(output);
        Self::record(&[self], output, move |gradient, parents| {
            let gradient = fixed::<_, Ix4>(gradient);
            let mut target = parents.take(shape);
            ops::average_pool2d_backward_into(gradient.view(), options, target.view_mut());
            parents.add(0, target);
            parents.give(gradient);
        })
    }
}
