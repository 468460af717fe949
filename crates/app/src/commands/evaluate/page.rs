//! `report.html`: a self-contained page for people.
//!
//! Text from outside (names of photos, reasons of failures) is escaped twice: control
//! characters as on a terminal, then HTML by the templates. The page loads nothing, which
//! its content security policy enforces.

use anyhow::Result;
use biometrics::evaluation::{OperatingPoint, Report, RocPoint, TarAtFmr};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::figures::{Figures, GalleryFigures, Identification, PointOrRefusal, WrongPair};
use super::tables;
use super::thumbnails::Faces;
use crate::charts::{self, RatesAt};
use crate::output::escaped;
use crate::text::{chosen, grouped, interval, percent};

const STYLE: &str = include_str!("page.css");
/// Failed photos that are listed by name.
const FAILURES: usize = 100;

/// The page.
pub(super) fn of(figures: &Figures, faces: &Faces) -> Result<String> {
    let report = &figures.verification;
    let policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(policy);
                title { "Face recognition accuracy: " (escaped(&figures.data)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    (heading(figures))
                    (cards(figures))
                    (limits())
                    (pairs(report))
                    (curves(figures)?)
                    (galleries(&figures.identification))
                    (tables::sections(&figures.tables))
                    (wrong(figures, faces))
                    (failures(figures))
                    (folds(report))
                    footer { "Made by facenet " (env!("CARGO_PKG_VERSION")) "; the same figures are in report.json." }
                }
            }
        }
    };
    Ok(page.into_string())
}

fn heading(figures: &Figures) -> Markup {
    let by = match figures.method {
        "network" => "by the network's encodings",
        _ => "by their pixels, as a baseline",
    };
    let report = &figures.verification;
    html! {
        header {
            h1 { "Face recognition accuracy" }
            p.lead {
                (grouped(report.pairs as u64)) " pairs of " (grouped(figures.photos as u64))
                " photos of " b { (escaped(&figures.data)) } ", " (figures.faces) ", compared " (by) "."
            }
            @if let Some(hash) = &figures.weights_sha256 {
                p.small { "Weights " code { (hash) } }
            }
        }
    }
}

fn cards(figures: &Figures) -> Markup {
    let report = &figures.verification;
    let tar = report.tar.iter().rev().find_map(|tar| match tar {
        TarAtFmr::Measured(point) => Some(point),
        TarAtFmr::Refused { .. } => None,
    });
    let failed = figures.photo_failures.len();
    html! {
        section.cards {
            (card(&format!("{:.2} %", 100.0 * report.accuracy), "of pairs are decided correctly",
                &format!("± {:.2} over {} folds", 100.0 * report.std, report.folds.len())))
            @if let Some(eer) = &report.eer {
                (card(&format!("{:.2} %", 100.0 * eer.rate), "equal error rate",
                    &format!("at distance {:.3}", eer.threshold)))
            }
            @if let Some(point) = tar {
                (card(&percent(point.tar.value()), "of people are accepted",
                    &format!("while {} of strangers are", chosen(point.target))))
            }
            (card(&grouped(failed as u64), "photos without a usable face",
                &format!("{} pairs failed, counted as wrong", grouped(report.failures as u64))))
        }
    }
}

fn card(figure: &str, what: &str, detail: &str) -> Markup {
    html! { div.card { p.figure { (figure) } p { (what) } p.small { (detail) } } }
}

fn limits() -> Markup {
    html! {
        p.note {
            b { "Limits. " }
            "The figures are valid for photos like these. There is no liveness check: a photo of "
            "a face counts as the face. Children, and groups of people that are rare in the "
            "training data, are distinguished less well. Do not use this as the only lock of "
            "anything that matters."
        }
    }
}

fn pairs(report: &Report) -> Markup {
    html! {
        section {
            h2 { "Verification: is this the same person?" }
            p {
                (grouped(report.genuine as u64)) " pairs show one person and "
                (grouped(report.impostor as u64)) " show two. FMR is the share of pairs of two "
                "people that is accepted, TAR that of pairs of one person. In brackets: 95 % "
                "intervals (Wilson)."
            }
            div.wide { table {
                thead { tr { th { "FMR, at most" } th { "threshold" } th { "FMR measured" } th { "TAR" } } }
                tbody { @for tar in &report.tar { (tar_row(tar)) } }
            } }
        }
    }
}

fn tar_row(tar: &TarAtFmr) -> Markup {
    match tar {
        TarAtFmr::Measured(OperatingPoint { target, threshold, fmr, tar, .. }) => html! {
            tr { td { (chosen(*target)) } td { (format!("{threshold:.4}")) }
                td { (interval(*fmr)) } td { (interval(*tar)) } }
        },
        TarAtFmr::Refused { target, needed, found } => html! {
            tr { td { (chosen(*target)) } td colspan="3" {
                "not measured: needs " (grouped(*needed)) " pairs of two people, found " (grouped(*found))
            } }
        },
    }
}

