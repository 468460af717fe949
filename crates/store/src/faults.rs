//! Storage that fails, and storage that stops, at every single step of a change.
//!
//! A disk here is memory with two states: what was synced, and what was written since.
//! At the n-th write, change of length, sync or rename it either begins to return errors,
//! or the machine stops; then each write since the last sync is there or not, as the
//! seed decides, the last one perhaps in half. After every such end the store is opened
//! again and must hold the people from before the change or those from after it: close to
//! seven hundred ends.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use facenet::gallery::PersonName;
use facenet::matching::Encoding;
use redb::StorageBackend;

use crate::backend::Shelf;
use crate::file::FileStore;
use crate::keeper::Keeper;
use crate::place::Place;
use crate::{Enrolment, Model, Person, StoreError};

/// How the storage ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// Every step from then on is an error, and what was written is there.
    Fails,
    /// The same for one step only.
    FailsOnce,
    /// The machine stops; a seed says which unsynced writes arrived.
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
    /// The present storage, and the one beside it.
    contents: [Contents; 2],
    /// Whether a rename may still be undone by a stop.
    renamed: bool,
    steps: usize,
    end: Option<(usize, End)>,
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

    /// As a program reads it.
    fn now(&self) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        self.since.iter().for_each(|step| Self::apply(&mut bytes, step));
        bytes
    }

    fn sync(&mut self) {
        self.synced = self.now();
        self.since.clear();
    }

    /// What a machine finds that stopped.
    fn after_stop(&mut self, seed: u64) {
        let mut state = seed | 1;
        for step in std::mem::take(&mut self.since) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            match (seed, state % 3, step) {
                // Seed 0 loses everything, 1 nothing; others throw dice.
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
    /// Counts a step, which fails when its time has come.
    fn step(&mut self) -> io::Result<()> {
        self.steps += 1;
        match self.end {
            Some((at, End::FailsOnce)) if self.steps != at => Ok(()),
            Some((at, _)) if self.steps >= at => Err(io::Error::other("the disk fails")),
            _ => Ok(()),
        }
    }

    /// What the next start of the program finds.
    fn restart(&mut self) {
        if let (true, Some((_, End::Stops(seed)))) = (self.renamed, self.end)
            && seed % 2 == 0
        {
            self.contents.swap(0, 1);
        }
        self.renamed = false;
        for contents in &mut self.contents {
            match self.end {
                Some((_, End::Stops(seed))) => contents.after_stop(seed),
                _ => contents.sync(),
            }
        }
        self.end = None;
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

/// One of the disk's two storages; which moves when one takes the other's place.
#[derive(Debug)]
struct Faulty {
    disk: Shared,
    which: Arc<Mutex<usize>>,
}

impl Faulty {
    fn contents<T>(&self, change: bool, act: impl FnOnce(&mut Contents) -> T) -> io::Result<T> {
        let which = *self.which.lock().unwrap();
        let mut disk = self.disk.disk();
        if change {
            disk.step()?;
        }
        Ok(act(&mut disk.contents[which]))
    }
}

impl StorageBackend for Faulty {
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
struct FaultyPlace {
    disk: Shared,
    present: Arc<Mutex<usize>>,
    beside: Option<Arc<Mutex<usize>>>,
}

impl Place for FaultyPlace {
    fn beside(&mut self) -> io::Result<Shelf> {
        self.disk.disk().step()?;
        self.disk.disk().contents[1] = Contents::default();
        let which = Arc::new(Mutex::new(1));
        self.beside = Some(Arc::clone(&which));
        Ok(Shelf(Box::new(Faulty { disk: self.disk.clone(), which })))
    }

    fn replace(&mut self) -> io::Result<()> {
        self.disk.disk().step()?;
        self.disk.disk().contents.swap(0, 1);
        *self.present.lock().unwrap() = 1;
        if let Some(beside) = self.beside.take() {
            *beside.lock().unwrap() = 0;
            self.present = beside;
        }
        self.disk.disk().renamed = true;
        Ok(())
    }

    fn settle(&mut self) -> io::Result<()> {
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

fn open(disk: &Shared) -> Result<FileStore, StoreError> {
    let present = Arc::new(Mutex::new(0));
    let shelf = Shelf(Box::new(Faulty { disk: disk.clone(), which: Arc::clone(&present) }));
    let place = FaultyPlace { disk: disk.clone(), present, beside: None };
    FileStore::in_place(Path::new("memory"), Box::new(place), shelf, &model())
}

fn name(number: usize) -> PersonName {
    PersonName::new(&format!("person {number:03}")).unwrap()
}

fn enrolment(axis: usize) -> Enrolment {
    let values = (0..128).map(|i| if i == axis % 128 { 1.0 } else { 0.0 });
    let templates = vec![Encoding::new(values).unwrap().into()];
    Enrolment { templates, consent: Some("agreed".into()), at: Some(1) }
}

fn everybody(store: &FileStore) -> Vec<Person> {
    let mut people = Vec::new();
    store
        .each(&mut |person| {
            people.push(person);
            Ok(())
        })
        .unwrap();
    people
}

/// A disk with some people, on which earlier changes left free pages.
fn prepared() -> Shared {
    let disk = Shared::default();
    let mut store = open(&disk).unwrap();
    for number in 0..30 {
        store.enroll_all(&[(&name(number), &enrolment(number))]).unwrap();
    }
    drop(store);
    disk.disk().restart();
    disk
}

/// Ends the change at its every step in every way; returns how many ends that were.
fn at_every_step(change: &dyn Fn(&mut FileStore) -> Result<(), StoreError>) -> usize {
    let run = |end: Option<(usize, End)>| {
        let disk = prepared();
        let mut store = open(&disk).unwrap();
        let before = everybody(&store);
        disk.disk().steps = 0;
        disk.disk().end = end;
        let result = change(&mut store);
        let steps = disk.disk().steps;
        // Who goes on after a failure is lied to no more than others.
        let later = end.is_some_and(|(_, end)| end == End::FailsOnce)
            && store.enroll_all(&[(&name(999), &enrolment(9))]).is_ok();
        drop(store);
        disk.disk().restart();
        let store = open(&disk).unwrap_or_else(|error| panic!("{end:?}: {error:?}"));
        let mut found = everybody(&store);
        let late = found.pop_if(|person| person.name == name(999)).is_some();
        assert!(late || !later, "{end:?}: an acknowledged person is lost");
        (before, result, steps, found)
    };
    let (before, result, steps, after) = run(None);
    result.unwrap();
    assert_ne!(steps, 0);
    let mut ends = 0;
    for at in 1..=steps {
        for end in [
            End::Fails,
            End::FailsOnce,
            End::Stops(0),
            End::Stops(1),
            End::Stops(at as u64 * 77 + 2),
            End::Stops(at as u64 * 91 + 3),
        ] {
            let (_, result, _, found) = run(Some((at, end)));
            let state = if found == after { "after" } else { "before" };
            assert!(found == after || found == before, "{end:?} at step {at}: {found:?}");
            // What was acknowledged is there.
            assert!(result.is_err() || state == "after", "{end:?} at step {at}");
            ends += 1;
        }
    }
    ends
}

#[test]
fn an_enrolment_happens_or_does_not() {
    let ends = at_every_step(&|store| store.enroll_all(&[(&name(77), &enrolment(77))]));
    assert!(ends > 50, "{ends} ends");
}

#[test]
fn a_removal_happens_or_does_not() {
    let ends = at_every_step(&|store| store.remove(&[name(3), name(4)]));
    assert!(ends > 240, "{ends} ends");
}

#[test]
fn a_compaction_changes_nobody() {
    let ends = at_every_step(&|store| store.compact());
    assert!(ends > 240, "{ends} ends");
}

#[test]
fn many_enrolments_at_once_happen_or_do_not() {
    let people: Vec<_> = (100..160).map(|n| (name(n), enrolment(n))).collect();
    let people: Vec<_> = people.iter().map(|(n, e)| (n, e)).collect();
    let ends = at_every_step(&|store| store.enroll_all(&people));
    assert!(ends > 90, "{ends} ends");
}
