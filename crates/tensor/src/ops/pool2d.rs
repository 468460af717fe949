//! The options of all pooling operators, and the size of their outputs.

use std::ops::Range;

/// Window and stride of a pooling operator. Pools do not pad: apply
/// [`pad2d`](super::pad2d()) first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pool2dOptions {
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Distance between windows, in rows and columns.
    pub stride: [usize; 2],
}

impl Default for Pool2dOptions {
    /// A window of one pixel, stride 1: the identity of max and average pooling.
    fn default() -> Self {
        Self { kernel: [1, 1], stride: [1, 1] }
    }
}

impl Pool2dOptions {
    /// A square window.
    pub const fn square(kernel: usize, stride: usize) -> Self {
        Self { kernel: [kernel, kernel], stride: [stride, stride] }
    }

    /// Height and width of the output, `floor((size - kernel) / stride) + 1`.
    ///
    /// `None` if a kernel or stride is zero or the window does not fit.
    pub fn output_size(self, image: [usize; 2]) -> Option<[usize; 2]> {
        let [h, w] = image;
        let [kh, kw] = self.kernel;
        let [sh, sw] = self.stride;
        Some([steps(h, kh, sh)?, steps(w, kw, sw)?])
    }

    /// The rows of an output pixel's window, as ranges of a plane of width `w`.
    #[inline]
    pub(crate) fn window_rows(
        self,
        [y, x]: [usize; 2],
        w: usize,
    ) -> impl Iterator<Item = Range<usize>> {
        let [kh, kw] = self.kernel;
        let [sh, sw] = self.stride;
        let start = y * sh * w + x * sw;
        (0..kh).map(move |row| start + row * w..start + row * w + kw)
    }

    /// Shape of the output for an input of this shape, or a panic.
    pub(crate) fn output_shape(
        self,
        name: &str,
        (n, c, h, w): (usize, usize, usize, usize),
    ) -> (usize, usize, usize, usize) {
        let [oh, ow] = self.expect_output_size(name, [h, w]);
        (n, c, oh, ow)
    }

    /// The output size, or a panic that names the operator and all sizes.
    pub(crate) fn expect_output_size(self, name: &str, image: [usize; 2]) -> [usize; 2] {
        self.output_size(image).unwrap_or_else(|| {
            panic!(
                "{name}: window {:?} with stride {:?} does not fit an image of {image:?}",
                self.kernel, self.stride
            )
        })
    }
}

/// Positions of a window of `kernel` in `size`, `stride` apart.
pub(crate) fn steps(size: usize, kernel: usize, stride: usize) -> Option<usize> {
    if kernel == 0 || stride == 0 {
        return None;
    }
    Some(size.checked_sub(kernel)? / stride + 1)
}
