//! From a photo and a box to five points and how sure they are.

use std::sync::Arc;

use ndarray::{Array2, Array4, Axis, stack};

use super::view;
use crate::engine::CompiledNetwork;
use crate::network::{Architecture, INPUT_CHANNELS, VIEW_SIZE};
use crate::photo::{FaceBox, FacePoints, Photo, Similarity};
use crate::weights::{Weights, WeightsError};

/// The landmark network, compiled. Cheap to clone: the network is shared.
#[derive(Clone, Debug)]
pub struct LandmarkFinder {
    network: Arc<CompiledNetwork>,
}

/// What was found in a box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Landmarks {
    /// The points, in pixels of the photo.
    pub points: FacePoints,
    /// How sure the network is, from 0 to 1, that it saw an upright face, or one that
    /// leans by less than about 50°, framed as it should be.
    pub confidence: f32,
}

impl LandmarkFinder {
    /// The network inside this binary.
    ///
    /// # Errors
    /// When the binary was built without it.
    pub fn embedded() -> Result<Self, WeightsError> {
        Ok(Self::new(&Weights::embedded_for(Architecture::Landmarks)?))
    }

    /// The network with other weights.
    ///
    /// # Panics
    /// If the weights are another network's.
    #[must_use]
    pub fn new(weights: &Weights) -> Self {
        Self { network: Arc::new(CompiledNetwork::new(Architecture::Landmarks, weights)) }
    }

    /// The points of the face in a box: two looks, the second framed by the first.
    ///
    /// There is always an answer; whether to believe it is what
    /// [`confidence`](Landmarks::confidence) is for.
    ///
    /// # Panics
    /// If the photo has no pixels or the box is not finite and positive.
    #[must_use]
    pub fn find(&self, photo: &Photo, face: &FaceBox) -> Landmarks {
        self.find_turned(photo, face, 0.0)
    }

    /// [`find`](Self::find) with the photo seen turned by `turn` radians: a face that
    /// leans by as much, clockwise, is upright then. The points are the photo's and in
    /// the order of the upright face.
    ///
    /// # Panics
    /// As [`find`](Self::find).
    #[must_use]
    pub fn find_turned(&self, photo: &Photo, face: &FaceBox, turn: f64) -> Landmarks {
        let first = self.look(photo, &view::of_box(face, turn));
        match view::of_points(&first.points) {
            Some(view) => self.look(photo, &view),
            None => Landmarks { confidence: 0.0, ..first },
        }
    }

    /// How sure the network is of a view that is cut already.
    pub(super) fn confidence_of(&self, planes: Vec<f32>) -> f32 {
        let shape = (1, INPUT_CHANNELS, VIEW_SIZE, VIEW_SIZE);
        let batch = Array4::from_shape_vec(shape, planes).expect("three planes of 64×64");
        let whole = Similarity::new(1.0, 0.0, [0.0; 2], [0.0; 2]);
        read(&self.network.run(batch.view()), &whole).confidence
    }

    /// One look through a view.
    pub(super) fn look(&self, photo: &Photo, view: &Similarity) -> Landmarks {
        let picture = view::picture(photo, view);
        let batch = stack(Axis(0), &[picture.view()]).expect("one picture");
        read(&self.network.run(batch.view()), view)
    }
}

/// The network's answer as landmarks.
fn read(answers: &Array2<f32>, view: &Similarity) -> Landmarks {
    let outputs: Vec<f32> = answers.row(0).to_vec();
    let points = view::to_photo(&outputs, view);
    // Softmax of two scores.
    let confidence = 1.0 / (1.0 + (outputs[10] - outputs[11]).exp());
    Landmarks { points, confidence: if confidence.is_finite() { confidence } else { 0.0 } }
}
