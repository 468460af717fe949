//! `facenet verify`: one person or two?

use std::path::Path;

use anyhow::{Result, bail};
use facenet::gallery::{PersonName, mean_template};
use facenet::matching::{Encoding, Threshold, Verification, verify};
use serde::Serialize;
use store::Access;

use crate::Outcome;
use crate::arguments::{StoreChoice, Verify};
use crate::decision::{Compared, Decision, Meaning};
use crate::demonstration;
use crate::enrolled;
use crate::face_finder::Framing;
use crate::face_reader::FaceReader;
use crate::gallery_folder::{Gallery, GalleryFolder, name_form};
use crate::output::{Output, escaped, line};

/// What `--json` prints.
#[derive(Serialize)]
struct Answer<'a> {
    probe: String,
    #[serde(flatten)]
    reference: Reference<'a>,
    distance: f32,
    threshold: f32,
    same: bool,
    #[serde(flatten)]
    meaning: Meaning,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Reference<'a> {
    Photo { reference: String },
    Person { claim: &'a str, references: usize, skipped: usize },
}

/// What is known of the person that a photo is claimed to show.
struct ClaimedPerson {
    /// Their name, in the form in which it is kept.
    name: String,
    /// The mean of their photos.
    template: Encoding,
    /// How many photos that is of.
    references: usize,
    skipped: usize,
}

impl ClaimedPerson {
    fn of_folder(photos: Gallery, claim: &str) -> Result<Self> {
        let encodings: Vec<_> = photos.entries.into_iter().map(|(_, encoding)| encoding).collect();
        let (name, template) = (name_form(claim), mean_template(&encodings)?);
        Ok(Self { name, template, references: encodings.len(), skipped: photos.skipped })
    }

    fn of_store(choice: &StoreChoice, claim: &str) -> Result<Self> {
        let name = PersonName::new(claim)?;
        let store = enrolled::open(choice, Access::Read)?;
        enrolled::expect_known(&store, std::slice::from_ref(&name))?;
        let encodings = store.person(&name)?.encodings();
        let (name, template) = (name.as_str().to_owned(), mean_template(&encodings)?);
        Ok(Self { name, template, references: encodings.len(), skipped: 0 })
    }
}

pub(crate) fn run(arguments: &Verify, output: &mut Output) -> Result<Outcome> {
    let model = &arguments.store.model;
    let decision = &Decision::new(&arguments.acceptance, model)?;
    let reader = || FaceReader::new(model, Framing::from(&arguments.faces));
    match (&arguments.photos[..], &arguments.claim, &arguments.gallery) {
        ([], _, _) => demonstration::run(model, decision, output),
        ([a, b], None, _) => two_photos(&reader()?, a, b, decision, output),
        ([photo], Some(claim), gallery) => {
            let reader = reader()?;
            let person = match gallery {
                Some(folder) => {
                    let known = reader.with_framing(Framing::of_gallery(&arguments.faces))?;
                    let photos = GalleryFolder::open(folder)?.person(claim, &known)?;
                    ClaimedPerson::of_folder(photos, claim)?
                }
                None => ClaimedPerson::of_store(&arguments.store, claim)?,
            };
            claimed(&reader, photo, &person, decision, output)
        }
        ([_], ..) => bail!("one photo needs a second one, or --as NAME, to be compared with"),
        _ => bail!("with --as NAME there is one photo, found {}", arguments.photos.len()),
    }
}

fn two_photos(
    reader: &FaceReader,
    a: &Path,
    b: &Path,
    decision: &Decision,
    output: &mut Output,
) -> Result<Outcome> {
    let (probes, references) = (encodings(reader, a)?, encodings(reader, b)?);
    let answer = nearest(&probes, &references, decision.threshold())?;
    let [a, b] = [a, b].map(|path| path.display().to_string());
    if output.is_json() {
        let reference = Reference::Photo { reference: b };
        output.json(&json(a, reference, &answer, decision)?)?;
    } else {
        let [a, b] = [a, b].map(|path| escaped(&path));
        let verdict = if answer.same {
            format!("It's the same person in {a} and {b}.")
        } else {
            format!("It's not the same person in {a} and {b}.")
        };
        let compared = Compared { faces: probes.len() * references.len(), photos: 1 };
        print(&verdict, &answer, compared, decision, output)?;
    }
    Ok(outcome(&answer))
}

