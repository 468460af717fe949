//! `facenet watch -`: recognizes who comes and goes in a stream of pictures.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, SystemTime};

use anyhow::{Result, bail};
use biometrics::policy::GalleryThreshold;
use facenet::matching::{Recognition, Threshold};
use faces::{DetectionOptions, FaceLocation};
use report::CandidateRow;
use serde::Serialize;

use super::SearchSpace;
use super::feed::{Feed, Frame, Next, Pace};
use super::hooks::Hooks;
use super::visits::{Seen, Visit, Visits};
use crate::ExitStatus;
use crate::arguments::Watch;
use crate::face_reader::FaceReader;
use crate::output::{Output, note};

/// Between two looks at whether the user wants to stop, or somebody has gone.
const PATIENCE: Duration = Duration::from_millis(200);

/// A face that stays for so long and is nobody's is a stranger's. Before, it may only not have
/// been seen well yet.
const STRANGER_AFTER: Duration = Duration::from_secs(5);

/// Fewest frames in which a face has to be seen well, unless the user says otherwise.
const LEAST_FRAMES: usize = 3;

/// Seconds without a face after which its visit is over, unless the user says otherwise.
const GONE_AFTER: f64 = 2.0;

/// A visit as a line of JSON.
#[derive(Serialize)]
struct VisitRow {
    first: String,
    last: String,
    /// In how many frames the face was seen.
    frames: usize,
    /// The frame in which it can be seen best.
    best: BestRow,
    person: Option<String>,
    distance: Option<f32>,
    candidates: Vec<CandidateRow>,
    #[serde(flatten)]
    threshold: GalleryThreshold,
}

#[derive(Serialize)]
struct BestRow {
    /// Its number in the stream, from 0.
    frame: u64,
    time: String,
    #[serde(rename = "box")]
    face_box: [f32; 4],
    sharpness: f32,
    yaw: f32,
}

/// What was said of a visit.
#[derive(Default)]
struct Said {
    /// The person, once there is no doubt, and the distance.
    person: Option<Known>,
    is_stranger: bool,
}

/// A person's name, and the distance.
type Known = (String, f32);

/// A stream and what is made of it.
struct Stream<'a> {
    arguments: &'a Watch,
    reader: &'a FaceReader,
    search: &'a SearchSpace<'a>,
    visits: Visits<Said>,
    hooks: Hooks,
    least_frames: usize,
}

/// Where faces are looked for: whatever can be seen of them, since each is judged for itself.
pub(super) fn location(arguments: &Watch) -> Result<FaceLocation> {
    match arguments.faces.location() {
        FaceLocation::Detected(options) => Ok(FaceLocation::Detected(DetectionOptions {
            any_quality: true,
            again: false,
            ..options
        })),
        _ => bail!("--aligned is for photos: faces of a stream are followed by where they are"),
    }
}

/// Recognizes until the stream ends or the user stops it.
pub(super) fn run(
    arguments: &Watch,
    reader: &FaceReader,
    search: &SearchSpace<'_>,
    same: Threshold,
    stopped: &Receiver<()>,
    output: &mut Output,
) -> Result<ExitStatus> {
    let pace = arguments.film.map_or(Pace::Camera, Pace::Film);
    let gone_after = Duration::from_secs_f64(arguments.gone_after.unwrap_or(GONE_AFTER));
    let visits = Visits::new(same, gone_after);
    let least_frames = arguments.least_frames.map_or(LEAST_FRAMES, NonZeroUsize::get);
    let hooks = Hooks::default();
    let mut stream = Stream { arguments, reader, search, visits, hooks, least_frames };
    note(format_args!("watching standard input; stop with Ctrl-C"));
    let feed = Feed::start(std::io::stdin(), pace);
    while stopped.try_recv() == Err(TryRecvError::Empty) {
        let now = match feed.next(PATIENCE) {
            Ok(Next::Frame(frame)) => {
                stream.see(&frame);
                frame.time
            }
            Ok(Next::Nothing) if matches!(pace, Pace::Camera) => SystemTime::now(),
            Ok(Next::Nothing) => continue,
            Ok(Next::End) => break,
            Err(error) => {
                stream.finish(output)?;
                return Err(error);
            }
        };
        stream.decide(now);
        for (visit, said) in stream.visits.take_gone(now) {
            stream.end(&visit, said, output)?;
        }
        stream.hooks.reap();
    }
    stream.finish(output)?;
    let (missed, broken) = feed.left_out();
    if missed > 0 {
        note(format_args!("{missed} frames came too fast and were left out"));
    }
    if broken > 0 {
        note(format_args!("{broken} frames were damaged and were left out"));
    }
    Ok(ExitStatus::Match)
}

