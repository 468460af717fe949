//! Selects the method of each convolution of a program.
//!
//! It is a table rather than a measurement at run time, so that a program is the same on
//! every run and compiles fast. The measurements behind it are in `docs/benchmarks.md`.

use crate::kernels::program::winograd::Form;
use crate::ops::Conv2dOptions;

/// The form of Winograd's method for a convolution; `None` where direct is faster.
///
/// # Shapes
/// `kernel` is KH, KW; `output` is OH, OW.
pub(super) fn winograd_form(
    kernel: [usize; 2],
    options: Conv2dOptions,
    output: [usize; 2],
) -> Option<Form> {
    if options.stride != [1, 1] {
        return None;
    }
    let [oh, ow] = output;
    match kernel {
        // On nine pixels most of a tile is outside the image, and its 36 products for each
        // weight read more memory than nine direct ones.
        [3, 3] if oh.min(ow) < 4 => None,
        [3, 3] if oh.is_multiple_of(4) && ow.is_multiple_of(4) => Some(Form::F4X3),
        [3, 3] if oh.min(ow) < 8 => Some(Form::F2X3),
        [3, 3] => Some(Form::F4X3),
        [4, 4] if oh.min(ow) >= 6 => Some(Form::F3X4),
        [5, 5] if oh.min(ow) >= 4 => Some(Form::F2X5),
        _ => None,
    }
}
