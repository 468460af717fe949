//! Which of a photo's faces is meant.
//!
//! Guessing would let a stranger in the background be enrolled or let in, so the
//! default is to refuse a photo with several faces and to say where they are.

use std::fmt;
use std::str::FromStr;

use super::{FaceBox, Photo};

/// The user's choice among the faces of a photo.
///
/// ```
/// use faces::FaceChoice;
///
/// assert_eq!("largest".parse(), Ok(FaceChoice::Largest));
/// assert_eq!("2".parse(), Ok(FaceChoice::Index(2)));
/// assert_eq!(FaceChoice::Index(2).to_string(), "2");
/// assert!("prettiest".parse::<FaceChoice>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FaceChoice {
    /// The only one; refuse if there are several.
    #[default]
    Only,
    /// The largest.
    Largest,
    /// The one whose middle is nearest to the photo's.
    Central,
    /// Each of them.
    All,
    /// The one with this number, from 0, in the order of
    /// [`Detector::detect`](super::Detector::detect) (the largest is 0).
    Index(usize),
}

/// A choice that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected only, largest, central, all or a face's number from 0, found {found:?}")]
pub struct UnknownChoice {
    /// What was given.
    pub found: String,
}

impl FromStr for FaceChoice {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<Self, UnknownChoice> {
        Ok(match text {
            "only" => Self::Only,
            "largest" => Self::Largest,
            "central" => Self::Central,
            "all" => Self::All,
            _ => match text.parse() {
                Ok(index) if text.bytes().all(|b| b.is_ascii_digit()) => Self::Index(index),
                _ => return Err(UnknownChoice { found: text.to_owned() }),
            },
        })
    }
}

impl fmt::Display for FaceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Only => f.write_str("only"),
            Self::Largest => f.write_str("largest"),
            Self::Central => f.write_str("central"),
            Self::All => f.write_str("all"),
            Self::Index(index) => index.fmt(f),
        }
    }
}

/// Why no face of a photo can be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FaceError {
    /// No face is detected.
    #[error("expected a face, found none in {width} × {height} pixels")]
    NoFace {
        /// The photo's width.
        width: u32,
        /// The photo's height.
        height: u32,
    },
    /// Several are seen and none was chosen.
    #[error(
        "expected one face, found {count}: {places}; choose largest, central, all or a number",
        places = Places(boxes)
    )]
    SeveralFaces {
        /// How many.
        count: usize,
        /// Where, the largest first.
        boxes: Vec<FaceBox>,
    },
    /// The chosen number is of no face.
    #[error("expected a face with number {index}, found {count}: {places}", places = Places(boxes))]
    NoSuchFace {
        /// The chosen number.
        index: usize,
        /// How many faces there are.
        count: usize,
        /// Where, the largest first.
        boxes: Vec<FaceBox>,
    },
    /// The photo's file ends early, and what is missing is needed.
    #[error(
        "the file ends early: {missing:.0} % of the photo is missing, and {}",
        if *is_seen { "the face reaches into that part" } else { "there is no face in the rest" }
    )]
    Incomplete {
        /// How much is missing, in percent of the photo.
        missing: f32,
        /// Whether there is a face that reaches into the missing part; otherwise there is none
        /// in the rest.
        is_seen: bool,
    },
}

/// Faces with their numbers, sizes and places.
struct Places<'a>(&'a [FaceBox]);

impl fmt::Display for Places<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, FaceBox { x, y, width, height, .. }) in self.0.iter().enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            write!(f, "{comma}[{number}] {width:.0} × {height:.0} at ({x:.0}, {y:.0})")?;
        }
        Ok(())
    }
}

/// The chosen ones among the faces that a detector found in `photo`: at least one.
///
/// # Errors
/// [`FaceError`] if there is no face, if there are several and the choice is
/// [`FaceChoice::Only`], or if there is none with the chosen number.
pub fn choose<F: AsRef<FaceBox> + Copy>(
    faces: &[F],
    photo: &Photo,
    choice: FaceChoice,
) -> Result<Vec<F>, FaceError> {
    match choice {
        FaceChoice::All if !faces.is_empty() => Ok(faces.to_vec()),
        choice => Ok(vec![choose_one(faces, photo, choice)?]),
    }
}

