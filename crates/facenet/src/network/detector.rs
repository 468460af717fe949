//! The network that finds faces: one pass over an image of any size, without anchors.
//!
//! A stem and depthwise-separable blocks reduce the image to strides 8, 16 and 32. A path from
//! the coarsest back to the finest adds what surrounds a place to what is there, and at each
//! stride a head reads 16 numbers off every cell: a score, a box, five landmarks and how sure
//! it is of them.
//!
//! Sources: depthwise-separable convolutions, Howard et al., "MobileNets" (2017); the path
//! back, Lin et al., "Feature Pyramid Networks for Object Detection" (2017); one answer a cell
//! and distances to a box's sides, Tian et al., "FCOS: Fully Convolutional One-Stage Object
//! Detection" (2019); a detector as small, Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level
//! Face Detector" (2023).

use super::{Builder, Convolution, Head, INPUT_CHANNELS};

/// Pixels of the image along the side of a cell, of each of the three outputs.
///
/// The cell of column i and row j has its middle at ((i + 0.5) s, (j + 0.5) s), in continuous
/// pixel coordinates of the image, with s the stride.
pub const STRIDES: [usize; 3] = [8, 16, 32];
/// Numbers of a cell, which the constants below name.
pub const CHANNELS: usize = 16;
/// Channel of the log-odds that the cell is a face's.
pub const SCORE: usize = 0;
/// First of four channels: natural logarithms of the distances from the middle to the left,
/// upper, right and lower side of the box, in strides.
pub const BOX: usize = 1;
/// First of ten channels: x and y of five landmarks, from the middle, in strides.
pub const LANDMARKS: usize = 5;
/// Channel of the natural logarithm of how far the landmarks are expected to be off: the scale
/// of a Laplace distribution, in sides of the box.
pub const LANDMARK_SCALE: usize = 15;
/// Height and width of an image are multiples of this, the coarsest stride.
pub const MULTIPLE: usize = STRIDES[2];
/// Height and width where none is said.
pub(super) const SIZE: usize = 320;

/// Where the numbers of an untrained head begin: few cells are a face's (the score is that of
/// one in a hundred, as Lin et al., "Focal Loss for Dense Object Detection", 2017, begin), a
/// box reaches two strides to each side, and landmarks are off by a tenth of it.
pub(crate) const INITIAL_HEAD: [f64; CHANNELS] = {
    let mut bias = [0.0; CHANNELS];
    bias[SCORE] = -4.6;
    let mut side = 0;
    while side < 4 {
        bias[BOX + side] = std::f64::consts::LN_2;
        side += 1;
    }
    bias[LANDMARK_SCALE] = -2.3;
    bias
};

/// Channels of the path back and of the heads.
const NECK: usize = 32;

/// Hands `builder` the network for images of `size` (height, width) and returns the nodes of
/// its three outputs, finest first.
///
/// # Shapes
/// Input `(m, 3, H, W)`, RGB in 0..1; outputs `(m, 16, H / s, W / s)` for s of
/// [`STRIDES`].
///
/// # Panics
/// If a side is zero or no multiple of [`MULTIPLE`].
pub(super) fn build<B: Builder>(b: &mut B, size: [usize; 2]) -> Vec<B::Node> {
    assert!(
        takes(size),
        "the detector takes images whose height and width are multiples of {MULTIPLE}, \
         found {} x {}",
        size[0],
        size[1]
    );
    let x = b.input([INPUT_CHANNELS, size[0], size[1]]);
    let stem = Convolution { stride: 2, padding: 1, ..Convolution::new("stem", "stem_bn", 16, 3) };
    let x = b.convolution(&x, &stem);
    let x = Block::new("s4_1", 16, 32).halving().build(b, &x);
    let x = Block::new("s8_1", 32, 48).halving().build(b, &x);
    let x = Block::new("s8_2", 48, 48).build(b, &x);
    let fine = Block::new("s8_3", 48, 48).build(b, &x);
    let x = Block::new("s16_1", 48, 80).halving().build(b, &fine);
    let x = Block::new("s16_2", 80, 80).build(b, &x);
    let middle = Block::new("s16_3", 80, 80).build(b, &x);
    let x = Block::new("s32_1", 80, 128).halving().build(b, &middle);
    // Wide kernels, so that the coarsest cells see a face that fills the image.
    let x = Block::new("s32_2", 128, 128).wide().build(b, &x);
    let coarse = Block::new("s32_3", 128, 128).wide().build(b, &x);

    let coarse = lateral(b, &coarse, "lateral32");
    let middle = lateral(b, &middle, "lateral16");
    let middle = b.add_upsampled(&middle, &coarse, "join16");
    let middle = Block::new("neck16", NECK, NECK).build(b, &middle);
    let fine = lateral(b, &fine, "lateral8");
    let fine = b.add_upsampled(&fine, &middle, "join8");
    let fine = Block::new("neck8", NECK, NECK).build(b, &fine);
    vec![head(b, &fine, 8), head(b, &middle, 16), head(b, &coarse, 32)]
}

