//! "Is this the claimed person?"

use super::{Encoding, Threshold};

/// The answer to a claim of identity.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    /// Distance from the probe to the nearest reference.
    pub distance: f32,
    /// Which reference that is.
    pub nearest: usize,
    /// The threshold it was held against.
    pub threshold: Threshold,
    /// Whether the claim is accepted: the distance is below the threshold.
    pub same: bool,
}

/// The notebook's `verify`: compares a probe with the pictures that are known of
/// the claimed person. With several, the nearest counts, the first of equals.
///
/// Returns nothing when there is no reference to compare with.
///
/// ```
/// use facenet_core::matching::{Encoding, Threshold, verify};
/// let face = Encoding::new((0..128).map(|i| if i == 0 { 1.0 } else { 0.0 }))?;
/// let answer = verify(&face, std::slice::from_ref(&face), Threshold::NOTEBOOK).unwrap();
/// assert!(answer.same && answer.distance == 0.0);
/// # Ok::<(), facenet_core::matching::EncodingError>(())
/// ```
pub fn verify(
    probe: &Encoding,
    references: &[Encoding],
    threshold: Threshold,
) -> Option<Verification> {
    let distances = references.iter().map(|reference| probe.distance(reference)).enumerate();
    let (nearest, distance) = distances.min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(Verification { distance, nearest, threshold, same: threshold.accepts(distance) })
}
