//! The textbook convolution: patches to columns, one matrix product.
//!
//! Chellapilla et al., "High Performance Convolutional Neural Networks for Document
//! Processing" (2006). [`conv2d`](super::conv2d()) sums directly from the images instead,
//! which saves the matrix of patches and is faster. This is an independent second
//! implementation that passes the same tests, and it is short.

use ndarray::{
    Array4, ArrayView1, ArrayView2, ArrayView3, ArrayView4, ArrayViewMut2, ArrayViewMut3, Axis,
};
use rayon::prelude::*;

use super::{Conv2dOptions, output_shape};
use crate::Element;
use crate::kernels::scratch::with_scratch;

/// [`conv2d`](super::conv2d()) by im2col and GEMM (`matrixmultiply`); a task is one image.
/// A 1×1 kernel with stride 1 and no padding needs no patches: the image is the matrix.
///
/// # Shapes
/// `input`: N × C × H × W, `weight`: O × C × KH × KW, `bias`: O. Returns
/// N × O × OH × OW.
///
/// # Panics
/// As [`conv2d`](super::conv2d()).
pub fn conv2d_im2col<T: Element>(
    input: ArrayView4<'_, T>,
    weight: ArrayView4<'_, T>,
    bias: Option<ArrayView1<'_, T>>,
    options: Conv2dOptions,
) -> Array4<T> {
    let mut output = Array4::zeros(output_shape(&input, weight.dim(), options));
    let (o, c, kh, kw) = weight.dim();
    if let Some(bias) = bias {
        assert_eq!(bias.len(), o, "conv2d: bias has {} values, weight gives {o}", bias.len());
    }
    let weight = weight.as_standard_layout();
    let Ok(weight) = weight.view().into_shape_with_order((o, c * kh * kw)) else {
        unreachable!("standard layouts reshape without a copy")
    };
    let tasks = input.outer_iter().into_par_iter().zip(output.outer_iter_mut());
    tasks.for_each(|(image, output)| {
        let image = image.as_standard_layout();
        convolve(image.view(), weight, bias, [kh, kw], options, output);
    });
    output
}

/// One image, in standard layout.
fn convolve<T: Element>(
    image: ArrayView3<'_, T>,
    weight: ArrayView2<'_, T>,
    bias: Option<ArrayView1<'_, T>>,
    kernel: [usize; 2],
    options: Conv2dOptions,
    mut output: ArrayViewMut3<'_, T>,
) {
    let (o, oh, ow) = output.dim();
    let (c, h, w) = image.dim();
    let (rows, columns) = (weight.ncols(), oh * ow);
    let beta = match bias {
        Some(bias) => {
            for (mut plane, &bias) in output.outer_iter_mut().zip(bias) {
                plane.fill(bias);
            }
            T::one()
        }
        None => T::zero(),
    };
    let Ok(mut product) = output.view_mut().into_shape_with_order((o, columns)) else {
        unreachable!("an image of a new array is contiguous")
    };
    // GEMM: (m, k, n) = (O, C KH KW, OH OW).
    let pointwise = Conv2dOptions { activation: options.activation, ..Conv2dOptions::default() };
    if kernel == [1, 1] && options == pointwise {
        let Ok(pixels) = image.into_shape_with_order((c, h * w)) else {
            unreachable!("standard layouts reshape without a copy")
        };
        T::gemm(weight, pixels, beta, product.view_mut());
    } else {
        with_scratch([rows * columns], |[patches]| {
            let Ok(mut patches) = ArrayViewMut2::from_shape((rows, columns), patches) else {
                unreachable!("the scratch has {rows} x {columns} values")
            };
            im2col(image, kernel, options, [oh, ow], patches.view_mut());
            T::gemm(weight, patches.view(), beta, product.view_mut());
        });
    }
    output.mapv_inplace(|value| options.activation.of(value));
}

/// Copies patches: row `(c KH + i) KW + j` holds, for every output pixel, the value
/// under the kernel's tap `(i, j)` of channel c; zero where that is padding.
fn im2col<T: Element>(
    image: ArrayView3<'_, T>,
    [kh, kw]: [usize; 2],
    options: Conv2dOptions,
    [oh, ow]: [usize; 2],
    mut patches: ArrayViewMut2<'_, T>,
) {
    let (c, h, w) = image.dim();
    let Conv2dOptions { stride: [sh, sw], padding, .. } = options;
    for (row, mut values) in patches.axis_iter_mut(Axis(0)).enumerate() {
        let (channel, tap) = (row / (kh * kw), row % (kh * kw));
        let (i, j) = (tap / kw, tap % kw);
        debug_assert!(channel < c);
        for y in 0..oh {
            // `None` for a row or column of the padding.
            let at_y = (y * sh + i).checked_sub(padding.top).filter(|&at| at < h);
            for x in 0..ow {
                let at_x = (x * sw + j).checked_sub(padding.left).filter(|&at| at < w);
                values[y * ow + x] = match (at_y, at_x) {
                    (Some(at_y), Some(at_x)) => image[[channel, at_y, at_x]],
                    _ => T::zero(),
                };
            }
        }
    }
}
