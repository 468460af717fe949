//! Zero padding of images and concatenation of their channels.

use ndarray::{Array4, ArrayView3, ArrayView4, ArrayViewMut4, Axis, s};
use rayon::prelude::*;

use crate::Element;
use crate::kernels::planes::{expect_shape, for_each_plane};

/// Rows and columns of zeros on each side of an image.
///
/// # Examples
///
/// ```
/// use tensor::Padding2d;
///
/// assert_eq!(Padding2d::same(1).padded([24, 24]), Some([26, 26]));
/// let uneven = Padding2d { bottom: 1, right: 1, ..Padding2d::default() };
/// assert_eq!(uneven.padded([5, 5]), Some([6, 6]));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Padding2d {
    /// Rows above the image.
    pub top: usize,
    /// Rows below the image.
    pub bottom: usize,
    /// Columns to the left of the image.
    pub left: usize,
    /// Columns to the right of the image.
    pub right: usize,
}

impl Padding2d {
    /// The same number of rows or columns on all four sides.
    pub const fn same(size: usize) -> Self {
        Self { top: size, bottom: size, left: size, right: size }
    }

    /// Whether nothing is added on any side.
    pub const fn is_none(self) -> bool {
        self.top == 0 && self.bottom == 0 && self.left == 0 && self.right == 0
    }

    /// Height and width of an `[h, w]` image once padded; `None` on overflow.
    pub fn padded(self, [h, w]: [usize; 2]) -> Option<[usize; 2]> {
        Some([
            h.checked_add(self.top)?.checked_add(self.bottom)?,
            w.checked_add(self.left)?.checked_add(self.right)?,
        ])
    }
}

/// Surrounds each plane with zeros.
///
/// # Shapes
/// `input`: N × C × H × W. Returns N × C × (top + H + bottom) × (left + W + right).
///
/// # Panics
/// If the padded size overflows `usize`.
pub fn pad2d<T: Element>(input: ArrayView4<'_, T>, padding: Padding2d) -> Array4<T> {
    let mut output = Array4::zeros(padded_shape(input.dim(), padding));
    pad2d_into(input, padding, output.view_mut());
    output
}

/// [`pad2d`] into an existing array, overwriting it.
///
/// # Shapes
/// `output`: N × C × (top + H + bottom) × (left + W + right); planes contiguous.
///
/// # Panics
/// If the padded size overflows `usize` or `output` has another shape or layout.
pub fn pad2d_into<T: Element>(
    input: ArrayView4<'_, T>,
    padding: Padding2d,
    output: ArrayViewMut4<'_, T>,
) {
    let (_, c, h, w) = input.dim();
    expect_shape("pad2d", output.dim(), padded_shape(input.dim(), padding));
    let Padding2d { top, left, .. } = padding;
    let (.., padded_w) = output.dim();
    let input = input.as_standard_layout();
    let Some(input) = input.as_slice() else { unreachable!("standard layout is contiguous") };
    for_each_plane("pad2d", output, |n, channel, target| {
        let source = &input[(n * c + channel) * h * w..][..h * w];
        pad_plane(source, w, [top, left], padded_w, target);
    });
}

/// Copies a plane of rows of `w` values into one of rows of `padded_w`, filled with zeros.
pub(crate) fn pad_plane<T: Element>(
    source: &[T],
    w: usize,
    [top, left]: [usize; 2],
    padded_w: usize,
    target: &mut [T],
) {
    let mut end = 0;
    for (row, source) in source.chunks_exact(w.max(1)).enumerate() {
        let start = (top + row) * padded_w + left;
        target[end..start].fill(T::zero());
        end = start + w;
        target[start..end].copy_from_slice(source);
    }
    target[end..].fill(T::zero());
}

/// Shape of the output, or a panic.
pub(crate) fn padded_shape(
    (n, c, h, w): (usize, usize, usize, usize),
    padding: Padding2d,
) -> (usize, usize, usize, usize) {
    let Some([padded_h, padded_w]) = padding.padded([h, w]) else {
        panic!("pad2d: {h} x {w} padded by {padding:?} overflows");
    };
    (n, c, padded_h, padded_w)
}

/// Derivative of [`pad2d`]: the gradient without the borders.
///
/// # Shapes
/// `grad_output`: N × C × (top + H + bottom) × (left + W + right).
/// Returns N × C × H × W.
///
/// # Panics
/// If the gradient is smaller than the padding.
pub fn pad2d_backward<T: Element>(grad_output: ArrayView4<'_, T>, padding: Padding2d) -> Array4<T> {
    let (n, c, padded_h, padded_w) = grad_output.dim();
    let Padding2d { top, bottom, left, right } = padding;
    let (Some(h), Some(w)) = (
        top.checked_add(bottom).and_then(|borders| padded_h.checked_sub(borders)),
        left.checked_add(right).and_then(|borders| padded_w.checked_sub(borders)),
    ) else {
        panic!("pad2d_backward: gradient is {padded_h} x {padded_w}, the padding is {padding:?}");
    };
    let mut grad_input = Array4::zeros((n, c, h, w));
    pad2d_backward_into(grad_output, padding, grad_input.view_mut());
    grad_input
}

