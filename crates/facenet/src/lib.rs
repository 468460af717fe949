//! FaceNet's Inception network (OpenFace `nn4.small2`) and its triplet loss, on our own
//! operators, in pure Rust.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`network`] | the one definition of the network, and its tensor table |
//! | [`weights`] | 224 tensors from `.npy`, CSV or the binary, checked |
//! | [`engine`] | the network compiled for inference |
//! | [`model`] | the network on a tape, to be trained |
//! | [`triplet`] | the triplet loss, and which triplets to learn from |
//! | [`matching`] | encodings, distances, `verify`, `who_is_it` |
//! | [`gallery`] | enrolled people, one against many, and grouping |
//! | [`npy`], [`regular_file`] | files from outside, read without trust |
//!
//! Faces are found in photos by the crate `faces`, thresholds are chosen by `biometrics`,
//! weights are trained by `training`.
//!
//! # Example
//! Two crops that hold nothing but a face, compared:
//!
//! ```
//! use facenet::{Engine, Variant, Weights};
//!
//! let engine = Engine::new(Variant::HappyHouse, &Weights::embedded()?);
//! let batch = ndarray::Array4::from_elem((2, 3, 96, 96), 0.5);
//! let encodings = engine.encode(batch.view())?;
//! assert!(encodings[0].distance(&encodings[1]) < 1e-6);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The crate prints nothing, opens no socket and writes only the folders that it is told to
//! write.

#![forbid(unsafe_code)]

mod encoding;
pub mod engine;
pub mod gallery;
mod graph;
pub mod matching;
pub mod model;
pub mod network;
pub mod npy;
pub mod regular_file;
pub mod triplet;
pub mod weights;

pub use encoding::Encoding;
pub use engine::Engine;
pub use gallery::{Gallery, PersonName};
pub use matching::{Threshold, Verification, verify, who_is_it};
pub use network::Variant;
pub use weights::Weights;
