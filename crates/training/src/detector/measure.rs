//! What a detector finds of pictures that were held out, and what it takes for a face on
//! pictures without any.

use autograd::Tape;
use facenet::model::Model;
use rayon::prelude::*;
use serde::Serialize;

use super::decoding::decode;
use super::known::{KnownFace, overlap};
use super::scene::{Composer, Request, Scene};
use super::trainer::images;
use crate::random::{self, Purpose, between};

/// A found box shares this much with a face that it shows.
const MATCH: f32 = 0.4;
/// Lowest score that is looked at.
const LEAST: f32 = 0.02;
/// False boxes on so many scenes without faces set the threshold: one.
const SCENES_PER_FALSE_BOX: usize = 100;
/// Scenes that go through the network together.
const BATCH: usize = 16;

/// What was found of the pictures that were held out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DetectorMeasure {
    /// Scenes without faces.
    pub grounds: usize,
    /// The lowest score with at most one false box on 100 such scenes.
    pub threshold: f32,
    /// False boxes at that score on scenes with faces, a scene.
    pub false_boxes: f64,
    /// Of each kind of scene.
    pub conditions: Vec<ConditionMeasure>,
}

/// What was found of one kind of scene.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConditionMeasure {
    /// What the scenes show.
    pub name: &'static str,
    /// Faces on them.
    pub faces: usize,
    /// The share that was found with a score of the threshold or more.
    pub recall: f64,
    /// The share that was found with a score of 0.5 or more.
    pub recall_at_half: f64,
    /// Mean distance of the found ones' landmarks, in sizes of the face.
    pub landmark_error: f64,
    /// Mean overlap of the found ones' boxes.
    pub overlap: f64,
}

/// A kind of scene: its name, which faces it is made of, and what is asked for.
struct Condition {
    name: &'static str,
    profiles: bool,
    draw: fn(&mut tensor::Random, side: f64) -> Request,
}

/// A request of these sizes and rolls in the middle of the scene.
fn request(random: &mut tensor::Random, sizes: [f64; 2], rolls: [f64; 2]) -> Request {
    let size = between(random, sizes[0].ln(), sizes[1].ln()).exp();
    let sign = if random.below(2) == 0 { 1.0 } else { -1.0 };
    let degrees = sign * between(random, rolls[0], rolls[1]);
    let middle = [(); 2].map(|()| between(random, 0.4, 0.6));
    Request { size, degrees, middle, shadow: false }
}

const CONDITIONS: [Condition; 9] = [
    Condition {
        name: "upright, 48 to 160 pixels",
        profiles: false,
        draw: |random, _| request(random, [48.0, 160.0], [0.0, 12.0]),
    },
    Condition {
        name: "fills the frame",
        profiles: false,
        draw: |random, side| request(random, [0.9 * side, 1.2 * side], [0.0, 12.0]),
    },
    Condition {
        name: "24 to 48 pixels",
        profiles: false,
        draw: |random, _| request(random, [24.0, 48.0], [0.0, 12.0]),
    },
    Condition {
        name: "16 to 24 pixels",
        profiles: false,
        draw: |random, _| request(random, [16.0, 24.0], [0.0, 12.0]),
    },
    Condition {
        name: "12 to 16 pixels",
        profiles: false,
        draw: |random, _| request(random, [12.0, 16.0], [0.0, 12.0]),
    },
    Condition {
        name: "rolled 15° to 45°",
        profiles: false,
        draw: |random, _| request(random, [32.0, 160.0], [15.0, 45.0]),
    },
    Condition {
        name: "half in shadow",
        profiles: false,
        draw: |random, _| Request { shadow: true, ..request(random, [48.0, 160.0], [0.0, 12.0]) },
    },
    Condition {
        name: "cut by the border",
        profiles: false,
        draw: |random, _| {
            let middle = [between(random, 0.3, 0.7), between(random, 0.02, 0.06)];
            Request { middle, ..request(random, [40.0, 120.0], [0.0, 12.0]) }
        },
    },
    Condition {
        name: "in profile",
        profiles: true,
        draw: |random, _| request(random, [40.0, 160.0], [0.0, 12.0]),
    },
];

/// Measures a model on scenes of the composer's pictures, at most so many of each kind.
pub(super) fn measure(
    model: &Model,
    composer: &Composer,
    side: usize,
    seed: u64,
    most: usize,
) -> DetectorMeasure {
    let tape = Tape::new();
    let [faces, grounds] = composer.faces_and_grounds();
    let at =
        |kind: usize, place: usize| random::at(seed, Purpose::Measure, [kind as u64, place as u64]);
    let grounds = evenly(grounds, 2 * most);
    let scenes =
        made(&grounds, |place, index| composer.requested_ground(index, &mut at(0, place)).ok());
    let mut scores = Vec::new();
    for (_, found) in found(model, &tape, &scenes) {
        scores.extend(found.iter().map(|face| face.score));
    }
    let threshold = threshold(scores, scenes.len());
    let (mut false_boxes, mut with_faces) = (0, 0);
    let conditions = CONDITIONS.iter().enumerate().map(|(kind, condition)| {
        let chosen = match condition.profiles {
            true => evenly(composer.profiles(), most),
            false => evenly(faces, most),
        };
        let scenes = made(&chosen, |place, index| {
            let mut random = at(kind + 1, place);
            let request = (condition.draw)(&mut random, side as f64);
            composer.requested(index, request, &mut random).ok()
        });
        let mut sum = Sum::default();
        for (scene, found) in found(model, &tape, &scenes) {
            false_boxes += sum.add(scene, &found, threshold);
            with_faces += 1;
        }
        sum.measure(condition.name)
    });
    let conditions = conditions.collect();
    let false_boxes = false_boxes as f64 / f64::from(with_faces.max(1));
    DetectorMeasure { grounds: scenes.len(), threshold, false_boxes, conditions }
}

