//! How good the decisions are: verification figures from distances.
//!
//! The names are those of ISO/IEC 19795-1, for the rule of the notebook, which
//! **accepts two images as one person when distance < threshold**:
//!
//! | name | of | share that |
//! | --- | --- | --- |
//! | FMR, false match rate | impostor comparisons (two people) | is accepted |
//! | FNMR, false non-match rate | genuine comparisons (one person) | is not accepted |
//! | TAR, true accept rate | genuine comparisons | is accepted, 1 - FNMR |
//! | EER, equal error rate | both | errs where FMR = FNMR |
//!
//! A comparison that could not be made (no face found, file unreadable) has no
//! distance and is a *failure*. It counts as wrong in the accuracy and as not
//! accepted in the rates, as if its distance were infinite: a system must not
//! look better for refusing hard images. Rates with failures in them are,
//! strictly, the standard's false accept and false reject rates, which include
//! failures to acquire (FTA); the number of failures is always given.
//!
//! Distances are taken as given, whatever measure they come from: encodings
//! (`0..2`) or [`pixels`].
//!
//! | figure | type |
//! | --- | --- |
//! | accuracy by cross-validation, the protocol of LFW's view 2 | [`KFold`] |
//! | FMR, FNMR, EER, TAR at an FMR, area under the curve | [`Roc`] |
//! | one rate with its confidence interval | [`Rate`] |
//! | FPIR and FNIR in galleries | [`Galleries`] |
//! | where to look first | [`Hardest`], [`Histogram`] |
//! | all of it, for printing or JSON | [`Report`] |

mod comparison;
mod error;
mod hardest;
mod histogram;
mod identification;
mod k_fold;
mod normal_deviate;
pub mod pixels;
mod rate;
mod report;
mod roc;
mod sweep;

pub use comparison::Comparison;
pub use error::EvaluationError;
pub use hardest::Hardest;
pub use histogram::Histogram;
pub use identification::{Galleries, GalleryOptions, IdentificationPoint};
pub use k_fold::{Fold, KFold};
pub use normal_deviate::normal_deviate;
pub use rate::{Interval, Rate};
pub use report::{Report, ReportOptions, TarAtFmr};
pub use roc::{EqualError, OperatingPoint, Roc, RocPoint};
