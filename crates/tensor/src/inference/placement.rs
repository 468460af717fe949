//! Where each value lies, and when it is made.
//!
//! Padding is not computed: who reads a padded value reads the value with its border of
//! zeros. Concatenations are not computed either: their branches are written into the
//! channels that they fill. What cannot be placed so, is copied.

use super::builder::{Node, Operation};
use super::memory::Life;
use super::method::winograd_form;
use super::precision::Precision;
use crate::kernels::huge::HugePages;
use crate::kernels::inference::convolution::Convolution;
use crate::kernels::inference::norm::{L2Normalize, LocalResponseNorm};
use crate::kernels::inference::pool::Pool;
use crate::kernels::inference::region::{Buffer, Region, reach};
use crate::kernels::inference::step::Step;
use crate::kernels::inference::transfer::{Copy, Import};
use crate::kernels::inference::winograd::{Form, Winograd, WinogradWeight};
use crate::kernels::packed_weight::PackedWeight;
use crate::kernels::tile::LANES;

/// A value as a step reads it.
#[derive(Clone, Copy, Debug)]
struct Read {
    /// The value whose memory is read.
    base: usize,
    /// Rows and columns of zeros that are read in front of it and behind it.
    before: [usize; 2],
    after: [usize; 2],
}

/// Where a value begins.
#[derive(Clone, Copy, Debug)]
struct Home {
    buffer: usize,
    block: usize,
    /// Row and column, border included.
    corner: [usize; 2],
}

/// What a step does, before memory is planned.
#[derive(Debug)]
enum Job {
    Import,
    /// Computes a node from others.
    Compute {
        read: Read,
        form: Option<Form>,
        transformed: Option<usize>,
    },
    /// Copies `base` into some channels of another node.
    Copy {
        base: usize,
        channel: usize,
        corner: [usize; 2],
    },
}

/// A step before memory is planned.
#[derive(Debug)]
struct Draft {
    /// The node that it makes, or makes a part of.
    node: usize,
    job: Job,
    /// The first of its phases.
    phase: usize,
}

/// A step and its first phase.
#[derive(Debug)]
pub(super) struct Timed {
    pub(super) name: String,
    pub(super) phase: usize,
    pub(super) step: Step,
    /// Multiplications and additions of a direct convolution for an image.
    pub(super) operations: usize,
}

/// What steps are made with, beside nodes.
struct Material<'a> {
    /// C, H, W of a picture.
    picture: [usize; 3],
    /// Memory for weights.
    pages: &'a HugePages,
    precision: Precision,
}

/// A program's values, placed.
#[derive(Debug)]
pub(super) struct Placement {
    pub(super) buffers: Vec<Buffer>,
    pub(super) lives: Vec<Life>,
    drafts: Vec<Draft>,
    homes: Vec<Option<Home>>,
    shapes: Vec<[usize; 3]>,
    /// The last phase of each value.
    made: Vec<usize>,
}

