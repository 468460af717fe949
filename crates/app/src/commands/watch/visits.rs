//! Faces followed from frame to frame: a visit is one face from its first frame to its last.
//!
//! A face belongs to a visit if its box covers much of the visit's latest one and its encoding is
//! not quite another's, or if its encoding alone says that it is the same: somebody moved fast,
//! or the camera missed frames. Whose face it is, the mean of the visit's best encodings says:
//! those of the sharpest, most frontal frames. A blurred frame or a turned head counts as seen,
//! and changes nothing.

use std::time::{Duration, SystemTime};

use facenet::gallery::mean_template;
use facenet::matching::{Encoding, Threshold};
use facenet::network::ENCODING_LENGTH;
use faces::{FaceBox, FaceQuality, QualityLimits};

/// How many of the best frames are remembered. Of a short visit they are nearly all.
const BEST: usize = 5;

/// Least share of two boxes' common area in their united area, for the same face.
const OVERLAP: f32 = 0.3;

/// Two encodings farther apart are not of the same face, even where their boxes overlap. Far above
/// the threshold of a comparison, since blur and light move an encoding from frame to frame.
const OTHER_FACE: f32 = 1.1;

/// Sharper than this, a face is not easier to recognize; noise looks sharp, too.
const SHARP: f32 = 0.03;

/// Larger than the network's input, a face shows it no more.
const LARGE: f32 = 96.0;

/// A face of a frame.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) frame: u64,
    pub(super) time: SystemTime,
    pub(super) face_box: FaceBox,
    pub(super) quality: FaceQuality,
    pub(super) encoding: Encoding,
}

impl Seen {
    /// Whether it can be seen well enough to be compared.
    fn is_usable(&self) -> bool {
        self.quality.check().is_ok()
    }

    /// How well it can be seen, above 0. One with a warning is worse than any without.
    fn score(&self) -> f32 {
        let FaceQuality { sharpness, size, yaw, .. } = self.quality;
        let frontal = yaw.to_radians().cos().max(0.0);
        let score = (sharpness / SHARP).min(1.0) * (size / LARGE).min(1.0) * frontal * frontal;
        let is_doubtful = !self.quality.faults(&QualityLimits::WARN).is_empty();
        if is_doubtful { score / 1000.0 } else { score }
    }
}

/// A face while it is in the picture.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) first: SystemTime,
    pub(super) last: SystemTime,
    /// Frames in which the face was seen.
    pub(super) frames: usize,
    /// Those of them in which it could be seen well enough to be compared.
    pub(super) usable: usize,
    face_box: FaceBox,
    /// The best first.
    best: Vec<(f32, Seen)>,
}

impl Visit {
    fn begin(seen: Seen) -> Self {
        let (time, face_box) = (seen.time, seen.face_box);
        let best = vec![(seen.score(), seen)];
        Self { first: time, last: time, frames: 1, usable: 1, face_box, best }
    }

    /// Adds a frame.
    fn go_on(&mut self, seen: Seen) {
        self.last = seen.time;
        self.face_box = seen.face_box;
        self.frames += 1;
        if !seen.is_usable() {
            return;
        }
        self.usable += 1;
        let score = seen.score();
        let rank = self.best.iter().position(|(other, _)| *other < score);
        self.best.insert(rank.unwrap_or(self.best.len()), (score, seen));
        self.best.truncate(BEST);
    }

    /// The frame in which the face can be seen best. A visit begins with one.
    pub(super) fn best(&self) -> Option<&Seen> {
        self.best.first().map(|(_, seen)| seen)
    }

    /// The mean of its best encodings; nothing where they cancel out.
    pub(super) fn encoding(&self) -> Option<Encoding> {
        let encodings: Vec<_> = self.best.iter().map(|(_, seen)| seen.encoding.clone()).collect();
        mean_template(&encodings).ok()
    }

