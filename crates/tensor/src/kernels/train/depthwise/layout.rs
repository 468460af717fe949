//! The layouts that depthwise convolutions read.
//!
//! A stride would make every shift of a row a gather; a padded plane is therefore stored by
//! [`Phases`]: of each row first the columns 0, s, 2 s, …, then 1, s + 1, …, so that the values
//! that a tap of the kernel reads for adjacent outputs are adjacent. Gradients are stored with
//! zeros in front and behind each row ([`Margins`]), so that no pass tests for the edge of an
//! image.

use super::WIDTH;
use crate::Element;

/// Sizes of a convolution of one plane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    /// H, W.
    pub(crate) image: [usize; 2],
    /// OH, OW, both at least 1.
    pub(crate) output: [usize; 2],
    /// KH, KW, both at least 1.
    pub(crate) kernel: [usize; 2],
    /// In rows and columns, both at least 1.
    pub(crate) stride: [usize; 2],
    /// Zeros above and to the left of the image.
    pub(crate) padding: [usize; 2],
}

impl Geometry {
    /// The layout of padded images.
    pub(crate) fn phases(&self) -> Phases {
        let [[_, ow], [kh, kw], [sh, sw]] = [self.output, self.kernel, self.stride];
        Phases {
            geometry: *self,
            rows: (self.output[0] - 1) * sh + kh,
            phases: sw.min(kw),
            length: ow.next_multiple_of(WIDTH) + (kw - 1) / sw,
        }
    }

    /// The layout of gradients.
    pub(crate) fn margins(&self) -> Margins {
        let [[_, w], [_, ow], [_, kw], [_, sw]] =
            [self.image, self.output, self.kernel, self.stride];
        let lead = (kw - 1) / sw;
        // Columns of a phase of the padded image, up to the image's last.
        let columns = (self.padding[1] + w).div_ceil(sw);
        Margins { lead, step: lead + columns.max(ow) + WIDTH, output: self.output }
    }
}

/// The layout of a padded image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phases {
    pub(super) geometry: Geometry,
    /// Rows that the kernel reads.
    rows: usize,
    /// Phases of a row, as many as the kernel reads.
    phases: usize,
    /// Values of a phase.
    length: usize,
}

impl Phases {
    /// Values of the layout.
    pub(crate) fn values(&self) -> usize {
        self.rows * self.row_step()
    }

    pub(super) fn row_step(&self) -> usize {
        self.phases * self.length
    }

    /// Offset of what a tap reads for the first output.
    pub(super) fn tap(&self, row: usize, column: usize) -> usize {
        let stride = self.geometry.stride[1];
        row * self.row_step() + column % stride * self.length + column / stride
    }

    /// Copies an image, H × W, and zeros around it.
    #[inline(always)]
    pub(super) fn fill<T: Element>(&self, image: &[T], target: &mut [T]) {
        let Geometry { image: [h, w], stride: [_, stride], padding: [top, left], .. } =
            self.geometry;
        for (row, target) in target.chunks_exact_mut(self.row_step()).enumerate() {
            let Some(y) = row.checked_sub(top).filter(|y| *y < h) else {
                target.fill(T::zero());
                continue;
            };
            let source = &image[y * w..][..w];
            for (phase, target) in target.chunks_exact_mut(self.length).enumerate() {
                let first = left.saturating_sub(phase).div_ceil(stride).min(self.length);
                let (before, rest) = target.split_at_mut(first);
                before.fill(T::zero());
                let inside = (first * stride + phase).checked_sub(left);
                let source = inside.and_then(|at| source.get(at..)).unwrap_or_default();
                let count = source.len().div_ceil(stride).min(rest.len());
                let (inside, after) = rest.split_at_mut(count);
                match stride {
                    1 => inside.copy_from_slice(&source[..count]),
                    2 => {
                        let (pairs, rest) = source.as_chunks::<2>();
                        let firsts = pairs.iter().map(|pair| &pair[0]).chain(rest);
                        inside.iter_mut().zip(firsts).for_each(|(target, value)| *target = *value);
                    }
                    _ => {
                        let values = source.iter().step_by(stride);
                        inside.iter_mut().zip(values).for_each(|(target, value)| *target = *value);
                    }
                }
                after.fill(T::zero());
            }
        }
    }
}

/// The layout of a gradient: zeros in front of each row and behind it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Margins {
    /// Zeros in front of a row.
    pub(super) lead: usize,
    /// Distance between rows.
    pub(super) step: usize,
    output: [usize; 2],
}

impl Margins {
    /// Values of the layout.
    pub(crate) fn values(&self) -> usize {
        self.output[0] * self.step
    }

    /// Copies a gradient, OH × OW.
    #[inline(always)]
    pub(super) fn fill<T: Element>(&self, gradient: &[T], target: &mut [T]) {
        let [_, ow] = self.output;
        let rows = target.chunks_exact_mut(self.step).zip(gradient.chunks_exact(ow));
        for (target, gradient) in rows {
            target[..self.lead].fill(T::zero());
            target[self.lead..][..ow].copy_from_slice(gradient);
            target[self.lead + ow..].fill(T::zero());
        }
    }
}
