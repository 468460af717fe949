//! From a photo and a box to five points and how sure they are.

use std::sync::Arc;

use facenet::engine::CompiledNetwork;
use facenet::network::{Architecture, INPUT_CHANNELS, VIEW_SIZE};
use facenet::weights::{Weights, WeightsError};
use ndarray::{Array2, Array4, ArrayView4, Axis, stack};

use super::view;
use crate::{FaceBox, FacePoints, Photo, Similarity};

/// Looks at a face, one after the other.
const LOOKS: usize = 3;
/// The last look is through several views, each changed by a scale and a turn in degrees,
/// whose errors differ.
const SPREAD: [[f64; 2]; 5] = [[1.0, 0.0], [0.93, 7.0], [0.93, -7.0], [1.08, 9.0], [1.08, -9.0]];

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

    /// The points of the face in a box, after three looks, each framed by the one before.
    /// Each is the mean over a view and its mirror image, the last over five such pairs.
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
        self.refine(photo, view::of_box(face, turn))
    }

    /// Looks that begin with a view.
    pub fn refine(&self, photo: &Photo, mut view: Similarity) -> Landmarks {
        for _ in 1..LOOKS {
            let found = self.look(photo, &[view]);
            match view::of_points(&found.points) {
                Some(next) => view = next,
                None => return Landmarks { confidence: 0.0, ..found },
            }
        }
        self.look(photo, &SPREAD.map(|spread| view.after(&view::changed(spread))))
    }

    /// The network's own answer to views that are cut already, a row a view: the points'
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

    /// The mean of the looks through views and their mirror images.
    fn look(&self, photo: &Photo, views: &[Similarity]) -> Landmarks {
        let mut pictures = Vec::with_capacity(2 * views.len());
        for view in views {
            let picture = view::picture(photo, view);
            let mut mirrored = picture.clone();
            mirrored.invert_axis(Axis(2));
            pictures.extend([picture, mirrored]);
        }
        let rows: Vec<_> = pictures.iter().map(|picture| picture.view()).collect();
        let answers = self.answer(stack(Axis(0), &rows).expect("of one shape").view());
        let mut sum = Landmarks { points: [[0.0; 2]; 5], confidence: 0.0 };
        for (i, answer) in answers.rows().into_iter().enumerate() {
            let outputs = answer.to_vec();
            let outputs = if i % 2 == 1 { view::unmirrored(&outputs) } else { outputs };
            let points = view::to_photo(&outputs, &views[i / 2]);
            let values = sum.points.as_flattened_mut().iter_mut().zip(points.as_flattened());
            values.for_each(|(sum, value)| *sum += value / pictures.len() as f32);
            sum.confidence += confidence(&outputs) / pictures.len() as f32;
        }
        sum
    }
}

/// The second of two scores after a softmax; 0 if they are no numbers.
fn confidence(outputs: &[f32]) -> f32 {
    let confidence = 1.0 / (1.0 + (outputs[10] - outputs[11]).exp());
    if confidence.is_finite() { confidence } else { 0.0 }
}
