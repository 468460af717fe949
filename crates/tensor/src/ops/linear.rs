//! The fully connected layer.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

use crate::Element;

/// `input weightᵀ + bias`.
///
/// # Shapes
/// `input`: N × I, `weight`: O × I, `bias`: O. Returns N × O.
///
/// # Panics
/// If I or O differ between the arguments.
pub fn dense<T: Element>(
    input: ArrayView2<'_, T>,
    weight: ArrayView2<'_, T>,
    bias: Option<ArrayView1<'_, T>>,
) -> Array2<T> {
    let (n, i) = input.dim();
    let (o, weight_i) = weight.dim();
    assert_eq!(i, weight_i, "dense: input has {i} values, weight takes {weight_i}");
    let mut output = Array2::zeros((n, o));
    let mut beta = T::zero();
    if let Some(bias) = bias {
        assert_eq!(bias.len(), o, "dense: bias has {} values, weight gives {o}", bias.len());
        output.rows_mut().into_iter().for_each(|mut row| row.assign(&bias));
        beta = T::one();
    }
    // GEMM: (m, k, n) = (N, I, O).
    T::gemm(input, weight.t(), beta, output.view_mut());
    output
}

/// The gradients that [`dense_backward`] returns.
#[derive(Clone, Debug)]
pub struct DenseGradient<T> {
    /// N × I.
    pub input: Array2<T>,
    /// O × I.
    pub weight: Array2<T>,
    /// O.
    pub bias: Array1<T>,
}

/// Derivatives of [`dense`], defined everywhere: `grad_output weight` for the input,
/// `grad_outputᵀ input` for the weight, the column sums for the bias.
///
/// # Shapes
/// `input`: N × I, `weight`: O × I, `grad_output`: N × O.
///
/// # Panics
/// If N, I or O differ between the arguments.
pub fn dense_backward<T: Element>(
    input: ArrayView2<'_, T>,
    weight: ArrayView2<'_, T>,
    grad_output: ArrayView2<'_, T>,
) -> DenseGradient<T> {
    let (n, i) = input.dim();
    let (o, weight_i) = weight.dim();
    assert_eq!(i, weight_i, "dense_backward: input has {i} values, weight takes {weight_i}");
    assert_eq!(
        grad_output.dim(),
        (n, o),
        "dense_backward: gradient is {:?}, the output {:?}",
        grad_output.dim(),
        (n, o)
    );
    let mut grad_input = Array2::zeros((n, i));
    let mut grad_weight = Array2::zeros((o, i));
    // GEMM: (m, k, n) = (N, O, I).
    T::gemm(grad_output, weight, T::zero(), grad_input.view_mut());
    // GEMM: (m, k, n) = (O, N, I).
    T::gemm(grad_output.t(), input, T::zero(), grad_weight.view_mut());
    DenseGradient { input: grad_input, weight: grad_weight, bias: grad_output.sum_axis(Axis(0)) }
}