/// Places what `output` and the `kept` values need.
pub(super) fn place(nodes: &[Node<'_>], output: usize, kept: &[usize]) -> Placement {
    let kept: Vec<usize> = kept.iter().copied().chain([output]).collect();
    let needed = needed(nodes, &kept);
    let own = own_memory(nodes, &needed, &kept);
    let reads: Vec<Option<(Read, Option<Form>)>> = (0..nodes.len())
        .map(|node| (own[node]).then(|| read(nodes, &own, node)).flatten())
        .collect();
    let mut borders = vec![[[0; 2]; 2]; nodes.len()];
    for (read, _) in reads.iter().flatten() {
        for axis in 0..2 {
            let [before, after] = &mut borders[read.base];
            before[axis] = before[axis].max(read.before[axis]);
            after[axis] = after[axis].max(read.after[axis]);
        }
    }
    let mut placement = Placement {
        buffers: Vec::new(),
        lives: Vec::new(),
        drafts: Vec::new(),
        homes: vec![None; nodes.len()],
        shapes: nodes.iter().map(|node| node.shape).collect(),
        made: vec![0; nodes.len()],
    };
    placement.find_homes(nodes, &own, &reads, &borders);
    for node in 0..nodes.len() {
        if own[node] {
            placement.draft(nodes, &own, node, reads[node]);
        }
    }
    // What `output` names is read after the last phase.
    let last = placement.made.iter().copied().max().unwrap_or(0);
    placement.use_in(output, [placement.made[output], last]);
    placement
}

/// Which nodes the kept ones are made of.
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

/// Which nodes need memory: all but padding that readers can see as a border.
fn own_memory(nodes: &[Node<'_>], needed: &[bool], kept: &[usize]) -> Vec<bool> {
    let mut own = needed.to_vec();
    for (index, node) in nodes.iter().enumerate() {
        if matches!(node.operation, Operation::Pad(_)) {
            own[index] = kept.contains(&index);
        }
    }
    for (index, node) in nodes.iter().enumerate() {
        let whole = matches!(
            node.operation,
            Operation::LocalResponseNorm(_) | Operation::L2Normalize { .. }
        );
        if needed[index] && whole {
            own[node.inputs[0]] = true;
        }
    }
    own
}

/// The value under paddings without memory, and the rows and columns that they add in
/// front: top and left.
fn resolve(nodes: &[Node<'_>], own: &[bool], mut value: usize) -> (usize, [usize; 2]) {
    let mut corner = [0; 2];
    while let Operation::Pad(padding) = nodes[value].operation
        && !own[value]
    {
        corner = [corner[0] + padding.top, corner[1] + padding.left];
        value = nodes[value].inputs[0];
    }
    (value, corner)
}

/// What a node that is computed from one other reads, and how.
fn read(nodes: &[Node<'_>], own: &[bool], node: usize) -> Option<(Read, Option<Form>)> {
    let Node { operation, inputs, shape: [_, oh, ow], .. } = &nodes[node];
    let output = [*oh, *ow];
    let (base, mut before) = resolve(nodes, own, *inputs.first()?);
    let [_, h, w] = nodes[base].shape;
    let size = [h, w];
    let behind = |stride: [usize; 2], kernel: [usize; 2], before: [usize; 2]| {
        [0, 1].map(|axis| reach(output[axis], stride[axis], kernel[axis], before[axis], size[axis]))
    };
    match operation {
        Operation::Convolution { weight, options, .. } => {
            let (.., kh, kw) = weight.dim();
            before = [before[0] + options.padding.top, before[1] + options.padding.left];
            let narrow = may_be_narrow(&nodes[base]);
            let form = winograd_form([kh, kw], *options, output).filter(|_| !narrow);
            let after = match form {
                Some(form) => form.room_after(size, output, before),
                None => behind(options.stride, [kh, kw], before),
            };
            Some((Read { base, before, after }, form))
        }
        Operation::Pool { options, .. } => {
            let after = behind(options.stride, options.kernel, before);
            Some((Read { base, before, after }, None))
        }
        Operation::LocalResponseNorm(_) | Operation::L2Normalize { .. } => {
            Some((Read { base, before, after: [0; 2] }, None))
        }
        Operation::Input { .. } | Operation::Pad(_) | Operation::Concat => None,
    }
}

impl Placement {
    /// Gives each value with memory of its own a buffer, or channels of a concatenation.
    fn find_homes(
        &mut self,
        nodes: &[Node<'_>],
        own: &[bool],
        reads: &[Option<(Read, Option<Form>)>],
        borders: &[[[usize; 2]; 2]],
    ) {
        // Later concatenations first, so that each is placed before its branches.
        for index in (0..nodes.len()).rev().filter(|index| own[*index]) {
            if self.homes[index].is_none() {
                let [channels, h, w] = nodes[index].shape;
                let [before, after] = borders[index];
                let direct = |(read, form): &(Read, Option<Form>)| read.base == 0 && form.is_none();
                let narrow = may_be_narrow(&nodes[index])
                    && (0..nodes.len()).all(|reader| {
                        !own[reader]
                            || !nodes[reader]
                                .inputs
                                .iter()
                                .any(|input| resolve(nodes, own, *input).0 == 0)
                            || matches!(nodes[reader].operation, Operation::Convolution { .. })
                                && reads[reader].as_ref().is_some_and(direct)
                    });
                let width = if narrow { channels } else { LANES };
                let buffer = Buffer {
                    width,
                    blocks: channels.div_ceil(width),
                    rows: before[0] + h + after[0],
                    columns: before[1] + w + after[1],
                    offset: 0,
                };
                let buffer = self.buffer(buffer);
                self.homes[index] = Some(Home { buffer, block: 0, corner: before });
            }
            if matches!(nodes[index].operation, Operation::Concat) {
                self.take_in_branches(nodes, own, index, borders);
            }
        }
    }

    /// Places those branches of a concatenation in it that may lie there: computed, whole
    /// vectors, and read by nobody who needs a border.
    fn take_in_branches(
        &mut self,
        nodes: &[Node<'_>],
        own: &[bool],
        concat: usize,
        borders: &[[[usize; 2]; 2]],
    ) {
        let Some(home) = self.homes[concat] else { unreachable!("it was just given one") };
        let mut channel = 0_usize;
        for input in &nodes[concat].inputs {
            let (base, corner) = resolve(nodes, own, *input);
            let computed = reads_one(&nodes[base].operation);
            let whole = channel.is_multiple_of(LANES)
                && (nodes[base].shape[0].is_multiple_of(LANES)
                    || channel + nodes[base].shape[0] == nodes[concat].shape[0]);
            if computed && whole && self.homes[base].is_none() && borders[base] == [[0; 2]; 2] {
                self.homes[base] = Some(Home {
                    buffer: home.buffer,
                    block: channel / LANES,
                    corner: [home.corner[0] + corner[0], home.corner[1] + corner[1]],
                });
            }
            channel += nodes[*input].shape[0];
        }
    }

    fn buffer(&mut self, buffer: Buffer) -> usize {
        self.buffers.push(buffer);
        self.lives.push(Life::NONE);
        self.buffers.len() - 1
    }

    /// Notes that a value's buffer is in use in some phases.
    fn use_in(&mut self, value: usize, phases: [usize; 2]) {
        let Some(home) = self.homes[value] else { unreachable!("value {value} has no memory") };
        self.lives[home.buffer].extend(phases);
    }

    /// Drafts the steps that make a node.
    fn draft(
        &mut self,
        nodes: &[Node<'_>],
        own: &[bool],
        node: usize,
        read: Option<(Read, Option<Form>)>,
    ) {
        if let Some((read, form)) = read {
            let phase = self.made[read.base] + 1;
            let last = phase + usize::from(form.is_some());
            let transformed = form.map(|form| {
                let [_, oh, ow] = nodes[node].shape;
                let buffer = form.transformed(nodes[read.base].shape[0], [oh, ow]);
                self.buffer(buffer)
            });
            if let Some(transformed) = transformed {
                self.lives[transformed].extend([phase, last]);
            }
            self.use_in(read.base, [phase, last]);
            self.use_in(node, [phase, last]);
            self.made[node] = last;
            self.drafts.push(Draft { node, job: Job::Compute { read, form, transformed }, phase });
            return;
        }
        match &nodes[node].operation {
            Operation::Input { .. } => {
                self.use_in(node, [0, 0]);
                self.drafts.push(Draft { node, job: Job::Import, phase: 0 });
            }
            Operation::Pad(padding) => {
                let (base, corner) = resolve(nodes, own, nodes[node].inputs[0]);
                let corner = [corner[0] + padding.top, corner[1] + padding.left];
                self.copy(base, node, 0, corner);
            }
            _ => {
                let mut channel = 0;
                for input in &nodes[node].inputs {
                    let (base, corner) = resolve(nodes, own, *input);
                    if self.lies_in(base, node, channel, corner) {
                        self.made[node] = self.made[node].max(self.made[base]);
                    } else {
                        self.copy(base, node, channel, corner);
                    }
                    channel += nodes[*input].shape[0];
                }
            }
        }
    }

    fn copy(&mut self, base: usize, node: usize, channel: usize, corner: [usize; 2]) {
        let phase = self.made[base] + 1;
        self.use_in(base, [phase; 2]);
        self.use_in(node, [phase; 2]);
        self.made[node] = self.made[node].max(phase);
        self.drafts.push(Draft { node, job: Job::Copy { base, channel, corner }, phase });
    }

    /// Whether `base` was placed in just these channels of `node`.
    fn lies_in(&self, base: usize, node: usize, channel: usize, corner: [usize; 2]) -> bool {
        let (Some(base), Some(node)) = (self.homes[base], self.homes[node]) else { return false };
        base.buffer == node.buffer
            && base.block * LANES == channel
            && base.corner == [node.corner[0] + corner[0], node.corner[1] + corner[1]]
    }

    /// The last phase in which a value is made.
    pub(super) fn made(&self, value: usize) -> usize {
        self.made[value]
    }

    /// Where a value lies.
    pub(super) fn region(&self, value: usize) -> Region {
        let Some(home) = self.homes[value] else { unreachable!("value {value} has no memory") };
        let [channels, height, width] = self.shapes[value];
        Region {
            buffer: self.buffers[home.buffer],
            block: home.block,
            top: home.corner[0],
            left: home.corner[1],
            channels,
            height,
            width,
        }
    }

    /// The steps, once buffers have their offsets. Weights are packed in parallel.
    pub(super) fn steps(
        &self,
        nodes: Vec<Node<'_>>,
        picture: [usize; 3],
        precision: Precision,
    ) -> Vec<Timed> {
        use rayon::prelude::*;
        let pages = HugePages::default();
        let material = Material { picture, pages: &pages, precision };
        self.drafts
            .par_iter()
            .map(|draft| {
                let node = &nodes[draft.node];
                let step = self.step(node, draft, &material);
                let operations = match (&draft.job, &node.operation) {
                    (Job::Compute { .. }, Operation::Convolution { operations, .. }) => *operations,
                    _ => 0,
                };
                Timed { name: node.name.clone(), phase: draft.phase, step, operations }
            })
            .collect()
    }

    fn step(&self, node: &Node<'_>, draft: &Draft, material: &Material<'_>) -> Step {
        let Material { picture, pages, precision } = *material;
        let target = self.region(draft.node);
        let (read, form, transformed) = match draft.job {
            Job::Import => {
                let Operation::Input { folding } = node.operation else {
                    unreachable!("only pictures are imported")
                };
                return Step::Import(Import::new(target, picture, folding));
            }
            Job::Copy { base, channel, corner } => {
                return Step::Copy(Copy::new(self.region(base), target, channel, corner));
            }
            Job::Compute { read, form, transformed } => (read, form, transformed),
        };
        let regions = [self.region(read.base), target];
        match &node.operation {
            Operation::Convolution { weight, bias, options, .. } => {
                let activation = options.activation;
                let (kernels, factors) = (weight.kernels(), weight.factors());
                // A part of a vector, such as a picture's colours, stays as it is.
                let pairs = precision == Precision::Bf16
                    && regions[0].channels.is_multiple_of(LANES)
                    && regions[0].buffer.width == LANES;
                if let (Some(form), Some(transformed)) = (form, transformed) {
                    let buffer = self.buffers[transformed];
                    let weight = WinogradWeight::new(form, kernels, factors, pages);
                    let weight = if pairs { weight.in_pairs() } else { weight };
                    let step =
                        Winograd::new(regions, buffer, weight, bias, activation, read.before);
                    return Step::Winograd(step);
                }
                let weight = PackedWeight::kept(kernels, factors, |length| pages.part(length));
                let stride = options.stride;
                let step = Convolution::new(regions, weight, bias, activation, stride, read.before);
                Step::Convolution(if pairs { step.in_pairs() } else { step })
            }
            Operation::Pool { kind, options } => {
                Step::Pool(Pool::new(regions, *kind, *options, read.before))
            }
            Operation::LocalResponseNorm(options) => {
                Step::LocalResponseNorm(LocalResponseNorm::new(regions, *options))
            }
            Operation::L2Normalize { epsilon } => {
                Step::L2Normalize(L2Normalize::new(regions, *epsilon))
            }
            Operation::Input { .. } | Operation::Pad(_) | Operation::Concat => {
                unreachable!("{:?} is not computed", node.operation)
            }
        }
    }
}

/// Whether a value's pixels may be as wide as it has channels: pictures as they come, if
/// direct convolutions alone read them.
fn may_be_narrow(node: &Node<'_>) -> bool {
    matches!(node.operation, Operation::Input { folding: None }) && node.shape[0] < LANES
}

/// Whether an operation computes its value from one other.
fn reads_one(operation: &Operation<'_>) -> bool {
    !matches!(operation, Operation::Input { .. } | Operation::Pad(_) | Operation::Concat)
}
