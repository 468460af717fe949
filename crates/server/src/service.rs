//! Model, gallery and store behind the HTTP routes.
//!
//! The store is the truth, the gallery its copy for searching. A change goes to the store
//! first and is on disk before the gallery shows it. Where others may change the database,
//! too, an outdated gallery is loaded again before an answer is given; the same happens after
//! a change that failed, since it may have been carried out in part.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, TryLockError};

use biometrics::enrollment;
use biometrics::policy::{GalleryThreshold, IdentificationPolicy, VerificationPolicy};
use facenet::gallery::{Gallery, PersonName, TemplateError};
use facenet::matching::{Candidate, Encoding, Recognition};
use faces::{DecodeLimits, FacePipeline};
use store::{Enrollment, Location, Model, Person, PersonSummary, Store};

use crate::Limits;

/// Why the service cannot do what it is asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    /// Of the store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Encodings that have no mean.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

/// What the service answers.
type Result<T, E = ServiceError> = std::result::Result<T, E>;

/// Model, gallery and store behind the HTTP routes.
pub(crate) struct FaceService {
    pub(crate) pipeline: FacePipeline,
    pub(crate) model: Model,
    policy: IdentificationPolicy,
    store: Mutex<Store>,
    gallery: RwLock<Gallery>,
    /// Whether others may change the store.
    shared: bool,
    /// Whether a change failed since the gallery was made.
    stale: AtomicBool,
}

impl FaceService {
    pub(crate) fn new(
        pipeline: FacePipeline,
        policy: IdentificationPolicy,
        store: Store,
        limits: &Limits,
    ) -> Result<Self, store::Error> {
        let (gallery, model) = (store.gallery()?, store.model().clone());
        let shared = !matches!(store.location(), Location::File(_));
        let limits = DecodeLimits {
            file_bytes: limits.body_bytes as u64,
            pixels: limits.pixels,
            memory_bytes: 4 * limits.pixels,
            ..DecodeLimits::default()
        };
        let locator = pipeline.locator().clone().with_limits(limits);
        Ok(Self {
            pipeline: pipeline.with_locator(locator),
            model,
            policy,
            store: Mutex::new(store),
            gallery: RwLock::new(gallery),
            shared,
            stale: AtomicBool::new(false),
        })
    }

    /// How many people live here.
    pub(crate) fn len(&self) -> usize {
        self.gallery().len()
    }

    /// When two faces are one person's.
    pub(crate) fn decision(&self) -> &VerificationPolicy {
        self.policy.verification()
    }