    /// The root mean square of its best encodings' distances from somebody whose distance from
    /// their mean, brought to unit length, is this.
    ///
    /// That mean is nearer to everybody than each of them is: at the threshold of one photo, four
    /// times as many strangers would be accepted. What is far from its photos one by one stays
    /// far: with the sum's length `r` times their number, the squares' mean is `2 - r (2 - d²)`.
    pub(super) fn distance(&self, from_mean: f32) -> f32 {
        let mut sum = [0.0_f32; ENCODING_LENGTH];
        for (_, seen) in &self.best {
            sum.iter_mut().zip(seen.encoding.values()).for_each(|(sum, value)| *sum += value);
        }
        let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
        let r = length / self.best.len().max(1) as f32;
        (2.0 - r * (2.0 - from_mean * from_mean)).max(0.0).sqrt()
    }

    /// How little a face resembles the visit's, if it may be the same.
    fn unlikeness(&self, seen: &Seen, same: Threshold) -> Option<f32> {
        let overlap = self.face_box.overlap(&seen.face_box);
        let is_near = overlap >= OVERLAP;
        if !seen.is_usable() {
            // Its encoding says nothing.
            return is_near.then_some(OTHER_FACE + 1.0 - overlap);
        }
        let distance = |best: &(f32, Seen)| best.1.encoding.distance(&seen.encoding);
        let nearest = self.best.iter().map(distance).fold(f32::INFINITY, f32::min);
        let may_be = same.accepts(nearest) || (is_near && nearest < OTHER_FACE);
        may_be.then_some(nearest - overlap)
    }
}

/// The visits that go on.
#[derive(Debug)]
pub(super) struct Visits<T> {
    /// Each with what the caller keeps beside it.
    pub(super) current: Vec<(Visit, T)>,
    /// Two encodings nearer than this are one person's.
    same: Threshold,
    /// A face that was not seen for so long has gone.
    gone_after: Duration,
}

impl<T: Default> Visits<T> {
    pub(super) fn new(same: Threshold, gone_after: Duration) -> Self {
        Self { current: Vec::new(), same, gone_after }
    }

    /// Adds the faces of a frame to their visits; those of nobody begin one.
    pub(super) fn see(&mut self, faces: Vec<Seen>) {
        let mut pairs = Vec::new();
        for (face, seen) in faces.iter().enumerate() {
            for (number, (visit, _)) in self.current.iter().enumerate() {
                if let Some(unlikeness) = visit.unlikeness(seen, self.same) {
                    pairs.push((unlikeness, number, face));
                }
            }
        }
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let mut faces: Vec<_> = faces.into_iter().map(Some).collect();
        let mut is_taken = vec![false; self.current.len()];
        for (_, number, face) in pairs {
            if !is_taken[number]
                && let Some(seen) = faces[face].take()
            {
                is_taken[number] = true;
                self.current[number].0.go_on(seen);
            }
        }
        let new = faces.into_iter().flatten().filter(Seen::is_usable);
        self.current.extend(new.map(|seen| (Visit::begin(seen), T::default())));
    }

    /// Takes out the visits that are over by now.
    pub(super) fn take_gone(&mut self, now: SystemTime) -> Vec<(Visit, T)> {
        let is_gone = |visit: &Visit| {
            now.duration_since(visit.last).is_ok_and(|since| since > self.gone_after)
        };
        self.current.extract_if(.., |(visit, _)| is_gone(visit)).collect()
    }
}

#[cfg(test)]
mod tests {
    use faces::Visibility;

    use super::*;

    const GOOD: FaceQuality = FaceQuality {
        size: 120.0,
        sharpness: 0.02,
        brightness: 0.5,
        contrast: 0.2,
        yaw: 0.0,
        roll: 0.0,
        confidence: 0.99,
        visibility: Visibility { mouth: 0.99, eyes: 0.99 },
    };

    /// A person's face, turned away from the person's own by some radians.
    fn encoding(person: usize, angle: f32) -> Encoding {
        let value = |axis: usize| match axis {
            axis if axis == person => angle.cos(),
            axis if axis == person + 64 => angle.sin(),
            _ => 0.0,
        };
        Encoding::new((0..128).map(value)).unwrap()
    }

    fn seen(frame: u64, x: f32, encoding: Encoding) -> Seen {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(40 * frame);
        let face_box = FaceBox { x, y: 50.0, width: 100.0, height: 100.0, score: 9.0 };
        Seen { frame, time, face_box, quality: GOOD, encoding }
    }

