//! The steps of a program, divided into items that threads can share.
#![allow(unsafe_code)]

use std::ops::Range;

use super::arena::ArenaPtr;
use super::convolution::Convolution;
use super::depthwise::Depthwise;
use super::layout::{CopyChannels, InputImages, PackInput};
use super::norm::{L2Normalize, LocalResponseNorm};
use super::pool::Pool;
use super::region::{Buffer, Region};
use super::upsample::AddUpsampled;
use super::winograd::Winograd;
use crate::kernels::simd::{Bf16, Features, Isa, SimdOp, Vector, dispatch};

/// A step of a program.
#[derive(Debug)]
pub(crate) enum Step {
    PackInput(PackInput),
    Convolution(Convolution),
    Winograd(Winograd),
    Depthwise(Depthwise),
    AddUpsampled(AddUpsampled),
    Pool(Pool),
    LocalResponseNorm(LocalResponseNorm),
    L2Normalize(L2Normalize),
    CopyChannels(CopyChannels),
}

/// What the items of a pass have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PassContext<'a> {
    /// An arena for `images`, followed by the scratch memory of each thread.
    pub(crate) memory: ArenaPtr,
    pub(crate) input: &'a InputImages,
    pub(crate) images: usize,
    /// Threads that share the items.
    pub(crate) threads: usize,
    /// Offset of this thread's scratch memory.
    pub(crate) scratch: usize,
}

/// An item of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WorkItem {
    /// The part of the step, see [`Step::parts`].
    pub(crate) part: usize,
    pub(crate) item: usize,
    /// Items of this part.
    pub(crate) items: usize,
}

/// Channels of a buffer that a step reads or writes.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) buffer: Buffer,
    pub(crate) channels: Range<usize>,
    pub(crate) writes: bool,
}

impl Access {
    fn read(region: &Region) -> Self {
        let first = region.block * region.buffer.width;
        Self { buffer: region.buffer, channels: first..first + region.channels, writes: false }
    }

    /// Writes cover whole blocks, because the last one is padded with zeros.
    fn write(region: &Region) -> Self {
        let first = region.block * region.buffer.width;
        let end = first + region.blocks() * region.buffer.width;
        Self { buffer: region.buffer, channels: first..end, writes: true }
    }

    /// Whether two steps may perform these accesses at the same time.
    pub(crate) fn is_compatible(&self, other: &Self) -> bool {
        let memory =
            |access: &Self| access.buffer.offset..access.buffer.offset + access.buffer.image_step();
        let disjoint = |a: Range<usize>, b: Range<usize>| a.end <= b.start || b.end <= a.start;
        !(self.writes || other.writes)
            || disjoint(memory(self), memory(other))
            || self.buffer == other.buffer
                && disjoint(self.channels.clone(), other.channels.clone())
    }
}

impl Step {
    /// Parts that run one after another, in phases of their own.
    pub(crate) fn parts(&self) -> usize {
        match self {
            Self::Winograd(_) => 2,
            _ => 1,
        }
    }

    /// Items of a part, which may run at the same time.
    pub(crate) fn items(&self, part: usize, images: usize, threads: usize) -> usize {
        match self {
            Self::PackInput(step) => step.items(images, threads),
            Self::Convolution(step) => step.items(images, threads),
            Self::Winograd(step) if part == 0 => step.transform_items(images, threads),
            Self::Winograd(step) => step.multiply_items(images, threads),
            Self::Depthwise(step) => step.items(images, threads),
            Self::AddUpsampled(step) => step.items(images, threads),
            Self::Pool(step) => step.items(images, threads),
            Self::LocalResponseNorm(step) => step.items(images, threads),
            Self::L2Normalize(_) | Self::CopyChannels(_) => 1,
        }
    }

