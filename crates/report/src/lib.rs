//! What the program and its server print in the same form: rows of JSON, text that is safe to
//! show, times.
//!
//! A key that is printed by a command and sent by the server has one definition, here.
//! `docs/commands.md` and the server's `openapi.json` describe them to users.

#![forbid(unsafe_code)]

mod comparison;
mod detection;
mod path;
mod rows;
mod text;

pub use comparison::{
    ComparisonRow, PairRow, Reference, VerificationRow, is_outside_measured, warnings,
};
pub use detection::{DetectedFaceRow, LimitRow, QualityRow, faults};
pub use path::{ErrorRow, PathRow};
pub use rows::{CandidateRow, Identity, IdentityRow, LocationRow, PersonRow, RecognitionRow};
pub use text::{escaped, timestamp, with_causes};
