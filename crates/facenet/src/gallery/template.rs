//! The mean of a person's templates.

use crate::matching::{Encoding, EncodingError};
use crate::network::ENCODING_LENGTH;

/// Version of how faces are cut out of photos: aligned by landmarks, with the first version of
/// their network. The second detector moved encodings of portraits by 0.01 to 0.04, and it stayed.
///
/// Two encodings of one network can be compared only if their crops were made in the same way:
/// whoever stores encodings stores this with them. Change it with whatever moves crops (the
/// detector, the landmarks' weights, the template they are brought to); a test on a portrait's
/// encoding fails when it has to change.
pub const CROP_VERSION: &str = "points-1";

/// Templates that have no mean.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// There is nothing to take the mean of.
    #[error("a person needs at least one template, found none")]
    None,
    /// They point into opposite directions.
    #[error("{count} templates cancel out: they are not of one person")]
    Opposite {
        /// How many.
        count: usize,
        /// Why the rest is no encoding.
        source: EncodingError,
    },
}

/// The point of the unit sphere that is nearest to all templates in the sense of least
/// squared distances: their sum, brought to unit length.
///
/// # Errors
/// When there is no template, or when they cancel out.
pub fn mean_template(templates: &[Encoding]) -> Result<Encoding, TemplateError> {
    let count = templates.len();
    if count == 0 {
        return Err(TemplateError::None);
    }
    let mut sum = [0.0; ENCODING_LENGTH];
    for template in templates {
        for (sum, &value) in sum.iter_mut().zip(template.values()) {
            *sum += f64::from(value);
        }
    }
    let length = sum.iter().map(|value| value * value).sum::<f64>().sqrt();
    Encoding::new(sum.map(|value| (value / length) as f32))
        .map_err(|source| TemplateError::Opposite { count, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A unit vector at `angle` radians from the first axis.
    fn at(angle: f32) -> Encoding {
        let mut values = [0.0; ENCODING_LENGTH];
        (values[0], values[1]) = (angle.cos(), angle.sin());
        Encoding::new(values).unwrap()
    }

    #[test]
    fn the_mean_lies_in_the_middle() {
        let mean = mean_template(&[at(0.2), at(0.6)]).unwrap();
        assert!(mean.distance(&at(0.4)) < 1e-6);
        assert!(mean_template(&[at(1.0)]).unwrap().distance(&at(1.0)) < 1e-6);
    }

    #[test]
    fn nothing_and_opposites_have_none() {
        assert_eq!(mean_template(&[]), Err(TemplateError::None));
        let mut values = [0.0; ENCODING_LENGTH];
        values[0] = 1.0;
        let there = Encoding::new(values).unwrap();
        values[0] = -1.0;
        let back = Encoding::new(values).unwrap();
        let error = mean_template(&[there, back]).unwrap_err();
        assert!(matches!(error, TemplateError::Opposite { count: 2, .. }));
    }
}
