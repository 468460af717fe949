//! Makes the steps of a plan, once buffers have their offsets.

use rayon::prelude::*;

use super::{Plan, PlannedStep, StepKind};
use crate::Precision;
use crate::inference::builder::{Node, Operation};
use crate::kernels::aligned_buffer::HugePageArena;
use crate::kernels::packed_weight::PackedWeight;
use crate::kernels::program::convolution::Convolution;
use crate::kernels::program::depthwise::Depthwise;
use crate::kernels::program::layout::{CopyChannels, PackInput};
use crate::kernels::program::norm::{L2Normalize, LocalResponseNorm};
use crate::kernels::program::pool::Pool;
use crate::kernels::program::step::Step;
use crate::kernels::program::upsample::AddUpsampled;
use crate::kernels::program::winograd::{Winograd, WinogradWeight};
use crate::kernels::simd::{Bf16, LANES};
use crate::ops::Conv2dOptions;

/// A step and its first phase.
#[derive(Debug)]
pub(in crate::inference) struct ScheduledStep {
    pub(in crate::inference) name: String,
    pub(in crate::inference) phase: usize,
    pub(in crate::inference) step: Step,
    /// Multiplications and additions of a direct convolution for an image.
    pub(in crate::inference) operations: usize,
}

/// Context for making steps.
struct PlanContext<'a> {
    /// C, H, W of an image.
    input: [usize; 3],
    /// Memory for weights.
    pages: &'a HugePageArena,
    /// Set if convolutions multiply bf16 numbers.
    bf16: Option<Bf16>,
}

impl Plan {
    /// Makes the steps. Weights are packed in parallel.
    pub(in crate::inference) fn steps(
        &self,
        nodes: Vec<Node<'_>>,
        input: [usize; 3],
        precision: Precision,
    ) -> Vec<ScheduledStep> {
        let pages = HugePageArena::default();
        let bf16 = match precision {
            Precision::F32 => None,
            Precision::Bf16 => Bf16::detect(),
        };
        let context = PlanContext { input, pages: &pages, bf16 };
        self.steps
            .par_iter()
            .map(|planned| {
                let node = &nodes[planned.node];
                let step = self.step(node, planned, &context);
                let operations = match (&planned.kind, &node.operation) {
                    (
                        StepKind::Compute { .. },
                        Operation::Convolution { operations, .. }
                        | Operation::Depthwise { operations, .. },
                    ) => *operations,
                    _ => 0,
                };
                ScheduledStep { name: node.name.clone(), phase: planned.phase, step, operations }
            })
            .collect()
    }

    fn step(&self, node: &Node<'_>, planned: &PlannedStep, context: &PlanContext<'_>) -> Step {
        let PlanContext { input, pages, bf16 } = *context;
        let target = self.region(planned.node);
        let (read, transformed) = match planned.kind {
            StepKind::PackInput => {
                let Operation::Input { space_to_depth } = node.operation else {
                    unreachable!("only the input is packed")
                };
                return Step::PackInput(PackInput::new(target, input, space_to_depth));
            }
            StepKind::Copy { base, channel, corner } => {
                let copy = CopyChannels::new(self.region(base), target, channel, corner);
                return Step::CopyChannels(copy);
            }
            StepKind::Compute { read, transformed } => (read, transformed),
        };
        let regions = [self.region(read.base), target];
        match &node.operation {
            Operation::Convolution { weight, bias, options, .. } => {
                let activation = options.activation;
                let (kernels, factors) = (weight.kernels(), weight.factors());
                // A source of less than whole vectors, such as the input, stays f32.
                let is_whole =
                    regions[0].channels.is_multiple_of(LANES) && regions[0].buffer.width == LANES;
                let bf16 = bf16.filter(|_| is_whole);
                if let (Some(form), Some(transformed)) = (read.form, transformed) {
                    let buffer = self.buffers[transformed];
                    let weight = WinogradWeight::new(form, kernels, factors, pages);
                    let weight = match bf16 {
                        Some(bf16) => weight.into_bf16(bf16),
                        None => weight,
                    };
                    let step =
                        Winograd::new(regions, buffer, weight, bias, activation, read.before);
                    return Step::Winograd(step);
                }
                let allocate = |length| pages.allocate(length);
                let weight = PackedWeight::permanent(kernels, factors, allocate);
                let stride = options.stride;
                let step = Convolution::new(regions, weight, bias, activation, stride, read.before);
                Step::Convolution(match bf16 {
                    Some(bf16) => step.into_bf16(bf16),
                    None => step,
                })
            }
            Operation::Depthwise { weight, bias, options, .. } => {
                let (kernels, factors) = (weight.kernels(), weight.factors());
                let Conv2dOptions { activation, stride, .. } = *options;
                Step::Depthwise(Depthwise::new(
                    regions,
                    kernels,
                    factors,
                    bias,
                    activation,
                    stride,
                    read.before,
                ))
            }
            Operation::AddUpsampled => {
                let [source, target] = regions;
                let coarse = self.region(node.inputs[1]);
                Step::AddUpsampled(AddUpsampled::new([source, coarse, target]))
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
