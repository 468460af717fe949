//! The time of each step of a pass, in the network's order.

use std::io::{self, Write};
use std::time::Instant;

use anyhow::Result;
use facenet::engine::Engine;
use ndarray::{ArrayView4, Axis};
use tensor::inference::StepProfile;
use tensor::level::{Level, peak_gflops};

/// Fewest and most passes of a median.
const PASSES: std::ops::RangeInclusive<usize> = 5..=1000;

/// Profiles passes for about `seconds` and prints the table to stderr.
pub(super) fn print(
    engine: &Engine,
    level: Level,
    images: ArrayView4<'_, f32>,
    seconds: f64,
) -> Result<()> {
    let start = Instant::now();
    engine.profile(images, 1)?;
    let passes = (seconds / start.elapsed().as_secs_f64()) as usize;
    let passes = passes.clamp(*PASSES.start(), *PASSES.end());
    let steps = engine.profile(images, passes)?;
    let table = Table { batch: images.len_of(Axis(0)), passes, level, peak: peak_gflops(level) };
    match table.write(&steps, &mut io::stderr().lock()) {
        // A closed stream is not an error of the benchmark.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

struct Table {
    batch: usize,
    passes: usize,
    level: Level,
    /// Peak of one core, GFLOP/s.
    peak: f64,
}

impl Table {
    fn write(&self, steps: &[StepProfile], out: &mut impl Write) -> io::Result<()> {
        let Self { batch, passes, level, peak } = self;
        let total: f64 = steps.iter().map(|step| step.seconds).sum();
        let width = steps.iter().map(|step| step.name.chars().count()).max().unwrap_or(0).max(5);
        writeln!(
            out,
            "\nBatch {batch} on one thread, kernels {level}; medians of {passes} passes.\n\
             Peak of a core, measured now: {peak:.1} GFLOP/s. Operations are those of a direct\n\
             convolution: Winograd's method does fewer, so its lines can exceed the peak.\n"
        )?;
        writeln!(
            out,
            "{:width$} {:>14} {:>10} {:>7} {:>9} {:>8}",
            "layer", "method", "µs", "time", "GFLOP/s", "of peak"
        )?;
        for step in steps {
            let StepProfile { name, method, seconds, operations } = step;
            write!(out, "{name:width$} {method:>14}")?;
            self.figures(*seconds, total, *operations, out)?;
        }
        write!(out, "{:width$} {:>14}", "total", "")?;
        self.figures(total, total, steps.iter().map(|step| step.operations).sum(), out)
    }

    /// Writes the numeric columns.
    fn figures(
        &self,
        seconds: f64,
        total: f64,
        operations: usize,
        out: &mut impl Write,
    ) -> io::Result<()> {
        write!(out, " {:>10.1} {:>5.1} %", 1e6 * seconds, 100.0 * seconds / total)?;
        if operations > 0 {
            let rate = operations as f64 / seconds / 1e9;
            write!(out, " {rate:>9.1} {:>6.0} %", 100.0 * rate / self.peak)?;
        }
        writeln!(out)
    }
}