    /// Identifies each face among the enrolled people; also returns the threshold that was applied.
    pub(crate) fn recognize<'f>(
        &self,
        faces: impl Iterator<Item = &'f Encoding>,
        top: usize,
    ) -> Result<(GalleryThreshold, Vec<Recognition>)> {
        self.refresh()?;
        let gallery = self.gallery();
        let among = self.policy.among(gallery.len(), gallery.faces());
        let threshold = among.threshold;
        Ok((among, faces.map(|face| gallery.recognize(face, threshold, top)).collect()))
    }

    /// The mean template of a person, and of how many photos it is.
    pub(crate) fn template(&self, name: &PersonName) -> Result<Option<(Vec<f32>, usize)>> {
        self.refresh()?;
        let gallery = self.gallery();
        let template = gallery.template(name).map(<[f32]>::to_vec);
        Ok(template.zip(gallery.faces_of(name)))
    }

    /// Takes over what other programs changed: in a database, or by replacing the file; and
    /// what a failed change may have left. Otherwise a recognition does not wait for a change
    /// of a file, which only this program makes.
    fn refresh(&self) -> Result<()> {
        let is_stale = || self.stale.load(Ordering::Acquire);
        let store = match self.store.try_lock() {
            Ok(store) => store,
            Err(TryLockError::Poisoned(store)) => store.into_inner(),
            Err(TryLockError::WouldBlock) if !self.shared && !is_stale() => return Ok(()),
            Err(TryLockError::WouldBlock) => self.store(),
        };
        // The flag is read with the store locked, so the change that set it has ended.
        let fresh = match store.gallery_if_changed()? {
            None if is_stale() => Some(store.gallery()?),
            changed => changed,
        };
        if let Some(gallery) = fresh {
            *self.gallery_mut() = gallery;
            self.stale.store(false, Ordering::Release);
        }
        Ok(())
    }

    /// Changes the store and then the gallery, with the store held, so that both change in
    /// the same order. A change that failed may be done all the same: in part, or before
    /// its answer was lost.
    fn change<T>(&self, change: impl FnOnce(&mut Store) -> Result<T>) -> Result<T> {
        let mut store = self.store();
        let result = change(&mut store);
        let is_rejection =
            |error: &ServiceError| matches!(error, ServiceError::Store(e) if e.is_rejection());
        if result.as_ref().is_err_and(|error| !is_rejection(error)) {
            self.stale.store(true, Ordering::Release);
        }
        result
    }

    /// Another person for whom these faces would be taken.
    pub(crate) fn resemblance(
        &self,
        name: &PersonName,
        faces: &[Encoding],
    ) -> Result<Option<Candidate>> {
        self.refresh()?;
        let gallery = self.gallery();
        let threshold = self.policy.among(gallery.len(), gallery.faces()).threshold;
        let search = |probe: &Encoding, top| Ok(gallery.search(probe, top));
        enrollment::resemblance(name, faces, threshold, search)
    }

    /// Enrolls a person; returns everything that is kept of them.
    pub(crate) fn enroll(&self, name: &PersonName, enrollment: &Enrollment) -> Result<Person> {
        self.change(|store| {
            store.enroll(name, enrollment)?;
            let person = store.person(name)?;
            self.gallery_mut().insert(name.clone(), &person.encodings())?;
            Ok(person)
        })
    }

    /// Removes a person, from the bytes of the file too.
    pub(crate) fn remove(&self, name: &PersonName) -> Result<()> {
        self.change(|store| {
            store.remove(std::slice::from_ref(name))?;
            self.gallery_mut().remove(name);
            Ok(())
        })
    }

    pub(crate) fn list(&self) -> Result<Vec<PersonSummary>> {
        self.refresh()?;
        Ok(self.store().list()?)
    }

    pub(crate) fn person(&self, name: &PersonName) -> Result<Person> {
        self.refresh()?;
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::tests::state;

    fn encoding() -> Encoding {
        Encoding::new((0..128).map(|i| f32::from(u8::from(i == 0)))).unwrap()
    }

    fn enrolled(service: &FaceService) -> PersonName {
        let name = PersonName::new("kian").unwrap();
        let templates = vec![encoding().into()];
        service.enroll(&name, &Enrollment { templates, consent: None, at: None }).unwrap();
        name
    }

    #[test]
    fn a_change_that_is_done_and_fails_all_the_same_is_seen() {
        let (_folder, state) = state(&Limits::default());
        let name = enrolled(&state.service);
        let failed: Result<()> = state.service.change(|store| {
            store.remove(std::slice::from_ref(&name))?;
            Err(TemplateError::None.into())
        });
        failed.unwrap_err();
        let (_, found) = state.service.recognize(std::iter::once(&encoding()), 1).unwrap();
        assert!(found[0].candidates.is_empty(), "who was removed opens the door");
        assert!(!state.service.stale.load(Ordering::Acquire), "and is not fetched again");
        // What was never begun is no reason to fetch everybody.
        state.service.remove(&name).unwrap_err();
        assert!(!state.service.stale.load(Ordering::Acquire));
    }

    #[test]
    fn a_restored_backup_is_taken_over() {
        let (folder, state) = state(&Limits::default());
        let service = &state.service;
        let (path, backup) = (folder.path().join("x"), folder.path().join("backup"));
        std::fs::copy(&path, &backup).unwrap();
        let name = enrolled(service);
        assert_eq!(service.list().unwrap().len(), 1);
        std::fs::rename(&backup, &path).unwrap();
        let (_, found) = service.recognize(std::iter::once(&encoding()), 1).unwrap();
        assert!(found[0].candidates.is_empty(), "recognized by a file that was replaced");
        assert!(service.list().unwrap().is_empty());
        // And with changes that come first.
        std::fs::copy(&path, &backup).unwrap();
        enrolled(service);
        std::fs::rename(&backup, &path).unwrap();
        service.remove(&name).unwrap_err();
        enrolled(service);
        assert_eq!((service.list().unwrap().len(), service.len()), (1, 1));
        // A file that is gone is nobody's any more.
        std::fs::remove_file(&path).unwrap();
        service.recognize(std::iter::once(&encoding()), 1).unwrap_err();
        assert!(!path.exists());
    }

    #[test]
    fn a_face_does_not_wait_for_a_file_that_is_being_written() {
        let (_folder, state) = state(&Limits::default());
        let service = &state.service;
        enrolled(service);
        let (sender, receiver) = mpsc::channel();
        let answer = std::thread::scope(|scope| {
            let writing = service.store();
            scope.spawn(move || {
                let (_, found) = service.recognize(std::iter::once(&encoding()), 1).unwrap();
                sender.send(found[0].candidates[0].name.clone()).unwrap();
            });
            let answer = receiver.recv_timeout(Duration::from_secs(20));
            drop(writing);
            answer
        });
        assert_eq!(answer.unwrap(), "kian");
    }
}
