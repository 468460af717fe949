//! The threshold for a false match rate, and what it costs.

use serde::Serialize;

use super::Roc;
use crate::evaluation::{EvaluationError, Rate};

/// Room for the rounding of products such as 0.001 × 3000.
const ROUNDING: f64 = 1e-12;

/// The most permissive threshold that keeps a false match rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct OperatingPoint {
    /// The false match rate asked for.
    pub target: f64,
    /// Accepts distances below it: the distance of the nearest impostor that has
    /// to be refused.
    pub threshold: f64,
    /// False match rate there, at most `target`.
    pub fmr: Rate,
    /// False non-match rate there.
    pub fnmr: Rate,
    /// True accept rate there, 1 - FNMR.
    pub tar: Rate,
}

impl Roc {
    /// The largest threshold with FMR ≤ `fmr`.
    ///
    /// # Errors
    /// When `fmr` is not above 0 and at most 1, and when there are fewer than
    /// 3 / `fmr` impostors with a distance. With that many, no false match among
    /// them bounds the rate by `fmr` with 95 % confidence (the rule of three);
    /// with fewer, the data cannot support the claim.
    pub fn at_fmr(&self, fmr: f64) -> Result<OperatingPoint, EvaluationError> {
        if !(fmr > 0.0 && fmr <= 1.0) {
            return Err(EvaluationError::Fmr { found: fmr });
        }
        let measured = &self.impostor.sorted;
        // `as` saturates where a tiny rate would need more than 2^64.
        let needed = (3.0 / fmr * (1.0 - ROUNDING)).ceil() as u64;
        let found = measured.len() as u64;
        if found < needed {
            return Err(EvaluationError::TooFewImpostors { fmr, needed, found });
        }
        let allowed = (fmr * self.impostor.total() as f64 * (1.0 + ROUNDING)).floor() as usize;
        let threshold = match measured.get(allowed) {
            // At most `allowed` distances lie below it, fewer if some are tied.
            Some(&nearest) => nearest,
            None => self.above_all().ok_or(EvaluationError::Empty)?,
        };
        let fnmr = self.fnmr(threshold);
        Ok(OperatingPoint {
            target: fmr,
            threshold,
            fmr: self.fmr(threshold),
            fnmr,
            tar: fnmr.complement(),
        })
    }
}
