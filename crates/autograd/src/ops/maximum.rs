//! Maximum of a variable and a number: the hinge of margin losses.

use tensor::Element;

use crate::{Var, elementwise};

impl<T: Element> Var<T> {
    /// `max(x, floor)` place by place. Derivative: 1 where `x` is greater, else 0.
    ///
    /// Where they are equal the function has a kink; zero is taken. A NaN stays NaN
    /// and lets the gradient through.
    ///
    /// # Shapes
    /// Any. Returns the same shape.
    #[must_use]
    pub fn maximum(&self, floor: T) -> Self {
        let output =
            elementwise::map(self.value(), |value| if value < floor { floor } else { value })
                .into_shared();
        let maxima = output.clone();
        Self::record(&[self], output, move |mut gradient, parents| {
            elementwise::update(&mut gradient, maxima.view(), |gradient, maximum| {
                if maximum <= floor { T::zero() } else { gradient }
            });
            parents.add(0, gradient);
        })
    }
}
