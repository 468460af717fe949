//! Stores in files: the behavior of every back end, and what only a file promises.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod damage;
mod killed;
#[cfg(target_os = "linux")]
mod mounted;
#[cfg(unix)]
mod replaced;
mod temporary;

use std::fs;

use store::{Access, Error, Model, Store};
use store_conformance::fixtures::{bytes_of, contains, encoding, enrollment, model, name};

use temporary::{filled, fresh, open};

fn with_store(check: &dyn Fn(&store_conformance::Open<'_>)) {
    let (_directory, path) = fresh();
    check(&|model, access| Store::open_any_model(&path, model, access));
}

store_conformance::conformance_tests!(with_store);

#[test]
fn removed_and_renamed_people_are_gone_from_the_bytes() {
    let (_directory, path) = fresh();
    let mut store = filled(&path, 300);
    let gone = [name("resident-0007"), name("resident-0123")];
    // They are changed first, which leaves older copies of their page.
    store.enroll(&gone[0], &enrollment(&[9_999])).unwrap();
    store.enroll(&name("another"), &enrollment(&[8_888])).unwrap();
    let vectors = [encoding(7), encoding(123), encoding(9_999)];
    let file = fs::read(&path).unwrap();
    assert!(vectors.iter().all(|vector| contains(&file, &bytes_of(vector))));

    store.remove(&gone).unwrap();
    store.rename(&name("resident-0200"), &name("kian")).unwrap();
    let check = || {
        let file = fs::read(&path).unwrap();
        for vector in &vectors {
            let bytes = bytes_of(vector);
            // Not even a part of it.
            assert!(!bytes.chunks(64).any(|piece| contains(&file, piece)));
        }
        for name in ["resident-0007", "resident-0123", "resident-0200"] {
            assert!(!contains(&file, name.as_bytes()), "{name}");
        }
        assert!(contains(&file, &bytes_of(&encoding(200))));
    };
    check();
    drop(store);
    check();
    let store = open(&path, Access::Read).unwrap();
    assert_eq!(store.len().unwrap(), 299);
    assert_eq!(store.person(&name("kian")).unwrap().encodings(), [encoding(200)]);
    // No other file is left.
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn purge_leaves_no_byte() {
    let (_directory, path) = fresh();
    let mut store = filled(&path, 50);
    store.purge().unwrap();
    assert!(!contains(&fs::read(&path).unwrap(), b"resident"));
}

/// Encodings of faces that were cut out in another way, or in an unknown one, cannot be
/// compared with ours.
#[test]
fn templates_of_other_crops_are_refused() {
    let (_directory, path) = fresh();
    drop(filled(&path, 2));
    let other = Model { crop_version: "box-0".into(), ..model("a") };
    let text = Store::open(&path, &other, Access::Read).unwrap_err().to_string();
    for words in ["face crops points-1", "face crops box-0", "gallery rebuild"] {
        assert!(text.contains(words), "{text}");
    }
    // Stores of earlier versions do not have it.
    let database = redb::Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let about = redb::TableDefinition::<&str, &[u8]>::new("about");
    assert!(transaction.open_table(about).unwrap().remove("framing").unwrap().is_some());
    transaction.commit().unwrap();
    drop(database);
    let text = open(&path, Access::Write).unwrap_err().to_string();
    assert!(text.contains("face crops unknown"), "{text}");
    let mut store = Store::open_any_model(&path, &model("a"), Access::Write).unwrap();
    assert_eq!(
        (store.len().unwrap(), &*store.model().crop_version),
        (2, Model::UNKNOWN_CROP_VERSION)
    );
    store.remove(&[name("resident-0001")]).unwrap();
    assert_eq!(store.model().crop_version, Model::UNKNOWN_CROP_VERSION);
    store.rewrite_for_model(&model("a"), |person| Ok(Some(person))).unwrap();
    drop(store);
    assert_eq!(open(&path, Access::Read).unwrap().len().unwrap(), 1);
}

#[test]
fn a_store_of_another_version_is_refused() {
    let (_directory, path) = fresh();
    drop(filled(&path, 1));
    let database = redb::Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let about = redb::TableDefinition::<&str, &[u8]>::new("about");
    let version = 9_u64.to_le_bytes();
    transaction.open_table(about).unwrap().insert("format", version.as_slice()).unwrap();
    transaction.commit().unwrap();
    drop(database);
    for access in [Access::Read, Access::Write] {
        let error = open(&path, access).unwrap_err();
        assert!(matches!(error, Error::Version { found: 9, .. }), "{error}");
    }
}

#[test]
fn one_program_writes_or_many_read() {
    let (_directory, path) = fresh();
    let store = filled(&path, 2);
    for access in [Access::Read, Access::Write] {
        let error = open(&path, access).unwrap_err();
        assert!(matches!(error, Error::InUse { .. }), "{error:?}");
    }
    drop(store);
    let before = fs::read(&path).unwrap();
    let readers = [open(&path, Access::Read).unwrap(), open(&path, Access::Read).unwrap()];
    assert!(readers.iter().all(|store| store.len().unwrap() == 2));
    drop(readers);
    assert!(fs::read(&path).unwrap() == before, "reading changed the file");
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let (_directory, path) = fresh();
    let mut store = filled(&path, 1);
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    store.compact().unwrap();
    assert_eq!(mode(), 0o600);
    // The staging file of a killed process is removed by the next that opens the store.
    drop(store);
    let stale = path.with_file_name(".people.redb.x7.partial");
    fs::write(&stale, "vectors").unwrap();
    drop(open(&path, Access::Write).unwrap());
    assert!(!stale.exists());
}

#[test]
fn other_files_are_errors() {
    let (directory, path) = fresh();
    let missing = open(&path, Access::Read).unwrap_err();
    assert!(matches!(missing, Error::Missing { .. }), "{missing}");
    assert!(!path.exists());
    for access in [Access::Read, Access::Write] {
        let error = open(directory.path(), access).unwrap_err();
        assert!(error.to_string().contains("found a folder"), "{error}");
        let text = directory.path().join("text");
        fs::write(&text, "no store at all").unwrap();
        let error = open(&text, access).unwrap_err();
        assert!(matches!(error, Error::NotAStore { .. }), "{error}");
        assert_eq!(fs::read(&text).unwrap(), b"no store at all");
    }
    // An empty file may become a store, but reading does not make it one.
    let empty = directory.path().join("empty");
    fs::write(&empty, "").unwrap();
    assert!(open(&empty, Access::Read).unwrap().is_empty().unwrap());
    assert_eq!(fs::metadata(&empty).unwrap().len(), 0);
    drop(open(&empty, Access::Write).unwrap());
    assert!(fs::metadata(&empty).unwrap().len() > 0);
}
