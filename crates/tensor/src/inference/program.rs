//! A compiled network: runs, traces and profiles.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use ndarray::{Array4, ArrayView4, Axis};
use rayon::prelude::*;

use super::planner::ScheduledStep;
use crate::Level;
use crate::kernels::program::region::Region;
use crate::kernels::program::schedule::{PassMemory, Schedule};
use crate::kernels::simd::Isa;

/// Images that one thread takes through the network together: weights that come from
/// the third-level cache serve all of them, and their values stay in the second's reach.
const BATCH: usize = 8;

/// The duration of one step of a program.
#[derive(Clone, Debug, PartialEq)]
pub struct StepProfile {
    /// The operator's name.
    pub name: String,
    /// The method by which it is computed: `direct`, a form of Winograd's method, `pool`, …
    pub method: &'static str,
    /// The median of several passes.
    pub seconds: f64,
    /// Multiplications and additions of a direct convolution, for all images; zero for
    /// other steps.
    pub operations: usize,
}

/// A network compiled for inference; see [the module](super).
pub struct Program {
    schedule: Schedule,
    /// Names and operations of the steps.
    names: Vec<(String, usize)>,
    level: Level,
    /// They follow each other in the result of an image.
    outputs: Vec<Region>,
    /// Named values for traces.
    stages: Vec<Stage>,
    /// Memory of completed passes, for later ones.
    idle: Mutex<Vec<PassMemory>>,
}

/// A named value, and the phase after which it is complete.
pub(super) struct Stage {
    pub(super) name: &'static str,
    pub(super) region: Region,
    pub(super) phase: usize,
}

impl Program {
    pub(super) fn new(
        isa: Isa,
        input: [usize; 3],
        steps: Vec<ScheduledStep>,
        values: usize,
        outputs: Vec<Region>,
        stages: Vec<Stage>,
    ) -> Self {
        let (names, steps) = steps
            .into_iter()
            .map(|ScheduledStep { name, phase, step, operations }| {
                ((name, operations), (phase, step))
            })
            .unzip();
        let schedule = Schedule::new(isa, input, steps, values);
        Self { schedule, names, level: isa.level(), outputs, stages, idle: Mutex::default() }
    }

    /// The level of its kernels.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Length of the result for an image: of all outputs together.
    pub fn outputs(&self) -> usize {
        self.outputs.iter().map(|output| output.channels * output.pixels()).sum()
    }

    /// C, H and W of each output, in the order in which they follow each other.
    pub fn output_shapes(&self) -> impl Iterator<Item = [usize; 3]> {
        self.outputs.iter().map(|output| [output.channels, output.height, output.width])
    }

    /// Runs images through the network, on the threads of the rayon pool that this is
    /// called in: several images are shared out, a single one is computed by all threads together.
    ///
    /// Memory is taken on the first calls and kept; after that a call allocates nothing,
    /// if it is made on a thread of the pool.
    ///
    /// # Shapes
    /// `images`: N × C × H × W, any strides; `results`: N · [`outputs`](Self::outputs),
    /// each image's in C × H × W order,
    /// one output after another.
    ///
    /// # Panics
    /// If a shape differs.
    pub fn run(&self, images: ArrayView4<'_, f32>, results: &mut [f32]) {
        let n = images.len_of(Axis(0));
        assert_eq!(results.len(), n * self.outputs(), "room for another number of results");
        let threads = rayon::current_num_threads();
        if n == 0 {
            return;
        }
        if threads == 1 || n < threads {
            for (images, results) in images
                .axis_chunks_iter(Axis(0), BATCH)
                .zip(results.chunks_mut(BATCH * self.outputs()))
            {
                self.pass(images, results, threads);
            }
            return;
        }
        let piece = n.div_ceil(threads).min(BATCH);
        images
            .axis_chunks_iter(Axis(0), piece)
            .into_par_iter()
            .zip(results.par_chunks_mut(piece * self.outputs()))
            .for_each(|(images, results)| self.pass(images, results, 1));
    }

    /// One pass on some threads.
    fn pass(&self, images: ArrayView4<'_, f32>, results: &mut [f32], threads: usize) {
        let mut memory = self.take();
        self.schedule.run(&mut memory, images, threads, &self.outputs, results);
        self.give_back(memory);
    }

    /// Runs images on this thread and passes each kept value to `look` as soon as it is
    /// complete.
    ///
    /// # Panics
    /// As [`run`](Self::run).
    pub fn trace(
        &self,
        images: ArrayView4<'_, f32>,
        results: &mut [f32],
        look: &mut dyn FnMut(&'static str, ArrayView4<'_, f32>),
    ) {
        let mut memory = self.take();
        let mut pass = self.schedule.begin(&mut memory, &images, 1);
        for phase in 0..self.schedule.phases() {
            pass.run_phase(phase);
            for stage in self.stages.iter().filter(|stage| stage.phase == phase) {
                let Region { channels, height, width, .. } = stage.region;
                let mut values = Array4::zeros((images.len_of(Axis(0)), channels, height, width));
                if let Some(values) = values.as_slice_mut() {
                    pass.unpack_outputs(&[stage.region], values);
                }
                look(stage.name, values.view());
            }
        }
        pass.unpack_outputs(&self.outputs, results);
        self.give_back(memory);
    }

    /// Runs images on this thread several times and returns the duration of each step: the
    /// median of the passes.
    ///
    /// # Panics
    /// If the images have another shape or `passes` is zero.
    pub fn profile(&self, images: ArrayView4<'_, f32>, passes: usize) -> Vec<StepProfile> {
        assert!(passes > 0, "no passes to measure");
        let n = images.len_of(Axis(0));
        let steps = self.schedule.steps();
        let mut seconds = vec![vec![0.0; passes]; steps.len()];
        let mut memory = self.take();
        for pass_number in 0..passes {
            let mut pass = self.schedule.begin(&mut memory, &images, 1);
            for phase in 0..self.schedule.phases() {
                for part in 0.. {
                    let Some(step) = self.schedule.step_of(phase, part) else { break };
                    let start = Instant::now();
                    pass.run_part(phase, part);
                    seconds[step][pass_number] += start.elapsed().as_secs_f64();
                }
            }
        }
        self.give_back(memory);
        let median = |mut times: Vec<f64>| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        };
        let times = seconds.into_iter().map(median);
        self.names
            .iter()
            .zip(steps)
            .zip(times)
            .map(|(((name, operations), step), seconds)| StepProfile {
                name: name.clone(),
                method: step.method(),
                seconds,
                operations: operations * n,
            })
            .collect()
    }

    fn take(&self) -> PassMemory {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn give_back(&self, memory: PassMemory) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Program")
            .field("level", &self.level)
            .field("steps", &self.names)
            .finish_non_exhaustive()
    }
}