/// The chosen one; of [`FaceChoice::All`] the first, which is the largest.
///
/// # Errors
/// As [`choose`].
pub fn choose_one<F: AsRef<FaceBox> + Copy>(
    faces: &[F],
    photo: &Photo,
    choice: FaceChoice,
) -> Result<F, FaceError> {
    let (width, height) = (photo.width(), photo.height());
    let (count, boxes) = (faces.len(), || faces.iter().map(|face| *face.as_ref()).collect());
    let middle = (width as f32 / 2.0, height as f32 / 2.0);
    let area = |face: &F| face.as_ref().area();
    let distance = |face: &F| {
        let (x, y) = face.as_ref().middle();
        (x - middle.0).hypot(y - middle.1)
    };
    let chosen = match choice {
        FaceChoice::Only if count > 1 => {
            return Err(FaceError::SeveralFaces { count, boxes: boxes() });
        }
        FaceChoice::Index(index) if count > 0 && index >= count => {
            return Err(FaceError::NoSuchFace { index, count, boxes: boxes() });
        }
        FaceChoice::Only | FaceChoice::All => faces.first(),
        // Of equals the first, as everywhere.
        FaceChoice::Largest => faces.iter().rev().max_by(|a, b| area(a).total_cmp(&area(b))),
        FaceChoice::Central => faces.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))),
        FaceChoice::Index(index) => faces.get(index),
    };
    chosen.copied().ok_or(FaceError::NoFace { width, height })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32, y: f32, size: f32) -> FaceBox {
        FaceBox { x, y, width: size, height: size, score: 9.0 }
    }

    fn pick(faces: &[FaceBox], choice: FaceChoice) -> Result<Vec<FaceBox>, FaceError> {
        choose(faces, &Photo::from_rgb(image::RgbImage::new(200, 100)), choice)
    }

    #[test]
    fn each_choice_picks_its_face() {
        let faces = [at(0.0, 0.0, 60.0), at(80.0, 30.0, 40.0), at(150.0, 5.0, 40.0)];
        assert_eq!(pick(&faces, FaceChoice::Largest), Ok(vec![faces[0]]));
        assert_eq!(pick(&faces, FaceChoice::Central), Ok(vec![faces[1]]));
        assert_eq!(pick(&faces, FaceChoice::Index(2)), Ok(vec![faces[2]]));
        assert_eq!(pick(&faces, FaceChoice::All), Ok(faces.to_vec()));
        assert_eq!(pick(&faces[1..2], FaceChoice::Only), Ok(vec![faces[1]]));
        assert_eq!(
            pick(&faces[1..], FaceChoice::Largest),
            Ok(vec![faces[1]]),
            "of equals the first"
        );
    }

    #[test]
    fn one_face_is_chosen_as_among_several() {
        let photo = Photo::from_rgb(image::RgbImage::new(200, 100));
        let faces = [at(0.0, 0.0, 60.0), at(80.0, 30.0, 40.0)];
        let one = |choice| choose_one(&faces, &photo, choice);
        assert_eq!(one(FaceChoice::Central), Ok(faces[1]));
        assert_eq!(one(FaceChoice::All), Ok(faces[0]), "the largest of all");
        assert!(matches!(one(FaceChoice::Only), Err(FaceError::SeveralFaces { count: 2, .. })));
    }

    #[test]
    fn refusals_say_how_many_faces_there_are_and_where() {
        let faces = [at(0.0, 0.0, 60.0), at(80.4, 30.0, 40.0)];
        let error = pick(&faces, FaceChoice::Only).expect_err("two faces").to_string();
        assert_eq!(
            error,
            "expected one face, found 2: [0] 60 × 60 at (0, 0), [1] 40 × 40 at (80, 30); \
             choose largest, central, all or a number"
        );
        let error = pick(&faces, FaceChoice::Index(2)).expect_err("no third").to_string();
        assert!(error.starts_with("expected a face with number 2, found 2: [0] 60"), "{error}");
    }

    #[test]
    fn no_choice_finds_a_face_where_there_is_none() {
        use FaceChoice::{All, Central, Index, Largest, Only};
        for choice in [Only, Largest, Central, All, Index(0), Index(7)] {
            assert_eq!(pick(&[], choice), Err(FaceError::NoFace { width: 200, height: 100 }));
        }
    }

    #[test]
    fn choices_read_back_as_written() {
        use FaceChoice::{All, Central, Index, Largest, Only};
        for choice in [Only, Largest, Central, All, Index(0), Index(12)] {
            assert_eq!(choice.to_string().parse(), Ok(choice));
        }
        for text in ["", "Largest", "-1", "+1", "1.0", "99999999999999999999999", " all"] {
            let error = text.parse::<FaceChoice>().expect_err(text);
            assert_eq!(error.found, text);
        }
    }
}
