//! Checks the enrolled people, from their stored encodings alone.

use anyhow::{Result, anyhow};
use biometrics::gallery_check::{Finding, GalleryCheck, check_gallery};
use biometrics::policy::{GalleryThreshold, IdentificationPolicy};
use serde::Serialize;
use store::Store;

use crate::ExitStatus;
use crate::decision::print_gallery_threshold;
use crate::output::{Output, escaped, line};
use crate::text::counted;

/// The JSON output.
#[derive(Serialize)]
struct CheckRow {
    #[serde(flatten)]
    threshold: GalleryThreshold,
    /// Photos that have others of the same person beside them.
    compared: usize,
    /// How many of these are recognized by the others.
    recognized: usize,
    most_alike: Option<AlikeRow>,
    findings: Vec<FindingRow>,
}

#[derive(Serialize)]
struct AlikeRow {
    names: [String; 2],
    distance: f32,
}

#[derive(Serialize)]
struct FindingRow {
    kind: &'static str,
    text: String,
    remedy: &'static str,
}

impl From<&Finding> for FindingRow {
    fn from(finding: &Finding) -> Self {
        Self { kind: finding.kind(), text: finding.to_string(), remedy: finding.remedy() }
    }
}

/// Prints what wants attention; a match if nothing does.
pub(super) fn run(
    store: &Store,
    policy: &IdentificationPolicy,
    output: &mut Output,
) -> Result<ExitStatus> {
    let mut people = Vec::new();
    store.for_each(|person| {
        let encodings = person.encodings();
        people.push((person.name, encodings));
        Ok(())
    })?;
    let check = check_gallery(&people, policy).map_err(|error| anyhow!(error))?;
    let status = match check.findings.is_empty() {
        true => ExitStatus::Match,
        false => ExitStatus::NoMatch,
    };
    if output.is_json() {
        output.json(&row(&check))?;
    } else {
        print(&check, policy, output)?;
    }
    Ok(status)
}

fn row(check: &GalleryCheck) -> CheckRow {
    CheckRow {
        threshold: check.threshold,
        compared: check.compared,
        recognized: check.found,
        most_alike: check.most_alike.as_ref().map(|(names, distance)| AlikeRow {
            names: names.each_ref().map(|name| name.as_str().to_owned()),
            distance: *distance,
        }),
        findings: check.findings.iter().map(Into::into).collect(),
    }
}

fn print(check: &GalleryCheck, policy: &IdentificationPolicy, output: &mut Output) -> Result<()> {
    print_gallery_threshold(&check.threshold, policy, output)?;
    let GalleryCheck { compared, found, most_alike, findings, .. } = check;
    if *compared > 0 {
        let photos = counted(*compared, "photo");
        line!(output, "{found} of {photos} are recognized by the same person's others")?;
    }
    if let Some((names, distance)) = most_alike {
        let [a, b] = names.each_ref().map(|name| escaped(name.as_str()));
        line!(output, "most alike are {a} and {b}, {distance:.2} apart")?;
    }
    if findings.is_empty() {
        line!(output, "Nothing wants attention.")?;
    }
    for finding in findings {
        line!(output, "- {}: {}", escaped(&finding.to_string()), finding.remedy())?;
    }
    Ok(())
}
