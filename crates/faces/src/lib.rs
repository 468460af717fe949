//! From an image file to the network's input.
//!
//! ```text
//! file ─► Photo ──► Detector ──► choose ──► FaceAligner ─► (3, 96, 96) RGB in 0..1
//!         decoded,  boxes,       the one    points, turned
//!         upright   largest      that is    upright, quality
//!                   first        meant
//! ```
//!
//! Separate from the network because everything here deals with what people
//! hand in: files that are broken or hostile, phones that store pictures
//! sideways, photos with nobody or with five people in them. Nothing here
//! prints or guesses silently, and no input makes it panic.
//!
//! Other ways lead to a crop: [`crop_face`] by the detector's box alone,
//! [`crop_aligned`] when the picture *is* the crop, and [`crop_window`] when the
//! caller knows the place.
//!
//! # Example
//! ```
//! use faces::{
//!     DecodeLimits, Detector, FaceAligner, FaceChoice, Photo, SeetaDetector, choose_one,
//! };
//!
//! # let file = assets::folder().join("obama-portrait.jpg");
//! let photo = Photo::open(&file, &DecodeLimits::default())?;
//! let faces = SeetaDetector::default().detect(&photo);
//! let place = choose_one(&faces, &photo, FaceChoice::Only)?;
//! let face = FaceAligner::embedded()?.align(&photo, &place);
//! face.quality.check()?;
//! assert_eq!(face.pixels.dim(), (3, 96, 96));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod aligner;
mod alignment;
mod choice;
mod crop;
mod decode;
mod detector;
mod error;
mod format;
mod geometry;
mod half;
pub mod landmarks;
mod limits;
mod locator;
mod orientation;
mod photo_error;
mod pipeline;
mod quality;
mod regular_file;
mod resample;
pub mod warp;

pub use aligner::{AlignedFace, CropMethod, FaceAligner, Frame, LEAST_CONFIDENCE};
pub use alignment::{FacePoints, TEMPLATE, alignment, crop_along};
pub use choice::{FaceChoice, FaceError, UnknownChoice, choose, choose_one};
pub use crop::{crop_aligned, crop_face, crop_window, face_window};
pub use decode::Photo;
pub use detector::{BadOption, Detector, RotatedDetector, SeetaDetector, SeetaOptions};
pub use error::Error;
pub use geometry::{FaceBox, Similarity, Window};
pub use limits::DecodeLimits;
pub use locator::{DetectedFace, DetectionOptions, FaceCrop, FaceLocation, FaceLocator};
pub use photo_error::{Need, PhotoError};
pub use pipeline::{BATCH, Face, FacePipeline};
pub use quality::{FaceQuality, QualityError, QualityFault, QualityLimits};
