//! Prints the figures on a terminal.

use anyhow::Result;
use biometrics::evaluation::TarAtFmr;

use super::figures::{Figures, GalleryFigures, Identification, PointOrRefusal};
use super::tables;
use crate::output::{Output, escaped, line};
use crate::text::{chosen, interval};

/// Prints the figures of the pairs, then those of the galleries.
pub(super) fn print(figures: &Figures, output: &mut Output) -> Result<()> {
    let report = &figures.verification;
    let Figures { method, photos, .. } = figures;
    let (genuine, impostor) = (report.genuine, report.impostor);
    line!(output, "{} pairs of {photos} photos, by {method}", report.pairs)?;
    line!(
        output,
        "({genuine} of one person, {impostor} of two; {} photos without a face, {} pairs failed)",
        figures.photo_failures.len(),
        report.failures
    )?;
    line!(output)?;
    let (accuracy, std) = (100.0 * report.accuracy, 100.0 * report.std);
    let folds = report.folds.len();
    line!(output, "accuracy   {accuracy:.2} % ± {std:.2} (standard deviation over {folds} folds)")?;
    line!(output, "threshold  {:.4} (mean over folds)", report.threshold)?;
    match &report.eer {
        Some(eer) => {
            let (rate, threshold) = (100.0 * eer.rate, eer.threshold);
            line!(output, "EER        {rate:.2} % at threshold {threshold:.4}")?;
        }
        None => line!(output, "EER        none: too many failures")?,
    }
    for tar in &report.tar {
        match tar {
            TarAtFmr::Measured(point) => line!(
                output,
                "TAR        {} at FMR {}, threshold {:.4}",
                interval(point.tar),
                chosen(point.target),
                point.threshold
            )?,
            TarAtFmr::Refused { target, needed, found } => line!(
                output,
                "TAR        unknown at FMR {}: needs {needed} pairs of two people, found {found}",
                chosen(*target)
            )?,
        }
    }
    line!(output)?;
    match &figures.identification {
        Identification::NotMeasured { not_measured } => {
            line!(output, "galleries  not measured: {}", escaped(not_measured))?;
        }
        Identification::Measured(galleries) => {
            for gallery in galleries {
                print_gallery(gallery, output)?;
            }
        }
    }
    tables::print(&figures.tables, output)
}

fn print_gallery(gallery: &GalleryFigures, output: &mut Output) -> Result<()> {
    line!(
        output,
        "gallery of {} people ({} drawn, {} probes of strangers, {} of enrolled people)",
        gallery.people,
        gallery.galleries,
        gallery.stranger_probes,
        gallery.enrolled_probes
    )?;
    line!(output, "  rank-one rate  {}", interval(gallery.rank_one))?;
    for point in &gallery.points {
        match point {
            PointOrRefusal::Measured(point) => line!(
                output,
                "  FNIR  {} at FPIR {}, threshold {:.4}",
                interval(point.fnir),
                chosen(point.target),
                point.threshold
            )?,
            PointOrRefusal::Refused { refused, .. } => line!(output, "  FNIR  unknown: {refused}")?,
        }
    }
    if let Some(calibrated) = &gallery.calibrated {
        line!(
            output,
            "  the calibration's threshold for FPIR {}, {:.3}: FPIR {}, FNIR {}",
            chosen(calibrated.target),
            calibrated.threshold,
            interval(calibrated.fpir),
            interval(calibrated.fnir)
        )?;
    }
    Ok(())
}
