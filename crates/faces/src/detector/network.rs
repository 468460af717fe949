//! Faces by a network of our own: one pass over a copy of the photo gives scores, boxes,
//! landmarks and how sure it is of them.
//!
//! The copy is so large that the smallest face asked for has some [`SMALLEST`] pixels. A large
//! copy is searched again at half its size, and so on, since the network does not see all of a
//! face of more than about [`LARGEST`] pixels at once; boxes of one face are merged
//! ([`answers`]). The network is [defined](facenet::network::detector) with FaceNet and trained
//! in the crate `training`.
//!
//! Where no face is found, the photo is searched again: in a copy of more contrast and twice the
//! size, where a lower score is enough if the landmarks are sure, then rotated to either side.

mod answers;
mod input;

pub use self::answers::{merge_detections, read_detections};

use std::sync::Arc;

use facenet::engine::CompiledDetector;
use facenet::network::Architecture;
use facenet::weights::Weights;
use ndarray::Axis;

use self::input::{Input, sizes};
use super::rotated::search_rotated;
use super::{BadOption, Detection, Detector};
use crate::{Error, FaceBox, Photo};

/// Sides of the smallest face in the copy that is searched, in pixels.
const SMALLEST: f64 = 24.0;
/// Shorter side of the largest copy that is not searched at half its size, too, in pixels: a
/// face that fills it is seen as a whole.
const LARGEST: f64 = 384.0;

/// Of the odds of the score that is asked for, what is enough when a photo is searched again ...
const LOWER: f32 = 0.64;
/// ... if the landmarks are as sure as this.
const SURE: f32 = 0.03;
/// Of these odds, what is asked for in rotated copies, where there is more to be mistaken.
const HIGHER: f32 = 1.7;

/// Rotations of a photo, in degrees, in which faces are looked for last.
const LAST_ROTATIONS: [f64; 2] = [40.0, -40.0];

/// How [`NetworkDetector`] looks for faces.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NetworkOptions {
    /// The smallest face to look for: its box's side (the root of its area) as a share of the
    /// photo's shorter side, above 0 and at most 1. Half of it takes four times as long.
    /// Default: 0.1.
    pub smallest_face: f32,
    /// The probability from which a box counts as a face's, above 0 and below 1.
    /// Default: 0.7, at which of 1,000 images without a face two have a false box.
    pub score: f32,
    /// Boxes that overlap (intersection over union) by more than this are of one
    /// face, from 0 to 1. Default: 0.4.
    pub overlap: f32,
    /// Whether a photo in which no face is found is searched again: with more contrast, for
    /// smaller faces, and rotated. Takes six times as long, then. Default: yes.
    pub again: bool,
}

impl Default for NetworkOptions {
    fn default() -> Self {
        Self { smallest_face: 0.1, score: 0.7, overlap: 0.4, again: true }
    }
}

impl NetworkOptions {
    /// # Errors
    /// [`BadOption`] names the first option out of its range.
    fn check(&self) -> Result<(), BadOption> {
        let Self { smallest_face, score, overlap, again: _ } = *self;
        let checks = [
            ("smallest_face", "above 0 and at most 1", smallest_face, {
                smallest_face > 0.0 && smallest_face <= 1.0
            }),
            ("score", "above 0 and below 1", score, score > 0.0 && score < 1.0),
            ("overlap", "from 0 to 1", overlap, (0.0..=1.0).contains(&overlap)),
        ];
        match checks.into_iter().find(|(.., good)| !good) {
            Some((option, expected, found, _)) => {
                Err(BadOption { option, expected, found: found.into() })
            }
            None => Ok(()),
        }
    }
}

/// A detector of faces at any angle that the network was trained on, with their landmarks.
/// Cheap to clone: the network is shared.
#[derive(Clone, Debug)]
pub struct NetworkDetector {
    network: Arc<CompiledDetector>,
    options: NetworkOptions,
}

impl NetworkDetector {
    /// With these weights of [`Architecture::Detector`].
    ///
    /// # Errors
    /// When an option is out of its range, or the weights are another network's.
    pub fn new(weights: Weights, options: NetworkOptions) -> Result<Self, Error> {
        options.check()?;
        Ok(Self { network: Arc::new(CompiledDetector::new(weights)?), options })
    }

    /// With the weights inside this binary.
    ///
    /// # Errors
    /// When an option is out of its range, or the binary was built without the weights.
    pub fn embedded(options: NetworkOptions) -> Result<Self, Error> {
        Self::new(Weights::embedded_for(Architecture::Detector)?, options)
    }

    /// The same network with other options.
    ///
    /// # Errors
    /// When one is out of its range.
    pub fn with_options(&self, options: NetworkOptions) -> Result<Self, BadOption> {
        options.check()?;
        Ok(Self { options, ..self.clone() })
    }
}

/// The probability whose odds are `factor` times those of `score`.
fn at_odds(score: f32, factor: f32) -> f32 {
    factor * score / (factor * score + 1.0 - score)
}

/// How a copy is searched.
#[derive(Clone, Copy, Debug)]
struct Search {
    smallest_face: f32,
    /// The least score of a face.
    score: f32,
    /// The greatest uncertainty of its landmarks.
    uncertainty: f32,
    /// Whether the copy's contrast is raised.
    contrast: bool,
}