/// Whether the network takes images of this height and width.
pub(super) fn takes(size: [usize; 2]) -> bool {
    size.iter().all(|side| *side > 0 && side.is_multiple_of(MULTIPLE))
}

/// A depthwise convolution and a 1×1 convolution, each with batch-norm and ReLU.
struct Block {
    name: &'static str,
    inputs: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
}

impl Block {
    /// 3×3, stride 1.
    const fn new(name: &'static str, inputs: usize, outputs: usize) -> Self {
        Self { name, inputs, outputs, kernel: 3, stride: 1 }
    }

    const fn halving(self) -> Self {
        Self { stride: 2, ..self }
    }

    const fn wide(self) -> Self {
        Self { kernel: 5, ..self }
    }

    fn build<B: Builder>(&self, b: &mut B, x: &B::Node) -> B::Node {
        let Self { name, inputs, outputs, kernel, stride } = *self;
        let layer = |part: &str, channels, kernel| {
            Convolution::new(
                format!("{name}_{part}"),
                format!("{name}_{part}_bn"),
                channels,
                kernel,
            )
        };
        let depthwise = layer("depthwise", inputs, kernel);
        let depthwise = Convolution { stride, padding: kernel / 2, ..depthwise };
        let x = b.depthwise(x, &depthwise);
        b.convolution(&x, &layer("pointwise", outputs, 1))
    }
}

/// A 1×1 convolution to the channels of the path back.
fn lateral<B: Builder>(b: &mut B, x: &B::Node, name: &str) -> B::Node {
    b.convolution(x, &Convolution::new(name, format!("{name}_bn"), NECK, 1))
}

/// What is read off the cells of one stride.
fn head<B: Builder>(b: &mut B, x: &B::Node, stride: usize) -> B::Node {
    let (block, name) = match stride {
        8 => ("head8_block", "head8"),
        16 => ("head16_block", "head16"),
        _ => ("head32_block", "head32"),
    };
    let x = Block::new(block, NECK, NECK).build(b, x);
    b.head(&x, &Head { name, channels: CHANNELS })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Architecture, Recorder};

    #[test]
    fn outputs_have_the_strides() {
        for [h, w] in [[320, 320], [32, 64], [96, 640]] {
            let outputs = build(&mut Recorder::new(), [h, w]);
            let shapes: Vec<_> = outputs.iter().map(|output| output.axes().to_vec()).collect();
            assert_eq!(shapes, STRIDES.map(|s| vec![CHANNELS, h / s, w / s]));
        }
    }

    /// The budget of the design: 150,000 parameters, and 100 million operations at 320×320.
    #[test]
    fn it_is_small() {
        let mut recorder = Recorder::new();
        Architecture::Detector.build(&mut recorder);
        let multiplications = recorder.multiplications();
        assert!(multiplications <= 50_000_000, "{multiplications} multiplications");
        let parameters: usize =
            recorder.into_tensors().iter().map(crate::network::TensorSpec::len).sum();
        assert!(parameters <= 150_000, "{parameters} parameters");
    }

    #[test]
    #[should_panic(expected = "are multiples of 32, found 320 x 240")]
    fn other_sizes_panic() {
        build(&mut Recorder::new(), [320, 240]);
    }
}
