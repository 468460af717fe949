//! Maximum over a window.

use ndarray::{Array4, Ix4};
use tensor::Element;
use tensor::ops::{self, Pool2dOptions};

use crate::Var;
use crate::axes::fixed;
use crate::ops::pooled;

impl<T: Element> Var<T> {
    /// Maximum over each window, see [`ops::max_pool2d`](tensor::ops::max_pool2d()). Derivative:
    /// each window's gradient goes to its maximum; where values tie, which is a kink,
    /// to the first of them in row-major order.
    ///
    /// Keeps the places of the maxima, not the input.
    ///
    /// # Shapes
    /// N × C × H × W. Returns N × C × OH × OW, see [`Pool2dOptions::output_size`].
    ///
    /// # Panics
    /// If it has not four axes or the window does not fit.
    #[must_use]
    pub fn max_pool2d(&self, options: Pool2dOptions) -> Self {
        let input = self.expect::<Ix4>("max_pool2d", "input");
        let shape = input.raw_dim();
        let mut output = self.tape().take(pooled("max_pool2d", &shape, options));
        if !self.requires_gradient() {
            ops::max_pool2d_into(input.view(), options, output.view_mut());
            return self.tape().constant(self.tape().share(output));
        }
        let mut places = Array4::zeros(output.raw_dim());
        let (view, places_view) = (output.view_mut(), places.view_mut());
        ops::max_pool2d_with_indices_into(input.view(), options, view, places_view);
        let output = self.tape().share(output);
        Self::record(&[self], output, move |gradient, parents| {
            let gradient = fixed::<_, Ix4>(gradient);
            let mut target = parents.take(shape);
            ops::max_pool2d_backward_into(gradient.view(), places.view(), target.view_mut());
            parents.add(0, target);
            parents.give(gradient);
        })
    }
}
