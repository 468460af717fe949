//! Plans a program: the place of each value in memory and the phase of each step.
//!
//! Padding is not computed: a step that reads a padded value reads the value with its
//! border of zeros. Concatenations are not computed either: the steps of their inputs write
//! into the channels of the concatenation. Where that is impossible, values are copied.
//!
//! A phase is a set of steps that do not depend on each other. `graph.rs` knows what each
//! node reads, `memory.rs` assigns memory to buffers, `steps.rs` makes the steps;
//! `space_to_depth.rs` rewrites the first convolution before planning.

mod graph;
mod memory;
pub(super) mod space_to_depth;
mod steps;

use super::builder::{Node, Operation};
use crate::kernels::program::region::{Buffer, Region};
use crate::kernels::simd::LANES;

use graph::{Graph, Read};
use memory::LiveRange;
pub(super) use steps::ScheduledStep;

/// The place of a value.
#[derive(Clone, Copy, Debug)]
struct Location {
    buffer: usize,
    block: usize,
    /// Row and column of its first pixel, border included.
    corner: [usize; 2],
}

/// A step before memory is assigned.
#[derive(Debug)]
struct PlannedStep {
    /// The node that it computes, at least in part.
    node: usize,
    kind: StepKind,
    /// The first of its phases.
    phase: usize,
}

/// Operation of a planned step.
#[derive(Debug)]
enum StepKind {
    PackInput,
    /// Computes a node from another.
    Compute {
        read: Read,
        /// The buffer of the transformed source.
        transformed: Option<usize>,
    },
    /// Copies `base` into some channels of another node.
    Copy {
        base: usize,
        channel: usize,
        corner: [usize; 2],
    },
}

/// The planned places and steps of a program.
#[derive(Debug)]
pub(super) struct Plan {
    buffers: Vec<Buffer>,
    live_ranges: Vec<LiveRange>,
    steps: Vec<PlannedStep>,
    locations: Vec<Option<Location>>,
    shapes: Vec<[usize; 3]>,
    /// The phase at the end of which each value is complete.
    ready_at: Vec<usize>,
    /// Values of an arena for one image.
    arena_values: usize,
}

