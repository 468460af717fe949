//! Model, gallery and store behind the HTTP routes.
//!
//! The store is the truth, the gallery its copy for searching. A change goes to the store
//! first and is on disk before the gallery shows it. Where others may change the database,
//! too, an outdated gallery is loaded again before an answer is given; the same happens after
//! a change that failed, since it may have been carried out in part.

mod changes;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, TryLockError};

use biometrics::calibration::CalibrationError;
use biometrics::enrollment::Outlier;
use biometrics::policy::{IdentificationPolicy, VerificationPolicy};
use facenet::gallery::{PersonName, TemplateError};
use facenet::matching::Encoding;
use faces::{DecodeLimits, FacePipeline};
use store::{Location, Model, Person, PersonSummary, Store};

use crate::Limits;
use crate::kept_gallery::{Among, KeptGallery};

pub(crate) use changes::EnrollmentOutcome;

/// Why the service cannot do what it is asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    /// Error of the store.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Encodings that have no mean.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The calibration has no answer.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
    /// Photos cannot be compared with the person's others.
    #[error(transparent)]
    Decision(#[from] biometrics::Error),
    /// Photos that may show somebody else.
    #[error("photo {} may show somebody else: {first}; `unlike=accept` enrolls it anyway", first.photo + 1)]
    Unlike {
        /// The first of them.
        first: Outlier,
    },
}

impl ServiceError {
    /// Whether the request cannot be met and nothing was changed.
    fn is_rejection(&self) -> bool {
        matches!(self, Self::Unlike { .. })
            || matches!(self, Self::Store(error) if error.is_rejection())
    }
}

/// Result of a call to the service.
type Result<T, E = ServiceError> = std::result::Result<T, E>;

/// Model, gallery and store behind the HTTP routes.
pub(crate) struct FaceService {
    pub(crate) pipeline: FacePipeline,
    pub(crate) model: Model,
    policy: IdentificationPolicy,
    store: Mutex<Store>,
    gallery: RwLock<KeptGallery>,
    /// Whether others may change the store.
    shared: bool,
    /// Whether a change failed since the gallery was made.
    stale: AtomicBool,
    /// Whether the store could be used when it was last needed.
    reachable: AtomicBool,
    /// Whether the latest change failed for want of space.
    full: AtomicBool,
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
            memory_bytes: limits.pixels.saturating_mul(4),
            ..DecodeLimits::default()
        };
        let locator = pipeline.locator().clone().with_limits(limits);
        Ok(Self {
            pipeline: pipeline.with_locator(locator),
            model,
            policy,
            store: Mutex::new(store),
            gallery: RwLock::new(gallery.into()),
            shared,
            stale: AtomicBool::new(false),
            reachable: AtomicBool::new(true),
            full: AtomicBool::new(false),
        })
    }

    /// Number of enrolled people.
    pub(crate) fn len(&self) -> usize {
        self.gallery().len()
    }

    /// When two faces are one person's.
    pub(crate) fn decision(&self) -> &VerificationPolicy {
        self.policy.verification()
    }

    /// Identifies each face among the enrolled people.
    pub(crate) fn recognize<'f>(
        &self,
        faces: impl Iterator<Item = &'f Encoding>,
        top: usize,
    ) -> Result<Among> {
        self.refresh()?;
        let gallery = self.gallery();
        let mut threshold = self.policy.among(gallery.len(), gallery.faces())?;
        let are_alike = gallery.are_alike(&self.policy)?;
        if are_alike != Some(false) {
            threshold.fpir = None;
        }
        let recognize = |face| gallery.recognize(face, threshold.threshold, top);
        Ok(Among { threshold, are_alike, answers: faces.map(recognize).collect() })
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
        let result = self.fetch_changes();
        self.note_reachable(&result);
        result
    }

    fn fetch_changes(&self) -> Result<()> {
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
            *self.gallery_mut() = gallery.into();
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
        if result.as_ref().is_err_and(|error| !error.is_rejection()) {
            self.stale.store(true, Ordering::Release);
        }
        self.note_reachable(&result);
        match &result {
            Ok(_) => self.full.store(false, Ordering::Relaxed),
            Err(ServiceError::Store(store::Error::NoSpace { .. })) => {
                self.full.store(true, Ordering::Relaxed);
            }
            Err(_) => {}
        }
        result
    }

    /// Checks that the store can be read; whether the latest change found space.
    pub(crate) fn check_store(&self) -> Result<bool> {
        self.refresh()?;
        Ok(self.has_space())
    }

    /// Whether the latest change found space.
    pub(crate) fn has_space(&self) -> bool {
        !self.full.load(Ordering::Relaxed)
    }

    /// Whether the store could be used when it was last needed.
    pub(crate) fn is_store_reachable(&self) -> bool {
        self.reachable.load(Ordering::Relaxed)
    }

    fn note_reachable<T>(&self, result: &Result<T>) {
        let is_reachable = match result {
            Err(ServiceError::Store(error)) => {
                use store::Error;
                let is_answer = matches!(
                    error,
                    // The change was made.
                    Error::Busy { .. } | Error::NoSpace { .. } | Error::CleanupFailed { .. }
                );
                error.is_rejection() || is_answer
            }
            _ => true,
        };
        self.reachable.store(is_reachable, Ordering::Relaxed);
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

    fn gallery(&self) -> RwLockReadGuard<'_, KeptGallery> {
        self.gallery.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn gallery_mut(&self) -> std::sync::RwLockWriteGuard<'_, KeptGallery> {
        self.gallery.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use store::Enrollment;

    use super::*;
    use crate::tests::state;

    fn encoding() -> Encoding {
        Encoding::new((0..128).map(|i| f32::from(u8::from(i == 0)))).unwrap()
    }

    fn enrolled(service: &FaceService) -> PersonName {
        let name = PersonName::new("kian").unwrap();
        let templates = vec![encoding().into()];
        service.enroll(&name, &Enrollment { templates, consent: None, at: None }, false).unwrap();
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
        let found = state.service.recognize(std::iter::once(&encoding()), 1).unwrap().answers;
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
        let found = service.recognize(std::iter::once(&encoding()), 1).unwrap().answers;
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
                let found = service.recognize(std::iter::once(&encoding()), 1).unwrap().answers;
                sender.send(found[0].candidates[0].name.clone()).unwrap();
            });
            let answer = receiver.recv_timeout(Duration::from_secs(20));
            drop(writing);
            answer
        });
        assert_eq!(answer.unwrap(), "kian");
    }
}
