//! Five points of a face, by a small network of our own.
//!
//! ```text
//! box ─► view ──► network ──► points ────────────► view ─► … ─► points, confidence
//!        round,   64×64       where the face is,    by the
//!        framed               how large, how it     points
//!        by box               leans
//! ```
//!
//! A detector's box is off by a few pixels and knows nothing of a lean; the first look
//! finds points in it, further ones look again at a view that is shifted, scaled and
//! turned by what the one before found. The network is [defined](facenet::network) and
//! trained in the crate `training`, its weights are in the binary.
//!
//! | part | what it is |
//! | --- | --- |
//! | [`LandmarkFinder`] | from photo and box to [`Landmarks`] |
//! | [`view`] | what the network is shown |

mod finder;
pub mod view;

pub use finder::{LandmarkFinder, Landmarks};
