//! `facenet recognize`: who of the gallery is this?

use anyhow::Result;
use facenet::matching::{Recognition, who_is_it};
use serde::Serialize;

use crate::Outcome;
use crate::arguments::Recognize;
use crate::face_finder::Framing;
use crate::face_reader::{Face, FaceReader};
use crate::gallery_folder::GalleryFolder;
use crate::output::{Output, escaped, line};

/// What `--json` prints for each face.
#[derive(Serialize)]
struct Answer<'a> {
    probe: String,
    #[serde(rename = "box")]
    place: Option<[f32; 4]>,
    person: Option<&'a str>,
    distance: Option<f32>,
    threshold: f32,
    candidates: Vec<Row<'a>>,
    skipped: usize,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    distance: f32,
}

pub(crate) fn run(arguments: &Recognize, output: &mut Output) -> Result<Outcome> {
    let reader = FaceReader::new(&arguments.model, Framing::from(&arguments.faces))?;
    let folder = GalleryFolder::open(&arguments.gallery)?;
    let faces = reader.read(&arguments.photo)?;
    let known = reader.with_framing(Framing::of_gallery(&arguments.faces));
    let gallery = folder.everybody(&known)?;
    let mut everybody_known = true;
    for face in &faces {
        let entries = gallery.entries.iter().map(|(name, encoding)| (name.as_str(), encoding));
        let (threshold, top) = (arguments.decision.threshold, arguments.top.get());
        let answer = who_is_it(&face.encoding, entries, threshold, top);
        everybody_known &= answer.person().is_some();
        if output.is_json() {
            let probe = arguments.photo.display().to_string();
            output.json(&json(probe, face, &answer, gallery.skipped))?;
        } else {
            print(face, faces.len(), &answer, output)?;
        }
    }
    Ok(if everybody_known { Outcome::Yes } else { Outcome::No })
}

fn json<'a>(probe: String, face: &Face, answer: &'a Recognition, skipped: usize) -> Answer<'a> {
    let rows = answer.candidates.iter().map(|c| Row { name: &c.name, distance: c.distance });
    Answer {
        probe,
        place: face.place.map(|b| [b.x, b.y, b.width, b.height]),
        person: answer.person().map(|person| person.name.as_str()),
        distance: answer.candidates.first().map(|nearest| nearest.distance),
        threshold: answer.threshold.distance(),
        candidates: rows.collect(),
        skipped,
    }
}

/// The notebook's words, then the nearest people.
fn print(face: &Face, faces: usize, answer: &Recognition, output: &mut Output) -> Result<()> {
    if let Some(place) = face.place
        && faces > 1
    {
        line!(
            output,
            "Face at x {:.0}, y {:.0}, {:.0} pixels wide:",
            place.x,
            place.y,
            place.width
        )?;
    }
    match answer.person() {
        Some(person) => {
            let (name, distance) = (escaped(&person.name), person.distance);
            line!(output, "It's {name}, the distance is {distance:.4}")?;
        }
        None => line!(output, "Not in the gallery.")?,
    }
    let longest = answer.candidates.iter().map(|c| c.name.chars().count()).max().unwrap_or(0);
    for (rank, candidate) in answer.candidates.iter().enumerate() {
        let (name, distance) = (escaped(&candidate.name), candidate.distance);
        line!(output, "{:>3}. {name:<longest$}  {distance:.4}", rank + 1)?;
    }
    line!(output, "threshold {}", answer.threshold)?;
    Ok(())
}
