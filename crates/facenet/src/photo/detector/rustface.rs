//! Faces by SeetaFace's funnel of classifiers, through the crate `rustface`.
//!
//! The crate looks with a window of 40 pixels at the picture as given and at
//! reduced copies, never at enlarged ones, so how large the picture is decides
//! which faces are found and how long it takes. [`working`] makes the picture
//! that it sees; [`second_look`] then improves each box.
//!
//! # Guards
//! `rustface` moves windows by what its classifiers answer and then copies
//! pixels through raw pointers, so this module chooses what it is given: never
//! less than a window, never so much that its 32-bit sums overflow, a black
//! margin round the photo, and a largest face size that keeps every reduced copy
//! as large as a window. A panic inside it counts as no face and leaves no state
//! behind, since each call has a detector of its own.
//!
//! One weakness cannot be closed from here: a window moved wholly beyond the
//! right or lower border would be read out of bounds. The margin gives windows
//! room, and none has been seen to come near in half a million, but nothing
//! proves that no picture could do it.

mod second_look;
mod working;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

use rustface::{ImageData, Model};

use self::working::Working;
use super::{Detector, FaceBox, Photo, sort};

/// SeetaFace's model of frontal and near-frontal faces; provenance and licence
/// are in `models/README.md`.
const MODEL: &[u8] = include_bytes!("../../../models/seeta_fd_frontal_v1.0.bin");

/// Read once, on first use: it is a constant of the program in another form.
static READ: LazyLock<Arc<Model>> =
    LazyLock::new(|| Arc::new(rustface::read_model(MODEL).expect("the embedded model is whole")));

/// Side of the window that the classifiers look through.
const WINDOW: u32 = 40;

/// How [`RustfaceDetector`] looks for faces.
///
/// The defaults were chosen on 1,583 photographs of 250×250 pixels with known
/// landmarks (LFW): they find the face in the middle in 99.7 % of them, and 0.08
/// others a picture, nearly all of them real faces in the background.
#[derive(Clone, Debug, PartialEq)]
pub struct RustfaceOptions {
    /// The smallest face to look for, as a share of the photo's shorter side,
    /// above 0 and at most 1. Half of it takes four times as long. Default: 0.1.
    pub smallest_face: f32,
    /// The score from which a box counts as a face, above 0: how many windows
    /// agree, by their own scores. Default: 6.
    pub score: f64,
    /// Size of each reduced copy of the picture over the one before, from 0.5 to
    /// 0.95. Default: 0.85.
    pub shrink: f32,
    /// Pixels from one window to the next, from 1 to 16. Default: 4.
    pub step: u32,
    /// Whether every face is looked at again, alone and mirrored, and the two
    /// boxes averaged. About 5 ms a face; the boxes scatter less, by a sixth from
    /// top to bottom and by a tenth in size. Default: yes.
    pub second_look: bool,
}

impl Default for RustfaceOptions {
    fn default() -> Self {
        Self { smallest_face: 0.1, score: 6.0, shrink: 0.85, step: 4, second_look: true }
    }
}

/// An option of [`RustfaceOptions`] that is out of its range.
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
///
/// Cheap to make and to clone: the model is shared.
#[derive(Clone)]
pub struct RustfaceDetector {
    model: Arc<Model>,
    options: RustfaceOptions,
}

impl RustfaceDetector {
    /// A detector with the given options.
    ///
    /// # Errors
    /// [`BadOption`] names the first option out of its range.
    pub fn new(options: RustfaceOptions) -> Result<Self, BadOption> {
        let RustfaceOptions { smallest_face, score, shrink, step, second_look: _ } = options;
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
        Ok(Self { model: Arc::clone(&READ), options })
    }

    /// Boxes of a grey picture, in its own pixels, in rustface's order.
    fn run(&self, picture: &Working) -> Vec<FaceBox> {
        let shorter = picture.width.min(picture.height);
        if shorter <= WINDOW {
            return Vec::new();
        }
        let found = catch_unwind(AssertUnwindSafe(|| {
            let mut detector = rustface::create_detector_with_model((*self.model).clone());
            // One less than the picture, so that a reduced copy rounds to no
            // less than the window.
            detector.set_max_face_size(shorter - 1);
            detector.set_pyramid_scale_factor(self.options.shrink);
            detector.set_slide_window_step(self.options.step, self.options.step);
            detector.set_score_thresh(self.options.score);
            detector.detect(&ImageData::new(&picture.pixels, picture.width, picture.height))
        }));
        let boxes = found.unwrap_or_default().into_iter().map(|face| {
            let place = face.bbox();
            FaceBox {
                x: place.x() as f32,
                y: place.y() as f32,
                width: place.width() as f32,
                height: place.height() as f32,
                score: face.score() as f32,
            }
        });
        boxes.filter(|b| b.width >= 1.0 && b.height >= 1.0).collect()
    }
}

impl Default for RustfaceDetector {
    fn default() -> Self {
        Self::new(RustfaceOptions::default()).expect("the defaults are within their ranges")
    }
}

impl std::fmt::Debug for RustfaceDetector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RustfaceDetector").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Detector for RustfaceDetector {
    fn detect(&mut self, photo: &Photo) -> Vec<FaceBox> {
        let Some(picture) = Working::of(photo, self.options.smallest_face) else {
            return Vec::new();
        };
        let mut boxes: Vec<FaceBox> =
            self.run(&picture).iter().map(|b| picture.to_photo(b)).collect();
        if self.options.second_look {
            for face in &mut boxes {
                *face = second_look::improve(self, photo, face);
            }
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
        let bad = |change: fn(&mut RustfaceOptions)| {
            let mut options = RustfaceOptions::default();
            change(&mut options);
            RustfaceDetector::new(options).expect_err("out of range").option
        };
        assert_eq!(bad(|o| o.smallest_face = 0.0), "smallest_face");
        assert_eq!(bad(|o| o.smallest_face = f32::NAN), "smallest_face");
        assert_eq!(bad(|o| o.score = f64::INFINITY), "score");
        assert_eq!(bad(|o| o.shrink = 1.0), "shrink");
        assert_eq!(bad(|o| o.step = 0), "step");
    }
}