impl Stream<'_> {
    /// Adds the faces of a frame to their visits.
    fn see(&mut self, frame: &Frame) {
        // A frame without a face, or with half of one, is the usual case and no error.
        let Ok(faces) = self.reader.read_frame(&frame.jpeg) else { return };
        let seen = faces.into_iter().filter_map(|face| {
            let detected = face.detected.filter(|detected| detected.missing == 0.0)?;
            let (face_box, quality) = (detected.face_box, detected.quality);
            let &Frame { number, time, .. } = frame;
            Some(Seen { frame: number, time, face_box, quality, encoding: face.encoding })
        });
        self.visits.see(seen.collect());
    }

    /// Looks who the visitors are, and tells once of each.
    fn decide(&mut self, now: SystemTime) {
        let (mut present, mut undecided) = (HashSet::new(), Vec::new());
        for (number, (visit, said)) in self.visits.current.iter().enumerate() {
            if let Some((name, _)) = &said.person {
                present.insert(name.clone());
            } else if visit.usable >= self.least_frames
                && let Some(recognition) = recognize(visit, self.search)
            {
                let known = recognition.person().map(|who| (who.name.clone(), who.distance));
                undecided.push((number, known));
            }
        }
        for (number, known) in once_each(present, undecided) {
            let Some((visit, said)) = self.visits.current.get_mut(number) else { continue };
            let command = match known {
                Some(person) => {
                    said.person = Some(person);
                    &self.arguments.on_known
                }
                None if said.is_stranger || !stays(visit, now) => continue,
                None => {
                    said.is_stranger = true;
                    &self.arguments.on_stranger
                }
            };
            if let (Some(command), Some(row)) = (command, row(visit, said, self.search)) {
                self.hooks.start(command, &variables(&row));
            }
        }
    }

    /// Prints a visit that is over.
    fn end(&mut self, visit: &Visit, said: Said, output: &mut Output) -> Result<()> {
        // A face in so few frames is nobody's, or somebody's who only passed.
        if visit.usable < self.least_frames {
            return Ok(());
        }
        let Some(row) = row(visit, &said, self.search) else { return Ok(()) };
        output.json(&row)?;
        output.flush()?;
        let is_stranger = row.person.is_none() && !said.is_stranger;
        if let (Some(command), true) = (&self.arguments.on_stranger, is_stranger) {
            self.hooks.start(command, &variables(&row));
        }
        Ok(())
    }

    /// Ends all visits, and waits for the commands.
    fn finish(&mut self, output: &mut Output) -> Result<()> {
        for (visit, said) in std::mem::take(&mut self.visits.current) {
            self.end(&visit, said, output)?;
        }
        self.hooks.finish();
        Ok(())
    }
}

/// Takes each person once, since nobody comes twice at the same time: of visits that look like
/// the same person, the nearest is theirs, and none is if they are present already.
fn once_each(
    mut present: HashSet<String>,
    mut visits: Vec<(usize, Option<Known>)>,
) -> Vec<(usize, Option<Known>)> {
    let distance = |known: &Option<Known>| known.as_ref().map_or(f32::INFINITY, |known| known.1);
    visits.sort_by(|a, b| distance(&a.1).total_cmp(&distance(&b.1)));
    let mut is_new = |(name, _): &Known| present.insert(name.clone());
    visits.into_iter().map(|(number, known)| (number, known.filter(&mut is_new))).collect()
}

/// Whether a face has been there for long.
fn stays(visit: &Visit, now: SystemTime) -> bool {
    now.duration_since(visit.first).is_ok_and(|since| since >= STRANGER_AFTER)
}

fn recognize(visit: &Visit, search: &SearchSpace<'_>) -> Option<Recognition> {
    let &SearchSpace { gallery, threshold, top } = search;
    let encoding = visit.encoding()?;
    let mut recognition = gallery.recognize(&encoding, threshold.threshold, top);
    // Who is nearest to the mean is nearest to its encodings.
    for candidate in &mut recognition.candidates {
        candidate.distance = visit.distance(candidate.distance);
    }
    Some(recognition)
}

/// The visit so far. Who was recognized once stays that person; the distance is that of the best
/// frames by now, if they are still the same person's.
fn row(visit: &Visit, said: &Said, search: &SearchSpace<'_>) -> Option<VisitRow> {
    let recognition = recognize(visit, search)?;
    let best = visit.best()?;
    let nearest = recognition.candidates.first();
    let (person, distance) = match &said.person {
        Some((name, distance)) => {
            let now = recognition.person().filter(|person| person.name == *name);
            (Some(name.clone()), Some(now.map_or(*distance, |person| person.distance)))
        }
        None => (None, nearest.map(|nearest| nearest.distance)),
    };
    Some(VisitRow {
        first: timestamp(visit.first),
        last: timestamp(visit.last),
        frames: visit.frames,
        best: BestRow {
            frame: best.frame,
            time: timestamp(best.time),
            face_box: best.face_box.sides(),
            sharpness: best.quality.sharpness,
            yaw: best.quality.yaw,
        },
        person,
        distance,
        candidates: recognition.candidates.into_iter().map(Into::into).collect(),
        threshold: search.threshold,
    })
}

/// What a command is given to know.
fn variables(row: &VisitRow) -> Vec<(&'static str, String)> {
    let distance = row.distance.map(|distance| format!("{distance:.4}"));
    vec![
        ("FACENET_PERSON", row.person.clone().unwrap_or_default()),
        ("FACENET_DISTANCE", distance.unwrap_or_default()),
        ("FACENET_FIRST", row.first.clone()),
        ("FACENET_LAST", row.last.clone()),
        ("FACENET_FRAMES", row.frames.to_string()),
        // Only the user's own numbers and names, which JSON can hold.
        ("FACENET_VISIT", serde_json::to_string(row).unwrap_or_default()),
    ]
}

/// A time with milliseconds, as RFC 3339 has it.
fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_visits_that_look_alike_the_nearest_is_the_persons() {
        let known = |name: &str, distance| Some((name.to_owned(), distance));
        let visits = vec![
            (0, known("anna", 0.5)),
            (1, None),
            (2, known("anna", 0.3)),
            (3, known("joe", 0.2)),
            (4, known("kian", 0.4)),
        ];
        let mut decided = once_each(HashSet::from(["joe".to_owned()]), visits);
        decided.sort_by_key(|(number, _)| *number);
        let people: Vec<_> =
            decided.iter().map(|(_, known)| known.as_ref().map(|(name, _)| &**name)).collect();
        assert_eq!(people, [None, None, Some("anna"), None, Some("kian")]);
    }
}
