//! The networks and variants: the argument of weights, engine and training.
//!
//! Enums and not traits, since all networks are known here; each interpreter hands itself to
//! [`Architecture::build`].

use std::fmt;
use std::str::FromStr;

use super::{
    Builder, INPUT_CHANNELS, INPUT_SIZE, Recorder, TensorSpec, VIEW_SIZE, VISIBILITY_SIZE,
    definition, detector,
};

/// One of the networks that are defined here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Architecture {
    /// Face crops to encodings: [`build`](super::build).
    FaceNet(Variant),
    /// Views of a face to five points and a confidence.
    Landmarks,
    /// Images of any size to what is seen at each of their cells, at three strides.
    Detector,
    /// Face crops to whether mouth and eyes can be seen.
    Visibility,
}

impl From<Variant> for Architecture {
    fn from(variant: Variant) -> Self {
        Self::FaceNet(variant)
    }
}

impl Architecture {
    /// Hands `builder` the whole network, for images of [`input`](Self::input), and returns the
    /// nodes of its results: one, or the detector's three.
    pub fn build<B: Builder>(self, builder: &mut B) -> Vec<B::Node> {
        let [_, h, w] = self.input();
        self.build_for(builder, [h, w])
    }

    /// [`build`](Self::build) for images of `size`, height and width.
    ///
    /// # Panics
    /// If the network [does not take](Self::takes) them.
    pub fn build_for<B: Builder>(self, builder: &mut B, size: [usize; 2]) -> Vec<B::Node> {
        let own = self.input();
        assert!(self.takes(size), "{self:?} takes images of {own:?}, not of {size:?}");
        match self {
            Self::FaceNet(variant) => vec![definition::build(builder, variant)],
            Self::Landmarks => vec![definition::build_landmarks(builder)],
            Self::Detector => detector::build(builder, size),
            Self::Visibility => vec![definition::build_visibility(builder)],
        }
    }

    /// C, H and W of an image that it takes; of the detector one of many sizes.
    pub fn input(self) -> [usize; 3] {
        let size = match self {
            Self::FaceNet(_) => INPUT_SIZE,
            Self::Landmarks => VIEW_SIZE,
            Self::Detector => detector::SIZE,
            Self::Visibility => VISIBILITY_SIZE,
        };
        [INPUT_CHANNELS, size, size]
    }

    /// Whether it takes images of this height and width: its own size, or of the detector
    /// multiples of [`MULTIPLE`](detector::MULTIPLE).
    pub fn takes(self, size: [usize; 2]) -> bool {
        match self {
            Self::FaceNet(_) | Self::Landmarks | Self::Visibility => self.input()[1..] == size,
            Self::Detector => detector::takes(size),
        }
    }

    /// All tensors, in the order the network uses them; the same for every variant.
    ///
    /// ```
    /// use facenet::network::Architecture;
    ///
    /// let table = Architecture::Landmarks.tensor_table();
    /// assert_eq!(table.len(), 38);
    /// assert!(table.iter().map(|tensor| tensor.len()).sum::<usize>() < 300_000);
    /// ```
    pub fn tensor_table(self) -> Vec<TensorSpec> {
        let mut recorder = Recorder::new();
        self.build(&mut recorder);
        recorder.into_tensors()
    }
}

/// Which arithmetic goes with FaceNet's weights; every variant has the same tensors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Variant {
    /// The notebook's: no LRN, plain average pooling, `bn1` with epsilon 1e-3.
    #[default]
    HappyHouse,
    /// OpenFace's own nn4.small2 (Torch): every epsilon 1e-5, cross-channel LRN
    /// in the stem, L2 pooling in the pool branches of 3b, 4a and 5a.
    OpenFace,
}

impl Variant {
    /// Both variants.
    pub const ALL: [Self; 2] = [Self::HappyHouse, Self::OpenFace];

    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::HappyHouse => "happyhouse",
            Self::OpenFace => "openface",
        }
    }

    /// Epsilon of the first batch-norm.
    pub(super) fn first_epsilon(self) -> f64 {
        match self {
            Self::HappyHouse => 1e-3,
            Self::OpenFace => 1e-5,
        }
    }

    /// Whether the stem normalizes across channels.
    pub(super) fn has_local_response_norm(self) -> bool {
        self == Self::OpenFace
    }

    /// Whether the pool branches that average take the L2 norm instead.
    pub(super) fn pools_by_l2_norm(self) -> bool {
        self == Self::OpenFace
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no variant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no network variant is called {found:?}; expected happyhouse or openface")]
pub struct UnknownVariant {
    /// What was given.
    pub found: String,
}

impl FromStr for Variant {
    type Err = UnknownVariant;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|variant| variant.name() == text)
            .ok_or_else(|| UnknownVariant { found: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for variant in Variant::ALL {
            assert_eq!(variant.name().parse(), Ok(variant));
        }
        assert!("nn4".parse::<Variant>().is_err());
    }
}