/// [`pad2d_backward`] into an existing array, overwriting it.
///
/// # Shapes
/// `grad_output`: N × C × (top + H + bottom) × (left + W + right);
/// `grad_input`: N × C × H × W; planes contiguous.
///
/// # Panics
/// If the shapes do not belong to one padding or a plane is not contiguous.
pub fn pad2d_backward_into<T: Element>(
    grad_output: ArrayView4<'_, T>,
    padding: Padding2d,
    grad_input: ArrayViewMut4<'_, T>,
) {
    let (_, _, h, w) = grad_input.dim();
    let padded = padded_shape(grad_input.dim(), padding);
    assert_eq!(
        grad_output.dim(),
        padded,
        "pad2d_backward: gradient is {:?}, the padded input {padded:?}",
        grad_output.dim()
    );
    let Padding2d { top, left, .. } = padding;
    let inner = grad_output.slice_move(s![.., .., top..top + h, left..left + w]);
    for_each_plane("pad2d_backward", grad_input, |n, channel, target| {
        let source = inner.index_axis_move(Axis(0), n);
        let source = source.index_axis_move(Axis(0), channel);
        for (target, source) in target.iter_mut().zip(source) {
            *target = *source;
        }
    });
}

/// Concatenates the channels of `inputs`.
///
/// # Shapes
/// `inputs[i]`: N × Cᵢ × H × W. Returns N × ΣCᵢ × H × W.
///
/// # Panics
/// If there are no inputs, or they differ in N, H or W.
pub fn concat_channels<T: Element>(inputs: &[ArrayView4<'_, T>]) -> Array4<T> {
    let mut output = Array4::zeros(joined_shape(inputs));
    concat_channels_into(inputs, output.view_mut());
    output
}

/// [`concat_channels`] into an existing array, overwriting it.
///
/// # Shapes
/// `output`: N × ΣCᵢ × H × W; planes contiguous.
///
/// # Panics
/// If there are no inputs, they differ in N, H or W, or `output` has another shape or layout.
pub fn concat_channels_into<T: Element>(
    inputs: &[ArrayView4<'_, T>],
    output: ArrayViewMut4<'_, T>,
) {
    expect_shape("concat_channels", output.dim(), joined_shape(inputs));
    let mut rest = output;
    for input in inputs {
        let (target, tail) = rest.split_at(Axis(1), input.dim().1);
        rest = tail;
        copy_planes("concat_channels", *input, target);
    }
}

/// Shape of the output, or a panic.
fn joined_shape<T>(inputs: &[ArrayView4<'_, T>]) -> (usize, usize, usize, usize) {
    let Some(first) = inputs.first() else { panic!("concat_channels: no inputs") };
    let (n, _, h, w) = first.dim();
    for (index, input) in inputs.iter().enumerate() {
        let (input_n, _, input_h, input_w) = input.dim();
        assert_eq!(
            [input_n, input_h, input_w],
            [n, h, w],
            "concat_channels: input {index} has N, H, W {:?}, the first has {:?}",
            [input_n, input_h, input_w],
            [n, h, w]
        );
    }
    (n, inputs.iter().map(|input| input.dim().1).sum(), h, w)
}

/// Derivative of [`concat_channels`]: the gradient divided into its parts.
///
/// # Shapes
/// `grad_output`: N × ΣCᵢ × H × W, `channels`: the Cᵢ. Returns N × Cᵢ × H × W each.
///
/// # Panics
/// If the channels do not add up to the gradient's.
pub fn concat_channels_backward<T: Element>(
    grad_output: ArrayView4<'_, T>,
    channels: &[usize],
) -> Vec<Array4<T>> {
    let (n, grad_c, h, w) = grad_output.dim();
    let sum: usize = channels.iter().sum();
    assert_eq!(
        grad_c, sum,
        "concat_channels_backward: gradient has {grad_c} channels, the parts {sum}"
    );
    let mut start = 0;
    let part = |c: &usize| {
        let mut part = Array4::zeros((n, *c, h, w));
        let source = grad_output.slice(s![.., start..start + c, .., ..]);
        copy_planes("concat_channels_backward", source, part.view_mut());
        start += c;
        part
    };
    channels.iter().map(part).collect()
}

/// Copies planes, images in parallel; all of an image's at once if they are contiguous.
fn copy_planes<T: Element>(
    name: &str,
    source: ArrayView4<'_, T>,
    mut target: ArrayViewMut4<'_, T>,
) {
    let is_line =
        |image: Option<ArrayView3<'_, T>>| image.is_some_and(|it| it.is_standard_layout());
    if is_line(source.outer_iter().next()) && is_line(target.view().outer_iter().next()) {
        let images = target.axis_iter_mut(Axis(0)).into_par_iter();
        images.zip(source.axis_iter(Axis(0))).for_each(|(mut target, source)| {
            match (target.as_slice_mut(), source.as_slice()) {
                (Some(target), Some(source)) => target.copy_from_slice(source),
                _ => unreachable!("images of one array are alike"),
            }
        });
        return;
    }
    for_each_plane(name, target, |n, channel, target| {
        let plane = source.index_axis_move(Axis(0), n).index_axis_move(Axis(0), channel);
        match plane.as_slice() {
            Some(plane) => target.copy_from_slice(plane),
            None => target.iter_mut().zip(plane).for_each(|(target, value)| *target = *value),
        }
    });
}
