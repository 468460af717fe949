//! Comparison of encodings: `verify` ("is this the claimed person?") and `who_is_it` ("who
//! is this?"), in the words of the notebook.
//!
//! Both accept when the distance is **below** the [`Threshold`]. Terms are those of
//! ISO/IEC 19795: the *probe* is the face that asks, the *gallery* holds the faces that are
//! known.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

pub use crate::encoding::{Encoding, EncodingError};

/// A distance from 0 to 2, the range of distances on the unit sphere.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Threshold(f32);

/// A number that is no threshold.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("a threshold is a distance from 0 to 2, found {found}")]
pub struct ThresholdError {
    /// What was given.
    pub found: String,
}

impl Threshold {
    /// For the shipped weights: one in a thousand pairs of different people on LFW is
    /// nearer (FMR 0.1 %), and 15.1 % of pairs of one person are farther (FNMR), over
    /// all 29.6 million pairs of 7,701 images. It is the default point of the embedded
    /// calibration for two looks (`biometrics::calibration`), as a constant.
    ///
    /// For one comparison. Where a face is compared with a whole gallery, ask
    /// `Calibration::for_gallery`.
    pub const DEFAULT: Self = Self(0.617);

    /// The notebook's rule.
    pub const NOTEBOOK: Self = Self(0.7);

    /// # Errors
    /// When the distance is NaN or not from 0 to 2.
    pub fn new(distance: f32) -> Result<Self, ThresholdError> {
        if (0.0..=2.0).contains(&distance) {
            Ok(Self(distance))
        } else {
            Err(ThresholdError { found: distance.to_string() })
        }
    }

    /// The distance.
    pub fn distance(self) -> f32 {
        self.0
    }

    /// Whether `distance` says "the same person": it is below the threshold.
    pub fn accepts(self, distance: f32) -> bool {
        distance < self.0
    }
}

impl Default for Threshold {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ThresholdError { found: format!("{text:?}") };
        text.parse().map_err(|_| error()).and_then(|d| Self::new(d).map_err(|_| error()))
    }
}

/// The answer to a claim of identity.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    /// Distance from the probe to the nearest reference.
    pub distance: f32,
    /// Which reference that is.
    pub nearest: usize,
    /// The threshold it was held against.
    pub threshold: Threshold,
    /// Whether the claim is accepted: the distance is below the threshold.
    pub same: bool,
}

/// The notebook's `verify`: compares a probe with the images that are known of
/// the claimed person. With several, the nearest counts, the first of equals.
///
/// Returns nothing when there is no reference to compare with.
///
/// ```
/// use facenet::matching::{Encoding, Threshold, verify};
/// let face = Encoding::new((0..128).map(|i| if i == 0 { 1.0 } else { 0.0 }))?;
/// let answer = verify(&face, std::slice::from_ref(&face), Threshold::NOTEBOOK).unwrap();
/// assert!(answer.same && answer.distance == 0.0);
/// # Ok::<(), facenet::matching::EncodingError>(())
/// ```
pub fn verify(
    probe: &Encoding,
    references: &[Encoding],
    threshold: Threshold,
) -> Option<Verification> {
    let distances = references.iter().map(|reference| probe.distance(reference)).enumerate();
    let (nearest, distance) = distances.min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(Verification { distance, nearest, threshold, same: threshold.accepts(distance) })
}

/// A person of the gallery, with the distance of their nearest image.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The person.
    pub name: String,
    /// Distance from the probe to the nearest of their images.
    pub distance: f32,
}

/// The answer to "who is this?".
#[derive(Clone, Debug, PartialEq)]
pub struct Recognition {
    /// Up to K people, nearest first; equal distances by name.
    pub candidates: Vec<Candidate>,
    /// The threshold the nearest was held against.
    pub threshold: Threshold,
}

impl Recognition {
    /// The nearest person, if near enough.
    pub fn person(&self) -> Option<&Candidate> {
        self.candidates.first().filter(|nearest| self.threshold.accepts(nearest.distance))
    }
}

