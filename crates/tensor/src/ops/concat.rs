//! Concatenation along the channel axis.

use ndarray::{Array4, ArrayView4, ArrayViewMut4, Axis, s};

use crate::Element;
use crate::kernels::planes::for_each_plane;
use crate::kernels::window::expect_shape;

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

/// Copies planes in parallel.
fn copy_planes<T: Element>(name: &str, source: ArrayView4<'_, T>, target: ArrayViewMut4<'_, T>) {
    for_each_plane(name, target, |n, channel, target| {
        let plane = source.index_axis_move(Axis(0), n).index_axis_move(Axis(0), channel);
        match plane.as_slice() {
            Some(plane) => target.copy_from_slice(plane),
            None => target.iter_mut().zip(plane).for_each(|(target, value)| *target = *value),
        }
    });
}
