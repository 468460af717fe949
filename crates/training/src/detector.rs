//! Training the network that finds faces.
//!
//! ```text
//! packs with all faces ─► scenes ─────────────────► step: graph on the tape,
//!                         pictures laid on others,  quality focal loss of scores,
//!                         light, blur, covers       GIoU of boxes, Laplace of landmarks
//! ```
//!
//! | part | file |
//! | --- | --- |
//! | [`Pictures`]: packs with all faces | `detector/pictures.rs` |
//! | made-up photos | `detector/scene.rs` |
//! | which cells answer for which face | `detector/assignment.rs` |
//! | losses | `detector/losses.rs` |
//! | from the network's numbers to boxes | `detector/decoding.rs` |
//! | [`DetectorMeasure`]: what is found of pictures held out | `detector/measure.rs` |
//! | [`DetectorTrainer`] with [`DetectorOptions`] | `detector/trainer.rs` |
//!
//! A face is one of a human being on a photo. Statues, drawings and animals are none: pictures
//! of animals are among those without faces.
//!
//! The same options, pictures and seed give the same weights on any number of threads, and
//! when the training was interrupted and resumed.

mod assignment;
mod decoding;
mod drawing;
mod known;
mod losses;
mod measure;
mod options;
mod pictures;
mod scene;
#[cfg(test)]
mod synthetic;
mod trainer;

pub use drawing::draw_scenes;
pub use known::KnownFace;
pub use measure::{ConditionMeasure, DetectorMeasure};
pub use options::DetectorOptions;
pub use pictures::Pictures;
pub use trainer::{DetectorEvent, DetectorStep, DetectorTrainer};
