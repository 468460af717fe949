//! From a photo to the faces in it and their encodings.
//!
//! ```text
//! file ─► Photo ──► Detector ──► choose ──► FaceAligner ──► face crop ─► facenet ─► Encoding
//!         decoded,  boxes,       the one    landmarks,      (3, 96, 96)  Engine
//!         upright   largest      that is    roll taken      RGB in 0..1
//!                   first        meant      away, quality
//! ```
//!
//! [`FacePipeline`] goes the whole way, [`FaceLocator`] as far as the crop. Separate from the
//! network because everything here deals with what people hand in: files that are broken or
//! hostile, phones that store photos sideways, photos with nobody or with five people in them.
//! Nothing here prints or guesses silently, and no input makes it panic.
//!
//! # Example
//! ```
//! use faces::FacePipeline;
//! use facenet::Threshold;
//!
//! # let folder = assets::folder();
//! # let [door, passport] = ["obama-portrait.jpg", "obama-speech.jpg"].map(|f| folder.join(f));
//! let pipeline = FacePipeline::embedded()?;
//! let encoding = pipeline.encode_file(&door)?;
//! assert_eq!(encoding.values().len(), 128);
//! assert!(pipeline.verify(&door, &passport, Threshold::DEFAULT)?.same);
//! # Ok::<(), faces::Error>(())
//! ```
//!
//! The steps by themselves:
//!
//! ```
//! use faces::{
//!     DecodeLimits, Detector, FaceAligner, FaceChoice, NetworkDetector, NetworkOptions, Photo,
//!     choose_one,
//! };
//!
//! # let file = assets::folder().join("obama-portrait.jpg");
//! let photo = Photo::open(&file, &DecodeLimits::default())?;
//! let detector = NetworkDetector::embedded(NetworkOptions::default())?;
//! let faces = detector.detect_with_landmarks(&photo);
//! let face = choose_one(&faces, &photo, FaceChoice::Only)?;
//! let face = FaceAligner::embedded()?.align(&photo, face);
//! face.quality.check()?;
//! assert_eq!(face.pixels.dim(), (3, 96, 96));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Other ways lead to a crop: [`crop_face`] by the detector's box alone, [`crop_aligned`] when
//! the image *is* the crop, and [`crop_window`] when the caller knows the place.

#![forbid(unsafe_code)]

mod align;
mod choice;
mod crop;
mod detector;
mod error;
mod geometry;
pub mod landmarks;
mod locator;
mod photo;
mod pipeline;
mod quality;
pub mod resample;
pub mod visibility;

pub use align::{AlignedFace, CropMethod, FaceAligner};
pub use choice::{FaceChoice, FaceError, UnknownChoice, choose, choose_one};
pub use crop::{crop_aligned, crop_face, crop_window, face_window};
pub use detector::{
    ALL_ROTATIONS, BadOption, DetectedLandmarks, Detection, Detector, NetworkDetector,
    NetworkOptions, RotatedDetector, merge_detections, read_detections,
};
pub use error::Error;
pub use geometry::{FaceBox, Similarity, Window};
pub use landmarks::Landmarks;
pub use locator::{DetectedFace, DetectionOptions, FaceCrop, FaceLocation, FaceLocator};
pub use photo::{DecodeLimits, Need, Photo, PhotoError};
pub use pipeline::{BATCH, Face, FacePipeline};
pub use quality::{FaceQuality, QualityError, QualityIssue, QualityLimits};
pub use visibility::{Visibility, VisibilityNetwork};
