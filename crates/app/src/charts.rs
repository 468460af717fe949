//! Charts as SVG: ROC, DET, error rates over the threshold, and the histogram of distances.
//!
//! Text and axes take the color of the surrounding text, so that a chart suits a light page
//! and a dark one; the colors of the two kinds of pairs are visible on both.

pub(crate) mod bars;

use std::ops::Range;

use anyhow::{Result, anyhow};
use biometrics::evaluation::{Histogram, Report, RocPoint, TarAtFmr, normal_deviate};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::prelude::*;

/// Small, so that the text stays readable on a narrow page.
const SIZE: (u32, u32) = (520, 380);
/// Placeholder of the surrounding text's color; no chart uses this color otherwise.
const INK: RGBColor = RGBColor(1, 2, 3);
/// Pairs of one person.
const GENUINE: RGBColor = RGBColor(0x2f, 0x7f, 0xd6);
/// Pairs of two people.
const IMPOSTOR: RGBColor = RGBColor(0xe0, 0x7b, 0x1a);
/// The smallest and the largest rate on a DET curve's axes.
const LEAST: f64 = 1e-4;
const MOST: f64 = 0.9;
/// Rates with a mark on the axes of a DET curve.
const MARKS: [f64; 9] = [1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8];

type Drawn<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
type Root<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<Axis, Axis>>;

