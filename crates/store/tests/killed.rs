//! A process that is killed while it enrols a thousand people.
//!
//! The child is this very test binary; it writes a line once a person is enrolled. What
//! it said before it was killed must be in the store.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

#[path = "store/files.rs"]
mod files;
#[path = "store/made.rs"]
mod made;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use store::Access;

use files::{filled, fresh, open};
use made::{bytes_of, encoding, enrolment, holds, name};

const STORE: &str = "FACENET_TEST_STORE";
const PEOPLE: u64 = 1_000;

/// No test by itself: what the child does.
#[test]
fn child() {
    let Some(path) = std::env::var_os(STORE).map(PathBuf::from) else { return };
    let mut store = open(&path, Access::Write).unwrap();
    let mut out = std::io::stdout().lock();
    let begin = store.len().unwrap() as u64;
    for number in begin..begin + PEOPLE {
        store.enroll(&name(&format!("person {number:06}")), &enrolment(&[number])).unwrap();
        // Each tenth time, the other way to change a store.
        if number % 10 == 9 {
            store.compact().unwrap();
        }
        writeln!(out, "enrolled {number}").unwrap();
        out.flush().unwrap();
    }
}

/// Enrols in a child that is killed after `patience`; returns the number of the last
/// person that it said was enrolled.
fn enrol_until_killed(path: &Path, patience: Duration) -> Option<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(STORE, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // Time runs from the first person on.
    let number = |line: &str| line.split_once("enrolled ")?.1.parse::<u64>().ok();
    let mut last = lines.by_ref().find_map(|line| number(&line.unwrap()));
    std::thread::sleep(patience);
    child.kill().unwrap();
    child.wait().unwrap();
    for line in lines {
        last = number(&line.unwrap()).or(last);
    }
    last
}

fn kill(times: u64) {
    let (_folder, path) = fresh();
    let mut enrolled = 0;
    for round in 0..times {
        let last = enrol_until_killed(&path, Duration::from_millis(3 + round * 37 % 211)).unwrap();
        let store = open(&path, Access::Write).unwrap();
        let people = store.len().unwrap() as u64;
        // The one after the last may be there too: killed before it could say so.
        assert!((last + 1..=last + 2).contains(&people), "{last} was said, {people} are there");
        let gallery = store.gallery().unwrap();
        for (number, person) in gallery.names().iter().enumerate() {
            assert_eq!(person.as_str(), format!("person {number:06}"));
            assert_eq!(gallery.search(&encoding(number as u64), 1)[0].name, person.as_str());
        }
        enrolled = people;
    }
    assert!(enrolled > times, "{enrolled} people in {times} rounds");
    // Nobody's vector lies in a file that was to take the place of this one.
    let folder = std::fs::read_dir(path.parent().unwrap()).unwrap();
    assert_eq!(folder.count(), 1);
}

#[test]
fn who_was_enrolled_is_there_after_a_kill() {
    kill(4);
}

#[test]
#[ignore = "takes a minute: fifty kills"]
fn who_was_enrolled_is_there_after_fifty_kills() {
    kill(50);
}

#[test]
fn the_search_for_bytes_finds_them() {
    let (_folder, path) = fresh();
    drop(filled(&path, 3));
    assert!(holds(&std::fs::read(&path).unwrap(), &bytes_of(&encoding(2))));
}
