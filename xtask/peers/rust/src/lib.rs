//! What the engines here have in common: arguments, input, timing and the line that
//! they print. `../measure.py` is the same for Python.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Parser;

/// Values of an image, 3 × 96 × 96.
pub const IMAGE: usize = 3 * 96 * 96;

/// Fewest passes that are timed.
const LEAST: usize = 5;

/// Time one engine on one batch, and write its answer.
#[derive(Debug, Parser)]
pub struct Arguments {
    /// The network as ONNX
    #[arg(long)]
    pub model: PathBuf,
    /// Images as little-endian f32
    #[arg(long)]
    pub input: PathBuf,
    /// File for the first answer, as little-endian f32
    #[arg(long)]
    pub output: Option<PathBuf>,
    /// Images in a pass
    #[arg(long)]
    pub batch: usize,
    /// Threads
    #[arg(long)]
    pub threads: usize,
    /// Seconds to measure for, after a quarter of them to warm up; 0: one pass, untimed
    #[arg(long)]
    pub seconds: f64,
}

impl Arguments {
    /// The batch's values.
    ///
    /// # Errors
    /// If there are fewer in the file.
    pub fn values(&self) -> Result<Vec<f32>> {
        let context = || format!("cannot read {}", self.input.display());
        let bytes = fs::read(&self.input).with_context(context)?;
        let (wanted, found) = (4 * IMAGE * self.batch, bytes.len());
        ensure!(found >= wanted, "expected {wanted} bytes of values, found {found}");
        let values = bytes[..wanted].chunks_exact(4);
        Ok(values.map(|value| f32::from_le_bytes([value[0], value[1], value[2], value[3]])).collect())
    }

    /// Asks `pass` for its answer once, keeps it, then times further passes.
    ///
    /// # Errors
    /// If a pass fails or the answer cannot be written.
    pub fn measure(&self, mut pass: impl FnMut() -> Result<Vec<f32>>) -> Result<()> {
        let answer = pass()?;
        if let Some(path) = &self.output {
            let bytes: Vec<_> = answer.iter().flat_map(|value| value.to_le_bytes()).collect();
            fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        }
        if self.seconds == 0.0 {
            return Ok(());
        }
        let start = Instant::now();
        while start.elapsed().as_secs_f64() < self.seconds / 4.0 {
            pass()?;
        }
        let (mut times, start) = (Vec::new(), Instant::now());
        while times.len() < LEAST || start.elapsed().as_secs_f64() < self.seconds {
            let start = Instant::now();
            pass()?;
            times.push(1e3 * start.elapsed().as_secs_f64());
        }
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        println!("{}", serde_json::json!({ "median_ms": median, "passes": times.len() }));
        Ok(())
    }
}
