//! The house: who lives in it, in memory and on disk, and the network that knows them.
//!
//! The store is the truth, the gallery its image for searching. A change goes to the
//! store first and is on disk before the gallery shows it. In a database that others
//! change, too, the image is made anew when it is out of date, before an answer is given.

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use anyhow::Result;
use facenet::gallery::{Gallery, PersonName, mean_template};
use facenet::matching::{Encoding, Recognition, Threshold};
use facenet::photo::DecodeLimits;
use store::{Enrolment, Model, Person, Store, Summary};

use crate::arguments::{Decision, Serve};
use crate::enrolled::identification_threshold;
use crate::face_reader::FaceReader;

/// The house.
pub(super) struct House {
    pub(super) reader: FaceReader,
    pub(super) model: Model,
    pub(super) limits: DecodeLimits,
    threshold: Threshold,
    store: Mutex<Store>,
    gallery: RwLock<Gallery>,
}

impl House {
    pub(super) fn new(
        reader: FaceReader,
        model: Model,
        store: Store,
        arguments: &Serve,
    ) -> Result<Self> {
        let gallery = store.gallery()?;
        let pixels = arguments.limits.max_pixels.get() as u64 * 1_000_000;
        let limits = DecodeLimits {
            file_bytes: (arguments.limits.max_body.get() as u64) << 20,
            pixels,
            memory_bytes: 4 * pixels,
            ..DecodeLimits::default()
        };
        Ok(Self {
            reader,
            model,
            limits,
            threshold: arguments.decision.threshold,
            store: Mutex::new(store),
            gallery: RwLock::new(gallery),
        })
    }

    /// How many people live here.
    pub(super) fn len(&self) -> usize {
        self.gallery().len()
    }

    /// Below which distance a person is recognised among those who live here.
    pub(super) fn identification_threshold(&self) -> Threshold {
        identification_threshold(&Decision { threshold: self.threshold }, self.len())
    }

    /// Below which distance two faces are one person's.
    pub(super) fn threshold(&self) -> Threshold {
        self.threshold
    }

    pub(super) fn recognize(&self, face: &Encoding, top: usize) -> Result<Recognition> {
        self.refresh()?;
        let threshold = self.identification_threshold();
        Ok(self.gallery().recognize(face, threshold, top))
    }

    /// The mean template of a person.
    pub(super) fn template(&self, name: &PersonName) -> Result<Option<Vec<f32>>> {
        self.refresh()?;
        Ok(self.gallery().template(name).map(<[f32]>::to_vec))
    }

    /// Takes over what others changed in a store that is shared.
    fn refresh(&self) -> Result<()> {
        let store = self.store();
        if let Some(gallery) = store.refreshed()? {
            *self.gallery_mut() = gallery;
        }
        Ok(())
    }

    /// Somebody else whom these faces would be taken for.
    pub(super) fn resemblance(
        &self,
        name: &PersonName,
        faces: &[Encoding],
    ) -> Result<Option<(String, f32)>> {
        let found = self.recognize(&mean_template(faces)?, 2)?;
        let threshold = found.threshold;
        let other = found.candidates.into_iter().find(|person| person.name != name.as_str());
        let other = other.filter(|person| threshold.accepts(person.distance));
        Ok(other.map(|person| (person.name, person.distance)))
    }

    /// Enrols a person; returns everything that is kept of them.
    pub(super) fn enroll(&self, name: &PersonName, enrolment: &Enrolment) -> Result<Person> {
        let mut store = self.store();
        store.enroll(name, enrolment)?;
        let person = store.person(name)?;
        // With the store still held, so that both change in the same order.
        self.gallery_mut().insert(name.clone(), &person.encodings())?;
        Ok(person)
    }

    /// Removes a person, from the bytes of the file too.
    pub(super) fn remove(&self, name: &PersonName) -> Result<()> {
        let mut store = self.store();
        store.remove(std::slice::from_ref(name))?;
        self.gallery_mut().remove(name);
        Ok(())
    }

    pub(super) fn list(&self) -> Result<Vec<Summary>> {
        Ok(self.store().list()?)
    }

    pub(super) fn person(&self, name: &PersonName) -> Result<Person> {
        Ok(self.store().person(name)?)
    }

    // A panic elsewhere leaves both whole: the store's changes are transactions, and the
    // gallery's are done or not begun.

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gallery(&self) -> RwLockReadGuard<'_, Gallery> {
        self.gallery.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn gallery_mut(&self) -> std::sync::RwLockWriteGuard<'_, Gallery> {
        self.gallery.write().unwrap_or_else(PoisonError::into_inner)
    }
}
