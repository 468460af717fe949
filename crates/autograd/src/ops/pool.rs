//! Pooling of images: max_pool2d, average_pool2d, l2_pool2d.

use ndarray::{Array4, Ix4};
use tensor::ops::{self, Pool2dOptions};
use tensor::{Element, Padding2d};

use crate::Var;
use crate::axes::fixed;

impl<T: Element> Var<T> {
    /// Maximum over each window, see [`ops::max_pool2d`](tensor::ops::max_pool2d()). Derivative:
    /// the gradient of each window goes to its maximum; where values are equal, which is a
    /// kink, to the first of them in row-major order.
    ///
    /// Keeps the indices of the maxima instead of the input.
    ///
    /// # Shapes
    /// N × C × H × W. Returns N × C × OH × OW, see [`Pool2dOptions::output_size`].
    ///
    /// # Panics
    /// If it has not four axes or the window does not fit.
    #[must_use]
    pub fn max_pool2d(&self, options: Pool2dOptions) -> Self {
        self.max_pool2d_padded(Padding2d::default(), options)
    }

    /// [`max_pool2d`](Self::max_pool2d) of the image that [`pad2d`](Self::pad2d) surrounds with
    /// zeros, without keeping that.
    ///
    /// # Shapes
    /// N × C × H × W. Returns N × C × OH × OW of the padded image.
    ///
    /// # Panics
    /// If it has not four axes, the padded size overflows or the window does not fit.
    #[must_use]
    pub fn max_pool2d_padded(&self, padding: Padding2d, options: Pool2dOptions) -> Self {
        let input = self.expect::<Ix4>("max_pool2d", "input");
        let shape = input.raw_dim();
        let Some([h, w]) = padding.padded([shape[2], shape[3]]) else {
            panic!("max_pool2d: {} x {} padded by {padding:?} overflows", shape[2], shape[3])
        };
        let padded = Ix4(shape[0], shape[1], h, w);
        let mut output = self.tape().take(pooled("max_pool2d", &padded, options));
        if !self.requires_gradient() && padding.is_none() {
            ops::max_pool2d_into(input.view(), options, output.view_mut());
            return self.tape().constant(self.tape().share(output));
        }
        let mut places = Array4::zeros(output.raw_dim());
        let (view, places_view) = (output.view_mut(), places.view_mut());
        ops::max_pool2d_padded_into(input.view(), padding, options, view, places_view);
        let output = self.tape().share(output);
        Self::record(&[self], output, move |gradient, parents| {
            let gradient = fixed::<_, Ix4>(gradient);
            let mut target = parents.take(shape);
            let (gradients, places) = (gradient.view(), places.view());
            ops::max_pool2d_padded_backward_into(gradients, places, padding, target.view_mut());
            parents.add(0, target);
            parents.give(gradient);
        })
    }

    /// Mean over each window, see [`ops::average_pool2d`](tensor::ops::average_pool2d()).
    /// Derivative: the gradient of each window is distributed evenly. Defined everywhere.
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

    /// `√Σ x²` over each window, see [`ops::l2_pool2d`](tensor::ops::l2_pool2d()). Derivative:
    /// `x / output`, summed over the windows that contain a value; undefined where a whole
    /// window is zero, and taken as zero there.
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

/// The shape of a pool's output.
///
/// # Panics
/// If the window does not fit into the image.
fn pooled(name: &str, input: &Ix4, options: Pool2dOptions) -> Ix4 {
    let [n, c, h, w] = [input[0], input[1], input[2], input[3]];
    let Some([oh, ow]) = options.output_size([h, w]) else {
        panic!("{name}: {options:?} does not fit an image of {h} x {w}")
    };
    Ix4(n, c, oh, ow)
}
