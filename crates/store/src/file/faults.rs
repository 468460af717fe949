//! Fault injection: storage that fails, or a machine that stops, at every single step of a
//! change.
//!
//! A disk here is memory with two states: what was synced, and what was written since.
//! At the n-th write, change of length, sync or rename it either begins to return errors,
//! or the machine stops; then each write since the last sync is lost, complete or halved, as
//! the seed decides. After every such fault the store is opened again and must hold the
//! people from before the change or those from after it: close to seven hundred faults.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use facenet::gallery::PersonName;
use facenet::matching::Encoding;
use redb::StorageBackend;

use super::FileStore;
use super::atomic_file::ReplaceableFile;
use super::overlay::BoxedStorage;
use crate::backend::Backend;
use crate::{Enrollment, Error, Model, Person};

/// What happens to the storage.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// Every step from then on is an error; what was written before is there.
    Fails,
    /// One step is an error.
    FailsOnce,
    /// The machine stops; the seed decides which unsynced writes reached the disk.
    Stops(u64),
}

#[derive(Debug)]
enum Step {
    Write(u64, Vec<u8>),
    Length(u64),
}

#[derive(Debug, Default)]
struct Contents {
    synced: Vec<u8>,
    since: Vec<Step>,
}

#[derive(Debug, Default)]
struct Disk {
    /// The present storage, and the staging storage.
    contents: [Contents; 2],
    /// Whether a stop may still undo the rename.
    renamed: bool,
    steps: usize,
    /// At which step what happens.
    fault: Option<(usize, Fault)>,
}

impl Contents {
    fn apply(bytes: &mut Vec<u8>, step: &Step) {
        match step {
            Step::Write(at, data) => {
                let end = *at as usize + data.len();
                bytes.resize(bytes.len().max(end), 0);
                bytes[*at as usize..end].copy_from_slice(data);
            }
            Step::Length(len) => bytes.resize(*len as usize, 0),
        }
    }

    /// As a running program reads it.
    fn now(&self) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        self.since.iter().for_each(|step| Self::apply(&mut bytes, step));
        bytes
    }

    fn sync(&mut self) {
        self.synced = self.now();
        self.since.clear();
    }

    /// As the next program reads it after the machine stopped.
    fn after_stop(&mut self, seed: u64) {
        let mut state = seed | 1;
        for step in std::mem::take(&mut self.since) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            match (seed, state % 3, step) {
                // Seed 0 loses every write, 1 none; others are random.
                (0, ..) => {}
                (1, _, step) | (_, 0, step) => Self::apply(&mut self.synced, &step),
                (_, 1, Step::Write(at, data)) => {
                    let half = data[..data.len() / 2].to_vec();
                    Self::apply(&mut self.synced, &Step::Write(at, half));
                }
                _ => {}
            }
        }
    }
}

impl Disk {
    /// Counts a step, and fails if the fault is due.
    fn step(&mut self) -> io::Result<()> {
        self.steps += 1;
        match self.fault {
            Some((at, Fault::FailsOnce)) if self.steps != at => Ok(()),
            Some((at, _)) if self.steps >= at => Err(io::Error::other("the disk fails")),
            _ => Ok(()),
        }
    }

    /// Prepares what the next start of the program finds.
    fn restart(&mut self) {
        if let (true, Some((_, Fault::Stops(seed)))) = (self.renamed, self.fault)
            && seed % 2 == 0
        {
            self.contents.swap(0, 1);
        }
        self.renamed = false;
        for contents in &mut self.contents {
            match self.fault {
                Some((_, Fault::Stops(seed))) => contents.after_stop(seed),
                _ => contents.sync(),
            }
        }
        self.fault = None;
        self.steps = 0;
    }
}

#[derive(Clone, Debug, Default)]
struct Shared(Arc<Mutex<Disk>>);

impl Shared {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap()
    }
}

/// One of the disk's two storages; a rename changes which.
#[derive(Debug)]
struct FaultyStorage {
    disk: Shared,
    which: Arc<Mutex<usize>>,
}

impl FaultyStorage {
    fn contents<T>(&self, change: bool, act: impl FnOnce(&mut Contents) -> T) -> io::Result<T> {
        let which = *self.which.lock().unwrap();
        let mut disk = self.disk.disk();
        if change {
            disk.step()?;
        }
        Ok(act(&mut disk.contents[which]))
    }
}

