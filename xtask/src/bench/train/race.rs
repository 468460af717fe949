//! The race of training steps: ours and PyTorch's take turns, each turn a process of its own,
//! so that other load on the machine affects all of them and each has its own peak of memory.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use tensor::{Level, Precision};
use wait4::Wait4;

use super::step::images;
use crate::bench::engine::machine::Machine;
use crate::bench::engine::rounds::bar;

/// Which processes take part, and for how long.
#[derive(Debug)]
pub(super) struct Race<'a> {
    /// Python with torch and numpy.
    pub(super) python: &'a Path,
    /// The folder of `bench_train.py`.
    pub(super) peers: &'a Path,
    pub(super) batches: &'a [usize],
    pub(super) threads: usize,
    pub(super) rounds: usize,
    pub(super) seconds: f64,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
enum Runner {
    /// This project's trainer.
    Ours(Precision),
    /// By the name of its engine.
    PyTorch(&'static str),
}

/// The result of one process.
#[derive(Clone, Copy, Debug)]
struct Measurement {
    /// Median of a step.
    ms: f64,
    /// Peak of resident memory.
    mib: f64,
}

impl Runner {
    fn name(self) -> String {
        match self {
            Self::Ours(precision) => format!("Happy House FaceNet, {precision}"),
            Self::PyTorch("torch-cl") => "PyTorch, f32, channels last".into(),
            Self::PyTorch("torch-cl-bf16") => "PyTorch, bf16, channels last".into(),
            Self::PyTorch(engine) => engine.into(),
        }
    }

    /// The one of PyTorch with the same precision.
    fn rival(self) -> Option<&'static str> {
        match self {
            Self::Ours(Precision::F32) => Some("torch-cl"),
            Self::Ours(Precision::Bf16) => Some("torch-cl-bf16"),
            _ => None,
        }
    }
}

impl Race<'_> {
    /// Runs all rounds and prints the tables.
    pub(super) fn run(&self) -> Result<()> {
        let machine = Machine::now();
        let version = self.version()?;
        let script = self.peers.join("bench_train.py");
        ensure!(script.is_file(), "there is no {}: name its folder with --peers", script.display());
        let data = tempfile::tempdir().context("cannot make a temporary folder")?;
        let most = self.batches.iter().copied().max().unwrap_or(0);
        let values: Vec<u8> = images(most).iter().flat_map(|value| value.to_le_bytes()).collect();
        fs::write(data.path().join("x.f32"), values)?;

        let mut runners = vec![Runner::Ours(Precision::F32), Runner::PyTorch("torch-cl")];
        if Precision::Bf16.is_available_at(Level::best()) {
            runners.extend([Runner::Ours(Precision::Bf16), Runner::PyTorch("torch-cl-bf16")]);
        }
        let bar = bar(self.rounds * self.batches.len() * runners.len())?;
        let mut results = vec![vec![Vec::new(); runners.len()]; self.batches.len()];
        for _ in 0..self.rounds {
            for (&batch, results) in self.batches.iter().zip(&mut results) {
                for (runner, results) in runners.iter().zip(results) {
                    bar.set_message(runner.name());
                    results.push(self.measure(*runner, batch, &script, data.path())?);
                    bar.inc(1);
                }
            }
        }
        bar.finish_and_clear();
        let load = machine.load.map_or(String::new(), |load| format!(", load before {load:.1}"));
        println!(
            "{}: {}, {} threads, PyTorch {version}, medians of {} turns of {} s{load}",
            machine.date, machine.processor, self.threads, self.rounds, self.seconds
        );
        for (&batch, results) in self.batches.iter().zip(&results) {
            print_table(batch, &runners, results);
        }
        Ok(())
    }

    /// PyTorch's version.
    fn version(&self) -> Result<String> {
        let question = "import numpy, torch; print(torch.__version__)";
        let answer = Command::new(self.python).args(["-c", question]).output();
        let answer = answer.with_context(|| self.python.display().to_string())?;
        ensure!(answer.status.success(), "{} has no torch and numpy", self.python.display());
        Ok(String::from_utf8_lossy(&answer.stdout).trim().to_owned())
    }

    /// One process. Its parent, this one, is small: Linux counts a child's peak from the
    /// memory of its parent.
    fn measure(
        &self,
        runner: Runner,
        batch: usize,
        script: &Path,
        data: &Path,
    ) -> Result<Measurement> {
        let [threads, batch] = [self.threads, batch].map(|number| number.to_string());
        let seconds = self.seconds.to_string();
        let mut command = match runner {
            Runner::Ours(precision) => {
                let mut command = Command::new(env::current_exe()?);
                command.args(["bench", "train", "--once", "--precision", precision.name()]);
                command.args(["--batch", &batch, "--seconds", &seconds]);
                command.env("RAYON_NUM_THREADS", &threads);
                command
            }
            Runner::PyTorch(engine) => {
                let mut command = Command::new(self.python);
                command.arg(script).args([engine, &threads, &batch, &seconds]);
                // Python must not write compiled files beside its scripts.
                command.env("PYTHONDONTWRITEBYTECODE", "1").env("PEERS_DIR", data);
                command
            }
        };
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
        let mut answer = Vec::new();
        if let Some(mut output) = child.stdout.take() {
            output.read_to_end(&mut answer)?;
        }
        let usage = child.wait4()?;
        ensure!(usage.status.success(), "{command:?} failed");
        let answer: serde_json::Value = serde_json::from_slice(&answer)
            .with_context(|| format!("{} printed no JSON", runner.name()))?;
        let ms = answer["ms"].as_f64().filter(|ms| *ms > 0.0);
        let ms = ms.with_context(|| format!("{} printed no time: {answer}", runner.name()))?;
        Ok(Measurement { ms, mib: usage.rusage.maxrss as f64 / f64::from(1 << 20) })
    }
}

/// The folder of PyTorch's script, if none is named.
pub(super) fn default_peers() -> PathBuf {
    let root = crate::bench::engine::root();
    env::var_os("FACENET_SHARED").map_or(root.join("../shared"), PathBuf::from).join("peers")
}

/// The middle one, of at least one.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Times, memory and our ratios to PyTorch in the same precision.
fn print_table(batch: usize, runners: &[Runner], results: &[Vec<Measurement>]) {
    let summary: Vec<_> = results
        .iter()
        .map(|results| Measurement {
            ms: median(results.iter().map(|run| run.ms)),
            mib: median(results.iter().map(|run| run.mib)),
        })
        .collect();
    println!("\n| batch {batch} | ms a step | images/s | peak memory, MiB |");
    println!("| --- | --- | --- | --- |");
    for (runner, Measurement { ms, mib }) in runners.iter().zip(&summary) {
        println!("| {} | {ms:.0} | {:.0} | {mib:.0} |", runner.name(), 1e3 * batch as f64 / ms);
    }
    println!("\n| PyTorch / ours, batch {batch} | time | memory |");
    println!("| --- | --- | --- |");
    for (runner, ours) in runners.iter().zip(&summary) {
        let Some(rival) = runner.rival() else { continue };
        let is_rival = |other: &Runner| matches!(other, Runner::PyTorch(name) if *name == rival);
        if let Some(place) = runners.iter().position(is_rival) {
            let Measurement { ms, mib } = summary[place];
            let name = runner.name();
            let precision = name.rsplit(' ').next().unwrap_or_default();
            println!("| {precision} | {:.2} | {:.2} |", ms / ours.ms, mib / ours.mib);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(median([3.0, 9.0, 1.0].into_iter()), 3.0);
    }
}
