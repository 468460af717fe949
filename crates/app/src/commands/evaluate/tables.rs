//! The tables of bad conditions and of groups, on a terminal and in the page.

use anyhow::Result;
use biometrics::RateEstimate;
use biometrics::evaluation::{GroupRates, Rate};
use maud::{Markup, PreEscaped, html};

use super::figures::{NotMeasured, Tables};
use super::groups::Groups;
use super::robustness::{Condition, Robustness};
use crate::charts::bars::{self, RatesOf};
use crate::output::{Output, escaped, line};
use crate::text::{grouped, interval, percent, with_interval};

/// Prints the tables that were measured.
pub(super) fn print(tables: &Tables, output: &mut Output) -> Result<()> {
    for groups in &tables.groups {
        line!(output)?;
        let (by, threshold) = (escaped(&groups.by), groups.threshold);
        line!(output, "by {by}, one threshold, {threshold}, for all; pairs within a group")?;
        for row in &groups.rows {
            let name = escaped(&row.group);
            let (people, photos) = (grouped(row.people as u64), grouped(row.photos as u64));
            line!(
                output,
                "  {name}: {people} people, {photos} photos, {} without a face",
                row.failures
            )?;
            match &row.measured {
                Some(rates) => {
                    let (fmr, fnmr) = (with_interval(rates.fmr), with_interval(rates.fnmr));
                    line!(output, "    FMR  {fmr}")?;
                    line!(output, "    FNMR {fnmr}")?;
                    let [same, other] = rates.shift;
                    line!(
                        output,
                        "    distances off everybody's by {same:+.3} of one person, {other:+.3} of two"
                    )?;
                }
                None => line!(output, "    not measured: it needs pairs of one person and of two")?,
            }
        }
        if let Some(ratio) = worst_to_best(groups) {
            line!(output, "  the highest FMR is {ratio:.1} times the lowest")?;
        }
    }
    if let Some(Robustness { threshold, rows }) = &tables.robustness {
        line!(output)?;
        line!(output, "in bad conditions of the face crop, threshold {threshold}")?;
        for row in rows {
            let (fmr, fnmr) = (interval(row.fmr), interval(row.fnmr));
            line!(
                output,
                "  {}: FMR {fmr}, FNMR {fnmr}, accuracy {:.2} %",
                name(row),
                100.0 * row.accuracy
            )?;
        }
    }
    for NotMeasured { table, reason } in &tables.not_measured {
        line!(output)?;
        line!(output, "{table}: not measured: {}", escaped(reason))?;
    }
    Ok(())
}

/// `gray, both photos`.
fn name(row: &Condition) -> String {
    match row.photos {
        1 => format!("{}, one photo", row.condition),
        _ => format!("{}, both photos", row.condition),
    }
}

/// The highest false match rate of a group over the lowest, where that is not zero.
fn worst_to_best(groups: &Groups) -> Option<f64> {
    let rates = || groups.rows[1..].iter().filter_map(|row| Some(row.measured?.fmr.value));
    let (worst, best) = (rates().fold(0.0, f64::max), rates().fold(1.0, f64::min));
    (rates().count() > 1 && best > 0.0).then(|| worst / best)
}

/// The sections of the page.
pub(super) fn sections(tables: &Tables) -> Markup {
    html! {
        @for groups in &tables.groups { (by_group(groups)) }
        @if let Some(robustness) = &tables.robustness { (in_bad_conditions(robustness)) }
        @for NotMeasured { table, reason } in &tables.not_measured {
            section { h2 { (table) } p { "Not measured: " (escaped(reason)) "." } }
        }
    }
}

fn by_group(groups: &Groups) -> Markup {
    let lines = groups.rows.iter().filter_map(|row| {
        let GroupRates { fmr, fnmr, .. } = row.measured?;
        Some(RatesOf { name: row.group.clone(), fmr: ends(fmr), fnmr: ends(fnmr) })
    });
    let lines: Vec<_> = lines.collect();
    html! {
        section {
            h2 { "Groups, by " (escaped(&groups.by)) }
            p {
                "All groups at one threshold, " (format!("{:.3}", groups.threshold)) ", the worst first "
                "(after ISO/IEC 19795-10). Pairs of two people are those within a group: of two men, not "
                "of a man and a woman. Failures are photos without a usable face; shifts say how far a "
                "group's mean distances lie from everybody's. In brackets: 95 % intervals, by resampling people."
                @if let Some(ratio) = worst_to_best(groups) {
                    " The highest FMR is " b { (format!("{ratio:.1}")) " times" } " the lowest."
                }
            }
            (figure(&bars::rates(&lines), "Rates by group"))
            div.wide { table {
                thead { tr { th { "group" } th { "people" } th { "photos" } th { "failures" } th { "pairs of one person" }
                    th { "of two" } th { "FMR" } th { "FNMR" } th { "shift, one person" } th { "two" } } }
                tbody { @for row in &groups.rows { tr {
                    td { (escaped(&row.group)) } td { (grouped(row.people as u64)) }
                    td { (grouped(row.photos as u64)) } td { (grouped(row.failures as u64)) }
                    @match &row.measured {
                        Some(rates) => {
                            td { (grouped(rates.genuine)) } td { (grouped(rates.impostor)) }
                            td { (with_interval(rates.fmr)) } td { (with_interval(rates.fnmr)) }
                            td { (format!("{:+.3}", rates.shift[0])) } td { (format!("{:+.3}", rates.shift[1])) }
                        }
                        None => td colspan="6" { "not measured: it needs pairs of one person and of two" }
                    }
                } } }
            } }
        }
    }
}

fn in_bad_conditions(robustness: &Robustness) -> Markup {
    let line = |row: &Condition| RatesOf { name: name(row), fmr: of(row.fmr), fnmr: of(row.fnmr) };
    let lines: Vec<_> = robustness.rows.iter().map(line).collect();
    html! {
        section {
            h2 { "Bad conditions" }
            p {
                "The same pairs at the threshold " (format!("{:.3}", robustness.threshold)) ", with the face crop of one "
                "photo or of both changed. It is changed after the face was found and aligned: whether a face in "
                "that condition would be found is another question. The accuracy is with the threshold that is "
                "best for the other folds."
            }
            (figure(&bars::rates(&lines), "Rates in bad conditions"))
            div.wide { table {
                thead { tr { th { "condition" } th { "photos" } th { "FMR" } th { "FNMR" } th { "accuracy" } } }
                tbody { @for row in &robustness.rows { tr {
                    td { (row.condition) } td { (if row.photos == 1 { "one" } else { "both" }) }
                    td { (interval(row.fmr)) } td { (interval(row.fnmr)) } td { (percent(row.accuracy)) }
                } } }
            } }
        }
    }
}

fn figure(svg: &str, name: &str) -> Markup {
    html! { figure { div role="img" aria-label=(name) { (PreEscaped(svg)) } } }
}

fn ends(rate: RateEstimate) -> [f64; 3] {
    [rate.value, rate.low, rate.high]
}

fn of(rate: Rate) -> [f64; 3] {
    let ends = rate.interval();
    [rate.value(), ends.low, ends.high]
}
