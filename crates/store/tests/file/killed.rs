//! A process that is killed while it enrolls a thousand people.
//!
//! The child process is this test binary; it writes a line after each person. Whom it
//! acknowledged before it was killed must be in the store.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use store::Access;
use store_conformance::fixtures::{bytes_of, contains, encoding, enrollment, name};

use crate::temporary::{filled, fresh, open};

const STORE: &str = "FACENET_TEST_STORE";
const PEOPLE: u64 = 1_000;

/// Not a test by itself: the child process.
#[test]
fn child() {
    let Some(path) = std::env::var_os(STORE).map(PathBuf::from) else { return };
    let mut store = open(&path, Access::Write).unwrap();
    let mut out = std::io::stdout().lock();
    let begin = store.len().unwrap() as u64;
    for number in begin..begin + PEOPLE {
        store.enroll(&name(&format!("person {number:06}")), &enrollment(&[number])).unwrap();
        // Each tenth time also the other kind of change, which replaces the file.
        if number % 10 == 9 {
            store.compact().unwrap();
        }
        writeln!(out, "enrolled {number}").unwrap();
        out.flush().unwrap();
    }
}

/// Enrolls people in a child process that is killed after `delay`; returns the number of
/// the last person whom it acknowledged.
fn enroll_until_killed(path: &Path, delay: Duration) -> Option<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::child", "--nocapture"])
        .env(STORE, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The delay begins with the first person.
    let number = |line: &str| line.split_once("enrolled ")?.1.parse::<u64>().ok();
    let mut last = lines.by_ref().find_map(|line| number(&line.unwrap()));
    std::thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap();
    for line in lines {
        last = number(&line.unwrap()).or(last);
    }
    last
}

fn kill(times: u64) {
    let (_directory, path) = fresh();
    let mut enrolled = 0;
    for round in 0..times {
        let last = enroll_until_killed(&path, Duration::from_millis(3 + round * 37 % 211)).unwrap();
        let store = open(&path, Access::Write).unwrap();
        let people = store.len().unwrap() as u64;
        // The next person may be there, too: killed before the acknowledgment.
        assert!(
            (last + 1..=last + 2).contains(&people),
            "{last} was acknowledged, {people} are there"
        );
        let gallery = store.gallery().unwrap();
        for (number, person) in gallery.names().iter().enumerate() {
            assert_eq!(person.as_str(), format!("person {number:06}"));
            assert_eq!(gallery.search(&encoding(number as u64), 1)[0].name, person.as_str());
        }
        enrolled = people;
    }
    assert!(enrolled >= times, "{enrolled} people in {times} rounds");
    // No staging file is left.
    let directory = std::fs::read_dir(path.parent().unwrap()).unwrap();
    assert_eq!(directory.count(), 1);
}

#[test]
fn acknowledged_people_survive_a_kill() {
    kill(4);
}

#[test]
#[ignore = "takes a minute: fifty kills"]
fn acknowledged_people_survive_fifty_kills() {
    kill(50);
}

#[test]
fn bytes_of_people_are_found() {
    let (_directory, path) = fresh();
    drop(filled(&path, 3));
    assert!(contains(&std::fs::read(&path).unwrap(), &bytes_of(&encoding(2))));
}
