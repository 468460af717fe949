//! Upsampling of images: upsample2d.

use ndarray::Ix4;
use tensor::Element;
use tensor::ops;

use crate::Var;
use crate::axes::fixed;

impl<T: Element> Var<T> {
    /// Nearest upsampling by two, see [`ops::upsample2d`](tensor::ops::upsample2d()). Derivative:
    /// the sum of the gradients of a value's four copies. Defined everywhere.
    ///
    /// # Shapes
    /// N × C × H × W. Returns N × C × 2 H × 2 W.
    ///
    /// # Panics
    /// If it has not four axes.
    #[must_use]
    pub fn upsample2d(&self) -> Self {
        let input = self.expect::<Ix4>("upsample2d", "input");
        let (n, c, h, w) = input.dim();
        let mut output = self.tape().take(Ix4(n, c, 2 * h, 2 * w));
        ops::upsample2d_into(input.view(), output.view_mut());
        let output = self.tape().share(output);
        Self::record(&[self], output, move |gradient, parents| {
            let gradient = fixed::<_, Ix4>(gradient);
            let mut target = parents.take(Ix4(n, c, h, w));
            ops::upsample2d_backward_into(gradient.view(), target.view_mut());
            parents.add(0, target);
            parents.give(gradient);
        })
    }
}
