//! How good decisions are, and which threshold makes which errors.
//!
//! [`evaluation`] measures comparisons with known answers; [`calibration`] decides:
//! thresholds with known error rates, and how probable one person is at a distance.

#![forbid(unsafe_code)]

pub mod calibration;
pub mod evaluation;