fn claimed(
    reader: &FaceReader,
    photo: &Path,
    person: &ClaimedPerson,
    decision: &Decision,
    output: &mut Output,
) -> Result<Outcome> {
    let probes = encodings(reader, photo)?;
    let &ClaimedPerson { name: ref claim, ref template, references, skipped } = person;
    let answer = nearest(&probes, std::slice::from_ref(template), decision.threshold())?;
    if output.is_json() {
        let reference = Reference::Person { claim, references, skipped };
        let probe = photo.display().to_string();
        output.json(&json(probe, reference, &answer, decision)?)?;
    } else {
        // The notebook's words.
        let name = escaped(claim);
        let verdict = if answer.same {
            format!("It's {name}, welcome home!")
        } else {
            format!("It's not {name}, please go away")
        };
        let compared = Compared { faces: probes.len(), photos: references };
        print(&verdict, &answer, compared, decision, output)?;
    }
    Ok(outcome(&answer))
}

fn encodings(reader: &FaceReader, photo: &Path) -> Result<Vec<Encoding>> {
    Ok(reader.read(photo)?.into_iter().map(|face| face.encoding).collect())
}

/// The nearest pair of faces: with `--face all` a photo may have several.
fn nearest(
    probes: &[Encoding],
    references: &[Encoding],
    threshold: Threshold,
) -> Result<Verification> {
    let answers = probes.iter().filter_map(|probe| verify(probe, references, threshold));
    match answers.min_by(|a, b| a.distance.total_cmp(&b.distance)) {
        Some(answer) => Ok(answer),
        None => bail!("there are no faces to compare"),
    }
}

fn json<'a>(
    probe: String,
    reference: Reference<'a>,
    answer: &Verification,
    decision: &Decision,
) -> Result<Answer<'a>> {
    Ok(Answer {
        probe,
        reference,
        distance: answer.distance,
        threshold: answer.threshold.distance(),
        same: answer.same,
        meaning: decision.meaning(answer.distance)?,
    })
}

fn print(
    verdict: &str,
    answer: &Verification,
    compared: Compared,
    decision: &Decision,
    output: &mut Output,
) -> Result<()> {
    line!(output, "{verdict}")?;
    let Verification { distance, threshold, .. } = answer;
    line!(output, "distance {distance:.4}, threshold {threshold}")?;
    line!(output, "{}", scale(*distance, *threshold))?;
    decision.print_probability(*distance, output)?;
    decision.print_rates(compared, output)?;
    Ok(())
}

fn outcome(answer: &Verification) -> Outcome {
    if answer.same { Outcome::Yes } else { Outcome::No }
}

/// The distance on a line from 0 to the farthest two faces usually are, with
/// the threshold marked.
pub(crate) fn scale(distance: f32, threshold: Threshold) -> String {
    const WIDTH: usize = 48;
    const LONGEST: f32 = 1.6;
    let column = |d: f32| ((d / LONGEST * WIDTH as f32) as usize).min(WIDTH - 1);
    let (here, limit) = (column(distance), column(threshold.distance()));
    let mark = |i| match i {
        _ if i == here => '●',
        _ if i == limit => '|',
        _ if i < limit => '=',
        _ => '-',
    };
    let line: String = (0..WIDTH).map(mark).collect();
    format!("same {line} different")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_shows_both_at_any_distance() {
        for distance in [0.0, 0.7, 1.6, 2.0] {
            let line = scale(distance, Threshold::NOTEBOOK);
            assert_eq!(line.chars().filter(|&c| c == '●').count(), 1, "{line}");
            assert_eq!(line.chars().count(), "same  different".len() + 48);
        }
    }
}