    /// The memory that its items read or write.
    pub(crate) fn accesses(&self) -> Vec<Access> {
        match self {
            Self::PackInput(step) => vec![Access::write(&step.target)],
            Self::Convolution(Convolution { source, target, .. })
            | Self::Depthwise(Depthwise { source, target, .. })
            | Self::Pool(Pool { source, target, .. })
            | Self::LocalResponseNorm(LocalResponseNorm { source, target, .. })
            | Self::L2Normalize(L2Normalize { source, target, .. }) => {
                vec![Access::read(source), Access::write(target)]
            }
            Self::Winograd(step) => vec![
                Access::read(&step.source),
                Access::write(&step.transformed_region()),
                Access::write(&step.target),
            ],
            Self::AddUpsampled(AddUpsampled { source, coarse, target }) => {
                vec![Access::read(source), Access::read(coarse), Access::write(target)]
            }
            Self::CopyChannels(step) => vec![Access::read(&step.source), step.write_access()],
        }
    }

    /// Scratch values that an item needs.
    pub(crate) fn scratch(&self) -> usize {
        match self {
            Self::Convolution(step) => step.scratch(),
            Self::Winograd(step) => step.scratch(),
            Self::LocalResponseNorm(step) => step.scratch(),
            _ => 0,
        }
    }

    /// The method by which it is computed.
    pub(crate) fn method(&self) -> &'static str {
        match self {
            Self::PackInput(_) => "pack",
            Self::Convolution(_) => "direct",
            Self::Winograd(step) => step.method(),
            Self::Depthwise(_) => "depthwise",
            Self::AddUpsampled(_) => "add",
            Self::Pool(_) => "pool",
            Self::LocalResponseNorm(_) | Self::L2Normalize(_) => "norm",
            Self::CopyChannels(_) => "copy",
        }
    }

    /// Runs an item.
    ///
    /// # Safety
    /// The step's regions are in an arena for `context.images`; `context` names its memory,
    /// scratch memory for this step that only this thread uses, and images of the program's
    /// input shape. The step's sources are complete, and no thread writes them. Only other
    /// items of this part write to its targets.
    pub(crate) unsafe fn run(&self, isa: Isa, context: &PassContext<'_>, item: WorkItem) {
        // SAFETY: guaranteed by the caller.
        let item = unsafe { ValidItem::new(self, context, item) };
        match self.bf16() {
            Some(features) => features.run(item),
            None => dispatch(isa, item),
        }
    }

    /// If it multiplies bf16 numbers, the proof that this machine does.
    fn bf16(&self) -> Option<Bf16> {
        match self {
            Self::Convolution(step) => step.bf16(),
            Self::Winograd(step) => step.bf16(),
            _ => None,
        }
    }
}

/// An item that may run.
struct ValidItem<'a> {
    step: &'a Step,
    context: &'a PassContext<'a>,
    item: WorkItem,
}

impl<'a> ValidItem<'a> {
    /// # Safety
    /// As [`Step::run`], until the item has run.
    unsafe fn new(step: &'a Step, context: &'a PassContext<'a>, item: WorkItem) -> Self {
        Self { step, context, item }
    }
}

impl SimdOp for ValidItem<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Element = f32>>(self, features: V::Features) {
        let Self { step, context, item } = self;
        // SAFETY: `ValidItem::new` requires all of this.
        unsafe {
            match step {
                Step::PackInput(step) => step.run(context, item),
                Step::Convolution(step) => step.run::<V>(features, context, item),
                Step::Winograd(step) if item.part == 0 => {
                    step.transform::<V>(features, context, item);
                }
                Step::Winograd(step) => step.multiply::<V>(features, context, item),
                Step::Depthwise(step) => step.run::<V>(features, context, item),
                Step::AddUpsampled(step) => step.run::<V>(features, context, item),
                Step::Pool(step) => step.run::<V>(features, context, item),
                Step::LocalResponseNorm(step) => step.run(context, item),
                Step::L2Normalize(step) => step.run(context),
                Step::CopyChannels(step) => step.run(context),
            }
        }
    }
}