impl StorageBackend for FaultyStorage {
    fn len(&self) -> io::Result<u64> {
        self.contents(false, |contents| contents.now().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let bytes = self.contents(false, |contents| contents.now())?;
        let part = bytes.get(offset as usize..offset as usize + out.len());
        out.copy_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.contents(true, |contents| contents.since.push(Step::Length(len)))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.contents(true, Contents::sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.contents(true, |contents| contents.since.push(Step::Write(offset, data.to_vec())))
    }
}

#[derive(Debug)]
struct FaultyFile {
    disk: Shared,
    present: Arc<Mutex<usize>>,
    staging: Option<Arc<Mutex<usize>>>,
}

impl ReplaceableFile for FaultyFile {
    fn staging(&mut self) -> io::Result<BoxedStorage> {
        self.disk.disk().step()?;
        self.disk.disk().contents[1] = Contents::default();
        let which = Arc::new(Mutex::new(1));
        self.staging = Some(Arc::clone(&which));
        Ok(BoxedStorage(Box::new(FaultyStorage { disk: self.disk.clone(), which })))
    }

    fn commit(&mut self) -> io::Result<()> {
        self.disk.disk().step()?;
        self.disk.disk().contents.swap(0, 1);
        *self.present.lock().unwrap() = 1;
        if let Some(staging) = self.staging.take() {
            *staging.lock().unwrap() = 0;
            self.present = staging;
        }
        self.disk.disk().renamed = true;
        Ok(())
    }

    fn sync_directory(&mut self) -> io::Result<()> {
        self.disk.disk().step()?;
        self.disk.disk().renamed = false;
        Ok(())
    }
}

fn model() -> Model {
    Model {
        variant: "happyhouse".into(),
        weights_sha256: "0a".repeat(32),
        framing: "points-1".into(),
    }
}

fn open(disk: &Shared) -> Result<FileStore, Error> {
    let present = Arc::new(Mutex::new(0));
    let storage =
        BoxedStorage(Box::new(FaultyStorage { disk: disk.clone(), which: Arc::clone(&present) }));
    let file = FaultyFile { disk: disk.clone(), present, staging: None };
    FileStore::open_storage(Path::new("memory"), Box::new(file), storage, &model())
}

fn name(number: usize) -> PersonName {
    PersonName::new(&format!("person {number:03}")).unwrap()
}

fn enrollment(axis: usize) -> Enrollment {
    let values = (0..128).map(|i| if i == axis % 128 { 1.0 } else { 0.0 });
    let templates = vec![Encoding::new(values).unwrap().into()];
    Enrollment { templates, consent: Some("agreed".into()), at: Some(1) }
}

fn all_people(store: &FileStore) -> Vec<Person> {
    let mut people = Vec::new();
    store
        .for_each(&mut |person| {
            people.push(person);
            Ok(())
        })
        .unwrap();
    people
}

/// A disk with thirty people, on which earlier changes left free pages.
fn prepared() -> Shared {
    let disk = Shared::default();
    let mut store = open(&disk).unwrap();
    for number in 0..30 {
        store.enroll_all(&[(&name(number), &enrollment(number))]).unwrap();
    }
    drop(store);
    disk.disk().restart();
    disk
}

/// Interrupts the change at each of its steps by each fault; returns how many faults that
/// were.
fn at_every_step(change: &dyn Fn(&mut FileStore) -> Result<(), Error>) -> usize {
    let run = |fault: Option<(usize, Fault)>| {
        let disk = prepared();
        let mut store = open(&disk).unwrap();
        let before = all_people(&store);
        disk.disk().steps = 0;
        disk.disk().fault = fault;
        let result = change(&mut store);
        let steps = disk.disk().steps;
        // What is acknowledged after a failure is durable, too.
        let later = fault.is_some_and(|(_, fault)| fault == Fault::FailsOnce)
            && store.enroll_all(&[(&name(999), &enrollment(9))]).is_ok();
        drop(store);
        disk.disk().restart();
        let store = open(&disk).unwrap_or_else(|error| panic!("{fault:?}: {error:?}"));
        let mut found = all_people(&store);
        let late = found.pop_if(|person| person.name == name(999)).is_some();
        assert!(late || !later, "{fault:?}: an acknowledged person is lost");
        (before, result, steps, found)
    };
    let (before, result, steps, after) = run(None);
    result.unwrap();
    assert_ne!(steps, 0);
    let mut faults = 0;
    for at in 1..=steps {
        for fault in [
            Fault::Fails,
            Fault::FailsOnce,
            Fault::Stops(0),
            Fault::Stops(1),
            Fault::Stops(at as u64 * 77 + 2),
            Fault::Stops(at as u64 * 91 + 3),
        ] {
            let (_, result, _, found) = run(Some((at, fault)));
            let state = if found == after { "after" } else { "before" };
            assert!(found == after || found == before, "{fault:?} at step {at}: {found:?}");
            // A change that was acknowledged is durable.
            assert!(result.is_err() || state == "after", "{fault:?} at step {at}");
            faults += 1;
        }
    }
    faults
}

#[test]
fn an_enrollment_happens_or_does_not() {
    let faults = at_every_step(&|store| store.enroll_all(&[(&name(77), &enrollment(77))]));
    assert!(faults > 50, "{faults} faults");
}

#[test]
fn a_removal_happens_or_does_not() {
    let faults = at_every_step(&|store| store.remove(&[name(3), name(4)]));
    assert!(faults > 240, "{faults} faults");
}

#[test]
fn a_compaction_changes_nobody() {
    let faults = at_every_step(&|store| store.compact());
    assert!(faults > 240, "{faults} faults");
}

#[test]
fn many_enrollments_at_once_happen_or_do_not() {
    let people: Vec<_> = (100..160).map(|n| (name(n), enrollment(n))).collect();
    let people: Vec<_> = people.iter().map(|(n, e)| (n, e)).collect();
    let faults = at_every_step(&|store| store.enroll_all(&people));
    assert!(faults > 90, "{faults} faults");
}
