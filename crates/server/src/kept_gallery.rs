//! The gallery in memory, and whether its people look more alike than those that error rates
//! were measured on: a question of half a second among thousands, asked again only after a
//! change.

use std::ops::Deref;
use std::sync::OnceLock;

use biometrics::calibration::CalibrationError;
use biometrics::policy::{GalleryThreshold, IdentificationPolicy, Resemblance};
use facenet::gallery::Gallery;
use facenet::matching::Recognition;

/// Identities of faces among the enrolled people.
#[derive(Debug)]
pub(crate) struct Among {
    /// What was applied; without a rate of strangers unless the people look no more alike than
    /// those that it was measured on.
    pub(crate) threshold: GalleryThreshold,
    /// Whether they look more alike, if that is known.
    pub(crate) are_alike: Option<bool>,
    /// One a face.
    pub(crate) answers: Vec<Recognition>,
}

/// A gallery with what is known of it.
pub(crate) struct KeptGallery {
    gallery: Gallery,
    are_alike: OnceLock<Option<bool>>,
}

impl From<Gallery> for KeptGallery {
    fn from(gallery: Gallery) -> Self {
        Self { gallery, are_alike: OnceLock::new() }
    }
}

impl Deref for KeptGallery {
    type Target = Gallery;

    fn deref(&self) -> &Gallery {
        &self.gallery
    }
}

impl KeptGallery {
    /// The gallery, to be changed.
    pub(crate) fn get_mut(&mut self) -> &mut Gallery {
        self.are_alike = OnceLock::new();
        &mut self.gallery
    }

    /// Whether its people look more alike than the calibration's, so that its rates are not
    /// theirs; `None` where the calibration cannot tell.
    pub(crate) fn are_alike(
        &self,
        policy: &IdentificationPolicy,
    ) -> Result<Option<bool>, CalibrationError> {
        if let Some(&known) = self.are_alike.get() {
            return Ok(known);
        }
        // Not within `get_or_init`: who waits there for other threads may take up another
        // request, ask the same, and wait for itself.
        let found = match policy.resemblance(&self.gallery)? {
            Resemblance::Usual => Some(false),
            Resemblance::Closer { .. } => Some(true),
            Resemblance::Unknown => None,
        };
        Ok(*self.are_alike.get_or_init(|| found))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use biometrics::calibration::Calibration;
    use biometrics::policy::IdentificationOptions;
    use facenet::engine::Looks;
    use facenet::gallery::PersonName;
    use facenet::matching::Encoding;

    use super::*;

    #[test]
    fn people_who_look_alike_are_noticed_and_forgotten_with_them() {
        let calibration = Some(Arc::new(Calibration::embedded(Looks::Two).unwrap()));
        let options = IdentificationOptions::default();
        let policy = IdentificationPolicy::new(calibration, &options).unwrap();
        let mut gallery = KeptGallery::from(Gallery::new());
        assert_eq!(gallery.are_alike(&policy).unwrap(), Some(false));
        // Forty people, each pair at 0.45: strangers are nearly all farther apart.
        let name = |i: usize| PersonName::new(&format!("person {i}")).unwrap();
        for i in 0..40 {
            let value = |axis: usize| match axis {
                0 => 3.0,
                axis if axis == i + 1 => 1.0,
                _ => 0.0,
            };
            let face = Encoding::new((0..128).map(value).map(|v: f32| v / 10_f32.sqrt())).unwrap();
            gallery.get_mut().insert(name(i), &[face]).unwrap();
        }
        assert_eq!(gallery.are_alike(&policy).unwrap(), Some(true));
        // The same people without a calibration: nobody knows.
        let none = IdentificationPolicy::new(None, &options).unwrap();
        let unknown = KeptGallery::from(gallery.gallery.clone());
        assert_eq!(unknown.are_alike(&none).unwrap(), None);
        (1..40).for_each(|i| {
            gallery.get_mut().remove(&name(i));
        });
        assert_eq!(gallery.are_alike(&policy).unwrap(), Some(false));
    }
}
