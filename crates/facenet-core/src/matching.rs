//! Encodings and what the notebook does with them: `verify` ("is this the
//! claimed person?") and `who_is_it` ("who is this?").
//!
//! Both accept when the distance is **below** the threshold. Terms are those of
//! ISO/IEC 19795: the *probe* is the face at the door, the *gallery* holds the
//! faces that are known.

mod encoding;
mod recognition;
mod threshold;
mod verification;

pub(crate) use encoding::euclidean;
pub use encoding::{Encoding, EncodingError};
pub use recognition::{Candidate, Recognition, who_is_it};
pub use threshold::{Threshold, ThresholdError};
pub use verification::{Verification, verify};
