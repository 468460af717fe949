//! The phases of a program, and passes through them.
//!
//! This module makes the raw memory of the other files safe to use: a schedule exists
//! only if every region is inside the arena and no two steps of a phase access what one of
//! them writes.
#![allow(unsafe_code)]

use ndarray::ArrayView4;

use super::arena::{Arena, ArenaPtr};
use super::barrier::{PhaseScheduler, on_threads};
use super::layout::{InputImages, unpack_output};
use super::region::Region;
use super::step::{Access, PassContext, Step, WorkItem};
use crate::kernels::simd::Isa;

/// A part of a step, in the phase in which it runs.
#[derive(Clone, Copy, Debug)]
struct Part {
    step: usize,
    part: usize,
}

/// The steps of a program, in phases.
#[derive(Debug)]
pub(crate) struct Schedule {
    isa: Isa,
    /// C, H, W of an image.
    input: [usize; 3],
    steps: Vec<Step>,
    phases: Vec<Vec<Part>>,
    /// Values of an arena for one image.
    values: usize,
    /// Scratch values of a thread.
    scratch: usize,
}

/// What a pass writes to, reused by later passes.
#[derive(Default)]
pub(crate) struct PassMemory {
    arena: Arena,
    scheduler: PhaseScheduler,
}

impl Schedule {
    /// Assigns steps to phases; each step comes with its first phase.
    ///
    /// # Panics
    /// If a region is outside an arena of `values` for an image, or two steps of a phase
    /// access what one of them writes.
    pub(crate) fn new(
        isa: Isa,
        input: [usize; 3],
        steps: Vec<(usize, Step)>,
        values: usize,
    ) -> Self {
        let ends = steps.iter().map(|(phase, step)| phase + step.parts());
        let mut phases: Vec<Vec<Part>> = vec![Vec::new(); ends.max().unwrap_or(0)];
        for (index, (phase, step)) in steps.iter().enumerate() {
            for part in 0..step.parts() {
                phases[phase + part].push(Part { step: index, part });
            }
        }
        let steps: Vec<Step> = steps.into_iter().map(|(_, step)| step).collect();
        let scratch = steps.iter().map(Step::scratch).max().unwrap_or(0);
        for step in &steps {
            for Access { buffer, .. } in step.accesses() {
                let end = buffer.offset + buffer.image_step();
                assert!(end <= values, "{buffer:?} ends at {end} in an arena of {values}");
            }
            if let Step::PackInput(pack) = step {
                assert_eq!(pack.shape(), input, "the input is packed as another shape");
            }
        }
        for parts in &phases {
            for (index, one) in parts.iter().enumerate() {
                for other in &parts[..index] {
                    assert_compatible(&steps[one.step], &steps[other.step]);
                }
            }
        }
        Self { isa, input, steps, phases, values, scratch: scratch.next_multiple_of(16) }
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub(crate) fn phases(&self) -> usize {
        self.phases.len()
    }

    /// The step that a part of a phase belongs to.
    pub(crate) fn step_of(&self, phase: usize, part: usize) -> Option<usize> {
        Some(self.phases[phase].get(part)?.step)
    }

    /// Runs all phases on up to `threads` threads, which share the items, and copies the
    /// values of `outputs` to `target`, image by image.
    ///
    /// # Panics
    /// If the images have another shape or `target` has another length.
    pub(crate) fn run(
        &self,
        memory: &mut PassMemory,
        images: ArrayView4<'_, f32>,
        threads: usize,
        outputs: &[Region],
        target: &mut [f32],
    ) {
        let mut pass = self.begin(memory, &images, threads);
        if threads == 1 {
            for phase in 0..self.phases.len() {
                pass.run_phase(phase);
            }
        } else {
            pass.run_on_threads();
        }
        pass.unpack_outputs(outputs, target);
    }

    /// A pass whose phases the caller runs one by one.
    ///
    /// # Panics
    /// If the images have another shape.
    pub(crate) fn begin<'a>(
        &'a self,
        memory: &'a mut PassMemory,
        images: &'a ArrayView4<'_, f32>,
        threads: usize,
    ) -> Pass<'a> {
        let (n, c, h, w) = images.dim();
        assert_eq!([c, h, w], self.input, "images of another shape");
        assert!(n > 0 && threads > 0, "a pass of {n} images on {threads} threads");
        memory.arena.reserve(self.values * n + self.scratch * threads);
        memory.scheduler.reset(self.phases.len());
        let stride = |axis| images.strides()[axis];
        let strides = [stride(0), stride(1), stride(2), stride(3)];
        let input = InputImages { first: images.as_ptr(), strides };
        Pass { schedule: self, memory, input, images: n, threads }
    }
}

