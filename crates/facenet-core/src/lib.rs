//! The network: its definition, its weights, and what its encodings say about who is who.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`network`] | the one definition of the network, and its tensor table |
//! | [`weights`] | 224 tensors from `.npy`, CSV or the binary, checked |
//! | [`engine`] | the network compiled for inference |
//! | [`matching`] | distances, `verify`, `who_is_it` |
//! | [`gallery`] | enrolled people, one against many, and grouping |
//! | [`triplet`] | the triplet loss |
//! | [`npy`], [`regular_file`] | files from outside, read without trust |

#![forbid(unsafe_code)]

pub mod engine;
pub mod gallery;
pub mod matching;
pub mod network;
pub mod npy;
pub mod regular_file;
pub mod triplet;
pub mod weights;
