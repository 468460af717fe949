//! Face verification and recognition with FaceNet's Inception network
//! (OpenFace `nn4.small2`), on our own operators, in pure Rust.
//!
//! ```text
//! image file ─► photo ──► engine ──► encoding ──► matching ─► answer
//!               decode,   network    128 numbers  distance,
//!               detect,   compiled                threshold,
//!               crop      for use                 gallery
//! ```
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`network`] | the one definition of the network, and its tensor table |
//! | [`weights`] | 224 tensors from `.npy`, CSV or the binary, checked |
//! | [`engine`] | the network compiled for inference |
//! | [`photo`] | from an image file to the network's input |
//! | [`landmarks`] | five points of a face, by a small network of its own |
//! | [`matching`] | distances, `verify`, `who_is_it` |
//! | [`calibration`] | thresholds with known error rates, probabilities |
//! | [`gallery`] | enrolled people, one against many, and grouping |
//! | [`triplet`] | the triplet loss |
//! | [`training`] | pictures, losses, the step and the loop |
//! | [`dataset`], [`evaluation`] | labelled pictures and how well faces are told apart on them |
//!
//! # Example
//! Two crops that hold nothing but a face, compared:
//!
//! ```
//! use facenet::{engine::Engine, matching, network::Variant, weights::Weights};
//!
//! let engine = Engine::new(Variant::HappyHouse, &Weights::embedded()?);
//! let batch = ndarray::Array4::from_elem((2, 3, 96, 96), 0.5);
//! let encodings = engine.encode(batch.view())?;
//! assert!(encodings[0].distance(&encodings[1]) < 1e-6);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The crate prints nothing, opens no socket and writes only the folders that it
//! is told to write.

#![forbid(unsafe_code)]

pub use biometrics::{calibration, evaluation};
pub use faces as photo;
pub use lower::{engine, gallery, matching, network, triplet, weights};

use lower::{npy, regular_file};

pub mod dataset;
pub mod landmark_training;
pub mod training;

pub mod landmarks {
    //! Five points of a face, and the training of the network that finds them.

    pub use crate::landmark_training as training;
    pub use faces::landmarks::*;
}

impl From<dataset::Window> for faces::Window {
    fn from(dataset::Window { x, y, width, height }: dataset::Window) -> Self {
        Self { x, y, width, height }
    }
}
