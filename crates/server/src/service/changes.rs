//! Changes of who is enrolled: in the store first, and in the gallery then.

use biometrics::enrollment;
use facenet::gallery::PersonName;
use facenet::matching::{Candidate, Encoding};
use store::{Enrollment, Person};

use super::{FaceService, Result, ServiceError};

/// Result of an enrollment.
pub(crate) struct EnrollmentOutcome {
    /// Everything that is kept of the person.
    pub(crate) person: Person,
    /// How many photos are new.
    pub(crate) added: usize,
    /// Another person for whom these faces would be taken.
    pub(crate) resembles: Option<Candidate>,
}

impl FaceService {
    /// Another person for whom these faces would be taken.
    fn resemblance(&self, name: &PersonName, faces: &[Encoding]) -> Result<Option<Candidate>> {
        let gallery = self.gallery();
        let threshold = self.policy.among(gallery.len(), gallery.faces())?.threshold;
        let search = |probe: &Encoding, top| Ok(gallery.search(probe, top));
        enrollment::resemblance(name, faces, threshold, search)
    }

    /// Enrolls a person, or adds photos to one. Photos that may show somebody else are
    /// refused, unless they are to be accepted.
    pub(crate) fn enroll(
        &self,
        name: &PersonName,
        enrollment: &Enrollment,
        accept_unlike: bool,
    ) -> Result<EnrollmentOutcome> {
        let faces: Vec<_> = enrollment.templates.iter().map(|t| t.encoding.clone()).collect();
        self.refresh()?;
        let resembles = self.resemblance(name, &faces)?;
        self.change(|store| {
            let stored = match store.person(name) {
                Ok(person) => person.encodings(),
                Err(store::Error::PersonNotFound { .. }) => Vec::new(),
                Err(error) => return Err(error.into()),
            };
            let unlike = enrollment::outliers(&faces, &stored, self.policy.verification())?;
            if let (Some(&first), false) = (unlike.first(), accept_unlike) {
                return Err(ServiceError::Unlike { first });
            }
            store.enroll(name, enrollment)?;
            let person = store.person(name)?;
            self.gallery_mut().get_mut().insert(name.clone(), &person.encodings())?;
            let added = person.templates.len().saturating_sub(stored.len());
            Ok(EnrollmentOutcome { person, added, resembles })
        })
    }

    /// Removes a person, from the bytes of the file too.
    pub(crate) fn remove(&self, name: &PersonName) -> Result<()> {
        self.change(|store| {
            store.remove(std::slice::from_ref(name))?;
            self.gallery_mut().get_mut().remove(name);
            Ok(())
        })
    }

    /// Gives a person another name; the old one is kept nowhere.
    pub(crate) fn rename(&self, old: &PersonName, new: &PersonName) -> Result<Person> {
        self.change(|store| {
            store.rename(old, new)?;
            let person = store.person(new)?;
            let mut gallery = self.gallery_mut();
            gallery.get_mut().remove(old);
            gallery.get_mut().insert(new.clone(), &person.encodings())?;
            Ok(person)
        })
    }

    /// Removes one photo of a person, with its encoding; returns what is left.
    pub(crate) fn remove_photo(&self, name: &PersonName, encoding: &Encoding) -> Result<Person> {
        self.change(|store| {
            let left = store.remove_photo(name, encoding)?;
            self.gallery_mut().get_mut().insert(name.clone(), &left.encodings())?;
            Ok(left)
        })
    }
}