/// An axis with marks at given values.
struct Axis {
    range: Range<f64>,
    marks: Vec<f64>,
}

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (start, end): (i32, i32)) -> i32 {
        let share = (value - self.range.start) / (self.range.end - self.range.start);
        start + (share * f64::from(end - start)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // plotters asks for bold and light grid lines; there are no light ones.
        if hint.weight().allow_light_points() { Vec::new() } else { self.marks.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

/// The name, range, marks and labels of an axis.
struct AxisOptions<'l> {
    name: &'l str,
    range: Range<f64>,
    marks: Vec<f64>,
    label: &'l dyn Fn(&f64) -> String,
}

/// TAR over FMR, FMR on a logarithmic scale.
pub(crate) fn roc(curve: &[RocPoint], report: &Report) -> Result<String> {
    let least = (1.0 / report.impostor as f64).clamp(1e-6, 0.1).log10().floor();
    let x = AxisOptions {
        name: "FMR: strangers accepted",
        range: least..0.0,
        marks: (least as i32..=0).map(f64::from).collect(),
        label: &|x| rate_label(10f64.powf(*x)),
    };
    let y = AxisOptions {
        name: "TAR: people accepted",
        range: 0.0..1.0,
        marks: (0..=5).map(|i| f64::from(i) / 5.0).collect(),
        label: &|y| rate_label(*y),
    };
    let position = |fmr: f64, tar: f64| (fmr.log10().max(least), tar);
    svg(|root| {
        let mut chart = chart(root, x, y)?;
        let line = curve.iter().map(|point| position(point.fmr, 1.0 - point.fnmr));
        chart.draw_series(LineSeries::new(line, GENUINE.stroke_width(2)))?;
        let measured = report.tar.iter().filter_map(|tar| match tar {
            TarAtFmr::Measured(point) => Some(position(point.fmr.value(), point.tar.value())),
            TarAtFmr::Refused { .. } => None,
        });
        chart.draw_series(measured.map(|position| Circle::new(position, 4, GENUINE.filled())))?;
        Ok(())
    })
}

/// FNMR over FMR, both on the scale of normal deviates.
pub(crate) fn det(curve: &[RocPoint], report: &Report) -> Result<String> {
    let side = |name| AxisOptions {
        name,
        range: normal_deviate(LEAST)..normal_deviate(MOST),
        marks: MARKS.iter().map(|&rate| normal_deviate(rate)).collect(),
        label: &|deviate| nearest_mark(*deviate),
    };
    // Rates outside the axes are drawn on the border.
    let deviate = |rate: f64| normal_deviate(rate.clamp(LEAST, MOST));
    svg(|root| {
        let x = side("FMR: strangers accepted");
        let mut chart = chart(root, x, side("FNMR: people refused"))?;
        let diagonal = [LEAST, MOST].map(|rate| (deviate(rate), deviate(rate)));
        chart.draw_series(LineSeries::new(diagonal, INK.mix(0.3)))?;
        let line = curve.iter().map(|point| (deviate(point.fmr), deviate(point.fnmr)));
        chart.draw_series(LineSeries::new(line, GENUINE.stroke_width(2)))?;
        let eer = report.eer.iter().map(|eer| (deviate(eer.rate), deviate(eer.rate)));
        chart.draw_series(eer.map(|position| Circle::new(position, 4, GENUINE.filled())))?;
        Ok(())
    })
}

/// Both error rates at one threshold: the rate and the ends of its interval.
pub(crate) struct RatesAt {
    pub(crate) threshold: f64,
    pub(crate) fmr: [f64; 3],
    pub(crate) fnmr: [f64; 3],
}

/// FMR and FNMR over the threshold, on a logarithmic scale, with a mark at the threshold in
/// use.
pub(crate) fn error_rates(curve: &[RatesAt], threshold: f64, least: f64) -> Result<String> {
    let (Some(first), Some(last)) = (curve.first(), curve.last()) else {
        return Err(anyhow!("there are no rates to draw"));
    };
    let floor = least.clamp(1e-6, 0.1).log10().floor();
    let x = AxisOptions {
        name: "threshold",
        range: first.threshold..last.threshold,
        marks: marks(first.threshold..last.threshold),
        label: &|x| short(*x),
    };
    let y = AxisOptions {
        name: "rate",
        range: floor..0.0,
        marks: (floor as i32..=0).map(f64::from).collect(),
        label: &|y| rate_label(10f64.powf(*y)),
    };
    let height = |rate: f64| rate.log10().max(floor);
    svg(|root| {
        let mut chart = chart(root, x, y)?;
        type Part = fn(&RatesAt) -> [f64; 3];
        let parts: [(Part, RGBColor, &str); 2] = [
            (|at| at.fmr, IMPOSTOR, "FMR: strangers accepted"),
            (|at| at.fnmr, GENUINE, "FNMR: people refused"),
        ];
        for (part, color, name) in parts {
            let end = |i: usize| curve.iter().map(move |at| (at.threshold, height(part(at)[i])));
            let band: Vec<_> = end(1).chain(end(2).collect::<Vec<_>>().into_iter().rev()).collect();
            chart.draw_series([Polygon::new(band, color.mix(0.25))])?;
            chart.draw_series(LineSeries::new(end(0), color.stroke_width(2)))?.label(name).legend(
                move |(x, y)| Rectangle::new([(x, y - 2), (x + 12, y + 2)], color.filled()),
            );
        }
        let line = PathElement::new([(threshold, floor), (threshold, 0.0)], INK.stroke_width(2));
        chart
            .draw_series([line])?
            .label("threshold")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 12, y)], INK.stroke_width(2)));
        chart
            .configure_series_labels()
            // One decade below the top and right of the crossing, where no line is.
            .position(SeriesLabelPosition::Coordinate(222, (306.0 / -floor) as i32))
            .label_font(("sans-serif", 16).into_font().color(&INK))
            .draw()?;
        Ok(())
    })
}

/// The chart as a file of its own: dark on white.
pub(crate) fn standalone(svg: &str) -> String {
    let white = format!("<rect width=\"{}\" height=\"{}\" fill=\"white\"/>", SIZE.0, SIZE.1);
    match svg.split_once('>') {
        Some((tag, rest)) => format!("{tag} color=\"#222\">{white}{rest}"),
        None => svg.to_owned(),
    }
}

