//! From a photo and a box to five landmarks and how sure they are.

use std::sync::Arc;

use facenet::engine::CompiledNetwork;
use facenet::network::{Architecture, INPUT_CHANNELS, VIEW_SIZE};
use facenet::weights::{Weights, WeightsError};
use ndarray::{Array2, Array4, ArrayView4, Axis, stack};

use super::{Landmarks, view};
use crate::{FaceBox, Photo, Similarity};

/// Passes of the network for one face, one after the other.
const PASSES: usize = 3;
/// The last pass is through several views, each changed by a scale and a rotation in degrees,
/// whose errors differ.
const SPREAD: [[f64; 2]; 5] = [[1.0, 0.0], [0.93, 7.0], [0.93, -7.0], [1.08, 9.0], [1.08, -9.0]];

/// The landmark network, compiled. Cheap to clone: the network is shared.
#[derive(Clone, Debug)]
pub struct LandmarkFinder {
    network: Arc<CompiledNetwork>,
}

/// Landmarks that were found in a box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoundLandmarks {
    /// Where they are, in pixels of the photo.
    pub landmarks: Landmarks,
    /// How sure the network is, from 0 to 1, that it saw a face, upright or with a roll of less
    /// than about 50°, framed as it should be.
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

    /// The landmarks of the face in a box, after three passes, each framed by the one before.
    /// Each is the mean over a view and its mirror image, the last over five such pairs.
    ///
    /// There is always an answer; its [`confidence`](FoundLandmarks::confidence) says how
    /// reliable it is.
    ///
    /// # Panics
    /// If the photo has no pixels or the box is not finite and positive.
    #[must_use]
    pub fn find(&self, photo: &Photo, face: &FaceBox) -> FoundLandmarks {
        self.find_rotated(photo, face, 0.0)
    }

    /// [`find`](Self::find) with the photo seen rotated by `rotation` radians: a face of this
    /// roll, clockwise, is upright then. The landmarks are the photo's and in the order of the
    /// upright face.
    ///
    /// # Panics
    /// As [`find`](Self::find).
    #[must_use]
    pub(crate) fn find_rotated(
        &self,
        photo: &Photo,
        face: &FaceBox,
        rotation: f64,
    ) -> FoundLandmarks {
        self.find_in_view(photo, view::of_box(face, rotation))
    }

    /// [`find`](Self::find) with another first view than the box's.
    #[must_use]
    pub fn find_in_view(&self, photo: &Photo, view: Similarity) -> FoundLandmarks {
        self.passes(photo, view, PASSES)
    }

    /// Better landmarks of a face whose landmarks are known roughly, at any roll: one pass
    /// less than [`find`](Self::find) needs.
    ///
    /// # Panics
    /// If the photo has no pixels.
    #[must_use]
    pub fn refine(&self, photo: &Photo, landmarks: &Landmarks) -> FoundLandmarks {
        match view::of_landmarks(landmarks) {
            Some(view) => self.passes(photo, view, PASSES - 1),
            None => FoundLandmarks { landmarks: *landmarks, confidence: 0.0 },
        }
    }

    /// So many passes, of which the first begins with a view.
    fn passes(&self, photo: &Photo, mut view: Similarity, count: usize) -> FoundLandmarks {
        for _ in 1..count {
            let found = self.pass(photo, &[view]);
            match view::of_landmarks(&found.landmarks) {
                Some(next) => view = next,
                None => return FoundLandmarks { confidence: 0.0, ..found },
            }
        }
        self.pass(photo, &SPREAD.map(|spread| view.after(&view::changed(spread))))
    }

    /// The network's own answer to views that are cut already, a row a view: the landmarks'
    /// x and y in sides of the view from its middle, and the scores of "no face" and "a
    /// face".
    ///
    /// # Shapes
    /// `(m, 3, 64, 64)`, RGB in 0..1, to `(m, 12)`.
    ///
    /// # Panics
    /// On another shape.
    #[must_use]
    pub fn answer(&self, views: ArrayView4<'_, f32>) -> Array2<f32> {
        self.network.run(views)
    }

    /// How sure the network is of a view that is cut already.
    pub fn confidence_of(&self, planes: Vec<f32>) -> f32 {
        let shape = (1, INPUT_CHANNELS, VIEW_SIZE, VIEW_SIZE);
        let batch = Array4::from_shape_vec(shape, planes).expect("three planes of 64×64");
        confidence(&self.answer(batch.view()).row(0).to_vec())
    }

    /// The mean of the passes through views and their mirror images.
    fn pass(&self, photo: &Photo, views: &[Similarity]) -> FoundLandmarks {
        let mut images = Vec::with_capacity(2 * views.len());
        for view in views {
            let image = view::image(photo, view);
            let mut mirrored = image.clone();
            mirrored.invert_axis(Axis(2));
            images.extend([image, mirrored]);
        }
        let rows: Vec<_> = images.iter().map(|image| image.view()).collect();
        let answers = self.answer(stack(Axis(0), &rows).expect("of one shape").view());
        let mut sum = FoundLandmarks { landmarks: [[0.0; 2]; 5], confidence: 0.0 };
        for (i, answer) in answers.rows().into_iter().enumerate() {
            let outputs = answer.to_vec();
            let outputs = if i % 2 == 1 { view::unmirrored(&outputs) } else { outputs };
            let landmarks = view::to_photo(&outputs, &views[i / 2]);
            let values = sum.landmarks.as_flattened_mut().iter_mut().zip(landmarks.as_flattened());
            values.for_each(|(sum, value)| *sum += value / images.len() as f32);
            sum.confidence += confidence(&outputs) / images.len() as f32;
        }
        sum
    }
}

/// The second of two scores after a softmax; 0 if they are no numbers.
fn confidence(outputs: &[f32]) -> f32 {
    let confidence = 1.0 / (1.0 + (outputs[10] - outputs[11]).exp());
    if confidence.is_finite() { confidence } else { 0.0 }
}
