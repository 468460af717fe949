//! Definition of the networks: FaceNet's stem, its seven Inception blocks and its head, and the
//! small networks that find landmarks and tell whether a face is covered.
//!
//! An Inception block sends its input down up to four branches and concatenates what comes
//! back in the order 3×3, 5×5, pool, 1×1.

use tensor::Padding2d;
use tensor::ops::Pool2dOptions;

use super::{Builder, Convolution, Dense, ENCODING_LENGTH, INPUT_CHANNELS, INPUT_SIZE, Variant};

/// Hands `builder` the whole network, from image to encoding, and returns the
/// node that holds the encoding.
///
/// # Shapes
/// Input `(m, 3, 96, 96)`, RGB in 0..1; output `(m, 128)`, rows of unit length.
pub fn build<B: Builder>(builder: &mut B, variant: Variant) -> B::Node {
    let image = builder.input([INPUT_CHANNELS, INPUT_SIZE, INPUT_SIZE]);
    let mut x = stem(builder, &image, variant);
    for block in &BLOCKS {
        x = block.build(builder, &x, variant);
        builder.stage(block.name, &x);
    }
    head(builder, &x)
}

/// `(3, 96, 96)` to `(192, 12, 12)`: three convolutions, two max-pools.
fn stem<B: Builder>(b: &mut B, image: &B::Node, variant: Variant) -> B::Node {
    let pool = Pool2dOptions { kernel: [3, 3], stride: [2, 2] };

    let conv1 = Convolution {
        stride: 2,
        padding: 3,
        epsilon: variant.first_epsilon(),
        ..Convolution::new("conv1", "bn1", 64, 7)
    };
    let x = b.convolution(image, &conv1);
    b.stage("conv1", &x);
    let x = b.pad(&x, "pad_pool1", Padding2d::same(1));
    let mut x = b.max_pool(&x, "pool1", pool);
    if variant.has_local_response_norm() {
        x = b.local_response_norm(&x, "lrn1");
    }
    b.stage("pool1", &x);

    let x = b.convolution(&x, &Convolution::new("conv2", "bn2", 64, 1));
    let conv3 = Convolution { padding: 1, ..Convolution::new("conv3", "bn3", 192, 3) };
    let mut x = b.convolution(&x, &conv3);
    if variant.has_local_response_norm() {
        x = b.local_response_norm(&x, "lrn2");
    }
    b.stage("conv3", &x);
    let x = b.pad(&x, "pad_pool3", Padding2d::same(1));
    let x = b.max_pool(&x, "pool3", pool);
    b.stage("pool3", &x);
    x
}

/// `(736, 3, 3)` to 128 numbers of unit length.
fn head<B: Builder>(b: &mut B, x: &B::Node) -> B::Node {
    let pool = Pool2dOptions { kernel: [3, 3], stride: [1, 1] };
    let x = b.average_pool(x, "average_pool", pool);
    let x = b.flatten(&x, "flatten");
    let x = b.dense(&x, &Dense { name: "dense", outputs: ENCODING_LENGTH });
    b.l2_normalize(&x, "l2_normalize")
}

/// One Inception block.
struct Inception {
    /// Prefix of its tensor names.
    name: &'static str,
    three: Tower,
    five: Option<Tower>,
    pool: PoolBranch,
    /// Channels of the 1×1 branch.
    one: Option<usize>,
}

/// 1×1 to fewer channels, then K×K to more, padded to keep the size.
struct Tower {
    reduce: usize,
    expand: usize,
    stride: usize,
}

/// Pooling, perhaps a 1×1 convolution, then zeros up to the block's size.
struct PoolBranch {
    kind: Pool,
    channels: Option<usize>,
    padding: Padding2d,
}

enum Pool {
    /// 3×3, stride 2.
    Max,
    /// 3×3, stride 3; L2 pooling in the OpenFace variant.
    Average,
}

const fn tower(reduce: usize, expand: usize, stride: usize) -> Tower {
    Tower { reduce, expand, stride }
}

