//! Error rates of decisions, and thresholds by their error rates.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`evaluation`] | measures comparisons with known answers: rates, curves, galleries |
//! | [`calibration`] | thresholds with known error rates, and how probable one person is at a distance |
//! | [`policy`] | the threshold in force, for one comparison and for a gallery |
//! | [`enrollment`] | whether photos belong to the person as whom they are enrolled |
//! | [`gallery_check`] | what harms a gallery: too few photos, wrong ones, people who are alike |
//! | [`LoadedModel`] | a model's weights together with its calibration |

#![forbid(unsafe_code)]

pub mod calibration;
pub mod enrollment;
mod error;
pub mod evaluation;
pub mod gallery_check;
mod model;
pub mod policy;
mod rate;

pub use error::Error;
pub use model::LoadedModel;
pub use rate::{Interval, Rate, RateEstimate};