/// The histogram of both kinds of pairs over the distance, with a mark at the threshold.
pub(crate) fn histogram(histogram: &Histogram, threshold: f64) -> Result<String> {
    let Histogram { start, width, genuine, impostor } = histogram;
    let share = |counts: &[usize]| -> Vec<f64> {
        let total = counts.iter().sum::<usize>().max(1) as f64;
        counts.iter().map(|&count| count as f64 / total).collect()
    };
    let (genuine, impostor) = (share(genuine), share(impostor));
    // Leaves room for the legend above the bars.
    let top = genuine.iter().chain(&impostor).copied().fold(0.0, f64::max) * 1.4;
    let end = start + width * genuine.len() as f64;
    let x = AxisOptions {
        name: "distance",
        range: *start..end,
        marks: marks(*start..end),
        label: &|x| short(*x),
    };
    let y = AxisOptions {
        name: "share of pairs",
        range: 0.0..top,
        marks: marks(0.0..top),
        label: &|y| rate_label(*y),
    };
    svg(|root| {
        let mut chart = chart(root, x, y)?;
        for (shares, color, name) in
            [(&impostor, IMPOSTOR, "two people"), (&genuine, GENUINE, "one person")]
        {
            let bars = shares.iter().enumerate().filter(|(_, share)| **share > 0.0);
            let bars = bars.map(|(bin, &share)| {
                let left = start + width * bin as f64;
                Rectangle::new([(left, 0.0), (left + width, share)], color.mix(0.55).filled())
            });
            chart.draw_series(bars)?.label(name).legend(move |(x, y)| {
                Rectangle::new([(x, y - 5), (x + 12, y + 5)], color.filled())
            });
        }
        let line = PathElement::new([(threshold, 0.0), (threshold, top)], INK.stroke_width(2));
        chart
            .draw_series([line])?
            .label("threshold")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 12, y)], INK.stroke_width(2)));
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .label_font(("sans-serif", 16).into_font().color(&INK))
            .draw()?;
        Ok(())
    })
}

/// Draws the axes with marks and labels.
fn chart<'a>(root: &Root<'a>, x: AxisOptions<'_>, y: AxisOptions<'_>) -> Drawn<Chart<'a>> {
    let mut chart = ChartBuilder::on(root)
        .margin(10)
        .margin_right(26)
        .x_label_area_size(52)
        .y_label_area_size(76)
        .build_cartesian_2d(
            Axis { range: x.range, marks: x.marks },
            Axis { range: y.range, marks: y.marks },
        )?;
    chart
        .configure_mesh()
        .x_desc(x.name)
        .y_desc(y.name)
        .axis_style(INK.mix(0.5))
        .bold_line_style(INK.mix(0.13))
        .light_line_style(INK.mix(0.0))
        .label_style(("sans-serif", 15).into_font().color(&INK))
        .axis_desc_style(("sans-serif", 17).into_font().color(&INK))
        .x_label_formatter(x.label)
        .y_label_formatter(y.label)
        .draw()?;
    Ok(chart)
}

/// Returns the SVG that `draw` makes, in the colors of the page.
fn svg(draw: impl FnOnce(&Root<'_>) -> Drawn<()>) -> Result<String> {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        draw(&root).map_err(|error| anyhow!("cannot draw the report: {error}"))?;
        root.present().map_err(|error| anyhow!("cannot draw the report: {error}"))?;
    }
    Ok(text.replace("#010203", "currentColor"))
}

/// About five round numbers in a range.
fn marks(range: Range<f64>) -> Vec<f64> {
    let rough = (range.end - range.start) / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|&step| step >= rough);
    let step = step.unwrap_or(rough);
    let first = (range.start / step).ceil() as i64;
    (first..=(range.end / step).floor() as i64).map(|i| i as f64 * step).collect()
}

/// The label of a rate.
fn rate_label(rate: f64) -> String {
    format!("{} %", short(100.0 * rate))
}

/// The label of the mark at a normal deviate.
fn nearest_mark(deviate: f64) -> String {
    let apart = |rate: &f64| (normal_deviate(*rate) - deviate).abs();
    let nearest = MARKS.into_iter().min_by(|a, b| apart(a).total_cmp(&apart(b)));
    nearest.map(rate_label).unwrap_or_default()
}

/// The number without trailing zeros.
fn short(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
