//! Steps in their phases, and the passes over them.
//!
//! This is where the raw places of the other files become safe to use: a schedule is
//! made only if every region lies in the arena and no two steps of a phase touch what
//! one of them writes.
#![allow(unsafe_code)]

use ndarray::ArrayView4;

use super::arena::Arena;
use super::region::Region;
use super::step::{Place, Step, Touch, Work};
use super::team::{Team, together};
use super::transfer::{Pictures, export};
use crate::Level;

/// A part of a step, in the phase in which it may run.
#[derive(Clone, Copy, Debug)]
struct Part {
    step: usize,
    part: usize,
}

/// Steps of a program in the order in which they may run.
#[derive(Debug)]
pub(crate) struct Schedule {
    level: Level,
    /// C, H, W of a picture.
    input: [usize; 3],
    steps: Vec<Step>,
    phases: Vec<Vec<Part>>,
    /// Values of an arena for one image.
    values: usize,
    /// Values of a thread's scratch.
    scratch: usize,
}

/// What passes write to, kept from one to the next.
#[derive(Default)]
pub(crate) struct Memory {
    arena: Arena,
    team: Team,
}

impl Schedule {
    /// Puts steps in phases; `steps` come with the first of theirs.
    ///
    /// # Panics
    /// If a region lies outside an arena of `values` for an image, or two steps of a phase
    /// touch what one of them writes.
    pub(crate) fn new(
        level: Level,
        input: [usize; 3],
        steps: Vec<(usize, Step)>,
        values: usize,
    ) -> Self {
        assert!(level.is_available(), "this machine has no {level}");
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
            for Touch { buffer, .. } in step.touches() {
                let end = buffer.offset + buffer.image_step();
                assert!(end <= values, "{buffer:?} reaches to {end} in an arena of {values}");
            }
            if let Step::Import(import) = step {
                assert_eq!(import.shape(), input, "an import of another size");
            }
        }
        for parts in &phases {
            for (at, one) in parts.iter().enumerate() {
                for other in &parts[..at] {
                    assert_apart(&steps[one.step], &steps[other.step]);
                }
            }
        }
        Self { level, input, steps, phases, values, scratch: scratch.next_multiple_of(16) }
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub(crate) fn phases(&self) -> usize {
        self.phases.len()
    }

    /// Values of an arena for one image.
    pub(crate) fn values(&self) -> usize {
        self.values
    }

    /// The step behind a part of a phase.
    pub(crate) fn step_of(&self, phase: usize, part: usize) -> Option<usize> {
        Some(self.phases[phase].get(part)?.step)
    }

    /// Runs all phases, items shared by up to `threads` threads, and takes the values of
    /// `output` out, image by image.
    ///
    /// # Panics
    /// If the pictures are of another shape or `target` of another length.
    pub(crate) fn run(
        &self,
        memory: &mut Memory,
        pictures: ArrayView4<'_, f32>,
        threads: usize,
        output: &Region,
        target: &mut [f32],
    ) {
        let mut pass = self.begin(memory, &pictures, threads);
        if threads == 1 {
            for phase in 0..self.phases.len() {
                pass.phase(phase);
            }
        } else {
            pass.together();
        }
        pass.export(output, target);
    }

    /// A pass of one thread, phase by phase at the caller's pace.
    ///
    /// # Panics
    /// If the pictures are of another shape.
    pub(crate) fn begin<'a>(
        &'a self,
        memory: &'a mut Memory,
        pictures: &'a ArrayView4<'_, f32>,
        threads: usize,
    ) -> Pass<'a> {
        let (images, c, h, w) = pictures.dim();
        assert_eq!([c, h, w], self.input, "pictures of another shape");
        assert!(images > 0 && threads > 0, "a pass of {images} images by {threads} threads");
        memory.arena.reserve(self.values * images + self.scratch * threads);
        memory.team.reset(self.phases.len());
        let stride = |axis| pictures.strides()[axis];
        let strides = [stride(0), stride(1), stride(2), stride(3)];
        let pictures = Pictures { first: pictures.as_ptr(), strides };
        Pass { schedule: self, memory, pictures, images, threads }
    }
}

/// Panics if one of two steps writes what the other touches.
fn assert_apart(one: &Step, other: &Step) {
    for a in one.touches() {
        for b in other.touches() {
            assert!(a.may_meet(&b), "steps of a phase meet: {a:?} and {b:?}");
        }
    }
}

/// A pass under way.
pub(crate) struct Pass<'a> {
    schedule: &'a Schedule,
    memory: &'a mut Memory,
    pictures: Pictures,
    images: usize,
    threads: usize,
}

impl Pass<'_> {
    /// Runs a phase on this thread.
    pub(crate) fn phase(&mut self, phase: usize) {
        for part in 0..self.schedule.phases[phase].len() {
            self.part(phase, part);
        }
    }

    /// Runs a part of a phase on this thread.
    pub(crate) fn part(&mut self, phase: usize, part: usize) {
        let Part { step, part } = self.schedule.phases[phase][part];
        let step = &self.schedule.steps[step];
        let memory = self.memory.arena.start();
        let work = self.work(memory, 0);
        let items = step.items(part, self.images, self.threads);
        for item in 0..items {
            // SAFETY: `begin` made room for arena and scratch and held the pictures'
            // shape, `Schedule::new` that regions are inside; there is one thread.
            unsafe { step.run(self.schedule.level, &work, Place { part, item, items }) };
        }
    }

    /// Runs all phases, each shared by the pass's threads.
    fn together(&mut self) {
        let schedule = self.schedule;
        let memory = self.memory.arena.start();
        let this = &*self;
        let items =
            |part: &Part| schedule.steps[part.step].items(part.part, this.images, this.threads);
        together(this.threads, &|| {
            this.memory.team.work(
                this.threads,
                schedule.phases.len(),
                |phase| schedule.phases[phase].iter().map(items).sum(),
                |phase, mut item, member| {
                    let work = this.work(memory, member);
                    for part in &schedule.phases[phase] {
                        let items = items(part);
                        if item < items {
                            let place = Place { part: part.part, item, items };
                            // SAFETY: as in `part`; items of a phase touch nothing that
                            // another writes, as `Schedule::new` held for steps and each
                            // step promises for its own. The team runs an item after all
                            // of the phases before, and gives each member its number.
                            return unsafe {
                                schedule.steps[part.step].run(schedule.level, &work, place);
                            };
                        }
                        item -= items;
                    }
                },
            );
        });
    }

    /// Takes the values of a region out, image by image.
    ///
    /// # Panics
    /// If the region is none of this schedule's or `target` is of another length.
    pub(crate) fn export(&mut self, region: &Region, target: &mut [f32]) {
        let length = region.channels * region.pixels();
        assert_eq!(target.len(), self.images * length, "room for another number of results");
        let end = region.buffer.offset + region.buffer.image_step();
        assert!(end <= self.schedule.values && region.fits([0; 2], [0; 2]), "a foreign {region:?}");
        let memory = self.memory.arena.start();
        let work = self.work(memory, 0);
        for (image, target) in target.chunks_exact_mut(length.max(1)).enumerate() {
            // SAFETY: the region was just held to lie in the arena; nobody writes now.
            unsafe { export(&work, region, image, target) };
        }
    }

    fn work(&self, memory: super::arena::Memory, member: usize) -> Work<'_> {
        let Schedule { values, scratch, .. } = *self.schedule;
        Work {
            memory,
            pictures: &self.pictures,
            images: self.images,
            threads: self.threads,
            scratch: values * self.images + scratch * member,
            only: None,
        }
    }
}
