//! Memory layouts of arrays.

use ndarray::{ArrayD, ArrayViewD, Axis, Dimension, Slice};

/// The order of an array's values in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Row-major.
    Standard,
    /// Column-major.
    Transposed,
    /// Every second value of each axis of a larger array, whose other values are NaN.
    Strided,
    /// Row-major with every axis backwards: negative strides.
    Backwards,
}

impl Layout {
    /// All layouts but the standard one.
    pub const OTHERS: [Self; 3] = [Self::Transposed, Self::Strided, Self::Backwards];

    /// The values of `array` in this layout.
    #[must_use]
    pub fn of(self, array: ArrayViewD<'_, f64>) -> ArrayD<f64> {
        match self {
            Self::Standard => array.as_standard_layout().into_owned(),
            Self::Transposed => {
                array.reversed_axes().as_standard_layout().into_owned().reversed_axes()
            }
            Self::Strided => {
                let mut shape = array.raw_dim();
                for axis in 0..shape.ndim() {
                    shape[axis] *= 2;
                }
                let mut larger = ArrayD::from_elem(shape, f64::NAN);
                for axis in 0..array.ndim() {
                    larger = larger.slice_axis_move(Axis(axis), Slice::new(0, None, 2));
                }
                larger.assign(&array);
                larger
            }
            Self::Backwards => {
                let mut flipped = array;
                for axis in 0..flipped.ndim() {
                    flipped.invert_axis(Axis(axis));
                }
                let mut back = flipped.as_standard_layout().into_owned();
                for axis in 0..back.ndim() {
                    back.invert_axis(Axis(axis));
                }
                back
            }
        }
    }
}
