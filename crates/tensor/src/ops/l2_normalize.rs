//! Scaling of rows to unit length.

use ndarray::{Array2, ArrayView2};

use crate::Element;

/// `x / sqrt(max(Σ x², epsilon))` for each row.
///
/// This is Keras' `K.l2_normalize`, which takes `epsilon` 1e-12; a zero row stays zero.
///
/// # Shapes
/// `input`: N × I. Returns N × I.
pub fn l2_normalize<T: Element>(input: ArrayView2<'_, T>, epsilon: f64) -> Array2<T> {
    let mut output = input.as_standard_layout().into_owned();
    for mut row in output.rows_mut() {
        let scale = inverse_length(sum_of_squares(row.iter().copied()), epsilon);
        row.mapv_inplace(|value| value * scale);
    }
    output
}

/// Derivative of [`l2_normalize`]. With `r = sqrt(Σ x²)`, `y = x / r` and gradient `g`,
/// it is `(g - y (y · g)) / r`; where `Σ x² < epsilon` the length is a constant and
/// it is `g / sqrt(epsilon)`. At equality, where the derivative jumps, it is the first.
///
/// # Shapes
/// `input`, `grad_output`: N × I. Returns N × I.
///
/// # Panics
/// If the shapes differ.
pub fn l2_normalize_backward<T: Element>(
    input: ArrayView2<'_, T>,
    grad_output: ArrayView2<'_, T>,
    epsilon: f64,
) -> Array2<T> {
    assert_eq!(
        input.dim(),
        grad_output.dim(),
        "l2_normalize_backward: input is {:?}, gradient is {:?}",
        input.dim(),
        grad_output.dim()
    );
    let mut gradient = grad_output.as_standard_layout().into_owned();
    for (mut gradient, input) in gradient.rows_mut().into_iter().zip(input.rows()) {
        let squares = sum_of_squares(input.iter().copied());
        let scale = inverse_length(squares, epsilon);
        let mut along = T::zero();
        if !is_clamped(squares, epsilon) {
            for (gradient, value) in gradient.iter().zip(input) {
                along += *gradient * *value;
            }
            along *= scale * scale;
        }
        gradient.zip_mut_with(&input, |gradient, value| {
            *gradient = (*gradient - *value * along) * scale;
        });
    }
    gradient
}

/// `Σ x²`, in the order of the values.
fn sum_of_squares<T: Element>(values: impl Iterator<Item = T>) -> T {
    values.fold(T::zero(), |sum, value| sum + value * value)
}

/// Whether epsilon replaces the sum; not if it is NaN, which must propagate.
fn is_clamped<T: Element>(squares: T, epsilon: f64) -> bool {
    squares < T::from_f64(epsilon)
}

/// `1 / sqrt(max(squares, epsilon))`.
fn inverse_length<T: Element>(squares: T, epsilon: f64) -> T {
    let squares = if is_clamped(squares, epsilon) { T::from_f64(epsilon) } else { squares };
    T::one() / squares.sqrt()
}
