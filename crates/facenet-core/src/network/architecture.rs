//! Which network: what weights, engine and training are told.
//!
//! An enum and not a trait, since there are two and both are known here; each
//! interpreter hands itself to [`Architecture::build`].

use super::{Builder, INPUT_CHANNELS, INPUT_SIZE, Recorder, TensorSpec, Variant, landmarks};

/// One of the networks that are defined here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Architecture {
    /// Face crops to encodings: [`build`](super::build).
    FaceNet(Variant),
    /// Views of a face to five points and a confidence.
    Landmarks,
}

impl From<Variant> for Architecture {
    fn from(variant: Variant) -> Self {
        Self::FaceNet(variant)
    }
}

impl Architecture {
    /// Tells `builder` the whole network and returns the node of its result.
    pub fn build<B: Builder>(self, builder: &mut B) -> B::Node {
        match self {
            Self::FaceNet(variant) => super::build(builder, variant),
            Self::Landmarks => landmarks::build(builder),
        }
    }

    /// C, H and W of a picture that it takes.
    pub fn input(self) -> [usize; 3] {
        match self {
            Self::FaceNet(_) => [INPUT_CHANNELS, INPUT_SIZE, INPUT_SIZE],
            Self::Landmarks => [INPUT_CHANNELS, landmarks::VIEW_SIZE, landmarks::VIEW_SIZE],
        }
    }

    /// All tensors, in the order the network uses them; the same for every variant.
    ///
    /// ```
    /// use facenet_core::network::Architecture;
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