impl NetworkDetector {
    fn search(&self, photo: &Photo, search: Search) -> Vec<Detection> {
        let least = search.smallest_face * photo.width().min(photo.height()) as f32;
        let mut found = Vec::new();
        for size in sizes(photo, search.smallest_face) {
            let mut input = Input::of(photo, size);
            if search.contrast {
                input.raise_contrast(size);
            }
            let answers = self.network.run(input.pixels.view());
            let answers = answers.each_ref().map(|answer| answer.index_axis(Axis(0), 0));
            let is_sure = |face: &Detection| {
                face.landmarks.is_none_or(|seen| seen.uncertainty <= search.uncertainty)
            };
            let faces = read_detections(answers, search.score).filter(is_sure);
            let faces = faces.map(|face| input.to_photo(&face));
            found.extend(faces.filter(|face| {
                face.face_box.area().sqrt() >= least && input::touches(photo, &face.face_box)
            }));
        }
        merge_detections(found, self.options.overlap)
    }
}

impl Detector for NetworkDetector {
    fn detect(&self, photo: &Photo) -> Vec<FaceBox> {
        self.detect_with_landmarks(photo).into_iter().map(|face| face.face_box).collect()
    }

    fn detect_with_landmarks(&self, photo: &Photo) -> Vec<Detection> {
        let NetworkOptions { smallest_face, score, .. } = self.options;
        let first = Search { smallest_face, score, uncertainty: f32::INFINITY, contrast: false };
        let mut faces = self.search(photo, first);
        if faces.is_empty() && self.options.again {
            let again = Search {
                smallest_face: smallest_face / 2.0,
                score: at_odds(score, LOWER),
                uncertainty: SURE,
                contrast: true,
            };
            faces = self.search(photo, again);
        }
        if faces.is_empty() && self.options.again {
            let last = Search { score: at_odds(score, HIGHER), ..first };
            let found = search_rotated(photo, &LAST_ROTATIONS, |copy| self.search(copy, last));
            faces = merge_detections(found, self.options.overlap);
        }
        faces.sort_by(|a, b| super::order(&a.face_box, &b.face_box));
        faces
    }
}

#[cfg(test)]
mod tests {
    use facenet::model::Model;
    use facenet::network::Variant;
    use image::{Rgb, RgbImage};

    use super::*;

    fn untrained() -> Weights {
        Model::<f32>::random(Architecture::Detector, 1, 0.0).weights().unwrap()
    }

    fn photo() -> Photo {
        Photo::from_rgb(RgbImage::from_fn(300, 200, |x, y| {
            let wave = |v: f64| (127.0 + 120.0 * v.sin()) as u8;
            let (x, y) = (f64::from(x), f64::from(y));
            Rgb([wave(x / 9.0), wave(y / 13.0), wave((x + y) / 21.0)])
        }))
    }

    #[test]
    fn options_out_of_range_are_named() {
        let network = NetworkDetector::new(untrained(), NetworkOptions::default()).unwrap();
        let bad = |change: fn(&mut NetworkOptions)| {
            let mut options = NetworkOptions::default();
            change(&mut options);
            network.with_options(options).expect_err("out of range").option
        };
        assert_eq!(bad(|o| o.smallest_face = 0.0), "smallest_face");
        assert_eq!(bad(|o| o.smallest_face = f32::NAN), "smallest_face");
        assert_eq!(bad(|o| o.score = 1.0), "score");
        assert_eq!(bad(|o| o.score = f32::NAN), "score");
        assert_eq!(bad(|o| o.overlap = -0.1), "overlap");
    }

    #[test]
    fn weights_of_another_network_are_refused() {
        let other = Model::<f32>::random(Architecture::Landmarks, 1, 0.0).weights().unwrap();
        let refused = NetworkDetector::new(other, NetworkOptions::default());
        assert!(matches!(refused, Err(Error::Weights(_))), "{refused:?}");
        let other = Model::<f32>::random(Variant::HappyHouse, 1, 0.0).weights().unwrap();
        assert!(NetworkDetector::new(other, NetworkOptions::default()).is_err());
    }

    /// An untrained network sees faces everywhere, once anything will do: boxes of whole
    /// passes come out in order, inside reach of the photo, the same with several threads.
    #[test]
    fn a_photo_goes_through_the_network() {
        let options = NetworkOptions { score: 0.009, ..NetworkOptions::default() };
        let detector = NetworkDetector::new(untrained(), options).unwrap();
        let faces = detector.detect_with_landmarks(&photo());
        assert!(!faces.is_empty());
        for pair in faces.windows(2) {
            assert!(pair[0].face_box.area() >= pair[1].face_box.area());
            assert!(pair[0].face_box.overlap(&pair[1].face_box) <= 0.4);
        }
        assert!(faces.iter().all(|face| face.landmarks.is_some()));
        let boxes: Vec<_> = faces.iter().map(|face| face.face_box).collect();
        assert_eq!(detector.detect(&photo()), boxes);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        assert_eq!(pool.install(|| detector.detect_with_landmarks(&photo())), faces);
        let usual = detector.with_options(NetworkOptions::default()).unwrap();
        assert_eq!(usual.detect(&photo()), []);
    }

    #[test]
    fn a_photo_without_pixels_shows_nobody() {
        let detector = NetworkDetector::new(untrained(), NetworkOptions::default()).unwrap();
        for (width, height) in [(0, 0), (0, 7), (1, 1), (2000, 1)] {
            let photo = Photo::from_rgb(RgbImage::new(width, height));
            assert_eq!(detector.detect(&photo), [], "{width} × {height}");
        }
    }
}
