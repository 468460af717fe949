//! `loss.svg`: the loss over the steps, and the held-out accuracy if it was measured.

use std::error::Error;
use std::ops::Range;
use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use super::journal::Record;

const SIZE: (u32, u32) = (900, 500);
/// Most points of a curve.
const POINTS: usize = 600;

/// Draws the chart; writes no file if there are no losses.
pub(super) fn draw(path: &Path, records: &[Record]) -> Result<()> {
    let losses: Vec<_> =
        records.iter().filter_map(|record| Some((record.step as f64, record.loss?))).collect();
    let accuracies: Vec<_> = records
        .iter()
        .filter(|record| record.is_measure())
        .filter_map(|record| Some((record.step as f64, 100.0 * record.accuracy?)))
        .collect();
    if losses.is_empty() {
        return Ok(());
    }
    chart(path, &means(&losses), &accuracies)
        .map_err(|error| anyhow!("cannot draw {}: {error}", path.display()))
}

/// The curve with at most [`POINTS`] points, each the mean of its neighbors.
fn means(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let each = points.len().div_ceil(POINTS);
    let mean = |part: &[(f64, f64)]| {
        let count = part.len() as f64;
        let sum = part.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
        (sum.0 / count, sum.1 / count)
    };
    points.chunks(each).map(mean).collect()
}

/// The range of the values, with a margin.
fn range(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let margin = (0.05 * (high - low)).max(1e-6 * high.abs().max(1.0));
    low - margin..high + margin
}

fn chart(
    path: &Path,
    losses: &[(f64, f64)],
    accuracies: &[(f64, f64)],
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let last = losses.last().map_or(1.0, |point| point.0);
    let text = |error: DrawingAreaErrorKind<std::io::Error>| error.to_string();
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(text)?;
    let mut chart = ChartBuilder::on(&root)
        .caption("Training", ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .right_y_label_area_size(if accuracies.is_empty() { 10 } else { 60 })
        .build_cartesian_2d(0.0..last.max(1.0), range(losses.iter().map(|p| p.1)))
        .map_err(text)?
        .set_secondary_coord(
            0.0..last.max(1.0),
            range(accuracies.iter().map(|p| p.1).chain(
                // An unused axis needs a range, too.
                accuracies.is_empty().then_some(0.0),
            )),
        );
    chart
        .configure_mesh()
        .x_desc("step")
        .y_desc("loss")
        .light_line_style(WHITE)
        .x_label_formatter(&|step| format!("{step:.0}"))
        .draw()
        .map_err(text)?;
    chart
        .draw_series(LineSeries::new(losses.iter().copied(), BLUE.stroke_width(2)))
        .map_err(text)?
        .label("loss")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], BLUE.stroke_width(2)));
    if !accuracies.is_empty() {
        chart.configure_secondary_axes().y_desc("held-out accuracy, %").draw().map_err(text)?;
        chart
            .draw_secondary_series(LineSeries::new(accuracies.iter().copied(), RED.stroke_width(2)))
            .map_err(text)?
            .label("held-out accuracy")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], RED.stroke_width(2)));
        chart
            .draw_secondary_series(accuracies.iter().map(|&p| Circle::new(p, 3, RED.filled())))
            .map_err(text)?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperMiddle)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()
        .map_err(text)?;
    root.present().map_err(text)?;
    Ok(())
}
