//! General matrix product `C ← A B + β C` over any strides.
//!
//! The only place that passes `ndarray` views to `matrixmultiply`, which takes raw
//! pointers: the guarantees of a view are exactly the ones it requires. It selects
//! AVX-512, AVX2, NEON or portable code at run time.
#![allow(unsafe_code)]

use ndarray::{ArrayView2, ArrayViewMut2};

/// Numbers that have a matrix product. Implemented for `f32` and `f64`.
pub trait GemmElement: Sized {
    /// `c ← a b + beta c`; with `beta` zero, the old values of `c` are ignored.
    ///
    /// # Shapes
    /// `a`: M × K, `b`: K × N, `c`: M × N.
    fn gemm(
        a: ArrayView2<'_, Self>,
        b: ArrayView2<'_, Self>,
        beta: Self,
        c: ArrayViewMut2<'_, Self>,
    );
}

macro_rules! implement {
    ($element:ty, $gemm:path) => {
        impl GemmElement for $element {
            fn gemm(
                a: ArrayView2<'_, Self>,
                b: ArrayView2<'_, Self>,
                beta: Self,
                mut c: ArrayViewMut2<'_, Self>,
            ) {
                let (m, k) = a.dim();
                let (b_rows, n) = b.dim();
                assert_eq!(k, b_rows, "gemm: A has {k} columns, B has {b_rows} rows");
                assert_eq!(c.dim(), (m, n), "gemm: C is {:?}, A B is {:?}", c.dim(), (m, n));
                let [a_row, a_column] = [a.strides()[0], a.strides()[1]];
                let [b_row, b_column] = [b.strides()[0], b.strides()[1]];
                let [c_row, c_column] = [c.strides()[0], c.strides()[1]];
                // SAFETY:
                // Lengths: an `ndarray` view may be read at `ptr + i * strides[0] + j *
                // strides[1]` for all `i < dim.0`, `j < dim.1`; `dim` of the three views
                // was just checked to be (m, k), (k, n) and (m, n), which are the only
                // indices that the product touches.
                // Strides: they are counted in elements in both crates and may be
                // negative in both.
                // Aliasing: `c` is an exclusive view, so no two of its indices share an
                // element and neither `a` nor `b` overlaps it.
                // CPU features: `matrixmultiply` checks them itself.
                unsafe {
                    $gemm(
                        m,
                        k,
                        n,
                        1.0,
                        a.as_ptr(),
                        a_row,
                        a_column,
                        b.as_ptr(),
                        b_row,
                        b_column,
                        beta,
                        c.as_mut_ptr(),
                        c_row,
                        c_column,
                    );
                }
            }
        }
    };
}

implement!(f32, matrixmultiply::sgemm);
implement!(f64, matrixmultiply::dgemm);
