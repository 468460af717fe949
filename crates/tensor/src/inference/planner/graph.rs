//! The nodes of a program as a plan sees them: which need memory, and how each reads its
//! input.

use crate::inference::builder::{Node, Operation};
use crate::inference::method::winograd_form;
use crate::kernels::program::region::border_after;
use crate::kernels::program::winograd::Form;
use crate::kernels::simd::LANES;

/// How a step reads a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read {
    /// The value whose memory is read.
    pub(super) base: usize,
    /// Rows and columns of zeros that are read in front of it and behind it.
    pub(super) before: [usize; 2],
    pub(super) after: [usize; 2],
    /// The form of a convolution by Winograd's method.
    pub(super) form: Option<Form>,
}

/// The nodes of a program, and which of them have memory.
pub(super) struct Graph<'a, 'w> {
    pub(super) nodes: &'a [Node<'w>],
    /// Whether a node needs memory: padding does not if its readers replace it by a border,
    /// nor does a node that no kept value depends on.
    pub(super) is_materialized: Vec<bool>,
}

impl<'a, 'w> Graph<'a, 'w> {
    pub(super) fn new(nodes: &'a [Node<'w>], kept: &[usize]) -> Self {
        let needed = needed(nodes, kept);
        Self { nodes, is_materialized: is_materialized(nodes, &needed, kept) }
    }

    /// The value under paddings without memory, and the rows and columns that they add in
    /// front of it: top and left.
    pub(super) fn resolve(&self, mut value: usize) -> (usize, [usize; 2]) {
        let mut corner = [0; 2];
        while let Operation::Pad(padding) = self.nodes[value].operation
            && !self.is_materialized[value]
        {
            corner = [corner[0] + padding.top, corner[1] + padding.left];
            value = self.nodes[value].inputs[0];
        }
        (value, corner)
    }

    /// How a node that is computed from others reads the first of them.
    pub(super) fn read(&self, node: usize) -> Option<Read> {
        let Node { operation, inputs, shape: [_, oh, ow], .. } = &self.nodes[node];
        let output = [*oh, *ow];
        let (base, mut before) = self.resolve(*inputs.first()?);
        let [_, h, w] = self.nodes[base].shape;
        let size = [h, w];
        let after = |stride: [usize; 2], kernel: [usize; 2], before: [usize; 2]| {
            [0, 1].map(|axis| {
                border_after(output[axis], stride[axis], kernel[axis], before[axis], size[axis])
            })
        };
        match operation {
            Operation::Convolution { weight, options, .. } => {
                let (.., kh, kw) = weight.dim();
                before = [before[0] + options.padding.top, before[1] + options.padding.left];
                let narrow = may_be_narrow(&self.nodes[base]);
                let form = winograd_form([kh, kw], *options, output).filter(|_| !narrow);
                let after = match form {
                    Some(form) => form.border_after(size, output, before),
                    None => after(options.stride, [kh, kw], before),
                };
                Some(Read { base, before, after, form })
            }
            Operation::Depthwise { weight, options, .. } => {
                let (.., kh, kw) = weight.dim();
                before = [before[0] + options.padding.top, before[1] + options.padding.left];
                let after = after(options.stride, [kh, kw], before);
                Some(Read { base, before, after, form: None })
            }
            Operation::Pool { options, .. } => {
                let after = after(options.stride, options.kernel, before);
                Some(Read { base, before, after, form: None })
            }
            Operation::LocalResponseNorm(_)
            | Operation::L2Normalize { .. }
            | Operation::AddUpsampled => Some(Read { base, before, after: [0; 2], form: None }),
            Operation::Input { .. } | Operation::Pad(_) | Operation::Concat => None,
        }
    }

    /// Whether the pixels of a node may have as many values as channels, instead of whole
    /// vectors: only direct convolutions read it.
    pub(super) fn is_narrow(&self, node: usize, reads: &[Option<Read>]) -> bool {
        let is_direct = |read: &Read| read.base == 0 && read.form.is_none();
        may_be_narrow(&self.nodes[node])
            && (0..self.nodes.len()).all(|reader| {
                let Node { inputs, operation, .. } = &self.nodes[reader];
                !self.is_materialized[reader]
                    || !inputs.iter().any(|input| self.resolve(*input).0 == 0)
                    || matches!(operation, Operation::Convolution { .. })
                        && reads[reader].as_ref().is_some_and(is_direct)
            })
    }
}

/// The nodes that the kept ones depend on.
fn needed(nodes: &[Node<'_>], kept: &[usize]) -> Vec<bool> {
    let mut needed = vec![false; nodes.len()];
    for node in kept {
        needed[*node] = true;
    }
    for (index, node) in nodes.iter().enumerate().rev() {
        if needed[index] {
            for input in &node.inputs {
                needed[*input] = true;
            }
        }
    }
    needed
}

/// The nodes that need memory: all but padding that its readers replace by a border.
fn is_materialized(nodes: &[Node<'_>], needed: &[bool], kept: &[usize]) -> Vec<bool> {
    let mut is_materialized = needed.to_vec();
    for (index, node) in nodes.iter().enumerate() {
        if matches!(node.operation, Operation::Pad(_)) {
            is_materialized[index] = kept.contains(&index);
        }
    }
    for (index, node) in nodes.iter().enumerate() {
        let reads_no_border = matches!(
            node.operation,
            Operation::LocalResponseNorm(_)
                | Operation::L2Normalize { .. }
                | Operation::AddUpsampled
        );
        // Normalizations and sums read regions without a border.
        if needed[index] && reads_no_border {
            for input in &node.inputs {
                is_materialized[*input] = true;
            }
        }
    }
    is_materialized
}

/// Whether the pixels of a value can be narrower than a vector: those of the input.
fn may_be_narrow(node: &Node<'_>) -> bool {
    matches!(node.operation, Operation::Input { space_to_depth: None }) && node.shape[0] < LANES
}