    fn visits() -> Visits<()> {
        Visits::new(Threshold::new(0.6).unwrap(), Duration::from_secs(2))
    }

    fn lengths(visits: &Visits<()>) -> Vec<usize> {
        visits.current.iter().map(|(visit, ())| visit.frames).collect()
    }

    #[test]
    fn two_people_who_cross_are_two_visits() {
        let mut visits = visits();
        for frame in 0..50 {
            let at = 8.0 * frame as f32;
            let shake = 0.2 * (frame % 3) as f32;
            visits.see(vec![
                seen(frame, at, encoding(1, shake)),
                seen(frame, 400.0 - at, encoding(2, shake)),
            ]);
        }
        assert_eq!(lengths(&visits), [50, 50]);
        for (number, (visit, ())) in visits.current.iter().enumerate() {
            let mean = visit.encoding().unwrap();
            assert!(mean.distance(&encoding(number + 1, 0.2)) < 0.3, "{number}");
        }
    }

    #[test]
    fn another_face_at_the_same_spot_is_another_visit() {
        let mut visits = visits();
        (0..5).for_each(|frame| visits.see(vec![seen(frame, 0.0, encoding(1, 0.0))]));
        (5..9).for_each(|frame| visits.see(vec![seen(frame, 0.0, encoding(2, 0.0))]));
        assert_eq!(lengths(&visits), [5, 4]);
        // The same face elsewhere, after frames that were missed, goes on.
        visits.see(vec![seen(30, 900.0, encoding(1, 0.1))]);
        assert_eq!(lengths(&visits), [6, 4]);
    }

    #[test]
    fn who_was_gone_for_long_begins_again() {
        let mut visits = visits();
        visits.see(vec![seen(0, 0.0, encoding(1, 0.0))]);
        let time = |frame: u64| SystemTime::UNIX_EPOCH + Duration::from_millis(40 * frame);
        assert!(visits.take_gone(time(50)).is_empty(), "two seconds");
        let gone = visits.take_gone(time(51));
        assert_eq!((gone.len(), visits.current.len()), (1, 0));
        assert_eq!(gone[0].0.last, time(0));
    }

    #[test]
    fn only_the_best_frames_decide() {
        let mut visits = visits();
        visits.see(vec![seen(0, 0.0, encoding(1, 0.0))]);
        // Blurred, turned away, and hardly a face: near, and of no worth.
        let blurred = FaceQuality { sharpness: 0.0001, ..GOOD };
        let turned = FaceQuality { yaw: 60.0, ..GOOD };
        for frame in 1..40 {
            let quality = if frame % 2 == 0 { blurred } else { turned };
            visits.see(vec![Seen { quality, ..seen(frame, 4.0, encoding(1, 0.9)) }]);
        }
        visits.see(vec![seen(40, 4.0, encoding(1, 0.1))]);
        (41..45).for_each(|frame| visits.see(vec![seen(frame, 4.0, encoding(1, 0.0))]));
        let (visit, ()) = &visits.current[0];
        assert_eq!((visit.frames, visit.usable), (45, 26));
        let best: Vec<_> = visit.best.iter().map(|(_, seen)| seen.frame).collect();
        assert_eq!(best, [0, 40, 41, 42, 43]);
        assert!(visit.encoding().unwrap().distance(&encoding(1, 0.0)) < 0.05);
        // Of somebody whose encoding is not beyond the right angle.
        let other = encoding(1, 0.9);
        let squares = visit.best.iter().map(|(_, seen)| seen.encoding.distance(&other).powi(2));
        let expected = (squares.sum::<f32>() / BEST as f32).sqrt();
        let from_mean = visit.encoding().unwrap().distance(&other);
        assert!((visit.distance(from_mean) - expected).abs() < 1e-5, "{expected}");
        assert!(visit.distance(from_mean) > from_mean, "the mean alone is too near");
        // A face that cannot be used begins no visit.
        visits.see(vec![Seen { quality: blurred, ..seen(46, 500.0, encoding(9, 0.0)) }]);
        assert_eq!(visits.current.len(), 1);
    }
}
