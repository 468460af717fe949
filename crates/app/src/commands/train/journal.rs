//! The metrics of a training: `metrics.jsonl` while it runs, `metrics.csv` at the end.
//!
//! A resumed training continues from its checkpoint, which may be older than the last line.
//! Lines of later steps are removed first, so that every step has one line.

use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use training::{HeldOutMetrics, StepMetrics};

/// One line: a step or a measurement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) event: String,
    pub(super) step: u64,
    pub(super) seconds: Option<f64>,
    pub(super) epoch: Option<f64>,
    pub(super) loss: Option<f64>,
    pub(super) learning_rate: Option<f64>,
    pub(super) gradient_norm: Option<f64>,
    // The key in older journals, which a resumed training reads.
    #[serde(alias = "pictures_per_second")]
    pub(super) images_per_second: Option<f64>,
    pub(super) triplets: Option<usize>,
    pub(super) active_triplets: Option<usize>,
    pub(super) accuracy: Option<f64>,
    pub(super) threshold: Option<f64>,
}

/// The event name of a measurement.
const HELD_OUT: &str = "held-out";

impl Record {
    pub(super) fn is_measure(&self) -> bool {
        self.event == HELD_OUT
    }
}

/// The journal of one training.
pub(super) struct Journal {
    path: PathBuf,
    file: BufWriter<File>,
    records: Vec<Record>,
}

impl Journal {
    /// Opens the journal of a training that has taken `step` steps.
    pub(super) fn open(path: &Path, step: u64) -> Result<Self> {
        let context = || format!("cannot write {}", path.display());
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            read => read.with_context(|| format!("cannot read {}", path.display()))?,
        };
        // Also removes a last line that is incomplete because the process was killed.
        let kept = text.lines().filter_map(|line| serde_json::from_str::<Record>(line).ok());
        let records: Vec<_> = kept.filter(|record| record.step <= step).collect();
        let file = BufWriter::new(File::create(path).with_context(context)?);
        let mut journal = Self { path: path.to_path_buf(), file, records: Vec::new() };
        for record in records {
            journal.write(record)?;
        }
        journal.flush()?;
        Ok(journal)
    }

    /// All lines so far.
    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    pub(super) fn step(&mut self, metrics: &StepMetrics) -> Result<()> {
        self.write(Record {
            event: "step".into(),
            step: metrics.step,
            seconds: Some(metrics.seconds),
            epoch: Some(metrics.epoch),
            loss: metrics.loss,
            learning_rate: Some(metrics.learning_rate),
            gradient_norm: metrics.gradient_norm,
            images_per_second: Some(metrics.images_per_second),
            triplets: metrics.triplets.map(|count| count.mined),
            active_triplets: metrics.triplets.map(|count| count.active),
            ..Record::default()
        })
    }

    pub(super) fn held_out(&mut self, metrics: &HeldOutMetrics) -> Result<()> {
        self.write(Record {
            event: HELD_OUT.into(),
            step: metrics.step,
            accuracy: Some(metrics.accuracy),
            threshold: Some(metrics.threshold),
            ..Record::default()
        })
    }

    fn write(&mut self, record: Record) -> Result<()> {
        let mut line = serde_json::to_vec(&record)?;
        line.push(b'\n');
        self.file.write_all(&line).with_context(|| self.fault())?;
        self.records.push(record);
        Ok(())
    }

    pub(super) fn flush(&mut self) -> Result<()> {
        let flushed = self.file.flush();
        flushed.with_context(|| self.fault())
    }

    /// Flushes the lines, and writes all of them as a table.
    pub(super) fn finish(&mut self, table: &Path) -> Result<()> {
        self.flush()?;
        let write = || -> csv::Result<()> {
            let mut csv = csv::Writer::from_path(table)?;
            for record in &self.records {
                csv.serialize(record)?;
            }
            Ok(csv.flush()?)
        };
        write().with_context(|| format!("cannot write {}", table.display()))
    }

    fn fault(&self) -> String {
        format!("cannot write {}", self.path.display())
    }
}
