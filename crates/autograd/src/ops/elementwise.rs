//! Functions of single values: abs, exp, ln, maximum, powf, relu, sqrt, square.

use tensor::{Element, ops};

use crate::{Var, parallel};

/// Defines an elementwise operator: its value, and the gradient of the input from the
/// gradient of the output and the kept value, which is the input or the output.
macro_rules! unary {
    (
        $(#[$doc:meta])*
        $name:ident($($argument:ident: $Argument:ty)?) =
            |$x:ident| $value:expr,
            keeps $kept:ident,
            |$gradient:ident, $k:ident| $derivative:expr
    ) => {
        impl<T: Element> Var<T> {
            $(#[$doc])*
            ///
            /// # Shapes
            /// Any. Returns the same shape.
            #[must_use]
            pub fn $name(&self $(, $argument: $Argument)?) -> Self {
                let input = self.shared();
                let output = parallel::map(input.view(), move |$x| $value).into_shared();
                let kept = unary!(@keep $kept, input, output);
                Self::record(&[self], output, move |mut gradient, parents| {
                    parallel::update(&mut gradient, kept.view(), |$gradient, $k| $derivative);
                    parents.add(0, gradient);
                })
            }
        }
    };
    (@keep input, $input:ident, $output:ident) => { $input };
    (@keep output, $input:ident, $output:ident) => { $output.clone() };
}

unary! {
    /// `|x|`. Derivative: the sign of `x`.
    ///
    /// At zero, where it is undefined, it is taken as zero. A NaN stays NaN in value and
    /// derivative.
    abs() = |x| x.abs(),
    keeps input,
    |gradient, x| if x == T::zero() { T::zero() } else { gradient * x.signum() }
}

unary! {
    /// `eˣ`. Derivative: `eˣ`. Defined everywhere.
    exp() = |x| x.exp(),
    keeps output,
    |gradient, power| gradient * power
}

unary! {
    /// `ln x`. Derivative: `1 / x`. Undefined at zero and below: the value is `-∞` or NaN
    /// there, and the derivative is the value of `1 / x`.
    ln() = |x| x.ln(),
    keeps input,
    |gradient, x| gradient / x
}

unary! {
    /// `max(x, floor)`. Derivative: 1 where `x` is greater than `floor`, else 0.
    ///
    /// Where both are equal the function has a kink, and the derivative is taken as zero. A
    /// NaN stays NaN and passes the gradient on.
    maximum(floor: T) = |x| if x < floor { floor } else { x },
    keeps output,
    |gradient, maximum| if maximum <= floor { T::zero() } else { gradient }
}

unary! {
    /// `x` to the power of `exponent`. Derivative: `exponent x^(exponent - 1)`, and zero
    /// everywhere if the exponent is zero.
    ///
    /// Infinite at zero for exponents below one; below zero, value and derivative are NaN
    /// for exponents that are not whole numbers.
    powf(exponent: f64) = |x| x.powf(T::from_f64(exponent)),
    keeps input,
    |gradient, x| {
        let [power, lower] = [exponent, exponent - 1.0].map(T::from_f64);
        if power == T::zero() { T::zero() } else { power * x.powf(lower) * gradient }
    }
}

unary! {
    /// `√x`. Derivative: `1 / (2 √x)`.
    ///
    /// At zero, where it is infinite, it is taken as zero: the gradient of the distance of a
    /// point to itself is then zero instead of NaN. Below zero value and derivative are NaN.
    sqrt() = |x| x.sqrt(),
    keeps output,
    |gradient, root| {
        let two = T::one() + T::one();
        if root == T::zero() { T::zero() } else { gradient / (two * root) }
    }
}

unary! {
    /// `x²`. Derivative: `2 x`. Defined everywhere.
    square() = |x| x * x,
    keeps input,
    |gradient, x| (T::one() + T::one()) * x * gradient
}

impl<T: Element> Var<T> {
    /// `max(x, 0)`, see [`ops::relu`](tensor::ops::relu()). Derivative: 1 where the output is
    /// positive, else 0, also at zero, where it is undefined.
    ///
    /// # Shapes
    /// Any. Returns the same shape.
    #[must_use]
    pub fn relu(&self) -> Self {
        let output = ops::relu(self.value()).into_shared();
        let kept = output.clone();
        Self::record(&[self], output, move |gradient, parents| {
            parents.add(0, ops::relu_backward(kept.view(), gradient.view()));
        })
    }
}