const fn pool(kind: Pool, channels: Option<usize>, padding: [usize; 4]) -> PoolBranch {
    let [top, bottom, left, right] = padding;
    PoolBranch { kind, channels, padding: Padding2d { top, bottom, left, right } }
}

/// In the order they are applied; `(192, 12, 12)` in, `(736, 3, 3)` out.
#[rustfmt::skip]
const BLOCKS: [Inception; 7] = [
    Inception {
        name: "inception_3a",
        three: tower(96, 128, 1), five: Some(tower(16, 32, 1)),
        pool: pool(Pool::Max, Some(32), [3, 4, 3, 4]), one: Some(64),
    },
    Inception {
        name: "inception_3b",
        three: tower(96, 128, 1), five: Some(tower(32, 64, 1)),
        pool: pool(Pool::Average, Some(64), [4, 4, 4, 4]), one: Some(64),
    },
    Inception {
        name: "inception_3c",
        three: tower(128, 256, 2), five: Some(tower(32, 64, 2)),
        pool: pool(Pool::Max, None, [0, 1, 0, 1]), one: None,
    },
    Inception {
        name: "inception_4a",
        three: tower(96, 192, 1), five: Some(tower(32, 64, 1)),
        pool: pool(Pool::Average, Some(128), [2, 2, 2, 2]), one: Some(256),
    },
    Inception {
        name: "inception_4e",
        three: tower(160, 256, 2), five: Some(tower(64, 128, 2)),
        pool: pool(Pool::Max, None, [0, 1, 0, 1]), one: None,
    },
    Inception {
        name: "inception_5a",
        three: tower(96, 384, 1), five: None,
        pool: pool(Pool::Average, Some(96), [1, 1, 1, 1]), one: Some(256),
    },
    Inception {
        name: "inception_5b",
        three: tower(96, 384, 1), five: None,
        pool: pool(Pool::Max, Some(96), [1, 1, 1, 1]), one: Some(256),
    },
];

impl Inception {
    /// Adds the block to `b` and returns its concatenated output.
    fn build<B: Builder>(&self, b: &mut B, x: &B::Node, variant: Variant) -> B::Node {
        let mut branches = vec![self.tower(b, x, &self.three, 3)];
        if let Some(five) = &self.five {
            branches.push(self.tower(b, x, five, 5));
        }
        branches.push(self.pool(b, x, variant));
        if let Some(channels) = self.one {
            let conv = self.convolution("1x1_conv", "1x1_bn", channels, 1);
            branches.push(b.convolution(x, &conv));
        }
        b.concat(&branches, self.name)
    }

    fn tower<B: Builder>(&self, b: &mut B, x: &B::Node, tower: &Tower, side: usize) -> B::Node {
        let part = |layer: &str| format!("{side}x{side}_{layer}");
        let reduce = self.convolution(&part("conv1"), &part("bn1"), tower.reduce, 1);
        let expand = Convolution {
            stride: tower.stride,
            padding: side / 2,
            ..self.convolution(&part("conv2"), &part("bn2"), tower.expand, side)
        };
        let x = b.convolution(x, &reduce);
        b.convolution(&x, &expand)
    }

    fn pool<B: Builder>(&self, b: &mut B, x: &B::Node, variant: Variant) -> B::Node {
        let name = format!("{}_pool", self.name);
        let window = |stride| Pool2dOptions { kernel: [3, 3], stride: [stride, stride] };
        let mut x = match self.pool.kind {
            Pool::Max => b.max_pool(x, &name, window(2)),
            Pool::Average if variant.pools_by_l2_norm() => b.l2_pool(x, &name, window(3)),
            Pool::Average => b.average_pool(x, &name, window(3)),
        };
        if let Some(channels) = self.pool.channels {
            x = b.convolution(&x, &self.convolution("pool_conv", "pool_bn", channels, 1));
        }
        b.pad(&x, &format!("{name}_pad"), self.pool.padding)
    }

    fn convolution(&self, conv: &str, norm: &str, channels: usize, kernel: usize) -> Convolution {
        let block = self.name;
        Convolution::new(format!("{block}_{conv}"), format!("{block}_{norm}"), channels, kernel)
    }
}

