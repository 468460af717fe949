//! `report.md`: the tables for a repository's own documentation, made by the same command.

use std::fmt::Write;

use biometrics::evaluation::{OperatingPoint, TarAtFmr};

use super::figures::{Figures, Identification, NotMeasured, PointOrRefusal};
use super::groups::Groups;
use super::robustness::Robustness;
use crate::output::escaped;
use crate::text::{chosen, grouped, interval, with_interval};

/// The page. It holds no date and no path: the same figures give the same text.
pub(super) fn of(figures: &Figures) -> String {
    let report = &figures.verification;
    let mut page = format!(
        "# Accuracy on {data}\n\n<!-- report.md of `facenet evaluate --report`: not edited by hand -->\n\n\
         {pairs} pairs of {photos} photos, {faces}, compared by {method}; {failed} photos without a usable \
         face. {hash}Accuracy {accuracy:.2} % ± {std:.2} (standard deviation over {folds} folds){eer}. In \
         brackets: 95 % intervals, of the listed pairs by Wilson, of groups by resampling people.\n\n\
         These rates are of photos and people like these. There is no liveness check.\n\n",
        data = cell(&figures.data),
        pairs = grouped(report.pairs as u64),
        photos = grouped(figures.photos as u64),
        faces = figures.faces,
        method = figures.method,
        failed = figures.photo_failures.len(),
        hash = figures
            .weights_sha256
            .as_ref()
            .map_or_else(String::new, |hash| format!("Weights `{hash}`. ")),
        accuracy = 100.0 * report.accuracy,
        std = 100.0 * report.std,
        folds = report.folds.len(),
        eer = report
            .eer
            .as_ref()
            .map_or_else(String::new, |eer| format!(", EER {:.2} %", 100.0 * eer.rate)),
    );
    table(&mut page, "Listed pairs", &["FMR", "threshold", "FMR measured", "TAR"], || {
        report.tar.iter().map(|tar| match tar {
            TarAtFmr::Measured(OperatingPoint { target, threshold, fmr, tar, .. }) => {
                vec![chosen(*target), format!("{threshold:.4}"), interval(*fmr), interval(*tar)]
            }
            TarAtFmr::Refused { target, needed, found } => vec![
                chosen(*target),
                String::new(),
                format!("not measured: needs {needed} pairs of two people, found {found}"),
                String::new(),
            ],
        })
    });
    if let Identification::Measured(galleries) = &figures.identification {
        table(
            &mut page,
            "Galleries",
            &["people", "nearest is right", "FPIR", "threshold", "FNIR"],
            || {
                galleries.iter().flat_map(|gallery| {
                    let [people, first] =
                        [grouped(gallery.people as u64), interval(gallery.rank_one)];
                    gallery.points.iter().map(move |point| {
                        let [target, threshold, fnir] = match point {
                            PointOrRefusal::Measured(point) => [
                                chosen(point.target),
                                format!("{:.4}", point.threshold),
                                interval(point.fnir),
                            ],
                            PointOrRefusal::Refused { target, .. } => [
                                chosen(*target),
                                String::new(),
                                "not measured: too few strangers".to_owned(),
                            ],
                        };
                        vec![people.clone(), first.clone(), target, threshold, fnir]
                    })
                })
            },
        );
    }
    figures.tables.groups.iter().for_each(|groups| by_group(&mut page, groups));
    if let Some(robustness) = &figures.tables.robustness {
        in_bad_conditions(&mut page, robustness);
    }
    for NotMeasured { table, reason } in &figures.tables.not_measured {
        page.push_str(&format!("Of {table}, nothing was measured: {}.\n\n", cell(reason)));
    }
    page
}

fn by_group(page: &mut String, groups: &Groups) {
    let heading = format!("Groups, by {}, at threshold {}", cell(&groups.by), groups.threshold);
    let head = [
        "group",
        "people",
        "photos",
        "failures",
        "pairs of one person",
        "of two",
        "FMR",
        "FNMR",
        "shift, one person",
        "two",
    ];
    table(page, &heading, &head, || {
        groups.rows.iter().map(|row| {
            let counts = [row.people, row.photos, row.failures].map(|count| grouped(count as u64));
            let rates = match &row.measured {
                Some(rates) => [
                    grouped(rates.genuine),
                    grouped(rates.impostor),
                    with_interval(rates.fmr),
                    with_interval(rates.fnmr),
                    format!("{:+.3}", rates.shift[0]),
                    format!("{:+.3}", rates.shift[1]),
                ],
                None => [(); 6].map(|()| "-".to_owned()),
            };
            [vec![cell(&row.group)], counts.to_vec(), rates.to_vec()].concat()
        })
    });
    page.push_str(
        "One threshold for all, the worst group first (after ISO/IEC 19795-10); pairs of two people are \
         those within a group. Failures are photos without a usable face; shifts say how far a group's \
         mean distances lie from everybody's.\n\n",
    );
}

fn in_bad_conditions(page: &mut String, robustness: &Robustness) {
    let heading = format!("Bad conditions, at threshold {}", robustness.threshold);
    table(page, &heading, &["condition", "photos", "FMR", "FNMR", "accuracy"], || {
        robustness.rows.iter().map(|row| {
            let photos = if row.photos == 1 { "one" } else { "both" };
            vec![
                row.condition.clone(),
                photos.to_owned(),
                interval(row.fmr),
                interval(row.fnmr),
                format!("{:.2} %", 100.0 * row.accuracy),
            ]
        })
    });
    page.push_str(
        "The face crop of one photo or of both was changed after the face was found and aligned: whether \
         a face in that condition would be found is another question. The accuracy is with the threshold \
         that is best for the other folds.\n\n",
    );
}

fn table<I: Iterator<Item = Vec<String>>>(
    page: &mut String,
    heading: &str,
    head: &[&str],
    rows: impl FnOnce() -> I,
) {
    let mut line = |text: &str| writeln!(page, "{text}").expect("a string takes any text");
    line(&format!("## {heading}\n"));
    line(&format!("| {} |", head.join(" | ")));
    line(&format!("|{}", " --- |".repeat(head.len())));
    rows().for_each(|row| line(&format!("| {} |", row.join(" | "))));
    line("");
}

/// Text from outside in a cell of a table.
fn cell(text: &str) -> String {
    escaped(text).replace('|', "\\|").replace('<', "&lt;").replace('`', "'")
}
