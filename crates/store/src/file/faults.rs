//! Fault injection: storage that fails, or a machine that stops, at every single step of a
//! change.
//!
//! A disk here is memory with two states: what was synced, and what was written since.
//! At the n-th write, change of length, sync or rename it either begins to return errors,
//! or the machine stops; then each write since the last sync is lost, complete or halved, as
//! the seed decides. After every such fault the store is opened again and must hold the
//! people from before the change or those from after it: close to eight hundred faults. If
//! the storage works again, so must the store that is open, by itself.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod disk;

use std::path::Path;

use super::FileStore;
use crate::backend::Backend;
use crate::{Enrollment, Error, Model, Person};
use disk::{Fault, FaultyFile, Shared};
use facenet::gallery::PersonName;
use facenet::matching::Encoding;

fn model() -> Model {
    Model {
        variant: "happyhouse".into(),
        weights_sha256: "0a".repeat(32),
        crop_version: "points-1".into(),
    }
}

fn open(disk: &Shared) -> Result<FileStore, Error> {
    FileStore::open_file(Path::new("memory"), Box::new(FaultyFile::new(disk)), &model())
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
        let recovers = match fault {
            Some((_, Fault::FailsOnce)) => true,
            Some((_, Fault::FailsForAWhile)) => disk.disk().fault.take().is_some(),
            _ => false,
        };
        let stops = matches!(fault, Some((_, Fault::Stops(_))));
        assert!(stops || !disk.disk().staged, "{fault:?}: a staging file is left");
        if !stops && let Err(error) = &result {
            assert!(matches!(error, Error::NoSpace { .. }), "{fault:?}: {error:?}");
        }
        let later = recovers.then(|| {
            let enrolled = store.enroll_all(&[(&name(999), &enrollment(9))]);
            enrolled.unwrap_or_else(|error| panic!("{fault:?}: no recovery: {error:?}"));
            all_people(&store)
        });
        drop(store);
        disk.disk().restart();
        let store = open(&disk).unwrap_or_else(|error| panic!("{fault:?}: {error:?}"));
        let mut found = all_people(&store);
        if let Some(later) = later {
            assert!(found == later, "{fault:?}: an acknowledged person is lost");
            assert!(found.pop_if(|person| person.name == name(999)).is_some(), "{fault:?}");
        }
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
            Fault::FailsForAWhile,
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
    assert!(faults > 58, "{faults} faults");
}

#[test]
fn a_removal_happens_or_does_not() {
    let faults = at_every_step(&|store| store.remove(&[name(3), name(4)]));
    assert!(faults > 280, "{faults} faults");
}

#[test]
fn a_compaction_changes_nobody() {
    let faults = at_every_step(&|store| store.compact());
    assert!(faults > 280, "{faults} faults");
}

#[test]
fn many_enrollments_at_once_happen_or_do_not() {
    let people: Vec<_> = (100..160).map(|n| (name(n), enrollment(n))).collect();
    let people: Vec<_> = people.iter().map(|(n, e)| (n, e)).collect();
    let faults = at_every_step(&|store| store.enroll_all(&people));
    assert!(faults > 105, "{faults} faults");
}
