//! Training the landmark network.
//!
//! ```text
//! pack with landmarks ─► samples ─────────────────► step: graph on the tape,
//!                        shifted, scaled, rotated   distance of them,
//!                        views; views of no face    cross-entropy of scores
//! ```
//!
//! One in twenty people is held out by number and measured at the end. The same
//! options, images and seed give the same weights on any number of threads.

mod border;
mod measure;
mod no_face;
mod sample;
mod trainer;

pub use measure::{LandmarkError, LandmarkMeasure};
pub use trainer::{LandmarkOptions, LandmarkStep, LandmarkTrainer};