/// Plans the nodes that `outputs` and the `kept` values depend on.
pub(super) fn plan(nodes: &[Node<'_>], outputs: &[usize], kept: &[usize]) -> Plan {
    let kept: Vec<usize> = kept.iter().chain(outputs).copied().collect();
    let graph = Graph::new(nodes, &kept);
    let reads: Vec<Option<Read>> = (0..nodes.len())
        .map(|node| graph.is_materialized[node].then(|| graph.read(node)).flatten())
        .collect();
    let mut borders = vec![[[0; 2]; 2]; nodes.len()];
    for read in reads.iter().flatten() {
        for axis in 0..2 {
            let [before, after] = &mut borders[read.base];
            before[axis] = before[axis].max(read.before[axis]);
            after[axis] = after[axis].max(read.after[axis]);
        }
    }
    let mut plan = Plan {
        buffers: Vec::new(),
        live_ranges: Vec::new(),
        steps: Vec::new(),
        locations: vec![None; nodes.len()],
        shapes: nodes.iter().map(|node| node.shape).collect(),
        ready_at: vec![0; nodes.len()],
        arena_values: 0,
    };
    plan.assign_locations(&graph, &reads, &borders);
    for node in 0..nodes.len() {
        if graph.is_materialized[node] {
            plan.plan_steps(&graph, node, reads[node]);
        }
    }
    // Outputs are read after the last phase.
    let last = plan.ready_at.iter().copied().max().unwrap_or(0);
    for output in outputs {
        plan.extend_live_range(*output, [plan.ready_at[*output], last]);
    }
    plan.arena_values = memory::assign_offsets(&mut plan.buffers, &plan.live_ranges);
    plan
}

impl Plan {
    /// Assigns each materialized value a buffer of its own, or channels of a concatenation.
    fn assign_locations(
        &mut self,
        graph: &Graph<'_, '_>,
        reads: &[Option<Read>],
        borders: &[[[usize; 2]; 2]],
    ) {
        // Later concatenations first, so that each has a place before its inputs.
        for index in (0..graph.nodes.len()).rev().filter(|index| graph.is_materialized[*index]) {
            if self.locations[index].is_none() {
                let [channels, h, w] = graph.nodes[index].shape;
                let [before, after] = borders[index];
                let width = if graph.is_narrow(index, reads) { channels } else { LANES };
                let buffer = Buffer {
                    width,
                    blocks: channels.div_ceil(width),
                    rows: before[0] + h + after[0],
                    columns: before[1] + w + after[1],
                    offset: 0,
                };
                let buffer = self.add_buffer(buffer);
                self.locations[index] = Some(Location { buffer, block: 0, corner: before });
            }
            if matches!(graph.nodes[index].operation, Operation::Concat) {
                self.alias_concat_inputs(graph, index, borders);
            }
        }
    }

    /// Places those inputs of a concatenation in it for which that is possible: they are
    /// computed, fill whole vectors, and no step reads them with a border.
    fn alias_concat_inputs(
        &mut self,
        graph: &Graph<'_, '_>,
        concat: usize,
        borders: &[[[usize; 2]; 2]],
    ) {
        let nodes = graph.nodes;
        let Some(location) = self.locations[concat] else { unreachable!("it was just assigned") };
        let mut channel = 0_usize;
        for input in &nodes[concat].inputs {
            let (base, corner) = graph.resolve(*input);
            let is_whole = channel.is_multiple_of(LANES)
                && (nodes[base].shape[0].is_multiple_of(LANES)
                    || channel + nodes[base].shape[0] == nodes[concat].shape[0]);
            if is_computed(&nodes[base].operation)
                && is_whole
                && self.locations[base].is_none()
                && borders[base] == [[0; 2]; 2]
            {
                self.locations[base] = Some(Location {
                    buffer: location.buffer,
                    block: channel / LANES,
                    corner: [location.corner[0] + corner[0], location.corner[1] + corner[1]],
                });
            }
            channel += nodes[*input].shape[0];
        }
    }

    fn add_buffer(&mut self, buffer: Buffer) -> usize {
        self.buffers.push(buffer);
        self.live_ranges.push(LiveRange::EMPTY);
        self.buffers.len() - 1
    }

    /// Records that a value's buffer is in use in some phases.
    fn extend_live_range(&mut self, value: usize, phases: [usize; 2]) {
        let location = self.location(value);
        self.live_ranges[location.buffer].extend(phases);
    }

    fn location(&self, value: usize) -> Location {
        self.locations[value].unwrap_or_else(|| unreachable!("value {value} has no memory"))
    }

    /// Plans the steps that compute a node.
    fn plan_steps(&mut self, graph: &Graph<'_, '_>, node: usize, read: Option<Read>) {
        let nodes = graph.nodes;
        if let Some(read) = read {
            let form = read.form;
            // The first is what `read` describes; the others have no border.
            let others = &nodes[node].inputs[1..];
            let ready = others.iter().chain([&read.base]).map(|input| self.ready_at[*input]);
            let phase = ready.max().unwrap_or(0) + 1;
            let last = phase + usize::from(form.is_some());
            let transformed = form.map(|form| {
                let [_, oh, ow] = nodes[node].shape;
                let buffer = form.transformed_buffer(nodes[read.base].shape[0], [oh, ow]);
                self.add_buffer(buffer)
            });
            if let Some(transformed) = transformed {
                self.live_ranges[transformed].extend([phase, last]);
            }
            for input in others.iter().chain([&read.base]) {
                self.extend_live_range(*input, [phase, last]);
            }
            self.extend_live_range(node, [phase, last]);
            self.ready_at[node] = last;
            let kind = StepKind::Compute { read, transformed };
            self.steps.push(PlannedStep { node, kind, phase });
            return;
        }
        match &nodes[node].operation {
            Operation::Input { .. } => {
                self.extend_live_range(node, [0, 0]);
                self.steps.push(PlannedStep { node, kind: StepKind::PackInput, phase: 0 });
            }
            Operation::Pad(padding) => {
                let (base, corner) = graph.resolve(nodes[node].inputs[0]);
                let corner = [corner[0] + padding.top, corner[1] + padding.left];
                self.plan_copy(base, node, 0, corner);
            }
            _ => {
                let mut channel = 0;
                for input in &nodes[node].inputs {
                    let (base, corner) = graph.resolve(*input);
                    if self.is_alias(base, node, channel, corner) {
                        self.ready_at[node] = self.ready_at[node].max(self.ready_at[base]);
                    } else {
                        self.plan_copy(base, node, channel, corner);
                    }
                    channel += nodes[*input].shape[0];
                }
            }
        }
    }

    fn plan_copy(&mut self, base: usize, node: usize, channel: usize, corner: [usize; 2]) {
        let phase = self.ready_at[base] + 1;
        self.extend_live_range(base, [phase; 2]);
        self.extend_live_range(node, [phase; 2]);
        self.ready_at[node] = self.ready_at[node].max(phase);
        let kind = StepKind::Copy { base, channel, corner };
        self.steps.push(PlannedStep { node, kind, phase });
    }

    /// Whether `base` occupies exactly these channels of `node`.
    fn is_alias(&self, base: usize, node: usize, channel: usize, corner: [usize; 2]) -> bool {
        let (Some(base), Some(node)) = (self.locations[base], self.locations[node]) else {
            return false;
        };
        base.buffer == node.buffer
            && base.block * LANES == channel
            && base.corner == [node.corner[0] + corner[0], node.corner[1] + corner[1]]
    }

    /// The phase at the end of which a value is complete.
    pub(super) fn ready_at(&self, value: usize) -> usize {
        self.ready_at[value]
    }

    /// Values of an arena for one image.
    pub(super) fn arena_values(&self) -> usize {
        self.arena_values
    }

    /// The place of a value.
    pub(super) fn region(&self, value: usize) -> Region {
        let location = self.location(value);
        let [channels, height, width] = self.shapes[value];
        Region {
            buffer: self.buffers[location.buffer],
            block: location.block,
            top: location.corner[0],
            left: location.corner[1],
            channels,
            height,
            width,
        }
    }
}

/// Whether an operation computes its value from others.
fn is_computed(operation: &Operation<'_>) -> bool {
    !matches!(operation, Operation::Input { .. } | Operation::Pad(_) | Operation::Concat)
}