/// At most so many items, evenly.
fn evenly(items: &[usize], most: usize) -> Vec<usize> {
    let count = items.len().min(most);
    (0..count).map(|i| items[i * items.len() / count]).collect()
}

/// Scenes of pictures; one that cannot be read has none.
fn made(pictures: &[usize], make: impl Fn(usize, usize) -> Option<Scene> + Sync) -> Vec<Scene> {
    pictures.par_iter().enumerate().filter_map(|(place, &index)| make(place, index)).collect()
}

/// What the model finds on each scene.
fn found<'s>(
    model: &Model,
    tape: &Tape<f32>,
    scenes: &'s [Scene],
) -> Vec<(&'s Scene, Vec<KnownFace>)> {
    let mut all = Vec::with_capacity(scenes.len());
    for batch in scenes.chunks(BATCH) {
        let outputs = tape.no_grad(|| {
            let leaves = model.parameters().leaves(tape);
            model.evaluate(&leaves, &tape.constant(images(batch))).outputs
        });
        let views: Vec<_> = outputs.iter().map(|output| output.value()).collect();
        let decoded: Vec<_> =
            (0..batch.len()).into_par_iter().map(|image| decode(&views, image, LEAST)).collect();
        all.extend(batch.iter().zip(decoded));
    }
    all
}

/// The lowest score that few enough of the false boxes have.
fn threshold(mut scores: Vec<f32>, scenes: usize) -> f32 {
    scores.sort_by(|a, b| b.total_cmp(a));
    let allowed = scenes / SCENES_PER_FALSE_BOX;
    // Just above the first that is one too many.
    scores.get(allowed).map_or(LEAST, |score| score.next_up())
}

/// Sums over the faces of one kind of scene.
#[derive(Default)]
struct Sum {
    faces: usize,
    found: usize,
    found_at_half: usize,
    error: f64,
    overlap: f64,
}

impl Sum {
    /// Adds a scene and returns its false boxes.
    fn add(&mut self, scene: &Scene, found: &[KnownFace], threshold: f32) -> usize {
        for face in scene.faces.iter().filter(|face| face.is_sure) {
            self.faces += 1;
            let best = found.iter().find(|one| overlap(&one.sides, &face.known.sides) >= MATCH);
            let Some(best) = best else { continue };
            self.found_at_half += usize::from(best.score >= 0.5);
            if best.score < threshold {
                continue;
            }
            self.found += 1;
            self.overlap += f64::from(overlap(&best.sides, &face.known.sides));
            let pairs = best.landmarks.iter().zip(&face.known.landmarks);
            let off: f32 = pairs.map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1])).sum();
            self.error += f64::from(off / 5.0 / face.known.size());
        }
        let is_false = |one: &&KnownFace| {
            one.score >= threshold
                && scene.faces.iter().all(|face| overlap(&one.sides, &face.known.sides) < 0.3)
        };
        found.iter().filter(is_false).count()
    }

    fn measure(&self, name: &'static str) -> ConditionMeasure {
        let share = |count: f64, of: usize| if of > 0 { count / of as f64 } else { 0.0 };
        ConditionMeasure {
            name,
            faces: self.faces,
            recall: share(self.found as f64, self.faces),
            recall_at_half: share(self.found_at_half as f64, self.faces),
            landmark_error: share(self.error, self.found),
            overlap: share(self.overlap, self.found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detector::scene::SceneFace;

    fn face(x: f32, score: f32) -> KnownFace {
        let sides = [x, 0.0, x + 10.0, 10.0];
        KnownFace { sides, landmarks: [[x + 5.0, 5.0]; 5], score }
    }

    #[test]
    fn few_enough_false_boxes_are_at_the_threshold() {
        assert_eq!(threshold(vec![], 500), LEAST);
        let scores = vec![0.1, 0.9, 0.5, 0.7];
        assert!(threshold(scores.clone(), 99) > 0.9);
        let limit = threshold(scores.clone(), 250);
        assert!(limit > 0.5 && limit <= 0.7, "{limit}");
        assert_eq!(threshold(scores, 400), LEAST);
    }

    #[test]
    fn found_missed_and_false_boxes_are_counted() {
        let known = |x: f32, is_sure| SceneFace { known: face(x, 1.0), is_sure };
        let faces = vec![known(0.0, true), known(50.0, true), known(100.0, false)];
        let scene = Scene { side: 8, planes: vec![], faces };
        let mut sum = Sum::default();
        let found = [face(0.5, 0.9), face(100.0, 0.8), face(200.0, 0.7), face(50.0, 0.55)];
        assert_eq!(sum.add(&scene, &found, 0.6), 1);
        let measure = sum.measure("test");
        assert_eq!((measure.faces, measure.recall, measure.recall_at_half), (2, 0.5, 1.0));
        assert!((measure.landmark_error - 0.05).abs() < 1e-6);
        assert!((measure.overlap - 95.0 / 105.0).abs() < 1e-6);
    }
}
