//! The seven Inception blocks, as a table and the one function that builds any
//! of them.
//!
//! A block sends its input down up to four branches and concatenates what comes
//! back in the order 3×3, 5×5, pool, 1×1.

use tensor::Padding2d;
use tensor::ops::Pool2dOptions;

use super::{Builder, Convolution, Variant};

/// One Inception block.
pub(super) struct Inception {
    /// Prefix of its tensor names.
    pub(super) name: &'static str,
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
pub(super) const BLOCKS: [Inception; 7] = [
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
    pub(super) fn build<B: Builder>(&self, b: &mut B, x: &B::Node, variant: Variant) -> B::Node {
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
