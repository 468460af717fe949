//! Products of matrices on all threads.

use ndarray::{Array2, ArrayView2, ArrayView4, Axis};

use crate::kernels::packed_weight::{Direction, PackedWeight};
use crate::kernels::train::matrix::MatrixProduct;
use crate::{Element, Precision};

/// `left right`.
///
/// # Shapes
/// `left`: M × K, `right`: K × N. Returns M × N.
///
/// # Panics
/// If K differs, or this machine does not have the precision.
pub fn matmul<T: Element>(
    left: ArrayView2<'_, T>,
    right: ArrayView2<'_, T>,
    precision: Precision,
) -> Array2<T> {
    let [k, rows] = [left.ncols(), right.nrows()];
    assert_eq!(k, rows, "matmul: the left matrix has {k} columns, the right one {rows} rows");
    let products = T::products(precision);
    let right = PackedWeight::new(kernel(right), Direction::Backward, products);
    MatrixProduct { left, right: &right, products, lower: false }.run()
}

/// `matrix matrixᵀ`, of which one triangle is computed and mirrored.
///
/// # Shapes
/// `matrix`: M × K. Returns M × M.
///
/// # Panics
/// If this machine does not have the precision.
pub fn gram<T: Element>(matrix: ArrayView2<'_, T>, precision: Precision) -> Array2<T> {
    let products = T::products(precision);
    let right = PackedWeight::new(kernel(matrix), Direction::Forward, products);
    let mut product = MatrixProduct { left: matrix, right: &right, products, lower: true }.run();
    for row in 0..product.nrows() {
        for column in row + 1..product.ncols() {
            product[[row, column]] = product[[column, row]];
        }
    }
    product
}

/// A matrix as the weight of a 1×1 convolution: its rows are output channels.
fn kernel<T>(matrix: ArrayView2<'_, T>) -> ArrayView4<'_, T> {
    matrix.insert_axis(Axis(2)).insert_axis(Axis(3))
}
