//! Faces by SeetaFace's funnel of classifiers.
//!
//! Windows of 40 pixels of the image and of smaller copies go through ever stricter
//! levels: boosted classifiers look at every one ([`boosted`]), small networks at what is
//! left ([`perceptron`]), and move it to where the face is; windows on one face are
//! merged, and a second search refines each box ([`boxes`]). How large the searched image is
//! decides which faces are found and how long it takes: [`search_image`] makes it.
//!
//! The published model file is read by [`model`]. All of it is plain safe code: a window
//! may wander off the image, where it sees black, but no further than numbers go.
//!
//! Source: Wu et al., "Funnel-structured cascade for multi-view face detection with
//! alignment-awareness" (2017).

mod boosted;
mod boxes;
mod model;
mod perceptron;
mod search_image;

use std::iter;
use std::sync::LazyLock;

use rayon::prelude::*;

use self::boosted::Patterns;
use self::boxes::{Candidate, merged, refine_box};
use self::model::{Chain, Funnel};
use self::search_image::{Gray, SearchImage, Square, WINDOW};
use super::{Detector, FaceBox, Photo, sort};

/// SeetaFace's model of frontal and near-frontal faces; provenance and license
/// are in `models/README.md`.
const MODEL: &[u8] = include_bytes!("../../models/seeta_fd_frontal_v1.0.bin");

/// Read once, on first use: it is a constant of the program in another form.
static READ: LazyLock<Funnel> =
    LazyLock::new(|| Funnel::read(MODEL).expect("the embedded model is whole"));

/// Windows of one level that overlap by more than this are one window ...
const SAME_WINDOW: f32 = 0.8;
/// ... and at the end, of one face.
const SAME_FACE: f32 = 0.3;

/// How [`SeetaDetector`] looks for faces.
///
/// The defaults were chosen on 1,583 photographs of 250×250 pixels with known
/// landmarks (LFW): they find the face in the middle in 99.7 % of them, and 0.08
/// others an image, nearly all of them real faces in the background.
#[derive(Clone, Debug, PartialEq)]
pub struct SeetaOptions {
    /// The smallest face to look for, as a share of the photo's shorter side,
    /// above 0 and at most 1. Half of it takes four times as long. Default: 0.1.
    pub smallest_face: f32,
    /// The score from which a box counts as a face, above 0: how many windows
    /// agree, by their own scores. Default: 6.
    pub score: f64,
    /// Size of each reduced copy of the image over the one before, from 0.5 to
    /// 0.95. Default: 0.85.
    pub shrink: f32,
    /// Pixels from one window to the next, from 1 to 16. Default: 4.
    pub step: u32,
    /// Whether every face is searched again, alone and mirrored, and the two
    /// boxes averaged. About 5 ms a face; the boxes scatter less, by a sixth from
    /// top to bottom and by a tenth in size. Default: yes.
    pub refine_boxes: bool,
}

impl Default for SeetaOptions {
    fn default() -> Self {
        Self { smallest_face: 0.1, score: 6.0, shrink: 0.85, step: 4, refine_boxes: true }
    }
}

/// An option of [`SeetaOptions`] that is out of its range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{option}: expected {expected}, found {found}")]
pub struct BadOption {
    /// The field.
    pub option: &'static str,
    /// Its range.
    pub expected: &'static str,
    /// What was given.
    pub found: f64,
}

/// A detector of upright faces seen roughly from the front.
#[derive(Clone, Debug)]
pub struct SeetaDetector {
    options: SeetaOptions,
}

impl SeetaDetector {
    /// A detector with the given options.
    ///
    /// # Errors
    /// [`BadOption`] names the first option out of its range.
    pub fn new(options: SeetaOptions) -> Result<Self, BadOption> {
        let SeetaOptions { smallest_face, score, shrink, step, refine_boxes: _ } = options;
        let checks = [
            ("smallest_face", "above 0 and at most 1", f64::from(smallest_face), {
                smallest_face > 0.0 && smallest_face <= 1.0
            }),
            ("score", "a finite number above 0", score, score > 0.0 && score.is_finite()),
            ("shrink", "from 0.5 to 0.95", f64::from(shrink), (0.5..=0.95).contains(&shrink)),
            ("step", "from 1 to 16", f64::from(step), (1..=16).contains(&step)),
        ];
        for (option, expected, found, good) in checks {
            if !good {
                return Err(BadOption { option, expected, found });
            }
        }
        Ok(Self { options })
    }

    /// Boxes of a gray image, in its own pixels, the highest score first.
    fn run(&self, image: &Gray) -> Vec<FaceBox> {
        let mut groups: Vec<_> =
            self.first_level(image).into_iter().map(|g| merged(g, SAME_WINDOW)).collect();
        for (number, level) in READ.rest.iter().enumerate() {
            let is_last = number + 1 == READ.rest.len();
            groups = level
                .iter()
                .map(|chain| {
                    let given = chain.follows.iter().flat_map(|&model| groups[model].clone());
                    let left = followed(image, chain, given.collect());
                    if is_last { merged(left, SAME_FACE) } else { left }
                })
                .collect();
        }
        let faces = groups.into_iter().next().unwrap_or_default();
        let is_face = |candidate: &Candidate| candidate.score >= self.options.score;
        faces.into_iter().filter(is_face).map(|candidate| candidate.into()).collect()
    }

