//! The bytes of the default model: the network's tensors, those of the two small networks, and
//! the calibration that belongs to them.
//!
//! They lie in this folder and are checked by whoever reads them
//! (`facenet::weights`, `biometrics::calibration`). A package of their own, so that
//! seventeen megabytes are built into a library once and not with every change of the
//! code that reads them.
//!
//! An incomplete folder gives incomplete lists and no error: `cargo xtask
//! convert-weights`, which completes it, has to be built first.

#![forbid(unsafe_code)]

/// Bytes that begin on a cache line, so that numbers among them can be read in place.
#[repr(C, align(64))]
struct Aligned<T>(T);

/// Name and bytes of each `.npy` file of a network, sorted by name.
pub type Files = &'static [(&'static str, &'static [u8])];

/// The tensors of the network that encodes faces.
pub static FACENET: Files = include!(concat!(env!("OUT_DIR"), "/facenet.rs"));

/// The tensors of the network that finds landmarks.
pub static LANDMARKS: Files = include!(concat!(env!("OUT_DIR"), "/landmarks.rs"));

/// The tensors of the network that finds faces; empty as long as none is shipped.
pub static DETECTOR: Files = include!(concat!(env!("OUT_DIR"), "/detector.rs"));

/// The tensors of the network that tells whether mouth and eyes can be seen.
pub static VISIBILITY: Files = include!(concat!(env!("OUT_DIR"), "/visibility.rs"));

/// What is known of the distances between encodings of [`FACENET`] from two looks, as JSON.
pub static CALIBRATION: &str = include_str!("../calibration.json");

/// The same of encodings from one look.
pub static CALIBRATION_ONE_LOOK: &str = include_str!("../calibration-one-look.json");
