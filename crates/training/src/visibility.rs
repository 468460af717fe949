//! Training the network that tells whether mouth and eyes can be seen.
//!
//! ```text
//! pack with landmarks ─► face crop ─► covers painted ─► other light ─► step: cross-entropy
//!                                     over the face     blur, noise    of two pairs of scores
//! ```
//!
//! Photographs of covered faces with a license to train on are few, so covers are painted:
//! masks, scarves, hands, cups, dark glasses, hair, of many shapes, colors and textures, and
//! others that hide neither mouth nor eyes, such as clear glasses, a mask below the chin, a hat.
//! What a sample is labeled with follows from how much of the mouth and of the eyes its covers
//! hide, not from their kind.
//!
//! One in twenty people is held out by number and measured at the end. The same options,
//! images and seed give the same weights on any number of threads.

mod cover;
mod kinds;
mod paint;
mod sample;
mod trainer;

pub use trainer::{VisibilityMeasure, VisibilityOptions, VisibilityStep, VisibilityTrainer};
