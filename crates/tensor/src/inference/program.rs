//! A compiled network, and how it runs.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use ndarray::{Array4, ArrayView4, Axis};
use rayon::prelude::*;

use super::placement::Timed;
use super::profile::StepProfile;
use crate::Level;
use crate::kernels::inference::region::Region;
use crate::kernels::inference::schedule::{Memory, Schedule};

/// Images that one thread takes through the network together: weights that come from
/// the third-level cache serve all of them, and their values stay in the second's reach.
const PIECE: usize = 8;

/// A network compiled for inference; see [the module](super).
pub struct Program {
    schedule: Schedule,
    /// Names of the steps, and the operations of direct convolutions.
    names: Vec<(String, usize)>,
    level: Level,
    output: Region,
    /// Named values, and the last phase that makes them.
    stages: Vec<Stage>,
    /// Memory of passes that are over.
    idle: Mutex<Vec<Memory>>,
}

/// A value that a trace shows.
pub(super) struct Stage {
    pub(super) name: &'static str,
    pub(super) region: Region,
    pub(super) phase: usize,
}

impl Program {
    pub(super) fn new(
        level: Level,
        input: [usize; 3],
        steps: Vec<Timed>,
        values: usize,
        output: Region,
        stages: Vec<Stage>,
    ) -> Self {
        let (names, steps) = steps
            .into_iter()
            .map(|Timed { name, phase, step, operations }| ((name, operations), (phase, step)))
            .unzip();
        let schedule = Schedule::new(level, input, steps, values);
        Self { schedule, names, level, output, stages, idle: Mutex::default() }
    }

    /// The level that its kernels are for.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Values that it returns for an image.
    pub fn outputs(&self) -> usize {
        self.output.channels * self.output.height * self.output.width
    }

    /// Bytes of memory that a pass needs for each image.
    pub fn bytes_per_image(&self) -> usize {
        self.schedule.values() * size_of::<f32>()
    }

    /// Runs images through the network, on the threads of the rayon pool that this is
    /// called in: several images are shared out, a single one is computed together.
    ///
    /// Memory is taken on the first calls and kept; after that a call allocates nothing,
    /// if it is made on a thread of the pool.
    ///
    /// # Shapes
    /// `images`: N × C × H × W, any strides; `results`: N · [`outputs`](Self::outputs),
    /// each image's in C × H × W order.
    ///
    /// # Panics
    /// If a shape is another.
    pub fn run(&self, images: ArrayView4<'_, f32>, results: &mut [f32]) {
        let n = images.len_of(Axis(0));
        assert_eq!(results.len(), n * self.outputs(), "room for another number of results");
        let threads = rayon::current_num_threads();
        if n == 0 {
            return;
        }
        if threads == 1 || n < threads {
            for (images, results) in images
                .axis_chunks_iter(Axis(0), PIECE)
                .zip(results.chunks_mut(PIECE * self.outputs()))
            {
                self.pass(images, results, threads);
            }
            return;
        }
        let piece = n.div_ceil(threads).min(PIECE);
        images
            .axis_chunks_iter(Axis(0), piece)
            .into_par_iter()
            .zip(results.par_chunks_mut(piece * self.outputs()))
            .for_each(|(images, results)| self.pass(images, results, 1));
    }

    /// One pass, shared by some threads.
    fn pass(&self, images: ArrayView4<'_, f32>, results: &mut [f32], threads: usize) {
        let mut memory = self.take();
        self.schedule.run(&mut memory, images, threads, &self.output, results);
        self.give_back(memory);
    }

    /// Runs images on this thread and shows each kept value as soon as it is made.
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
            pass.phase(phase);
            for stage in self.stages.iter().filter(|stage| stage.phase == phase) {
                let Region { channels, height, width, .. } = stage.region;
                let mut values = Array4::zeros((images.len_of(Axis(0)), channels, height, width));
                if let Some(values) = values.as_slice_mut() {
                    pass.export(&stage.region, values);
                }
                look(stage.name, values.view());
            }
        }
        pass.export(&self.output, results);
        self.give_back(memory);
    }

    /// Runs images on this thread several times and tells how long each step took: the
    /// median of the passes.
    ///
    /// # Panics
    /// If the images are of another shape or `passes` is zero.
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
                    pass.part(phase, part);
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

    fn take(&self) -> Memory {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn give_back(&self, memory: Memory) {
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
