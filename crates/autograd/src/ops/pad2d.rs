//! Zero padding of the two spatial axes.

use ndarray::Ix4;
use tensor::{Element, Padding2d, ops};

use crate::Var;
use crate::axes::fixed;

impl<T: Element> Var<T> {
    /// Surrounds each plane with zeros, see [`ops::pad2d`](tensor::ops::pad2d()). Derivative: the
    /// gradient without the borders. Defined everywhere.
    ///
    /// # Shapes
    /// N × C × H × W. Returns N × C × (top + H + bottom) × (left + W + right).
    ///
    /// # Panics
    /// If it has not four axes or the padded size overflows.
    #[must_use]
    pub fn pad2d(&self, padding: Padding2d) -> Self {
        let input = self.expect::<Ix4>("pad2d", "input");
        let (n, c, h, w) = input.dim();
        let Some([padded_h, padded_w]) = padding.padded([h, w]) else {
            panic!("pad2d: {h} x {w} padded by {padding:?} overflows")
        };
        let mut output = self.tape().take(Ix4(n, c, padded_h, padded_w));
        ops::pad2d_into(input.view(), padding, output.view_mut());
        let output = self.tape().share(output);
        Self::record(&[self], output, move |gradient, parents| {
            let gradient = fixed::<_, Ix4>(gradient);
            let mut target = parents.take(Ix4(n, c, h, w));
            ops::pad2d_backward_into(gradient.view(), padding, target.view_mut());
            parents.add(0, target);
            parents.give(gradient);
        })
    }
}
