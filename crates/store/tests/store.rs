//! A store as its users see it: files in fresh folders.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

#[path = "store/behaviour.rs"]
mod behaviour;
#[path = "store/damage.rs"]
mod damage;
#[path = "store/files.rs"]
mod files;
#[path = "store/made.rs"]
mod made;

use std::fs;

use store::{Access, Location, Model, Store, StoreError};

use files::{filled, fresh, open};
use made::{bytes_of, encoding, enrolment, holds, model, name};

/// Tests that a database passes, too.
macro_rules! behaves {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            let (_folder, path) = fresh();
            behaviour::$name(&Location::File(path));
        })*
    };
}

behaves! {
    people_come_back
    purge_leaves_nobody
    who_is_removed_or_renamed_is_not_found
    wrong_requests_change_nothing
    templates_of_another_model_are_refused_with_the_way_out
    a_change_may_swap_names_and_drop_people
    searches_are_exact
}

#[test]
fn who_is_removed_or_renamed_is_gone_from_the_bytes() {
    let (_folder, path) = fresh();
    let mut store = filled(&path, 300);
    let gone = [name("resident-0007"), name("resident-0123")];
    // Changed first, so that older copies of the page lie about.
    store.enroll(&gone[0], &enrolment(&[9_999])).unwrap();
    store.enroll(&name("another"), &enrolment(&[8_888])).unwrap();
    let vectors = [encoding(7), encoding(123), encoding(9_999)];
    let file = fs::read(&path).unwrap();
    assert!(vectors.iter().all(|vector| holds(&file, &bytes_of(vector))));

    store.remove(&gone).unwrap();
    store.rename(&name("resident-0200"), &name("kian")).unwrap();
    let check = || {
        let file = fs::read(&path).unwrap();
        for vector in &vectors {
            let bytes = bytes_of(vector);
            // Not even a piece of it.
            assert!(!bytes.chunks(64).any(|piece| holds(&file, piece)));
        }
        for name in ["resident-0007", "resident-0123", "resident-0200"] {
            assert!(!holds(&file, name.as_bytes()), "{name}");
        }
        assert!(holds(&file, &bytes_of(&encoding(200))));
    };
    check();
    drop(store);
    check();
    let store = open(&path, Access::Read).unwrap();
    assert_eq!(store.len().unwrap(), 299);
    assert_eq!(store.person(&name("kian")).unwrap().encodings(), [encoding(200)]);
    // Nothing was left beside it.
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn purge_leaves_no_byte() {
    let (_folder, path) = fresh();
    let mut store = filled(&path, 50);
    store.purge().unwrap();
    assert!(!holds(&fs::read(&path).unwrap(), b"resident"));
}

/// Encodings of faces that were cut out in another way mean nothing to ours, and who
/// does not say how they were cut is not trusted.
#[test]
fn templates_of_another_framing_are_refused_with_the_way_out() {
    let (_folder, path) = fresh();
    drop(filled(&path, 2));
    let other = Model { framing: "box-0".into(), ..model("a") };
    let text =
        Store::open(&Location::File(path.clone()), &other, Access::Read).unwrap_err().to_string();
    for words in ["framed by points-1", "framed by box-0", "gallery rebuild"] {
        assert!(text.contains(words), "{text}");
    }
    // As stores were before they said it.
    let database = redb::Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    let about = redb::TableDefinition::<&str, &[u8]>::new("about");
    assert!(transaction.open_table(about).unwrap().remove("framing").unwrap().is_some());
    transaction.commit().unwrap();
    drop(database);
    let text = open(&path, Access::Write).unwrap_err().to_string();
    assert!(text.contains("framed by unknown"), "{text}");
    let mut store =
        Store::open_any(&Location::File(path.clone()), &model("a"), Access::Write).unwrap();
    assert_eq!((store.len().unwrap(), &*store.model().framing), (2, Model::UNKNOWN_FRAMING));
    store.remove(&[name("resident-0001")]).unwrap();
    assert_eq!(store.model().framing, Model::UNKNOWN_FRAMING);
    store.change_model(&model("a"), |person| Ok(Some(person))).unwrap();
    drop(store);
    assert_eq!(open(&path, Access::Read).unwrap().len().unwrap(), 1);
}

#[test]
fn a_store_of_another_version_is_refused() {
    let (_folder, path) = fresh();
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
        assert!(matches!(error, StoreError::Version { found: 9, .. }), "{error}");
    }
}

#[test]
fn one_writes_or_many_read() {
    let (_folder, path) = fresh();
    let store = filled(&path, 2);
    for access in [Access::Read, Access::Write] {
        let error = open(&path, access).unwrap_err();
        assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
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
fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = fresh();
    let mut store = filled(&path, 1);
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    store.compact().unwrap();
    assert_eq!(mode(), 0o600);
    // What a killed process left is swept up by the next that writes.
    drop(store);
    let left = path.with_file_name(".people.redb.x7.partial");
    fs::write(&left, "vectors").unwrap();
    drop(open(&path, Access::Write).unwrap());
    assert!(!left.exists());
}

#[test]
fn what_is_no_store_is_an_error() {
    let (folder, path) = fresh();
    let missing = open(&path, Access::Read).unwrap_err();
    assert!(matches!(missing, StoreError::Missing { .. }), "{missing}");
    assert!(!path.exists());
    for access in [Access::Read, Access::Write] {
        let error = open(folder.path(), access).unwrap_err();
        assert!(error.to_string().contains("found a folder"), "{error}");
        let text = folder.path().join("text");
        fs::write(&text, "no store at all").unwrap();
        let error = open(&text, access).unwrap_err();
        assert!(matches!(error, StoreError::NotAStore { .. }), "{error}");
        assert_eq!(fs::read(&text).unwrap(), b"no store at all");
    }
    // An empty file is where a store may begin, but holds none to read from.
    let empty = folder.path().join("empty");
    fs::write(&empty, "").unwrap();
    assert!(open(&empty, Access::Read).unwrap().is_empty().unwrap());
    assert_eq!(fs::metadata(&empty).unwrap().len(), 0);
    drop(open(&empty, Access::Write).unwrap());
    assert!(fs::metadata(&empty).unwrap().len() > 0);
}