/// Side of the square view in pixels.
pub const VIEW_SIZE: usize = 64;
/// Numbers that the network returns: x and y of five points, then the scores of
/// "no face" and "a face".
const LANDMARK_OUTPUTS: usize = 12;

/// Hands `builder` the landmark network and returns the node of its outputs. Six
/// convolutions, each with batch-norm and ReLU, halve the image five times; the last sees all
/// of what is left, and a dense layer reads points and scores off it. 252,956 values, 11
/// million multiplications a view.
///
/// # Shapes
/// Input `(m, 3, 64, 64)`, RGB in 0..1; output `(m, 12)`: the points' x and y, 0 in
/// the view's middle and 1 a view's side away, and two scores for a softmax.
pub(super) fn build_landmarks<B: Builder>(b: &mut B) -> B::Node {
    let pool = Pool2dOptions { kernel: [2, 2], stride: [2, 2] };
    let layer = |number: usize, channels, kernel| {
        Convolution::new(format!("conv{number}"), format!("bn{number}"), channels, kernel)
    };
    let x = b.input([INPUT_CHANNELS, VIEW_SIZE, VIEW_SIZE]);
    let x = b.convolution(&x, &Convolution { stride: 2, padding: 2, ..layer(1, 16, 5) });
    let x = b.convolution(&x, &Convolution { padding: 1, ..layer(2, 32, 3) });
    let x = b.max_pool(&x, "pool2", pool);
    let x = b.convolution(&x, &Convolution { padding: 1, ..layer(3, 48, 3) });
    let x = b.max_pool(&x, "pool3", pool);
    let x = b.convolution(&x, &Convolution { padding: 1, ..layer(4, 64, 3) });
    let x = b.convolution(&x, &Convolution { stride: 2, padding: 1, ..layer(5, 96, 3) });
    let x = b.convolution(&x, &layer(6, 96, 4));
    let x = b.flatten(&x, "flatten");
    b.dense(&x, &Dense { name: "dense", outputs: LANDMARK_OUTPUTS })
}

/// Side in pixels of the face crop, at half its size, that tells what of a face can be seen.
pub const VISIBILITY_SIZE: usize = INPUT_SIZE / 2;
/// Numbers that the network returns: the scores of "covered" and "can be seen", of the mouth
/// and then of the eyes.
pub const VISIBILITY_OUTPUTS: usize = 4;

/// Hands `builder` the network that tells whether mouth and eyes can be seen, and returns the
/// node of its outputs. Five convolutions, each with batch-norm and ReLU; the last sees all of
/// what is left. 45,980 values, 3 million multiplications a face.
///
/// # Shapes
/// Input `(m, 3, 48, 48)`, RGB in 0..1; output `(m, 4)`, two pairs of scores for a softmax each.
pub(super) fn build_visibility<B: Builder>(b: &mut B) -> B::Node {
    let pool = Pool2dOptions { kernel: [2, 2], stride: [2, 2] };
    let layer = |number: usize, channels, kernel| {
        Convolution::new(format!("conv{number}"), format!("bn{number}"), channels, kernel)
    };
    let x = b.input([INPUT_CHANNELS, VISIBILITY_SIZE, VISIBILITY_SIZE]);
    let x = b.convolution(&x, &Convolution { stride: 2, padding: 2, ..layer(1, 12, 5) });
    let x = b.convolution(&x, &Convolution { padding: 1, ..layer(2, 24, 3) });
    let x = b.max_pool(&x, "pool2", pool);
    let x = b.convolution(&x, &Convolution { padding: 1, ..layer(3, 32, 3) });
    let x = b.max_pool(&x, "pool3", pool);
    let x = b.convolution(&x, &Convolution { stride: 2, padding: 1, ..layer(4, 48, 3) });
    let x = b.convolution(&x, &layer(5, 48, 3));
    let x = b.flatten(&x, "flatten");
    b.dense(&x, &Dense { name: "dense", outputs: VISIBILITY_OUTPUTS })
}