fn curves(figures: &Figures) -> Result<Markup> {
    let report = &figures.verification;
    let histogram = charts::histogram(&figures.histogram, report.threshold)?;
    let (roc, det) = (charts::roc(&figures.curve, report)?, charts::det(&figures.curve, report)?);
    let at = |point: &RocPoint| RatesAt {
        threshold: point.threshold,
        fmr: [point.fmr; 3],
        fnmr: [point.fnmr; 3],
    };
    let rates: Vec<_> = figures.curve.iter().map(at).collect();
    let least = 1.0 / report.impostor.max(report.genuine) as f64;
    let rates = charts::error_rates(&rates, report.threshold, least)?;
    let figure = |svg: String, name: &str, words: &str| {
        html! { figure { div role="img" aria-label=(name) { (PreEscaped(svg)) } figcaption { b { (name) ". " } (words) } } }
    };
    Ok(html! {
        section.figures {
            (figure(histogram, "Distances",
                "Where both kinds overlap, every threshold makes errors. The line is the mean threshold of the folds."))
            (figure(rates, "Errors by threshold", "A stricter threshold, further left, accepts fewer strangers and rejects more people."))
            (figure(roc, "ROC", "Accepted people against accepted strangers, at every threshold. Further up is better."))
            (figure(det, "DET",
                "Both error rates on normal-deviate axes. Nearer to the lower left is better; the dot is the equal error rate."))
        }
    })
}

fn galleries(identification: &Identification) -> Markup {
    html! {
        section {
            h2 { "Identification: who is this?" }
            @match identification {
                Identification::NotMeasured { not_measured } => p { "Not measured: " (escaped(not_measured)) "." },
                Identification::Measured(galleries) => {
                    p {
                        "A gallery holds one photo of each of its people, drawn at random; their other "
                        "photos, and photos of strangers, are the probes. FPIR is the share of strangers "
                        "who are accepted as somebody, FNIR the share of enrolled people who are not "
                        "recognized."
                    }
                    div.wide { table {
                        thead { tr { th { "people" } th { "rank-one rate" } th { "FPIR, at most" }
                            th { "threshold" } th { "FPIR measured" } th { "FNIR" } } }
                        tbody { @for gallery in galleries { (gallery_rows(gallery)) } }
                    } }
                }
            }
        }
    }
}

fn gallery_rows(gallery: &GalleryFigures) -> Markup {
    let rows = gallery.points.len() + usize::from(gallery.calibrated.is_some());
    html! {
        @for (row, point) in gallery.points.iter().enumerate() {
            tr {
                @if row == 0 {
                    td rowspan=(rows) { (grouped(gallery.people as u64)) }
                    td rowspan=(rows) { (interval(gallery.rank_one)) }
                }
                @match point {
                    PointOrRefusal::Measured(point) => {
                        td { (chosen(point.target)) } td { (format!("{:.4}", point.threshold)) }
                        td { (interval(point.fpir)) } td { (interval(point.fnir)) }
                    }
                    PointOrRefusal::Refused { target, refused } => {
                        td { (chosen(*target)) } td colspan="3" { "not measured: " (refused) }
                    }
                }
            }
        }
        @if let Some(calibrated) = &gallery.calibrated {
            tr {
                td { (chosen(calibrated.target)) ", by calibration" }
                td { (format!("{:.3}", calibrated.threshold)) }
                td { (interval(calibrated.fpir)) } td { (interval(calibrated.fnir)) }
            }
        }
    }
}

fn wrong(figures: &Figures, faces: &Faces) -> Markup {
    let wrong = &figures.hardest;
    html! {
        section {
            h2 { "Worst errors" }
            p { "A wrong label, a bad crop or a blurred face is often the reason." }
            div.columns {
                (wrong_list("Two people accepted as one", "nearest first", &wrong.false_matches, faces))
                (wrong_list("One person rejected", "farthest first", &wrong.false_non_matches, faces))
            }
        }
    }
}

fn wrong_list(title: &str, order: &str, pairs: &[WrongPair], faces: &Faces) -> Markup {
    let face = |name: &String| {
        html! { @if let Some(address) = faces.get(name) { img src=(address) alt=(escaped(name)) width="72" height="72"; } }
    };
    html! {
        div {
            h3 { (title) ", " (order) }
            @if pairs.is_empty() { p { "None." } }
            ol { @for pair in pairs {
                li {
                    @if !faces.is_empty() { div.faces { (face(&pair.a)) (face(&pair.b)) } }
                    div.names { (escaped(&pair.a)) br; (escaped(&pair.b)) }
                    div.distance { (format!("{:.3}", pair.distance)) }
                }
            } }
        }
    }
}

fn failures(figures: &Figures) -> Markup {
    let failures = &figures.photo_failures;
    html! {
        @if !failures.is_empty() {
            section {
                h2 { "Photos without a usable face" }
                p { "Their pairs count as wrong answers, and as rejected in every rate." }
                ul.failures {
                    @for failure in failures.iter().take(FAILURES) {
                        li { b { (escaped(&failure.photo)) } ": " (escaped(&failure.reason)) }
                    }
                    @if failures.len() > FAILURES {
                        li { "and " (failures.len() - FAILURES) " more, in report.json" }
                    }
                }
            }
        }
    }
}

fn folds(report: &Report) -> Markup {
    html! {
        details {
            summary { "Folds" }
            p { "Each fold is evaluated with the threshold that is most accurate on the others." }
            div.wide { table {
                thead { tr { th { "fold" } th { "threshold" } th { "accuracy" } th { "failures" } } }
                tbody { @for fold in &report.folds {
                    tr { td { (fold.fold + 1) } td { (format!("{:.4}", fold.threshold)) }
                        td { (interval(fold.accuracy)) } td { (fold.failures) } }
                } }
            } }
        }
    }
}
