//! Rates with their intervals, a line of the chart for each group or condition.
//!
//! Written as SVG by hand: the chart library has no axis of names.

use std::fmt::Write;

use super::{GENUINE, IMPOSTOR, rate_label};
use plotters::style::RGBColor;

/// One line: its name, and the value and the ends of the interval of FMR and FNMR.
pub(crate) struct RatesOf {
    pub(crate) name: String,
    pub(crate) fmr: [f64; 3],
    pub(crate) fnmr: [f64; 3],
}

/// Width of the chart, room for names, height of a line and of the axis.
const WIDTH: f64 = 520.0;
const NAMES: f64 = 205.0;
const LINE: f64 = 26.0;
const AXIS: f64 = 34.0;

/// FMR and FNMR of each line on a logarithmic axis from the decade of the smallest rate to
/// 100 %. A rate of zero is drawn at the left end.
pub(crate) fn rates(lines: &[RatesOf]) -> String {
    let smallest = lines
        .iter()
        .flat_map(|line| [line.fmr[0], line.fnmr[0]])
        .filter(|&rate| rate > 0.0)
        .fold(0.1, f64::min);
    let floor = smallest.log10().floor().max(-7.0);
    let across = |rate: f64| {
        let share = 1.0 - rate.max(1e-9).log10().max(floor) / floor;
        NAMES + share * (WIDTH - NAMES - 20.0)
    };
    let bottom = LINE * (lines.len() as f64 + 1.0);
    let height = bottom + AXIS;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\">"
    );
    for decade in floor as i32..=0 {
        let x = across(10f64.powi(decade));
        let label = rate_label(10f64.powi(decade));
        part(
            &mut svg,
            format_args!(
                "<line x1=\"{x:.1}\" y1=\"{LINE}\" x2=\"{x:.1}\" y2=\"{bottom}\" stroke=\"currentColor\" \
             stroke-opacity=\"0.15\"/><text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" \
             fill=\"currentColor\">{label}</text>",
                bottom + 18.0
            ),
        );
    }
    for (x, color, name) in [
        (NAMES, IMPOSTOR, "FMR: strangers accepted"),
        (NAMES + 160.0, GENUINE, "FNMR: people refused"),
    ] {
        let color = hex(color);
        part(
            &mut svg,
            format_args!(
                "<circle cx=\"{:.1}\" cy=\"11\" r=\"4\" fill=\"{color}\"/><text x=\"{:.1}\" y=\"15\" \
             fill=\"currentColor\">{name}</text>",
                x + 4.0,
                x + 12.0
            ),
        );
    }
    for (number, line) in lines.iter().enumerate() {
        let y = LINE * (number as f64 + 1.5);
        let name = xml(&line.name);
        part(
            &mut svg,
            format_args!(
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"currentColor\">{name}</text>",
                NAMES - 12.0,
                y + 4.0
            ),
        );
        for ([value, low, high], color, off) in
            [(line.fmr, IMPOSTOR, -4.0), (line.fnmr, GENUINE, 4.0)]
        {
            let (y, color) = (y + off, hex(color));
            let [value, low, high] = [value, low, high].map(across);
            part(
                &mut svg,
                format_args!(
                    "<line x1=\"{low:.1}\" y1=\"{y:.1}\" x2=\"{high:.1}\" y2=\"{y:.1}\" stroke=\"{color}\" \
                 stroke-width=\"2\"/><circle cx=\"{value:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{color}\"/>"
                ),
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

fn part(svg: &mut String, text: std::fmt::Arguments<'_>) {
    svg.write_fmt(text).expect("a string takes any text");
}

fn hex(color: RGBColor) -> String {
    format!("#{:02x}{:02x}{:02x}", color.0, color.1, color.2)
}

/// The text as XML has it: the names of groups are a user's.
fn xml(text: &str) -> String {
    let short: String = crate::output::escaped(text).chars().take(30).collect();
    short.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_within_the_chart_and_names_are_escaped() {
        let line = |name: &str, rate: f64| RatesOf {
            name: name.to_owned(),
            fmr: [0.0, 0.0, 1e-3],
            fnmr: [rate, rate / 2.0, 1.0],
        };
        let svg = rates(&[line("<script>", 0.02), line("b", 1.0)]);
        assert!(svg.contains("&lt;script&gt;") && !svg.contains("<script>"));
        let coordinates = svg.split("cx=\"").skip(1).filter_map(|rest| rest.split('"').next());
        for x in coordinates.map(|x| x.parse::<f64>().unwrap()) {
            assert!((NAMES..=WIDTH).contains(&x), "{x}");
        }
    }
}
