//! The measurement: the engines take turns, round after round.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};

use super::contender::Contender;

/// Conditions of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) threads: usize,
    pub(super) batch: usize,
}

/// Milliseconds of an engine in a case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Time {
    /// The middle round.
    pub(super) median: f64,
    pub(super) fastest: f64,
    pub(super) slowest: f64,
}

impl Time {
    /// From the times of at least one round.
    pub(super) fn of(mut rounds: Vec<f64>) -> Self {
        rounds.sort_by(f64::total_cmp);
        let last = rounds.len() - 1;
        Self { median: rounds[rounds.len() / 2], fastest: rounds[0], slowest: rounds[last] }
    }
}

/// The times of each engine, in the order of the cases; none if it does not take part.
pub(super) fn run(
    contenders: &[Contender],
    cases: &[Case],
    rounds: usize,
    seconds: f64,
    images: &Path,
) -> Result<Vec<Vec<Option<Time>>>> {
    let bar = bar(rounds * cases.len() * contenders.len())?;
    let mut times = vec![vec![Vec::new(); cases.len()]; contenders.len()];
    for _ in 0..rounds {
        for (case_index, &case) in cases.iter().enumerate() {
            for (contender, times) in contenders.iter().zip(&mut times) {
                bar.set_message(contender.name.clone());
                if contender.takes(case) {
                    times[case_index].push(run_once(contender, case, seconds, images)?);
                }
                bar.inc(1);
            }
        }
    }
    bar.finish_and_clear();
    let time = |rounds: Vec<f64>| (!rounds.is_empty()).then(|| Time::of(rounds));
    Ok(times.into_iter().map(|cases| cases.into_iter().map(time).collect()).collect())
}

/// A progress bar that is drawn only between measurements.
pub(in crate::bench) fn bar(length: usize) -> Result<ProgressBar> {
    let style = ProgressStyle::with_template("[{bar:30}] {pos}/{len}  {msg}")?;
    Ok(ProgressBar::new(length as u64).with_style(style))
}

/// The median milliseconds of one process.
fn run_once(contender: &Contender, case: Case, seconds: f64, images: &Path) -> Result<f64> {
    let mut command = contender.command(case, seconds, images);
    let ended = command.output().with_context(|| format!("cannot run {command:?}"))?;
    let (name, words) = (&contender.name, String::from_utf8_lossy(&ended.stderr));
    ensure!(ended.status.success(), "{name} failed: {}", words.trim());
    let answer: serde_json::Value =
        serde_json::from_slice(&ended.stdout).with_context(|| format!("{name} printed no JSON"))?;
    let median = answer["median_ms"].as_f64().filter(|median| *median > 0.0);
    median.with_context(|| format!("{name} printed no median: {answer}"))
}

#[cfg(test)]
mod tests {
    use super::Time;

    #[test]
    fn the_median_is_the_middle_round() {
        let time = Time::of(vec![3.0, 1.0, 9.0, 2.0, 4.0]);
        assert_eq!(time, Time { median: 3.0, fastest: 1.0, slowest: 9.0 });
    }
}