    /// The windows that each model of the first level keeps, in pixels of `image`.
    /// Threads take copies of the image; what they find is put together in order.
    fn first_level(&self, image: &Gray) -> Vec<Vec<Candidate>> {
        let scales: Vec<f32> =
            iter::successors(Some(1.0), |scale| Some(scale * self.options.shrink))
                .take_while(|scale| image.sides_at(*scale).into_iter().min() >= Some(WINDOW))
                .collect();
        let of_copies: Vec<_> =
            scales.par_iter().with_max_len(1).map(|&scale| self.copy(image, scale)).collect();
        let mut found = vec![Vec::new(); READ.first.len()];
        for of_copy in of_copies {
            found.iter_mut().zip(of_copy).for_each(|(found, more)| found.extend(more));
        }
        found
    }

    /// The same of one copy of the image.
    fn copy(&self, image: &Gray, scale: f32) -> Vec<Vec<Candidate>> {
        let step = self.options.step as usize;
        let [width, height] = image.sides_at(scale);
        let copy = image.resized(width, height);
        let patterns = Patterns::of(&copy);
        let mut found = vec![Vec::new(); READ.first.len()];
        for y in (0..=height - WINDOW).step_by(step) {
            for x in (0..=width - WINDOW).step_by(step) {
                for (model, found) in READ.first.iter().zip(&mut found) {
                    let Some(score) = model.score(&patterns, [x, y]) else { continue };
                    let back = |v: usize| (v as f32 / scale + 0.5) as i32;
                    let square = Square { x: back(x), y: back(y), side: back(WINDOW) };
                    found.push(Candidate { square, score: score.into() });
                }
            }
        }
        found
    }
}

/// Windows that a thread judges at a time.
const JUDGED: usize = 8;

/// The windows that a chain of perceptrons keeps, each moved as they say.
fn followed(image: &Gray, chain: &Chain, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    for (number, stage) in chain.stages.iter().enumerate() {
        let judged = candidates.par_iter().with_min_len(JUDGED).filter_map(|candidate| {
            let square = candidate.square;
            if !is_in_reach(&square, image) {
                return None;
            }
            let verdict = stage.judge(&image.cut(&square, WINDOW))?;
            let square = moved(&square, verdict.correction);
            Some(Candidate { square, score: verdict.score.into() })
        });
        candidates = judged.collect();
        if number + 1 < chain.stages.len() {
            candidates = merged(candidates, SAME_WINDOW);
        }
    }
    candidates
}

/// Whether a window has pixels, and some of the image.
fn is_in_reach(square: &Square, image: &Gray) -> bool {
    let most = 2 * image.width.max(image.height) as i32;
    let overlaps =
        |at: i32, length: usize| at < length as i32 && at.saturating_add(square.side) > 0;
    (2..=most).contains(&square.side)
        && overlaps(square.x, image.width)
        && overlaps(square.y, image.height)
}

/// A window moved and grown by shares of its side.
fn moved(square: &Square, [right, down, larger]: [f32; 3]) -> Square {
    let [x, y, side] = [square.x, square.y, square.side].map(|v| v as f32);
    let grown = (side + larger * side + 0.5).floor();
    let along = |at: f32, share: f32| (at + share * side + (side - grown) / 2.0 + 0.5).floor();
    Square { x: along(x, right) as i32, y: along(y, down) as i32, side: grown as i32 }
}

impl From<Candidate> for FaceBox {
    fn from(Candidate { square, score }: Candidate) -> Self {
        let [x, y, side] = [square.x, square.y, square.side].map(|v| v as f32);
        Self { x, y, width: side, height: side, score: score as f32 }
    }
}

impl Default for SeetaDetector {
    fn default() -> Self {
        Self::new(SeetaOptions::default()).expect("the defaults are within their ranges")
    }
}

impl Detector for SeetaDetector {
    fn detect(&self, photo: &Photo) -> Vec<FaceBox> {
        let Some(image) = SearchImage::of(photo, self.options.smallest_face) else {
            return Vec::new();
        };
        let mut boxes: Vec<FaceBox> =
            self.run(&image.gray).iter().map(|b| image.to_photo(b)).collect();
        if self.options.refine_boxes {
            boxes.par_iter_mut().for_each(|face| {
                *face = refine_box(photo, face, |image| self.run(image));
            });
        }
        sort(&mut boxes);
        boxes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_out_of_range_are_named() {
        let bad = |change: fn(&mut SeetaOptions)| {
            let mut options = SeetaOptions::default();
            change(&mut options);
            SeetaDetector::new(options).expect_err("out of range").option
        };
        assert_eq!(bad(|o| o.smallest_face = 0.0), "smallest_face");
        assert_eq!(bad(|o| o.smallest_face = f32::NAN), "smallest_face");
        assert_eq!(bad(|o| o.score = f64::INFINITY), "score");
        assert_eq!(bad(|o| o.shrink = 1.0), "shrink");
        assert_eq!(bad(|o| o.step = 0), "step");
    }
}
