//! `facenet verify` without photos: a demonstration on portraits that travel
//! inside the program.

use anyhow::Result;
use assets::{PORTRAITS, Portrait};
use biometrics::LoadedModel;
use biometrics::policy::{VerificationPolicy, VerificationStats};
use facenet::matching::{Encoding, verify};
use faces::FaceLocation;
use serde::Serialize;

use crate::Outcome;
use crate::arguments::ModelChoice;
use crate::decision::{ComparisonCount, print_rates, short_probability};
use crate::face_reader::FaceReader;
use crate::output::{Output, line};
use crate::text::scale;

/// Which are compared, by index.
const PAIRS: [[usize; 2]; 4] = [[0, 1], [0, 2], [1, 3], [2, 3]];

#[derive(Serialize)]
struct Row<'a> {
    probe: &'a str,
    reference: &'a str,
    distance: f32,
    threshold: f32,
    same: bool,
    right: bool,
    #[serde(flatten)]
    stats: VerificationStats,
}

/// Compares the portraits and says which answers are right.
pub(crate) fn run(
    choice: &ModelChoice,
    model: &LoadedModel,
    policy: &VerificationPolicy,
    output: &mut Output,
) -> Result<Outcome> {
    let threshold = policy.threshold();
    let reader = FaceReader::new(choice, model, FaceLocation::default())?;
    let encode = |portrait: &Portrait| -> Result<Encoding> {
        let mut faces = reader.read_bytes(portrait.bytes, portrait.file)?;
        Ok(faces.remove(0).encoding)
    };
    let encodings = PORTRAITS.iter().map(encode).collect::<Result<Vec<_>>>()?;
    if !output.is_json() {
        line!(output, "Four portraits inside this program, compared by the network:")?;
    }
    let mut right = 0;
    for [a, b] in PAIRS {
        let Some(answer) = verify(&encodings[a], &encodings[b..=b], threshold) else { continue };
        let [a, b] = [&PORTRAITS[a], &PORTRAITS[b]];
        let truth = a.person == b.person;
        right += usize::from(answer.same == truth);
        if output.is_json() {
            output.json(&Row {
                probe: a.file,
                reference: b.file,
                distance: answer.distance,
                threshold: threshold.distance(),
                same: answer.same,
                right: answer.same == truth,
                stats: policy.stats(answer.distance)?,
            })?;
            continue;
        }
        let verdict = match (answer.same, truth) {
            (true, true) => "the same person: right",
            (false, false) => "different people: right",
            (true, false) => "the same person: wrong",
            (false, true) => "different people: wrong",
        };
        line!(output)?;
        line!(output, "{} ({}) and {} ({})", a.person, a.file, b.person, b.file)?;
        let probability = short_probability(policy, answer.distance)?;
        let distance = answer.distance;
        line!(output, "  distance {distance:.4}, threshold {threshold}{probability}")?;
        line!(output, "  {verdict}")?;
        line!(output, "  {}", scale(answer.distance, threshold))?;
    }
    if !output.is_json() {
        line!(output)?;
        line!(output, "{right} of {} answers are right.", PAIRS.len())?;
        print_rates(policy, ComparisonCount::ONE, output)?;
        line!(output, "Your own photos: facenet verify A.jpg B.jpg")?;
    }
    Ok(if right == PAIRS.len() { Outcome::Yes } else { Outcome::No })
}