/// Panics if one of two steps writes what the other accesses.
fn assert_compatible(one: &Step, other: &Step) {
    for a in one.accesses() {
        for b in other.accesses() {
            assert!(a.is_compatible(&b), "steps of a phase conflict: {a:?} and {b:?}");
        }
    }
}

/// A pass in progress.
pub(crate) struct Pass<'a> {
    schedule: &'a Schedule,
    memory: &'a mut PassMemory,
    input: InputImages,
    images: usize,
    threads: usize,
}

impl Pass<'_> {
    /// Runs a phase on this thread.
    pub(crate) fn run_phase(&mut self, phase: usize) {
        for part in 0..self.schedule.phases[phase].len() {
            self.run_part(phase, part);
        }
    }

    /// Runs a part of a phase on this thread.
    pub(crate) fn run_part(&mut self, phase: usize, part: usize) {
        let Part { step, part } = self.schedule.phases[phase][part];
        let step = &self.schedule.steps[step];
        let memory = self.memory.arena.pointer();
        let context = self.context(memory, 0);
        let items = step.items(part, self.images, self.threads);
        for item in 0..items {
            let item = WorkItem { part, item, items };
            // SAFETY: `begin` reserved arena and scratch and checked the images' shape,
            // `Schedule::new` checked that regions are inside; only this thread runs.
            unsafe { step.run(self.schedule.isa, &context, item) };
        }
    }

    /// Runs all phases, the items of each shared by the pass's threads.
    fn run_on_threads(&mut self) {
        let schedule = self.schedule;
        let memory = self.memory.arena.pointer();
        let this = &*self;
        let items =
            |part: &Part| schedule.steps[part.step].items(part.part, this.images, this.threads);
        on_threads(this.threads, &|| {
            this.memory.scheduler.run_worker(
                this.threads,
                schedule.phases.len(),
                |phase| schedule.phases[phase].iter().map(items).sum(),
                |phase, mut item, worker| {
                    let context = this.context(memory, worker);
                    for part in &schedule.phases[phase] {
                        let items = items(part);
                        if item < items {
                            let item = WorkItem { part: part.part, item, items };
                            // SAFETY: as in `run_part`; items of a phase do not access what
                            // another one writes, as `Schedule::new` checked for steps and
                            // each step guarantees for its own. The scheduler runs an item
                            // after all items of earlier phases, and each worker has its
                            // own number and so its own scratch.
                            return unsafe {
                                schedule.steps[part.step].run(schedule.isa, &context, item);
                            };
                        }
                        item -= items;
                    }
                },
            );
        });
    }

    /// Copies the values of regions to `target`: of each image, one region after another.
    ///
    /// # Panics
    /// If a region is not one of this schedule's or `target` has another length.
    pub(crate) fn unpack_outputs(&mut self, regions: &[Region], target: &mut [f32]) {
        let length = |region: &Region| region.channels * region.pixels();
        let total = regions.iter().map(length).sum::<usize>();
        assert_eq!(target.len(), self.images * total, "room for another number of results");
        for region in regions {
            let end = region.buffer.offset + region.buffer.image_step();
            let is_inside = end <= self.schedule.values && region.fits([0; 2], [0; 2]);
            assert!(is_inside, "a foreign {region:?}");
        }
        let memory = self.memory.arena.pointer();
        let context = self.context(memory, 0);
        for (image, mut target) in target.chunks_exact_mut(total.max(1)).enumerate() {
            for region in regions {
                let (values, rest) = target.split_at_mut(length(region));
                target = rest;
                // SAFETY: the region was just checked to be inside the arena; the exclusive
                // borrow proves that no thread writes.
                unsafe { unpack_output(&context, region, image, values) };
            }
        }
    }

    fn context(&self, memory: ArenaPtr, worker: usize) -> PassContext<'_> {
        let Schedule { values, scratch, .. } = *self.schedule;
        PassContext {
            memory,
            input: &self.input,
            images: self.images,
            threads: self.threads,
            scratch: values * self.images + scratch * worker,
        }
    }
}
