//! Operators on maps of channels that stay apart: depthwise convolutions, sums, concatenations.

use super::{Operation, ProgramBuilder, Value};
use crate::inference::ScaledWeight;
use crate::ops::Conv2dOptions;

impl<'w> ProgramBuilder<'w> {
    /// See [`depthwise_conv2d`](crate::ops::depthwise_conv2d()).
    ///
    /// # Shapes
    /// `weight`: C × 1 × KH × KW, `bias`: C. Returns C × OH × OW.
    ///
    /// # Panics
    /// If channels differ or the kernel does not fit.
    pub fn depthwise(
        &mut self,
        name: &str,
        input: Value,
        weight: impl Into<ScaledWeight<'w>>,
        bias: &[f32],
        options: Conv2dOptions,
    ) -> Value {
        let [c, h, w] = self.shape(input);
        let weight = weight.into();
        let (o, inputs, kh, kw) = weight.dim();
        assert_eq!(
            [o, inputs],
            [c, 1],
            "{name}: a value of {c} channels, a weight of {o} x {inputs}"
        );
        assert_eq!(bias.len(), c, "{name}: bias has {} values, the value {c} channels", bias.len());
        let Some([oh, ow]) = options.output_size([h, w], [kh, kw]) else {
            panic!("{name}: kernel {kh} x {kw} with {options:?} does not fit {h} x {w}")
        };
        let bias = bias.to_vec();
        let operations = 2 * c * kh * kw * oh * ow;
        let operation = Operation::Depthwise { weight, bias, options, operations };
        self.node(name, operation, &[input], [c, oh, ow])
    }

    /// The sum of `input` and of `coarse`, [upsampled](crate::ops::upsample2d()) by two.
    ///
    /// # Shapes
    /// `input`: C × 2 H × 2 W, `coarse`: C × H × W. Returns C × 2 H × 2 W.
    ///
    /// # Panics
    /// If the shapes do not belong together.
    pub fn add_upsampled(&mut self, name: &str, input: Value, coarse: Value) -> Value {
        let (shape, [c, h, w]) = (self.shape(input), self.shape(coarse));
        assert_eq!(shape, [c, 2 * h, 2 * w], "{name}: upsampled by two, {c} x {h} x {w} differs");
        self.node(name, Operation::AddUpsampled, &[input, coarse], shape)
    }

    /// Values joined along the channels, see
    /// [`concat_channels`](crate::ops::concat_channels()).
    ///
    /// # Panics
    /// If there are none or their heights or widths differ.
    pub fn concat(&mut self, name: &str, inputs: &[Value]) -> Value {
        let Some(first) = inputs.first() else { panic!("{name}: nothing to concatenate") };
        let [_, h, w] = self.shape(*first);
        let mut channels = 0;
        for input in inputs {
            let [c, other_h, other_w] = self.shape(*input);
            assert_eq!([h, w], [other_h, other_w], "{name}: values of different sizes");
            channels += c;
        }
        self.node(name, Operation::Concat, inputs, [channels, h, w])
    }
}
