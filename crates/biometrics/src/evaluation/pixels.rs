//! The naive baseline: comparing faces pixel by pixel.
//!
//! The notebook opens with it ("Naive Face Verification"): light, pose and the
//! smallest shift change pixels more than a change of person does. It is kept
//! beside the real thing to show how much the encoding is worth.

use ndarray::{ArrayRef, Dimension, Zip};

use super::EvaluationError;

/// L2 distance √(Σ(a-b)²) over all values of two crops, summed in f64. Pixels
/// may be bytes or fractions; the distances differ by the factor 255.
///
/// ```
/// use ndarray::array;
///
/// let distance = biometrics::evaluation::pixels::distance(&array![[3_u8, 0]], &array![[0, 4]])?;
/// assert_eq!(distance, 5.0);
/// # Ok::<(), biometrics::evaluation::EvaluationError>(())
/// ```
///
/// # Shapes
/// Any, the same for both, such as `(3, 96, 96)`.
///
/// # Errors
/// When the shapes differ.
pub fn distance<T: Copy + Into<f64>, D: Dimension>(
    a: &ArrayRef<T, D>,
    b: &ArrayRef<T, D>,
) -> Result<f64, EvaluationError> {
    if a.shape() != b.shape() {
        return Err(EvaluationError::Shape { a: a.shape().to_vec(), b: b.shape().to_vec() });
    }
    let squares = Zip::from(a).and(b).fold(0.0, |sum: f64, &a, &b| {
        let difference: f64 = a.into() - b.into();
        sum + difference * difference
    });
    Ok(squares.sqrt())
}
