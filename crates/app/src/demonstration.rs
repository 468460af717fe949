//! `facenet verify` without photos: a demonstration on portraits that are embedded in the
//! program.

use anyhow::Result;
use assets::{PORTRAITS, Portrait};
use biometrics::LoadedModel;
use biometrics::policy::VerificationPolicy;
use facenet::matching::{Encoding, verify};
use faces::FaceLocation;
use report::{ComparisonRow, PathRow, Reference, VerificationRow};

use crate::ExitStatus;
use crate::arguments::ModelChoice;
use crate::decision::{ComparisonCount, print_rates, short_probability};
use crate::face_reader::FaceReader;
use crate::output::{Output, line};
use crate::text::scale;

/// The pairs of portraits that are compared, by index.
const PAIRS: [[usize; 2]; 4] = [[0, 1], [0, 2], [1, 3], [2, 3]];

/// Compares the portraits and says which answers are correct.
pub(crate) fn run(
    choice: &ModelChoice,
    model: &LoadedModel,
    policy: &VerificationPolicy,
    output: &mut Output,
) -> Result<ExitStatus> {
    let threshold = policy.threshold();
    let reader = FaceReader::new(choice, model, FaceLocation::default())?;
    let encode = |portrait: &Portrait| -> Result<Encoding> {
        let mut faces = reader.read_bytes(portrait.bytes, portrait.file)?;
        Ok(faces.remove(0).encoding)
    };
    let encodings = PORTRAITS.iter().map(encode).collect::<Result<Vec<_>>>()?;
    if !output.is_json() {
        line!(output, "Four portraits embedded in this program, compared by the network:")?;
    }
    let mut correct = 0;
    for [a, b] in PAIRS {
        let Some(answer) = verify(&encodings[a], &encodings[b..=b], threshold) else { continue };
        let [a, b] = [&PORTRAITS[a], &PORTRAITS[b]];
        let truth = a.person == b.person;
        let is_correct = answer.same == truth;
        correct += usize::from(is_correct);
        if output.is_json() {
            output.json(&VerificationRow {
                probe: PathRow::new("probe", a.file),
                reference: Reference::Photo(PathRow::new("reference", b.file)),
                comparison: ComparisonRow::new(answer.distance, policy)?,
                correct: Some(is_correct),
                pair: None,
            })?;
            continue;
        }
        let verdict = match (answer.same, truth) {
            (true, true) => "the same person: correct",
            (false, false) => "different people: correct",
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
        line!(output, "{correct} of {} answers are correct.", PAIRS.len())?;
        print_rates(policy, ComparisonCount::ONE, output)?;
        line!(output, "Your own photos: facenet verify A.jpg B.jpg")?;
    }
    Ok(if correct == PAIRS.len() { ExitStatus::Match } else { ExitStatus::NoMatch })
}
