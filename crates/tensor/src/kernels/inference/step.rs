//! The steps of a program, cut into items that threads can share.
#![allow(unsafe_code)]

use std::ops::Range;

use super::arena::Memory;
use super::convolution::Convolution;
use super::norm::{L2Normalize, LocalResponseNorm};
use super::pool::Pool;
use super::region::{Buffer, Region};
use super::transfer::{Copy, Import, Pictures};
use super::winograd::Winograd;
use crate::Level;
use crate::kernels::vector::{Vector, Vectorised, run_at, run_in_pairs};

/// A step of a program.
#[derive(Debug)]
pub(crate) enum Step {
    Import(Import),
    Convolution(Convolution),
    Winograd(Winograd),
    Pool(Pool),
    LocalResponseNorm(LocalResponseNorm),
    L2Normalize(L2Normalize),
    Copy(Copy),
}

/// The pass that items are part of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work<'a> {
    /// An arena for `images`, followed by a scratch part for each thread.
    pub(crate) memory: Memory,
    pub(crate) pictures: &'a Pictures,
    pub(crate) images: usize,
    /// Threads that share the items.
    pub(crate) threads: usize,
    /// Where this thread's scratch begins.
    pub(crate) scratch: usize,
    /// The image to clear frames of; all, if `None`.
    pub(crate) only: Option<usize>,
}

/// An item of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) part: usize,
    pub(crate) item: usize,
    /// Items of this part.
    pub(crate) items: usize,
}

/// Channels of a buffer that a step reads or writes.
#[derive(Clone, Debug)]
pub(crate) struct Touch {
    pub(crate) buffer: Buffer,
    pub(crate) channels: Range<usize>,
    pub(crate) writes: bool,
}

impl Touch {
    fn read(region: &Region) -> Self {
        let first = region.block * region.buffer.width;
        Self { buffer: region.buffer, channels: first..first + region.channels, writes: false }
    }

    /// Whole blocks: the last one is filled up.
    fn write(region: &Region) -> Self {
        let first = region.block * region.buffer.width;
        let end = first + region.blocks() * region.buffer.width;
        Self { buffer: region.buffer, channels: first..end, writes: true }
    }

    /// Whether two steps may touch these at the same time.
    pub(crate) fn may_meet(&self, other: &Self) -> bool {
        let memory =
            |touch: &Self| touch.buffer.offset..touch.buffer.offset + touch.buffer.image_step();
        let apart = |a: Range<usize>, b: Range<usize>| a.end <= b.start || b.end <= a.start;
        !(self.writes || other.writes)
            || apart(memory(self), memory(other))
            || self.buffer == other.buffer && apart(self.channels.clone(), other.channels.clone())
    }
}

impl Step {
    /// Parts that have to wait for each other.
    pub(crate) fn parts(&self) -> usize {
        match self {
            Self::Winograd(_) => 2,
            _ => 1,
        }
    }

    /// Items of a part, which may run at the same time.
    pub(crate) fn items(&self, part: usize, images: usize, threads: usize) -> usize {
        match self {
            Self::Import(step) => step.items(images, threads),
            Self::Convolution(step) => step.items(images, threads),
            Self::Winograd(step) if part == 0 => step.transform_items(images, threads),
            Self::Winograd(step) => step.multiply_items(images, threads),
            Self::Pool(step) => step.items(images, threads),
            Self::LocalResponseNorm(step) => step.items(images, threads),
            Self::L2Normalize(_) | Self::Copy(_) => 1,
        }
    }

    /// What its items read or write.
    pub(crate) fn touches(&self) -> Vec<Touch> {
        match self {
            Self::Import(step) => vec![Touch::write(&step.target)],
            Self::Convolution(Convolution { source, target, .. })
            | Self::Pool(Pool { source, target, .. })
            | Self::LocalResponseNorm(LocalResponseNorm { source, target, .. })
            | Self::L2Normalize(L2Normalize { source, target, .. }) => {
                vec![Touch::read(source), Touch::write(target)]
            }
            Self::Winograd(step) => vec![
                Touch::read(&step.source),
                Touch::write(&step.transformed_region()),
                Touch::write(&step.target),
            ],
            Self::Copy(step) => vec![Touch::read(&step.source), step.touch()],
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

    /// How it is computed.
    pub(crate) fn method(&self) -> &'static str {
        match self {
            Self::Import(_) => "import",
            Self::Convolution(_) => "direct",
            Self::Winograd(step) => step.method(),
            Self::Pool(_) => "pool",
            Self::LocalResponseNorm(_) | Self::L2Normalize(_) => "norm",
            Self::Copy(_) => "copy",
        }
    }

    /// Runs an item.
    ///
    /// # Safety
    /// The step's regions are in an arena for `work.images`, whose memory and scratch
    /// `work` names and whose pictures are as large as the program's input. Its sources
    /// are complete, nobody writes them or anything else than other items of this part
    /// into its targets, and the scratch is this thread's alone.
    pub(crate) unsafe fn run(&self, level: Level, work: &Work<'_>, place: Place) {
        let item = Item { step: self, work, place };
        if self.in_pairs() { run_in_pairs(item) } else { run_at(level, item) }
    }

    /// Whether it is computed from pairs of bf16 numbers.
    pub(crate) fn in_pairs(&self) -> bool {
        match self {
            Self::Convolution(step) => step.is_in_pairs(),
            Self::Winograd(step) => step.in_pairs(),
            _ => false,
        }
    }
}

struct Item<'a> {
    step: &'a Step,
    work: &'a Work<'a>,
    place: Place,
}

impl Vectorised for Item<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector<Element = f32>>(self) {
        let Self { step, work, place } = self;
        // SAFETY: `Step::run`, which alone makes an `Item`, was promised all of this;
        // the caller vouches for the features.
        unsafe {
            match step {
                Step::Import(step) => step.run(work, place),
                Step::Convolution(step) => step.run::<V>(work, place),
                Step::Winograd(step) if place.part == 0 => step.transform::<V>(work, place),
                Step::Winograd(step) => step.multiply::<V>(work, place),
                Step::Pool(step) => step.run::<V>(work, place),
                Step::LocalResponseNorm(step) => step.run(work, place),
                Step::L2Normalize(step) => step.run(work),
                Step::Copy(step) => step.run(work),
            }
        }
    }
}
