//! The house: who lives in it, in memory and on disk, and the network that knows them.
//!
//! The store is the truth, the gallery its image for searching. A change goes to the
//! store first and is on disk before the gallery shows it. In a database that others
//! change, too, the image is made anew when it is out of date, before an answer is given.

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use anyhow::Result;
use facenet::gallery::{Gallery, PersonName, mean_template};
use facenet::matching::{Encoding, Recognition};
use facenet::photo::DecodeLimits;
use store::{Enrolment, Model, Person, Store, Summary};

use crate::arguments::Serve;
use crate::decision::Decision;
use crate::face_reader::FaceReader;
use crate::identification::{Among, Identification};

/// The house.
pub(super) struct House {
    pub(super) reader: FaceReader,
    pub(super) model: Model,
    pub(super) limits: DecodeLimits,
    identification: Identification,
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
        let identification = Identification::new(&arguments.admission, &arguments.store.model)?;
        identification.tell_of_size(gallery.faces());
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
            identification,
            store: Mutex::new(store),
            gallery: RwLock::new(gallery),
        })
    }

    /// How many people live here.
    pub(super) fn len(&self) -> usize {
        self.gallery().len()
    }

    /// When two faces are one person's.
    pub(super) fn decision(&self) -> &Decision {
        self.identification.decision()
    }

    /// Who these are of those who live here, and what was asked of each.
    pub(super) fn recognize<'f>(
        &self,
        faces: impl Iterator<Item = &'f Encoding>,
        top: usize,
    ) -> Result<(Among, Vec<Recognition>)> {
        self.refresh()?;
        let gallery = self.gallery();
        let among = self.identification.among(gallery.len(), gallery.faces());
        let threshold = among.threshold();
        Ok((among, faces.map(|face| gallery.recognize(face, threshold, top)).collect()))
    }

    /// The mean template of a person, and of how many photos it is.
    pub(super) fn template(&self, name: &PersonName) -> Result<Option<(Vec<f32>, usize)>> {
        self.refresh()?;
        let gallery = self.gallery();
        let template = gallery.template(name).map(<[f32]>::to_vec);
        Ok(template.zip(gallery.faces_of(name)))
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
        let (among, found) = self.recognize(std::iter::once(&mean_template(faces)?), 2)?;
        let mut candidates = found.into_iter().flat_map(|found| found.candidates);
        let other = candidates.find(|person| person.name != name.as_str());
        let other = other.filter(|person| among.threshold().accepts(person.distance));
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
