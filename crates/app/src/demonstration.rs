//! `facenet verify` without photos: a demonstration on portraits that travel
//! inside the program.

use anyhow::Result;
use assets::{PORTRAITS, Portrait};
use facenet::matching::{Encoding, verify};
use facenet::photo::FaceChoice;
use serde::Serialize;

use crate::Outcome;
use crate::arguments::ModelChoice;
use crate::commands::verify::scale;
use crate::decision::{Compared, Decision, Meaning};
use crate::face_finder::Framing;
use crate::face_reader::FaceReader;
use crate::output::{Output, line};

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
    meaning: Meaning,
}

/// Compares the portraits and says which answers are right.
pub(crate) fn run(
    model: &ModelChoice,
    decision: &Decision,
    output: &mut Output,
) -> Result<Outcome> {
    let threshold = decision.threshold();
    let reader = FaceReader::new(model, Framing::Detected(FaceChoice::Only))?;
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
                meaning: decision.meaning(answer.distance)?,
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
        let probability = decision.short_probability(answer.distance)?;
        let distance = answer.distance;
        line!(output, "  distance {distance:.4}, threshold {threshold}{probability}")?;
        line!(output, "  {verdict}")?;
        line!(output, "  {}", scale(answer.distance, threshold))?;
    }
    if !output.is_json() {
        line!(output)?;
        line!(output, "{right} of {} answers are right.", PAIRS.len())?;
        decision.print_rates(Compared::ONE, output)?;
        line!(output, "Your own photos: facenet verify A.jpg B.jpg")?;
    }
    Ok(if right == PAIRS.len() { Outcome::Yes } else { Outcome::No })
}
