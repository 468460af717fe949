//! `facenet model`: prints the network's layers, like Keras' summary.

use anyhow::Result;
use facenet::network::{Recorder, build};
use serde::Serialize;

use crate::ExitStatus;
use crate::arguments::Model;
use crate::face_reader::load;
use crate::output::{Output, escaped, line};

#[derive(Serialize)]
struct Summary<'a> {
    variant: &'a str,
    weights: String,
    weights_sha256: &'a str,
    layers: Vec<LayerRow<'a>>,
    trainable: usize,
    running_statistics: usize,
    total: usize,
}

#[derive(Serialize)]
struct LayerRow<'a> {
    name: &'a str,
    kind: &'a str,
    output_shape: &'a [usize],
    parameters: usize,
}

pub(crate) fn run(arguments: &Model, output: &mut Output) -> Result<ExitStatus> {
    let choice = &arguments.model;
    let hash = load(choice)?.weights().hash();
    let mut recorder = Recorder::new();
    build(&mut recorder, choice.variant);
    let rows = recorder.layers().iter().map(|layer| LayerRow {
        name: &layer.name,
        kind: layer.kind,
        output_shape: layer.output.axes(),
        parameters: layer.parameters,
    });
    let source = choice.weights.as_ref().map(|folder| folder.display().to_string());
    let mut summary = Summary {
        variant: choice.variant.name(),
        weights: source.unwrap_or_else(|| "embedded".into()),
        weights_sha256: &hash,
        layers: rows.collect(),
        trainable: 0,
        running_statistics: 0,
        total: 0,
    };
    for tensor in facenet::network::tensor_table() {
        summary.total += tensor.len();
        match tensor.role.is_running_statistic() {
            true => summary.running_statistics += tensor.len(),
            false => summary.trainable += tensor.len(),
        }
    }
    if output.is_json() {
        output.json(&summary)?;
    } else {
        print(&summary, output)?;
    }
    Ok(ExitStatus::Match)
}

fn print(summary: &Summary<'_>, output: &mut Output) -> Result<()> {
    line!(output, "Variant: {}", summary.variant)?;
    line!(output, "Weights: {}", escaped(&summary.weights))?;
    line!(output, "SHA-256: {}", summary.weights_sha256)?;
    line!(output)?;
    line!(output, "{:<28} {:<20} {:<18} {:>10}", "Layer", "Kind", "Output shape", "Parameters")?;
    line!(output, "{}", "=".repeat(79))?;
    for row in &summary.layers {
        let axes: Vec<_> = row.output_shape.iter().map(usize::to_string).collect();
        let shape = format!("(m, {})", axes.join(", "));
        line!(output, "{:<28} {:<20} {shape:<18} {:>10}", row.name, row.kind, row.parameters)?;
    }
    line!(output, "{}", "=".repeat(79))?;
    line!(output, "Trainable: {}", summary.trainable)?;
    line!(output, "Running statistics: {}", summary.running_statistics)?;
    line!(output, "Total Params: {}", summary.total)?;
    Ok(())
}