/// Identifies the faces of one photo, each name at most once: of two faces
/// that are near to one person, the nearer one is theirs, and the other one may be that of
/// somebody else near enough. One answer a face, in their order.
///
/// The pairs of a face and a name are taken nearest first, so a recognition needs as many
/// candidates as the photo has faces.
///
/// ```
/// use facenet::matching::{Candidate, Recognition, Threshold, names_in_photo};
/// let threshold = Threshold::DEFAULT;
/// let face = |distance| {
///     let candidates = vec![Candidate { name: "kian".into(), distance }];
///     Recognition { candidates, threshold }
/// };
/// let photo = [face(0.5), face(0.3)];
/// let names = names_in_photo(&photo);
/// assert!(names[0].is_none() && names[1].unwrap().name == "kian");
/// ```
pub fn names_in_photo(faces: &[Recognition]) -> Vec<Option<&Candidate>> {
    let near = faces.iter().enumerate().flat_map(|(face, recognition)| {
        let accepts = |candidate: &&Candidate| recognition.threshold.accepts(candidate.distance);
        recognition.candidates.iter().filter(accepts).map(move |candidate| (face, candidate))
    });
    let mut near: Vec<_> = near.collect();
    near.sort_by(|(a_face, a), (b_face, b)| {
        a.distance.total_cmp(&b.distance).then(a.name.cmp(&b.name)).then(a_face.cmp(b_face))
    });
    let mut names = vec![None; faces.len()];
    let mut given = BTreeSet::new();
    for (face, candidate) in near {
        if names[face].is_none() && given.insert(&candidate.name) {
            names[face] = Some(candidate);
        }
    }
    names
}

/// The notebook's `who_is_it`: the `top` people of `gallery` nearest to the
/// probe. A name may come several times, once an image; a person's nearest
/// image counts. The order of the gallery does not matter.
pub fn who_is_it<'g>(
    probe: &Encoding,
    gallery: impl IntoIterator<Item = (&'g str, &'g Encoding)>,
    threshold: Threshold,
    top: usize,
) -> Recognition {
    let mut nearest: BTreeMap<&str, f32> = BTreeMap::new();
    for (name, encoding) in gallery {
        let distance = probe.distance(encoding);
        nearest.entry(name).and_modify(|d| *d = d.min(distance)).or_insert(distance);
    }
    let mut candidates: Vec<_> = nearest
        .into_iter()
        .map(|(name, distance)| Candidate { name: name.to_owned(), distance })
        .collect();
    // Stable, and the map was in the order of names.
    candidates.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    candidates.truncate(top);
    Recognition { candidates, threshold }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A unit vector at `angle` radians from the first axis.
    fn at(angle: f32) -> Encoding {
        let mut values = [0.0; 128];
        values[0] = angle.cos();
        values[1] = angle.sin();
        Encoding::new(values).unwrap()
    }

    fn names(recognition: &Recognition) -> Vec<&str> {
        recognition.candidates.iter().map(|c| c.name.as_str()).collect()
    }

    #[test]
    fn the_nearest_image_of_a_person_counts() {
        let (far, near, other) = (at(1.5), at(0.1), at(0.4));
        let gallery = [("kian", &far), ("younes", &other), ("kian", &near)];
        let answer = who_is_it(&at(0.0), gallery, Threshold::NOTEBOOK, 5);
        assert_eq!(names(&answer), ["kian", "younes"]);
        assert_eq!(answer.person().unwrap().name, "kian");
    }

    #[test]
    fn strangers_are_nobody() {
        let known = at(1.5);
        let answer = who_is_it(&at(0.0), [("kian", &known)], Threshold::NOTEBOOK, 5);
        assert_eq!(names(&answer), ["kian"]);
        assert_eq!(answer.person(), None);
    }

    #[test]
    fn ties_go_by_name_in_any_order() {
        let (a, b) = (at(0.2), at(-0.2));
        for gallery in [[("b", &a), ("a", &b)], [("a", &b), ("b", &a)]] {
            assert_eq!(names(&who_is_it(&at(0.0), gallery, Threshold::NOTEBOOK, 2)), ["a", "b"]);
        }
    }

    #[test]
    fn an_empty_gallery_and_no_candidates_are_no_panic() {
        let probe = at(0.0);
        let empty: [(&str, &Encoding); 0] = [];
        assert_eq!(who_is_it(&probe, empty, Threshold::NOTEBOOK, 3).person(), None);
        assert!(who_is_it(&probe, [("a", &probe)], Threshold::NOTEBOOK, 0).candidates.is_empty());
        assert_eq!(verify(&probe, &[], Threshold::NOTEBOOK), None);
    }

    #[test]
    fn only_distances_on_the_sphere() {
        for good in ["0", "0.7", "2"] {
            assert!(good.parse::<Threshold>().is_ok(), "{good}");
        }
        for bad in ["-0.1", "2.01", "NaN", "inf", "", "x"] {
            assert!(bad.parse::<Threshold>().is_err(), "{bad}");
        }
    }

    #[test]
    fn equality_is_a_refusal() {
        assert!(!Threshold::NOTEBOOK.accepts(0.7));
        assert!(Threshold::NOTEBOOK.accepts(0.699_999));
        assert!(!Threshold::NOTEBOOK.accepts(f32::NAN));
    }
}
