//! One face as 128 numbers of unit length.

use crate::network::ENCODING_LENGTH;

/// How far from 1 the length of an encoding may be: rounding in f32 stays well
/// below, another model's raw output does not.
const LENGTH_TOLERANCE: f64 = 1e-3;

/// The network's description of a face: a point on the unit sphere.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoding([f32; ENCODING_LENGTH]);

/// Numbers that are no encoding.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodingError {
    /// More or fewer than 128.
    #[error("expected {ENCODING_LENGTH} numbers, found {found}")]
    Count {
        /// How many.
        found: usize,
    },
    /// NaN or infinity among them.
    #[error("number {position} (counted from 0) is {found}, expected a finite one")]
    NotFinite {
        /// Where.
        position: usize,
        /// The value.
        found: f32,
    },
    /// Not of unit length.
    #[error("their Euclidean length is {found}, expected 1")]
    Length {
        /// The length.
        found: f64,
    },
}

impl Encoding {
    /// Checks 128 numbers.
    ///
    /// # Errors
    /// When they are more or fewer, not finite, or not of unit length.
    pub fn new(values: impl IntoIterator<Item = f32>) -> Result<Self, EncodingError> {
        let values: Vec<f32> = values.into_iter().collect();
        let found = values.len();
        let Ok(values) = <[f32; ENCODING_LENGTH]>::try_from(values) else {
            return Err(EncodingError::Count { found });
        };
        if let Some(position) = values.iter().position(|value| !value.is_finite()) {
            return Err(EncodingError::NotFinite { position, found: values[position] });
        }
        let length = values.iter().map(|&v| f64::from(v) * f64::from(v)).sum::<f64>().sqrt();
        if (length - 1.0).abs() > LENGTH_TOLERANCE {
            return Err(EncodingError::Length { found: length });
        }
        Ok(Self(values))
    }

    /// The numbers.
    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// Euclidean (L2) distance, from 0 (the same) to 2 (opposite).
    pub fn distance(&self, other: &Self) -> f32 {
        euclidean(&self.0, &other.0)
    }
}

/// Euclidean distance of two equally long lists of numbers.
pub(crate) fn euclidean(a: &[f32], b: &[f32]) -> f32 {
    let squared: f64 = a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum();
    squared.sqrt() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(i: usize) -> Vec<f32> {
        (0..ENCODING_LENGTH).map(|j| if i == j { 1.0 } else { 0.0 }).collect()
    }

    #[test]
    fn distance_is_euclidean() {
        let (a, b) = (Encoding::new(axis(0)).unwrap(), Encoding::new(axis(5)).unwrap());
        assert_eq!(a.distance(&a), 0.0);
        assert_eq!(a.distance(&b), 2f32.sqrt());
    }

    #[test]
    fn what_is_no_encoding_is_refused() {
        assert_eq!(Encoding::new([1.0; 3]), Err(EncodingError::Count { found: 3 }));
        assert_eq!(Encoding::new([0.0; 128]), Err(EncodingError::Length { found: 0.0 }));
        let mut values = axis(0);
        values[7] = f32::NAN;
        assert!(matches!(Encoding::new(values), Err(EncodingError::NotFinite { position: 7, .. })));
    }
}
