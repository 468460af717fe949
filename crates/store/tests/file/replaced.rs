//! Stores whose file is reached by a link, or replaced or removed by another program.

use std::fs;
use std::os::unix::fs::symlink;

use store::{Access, Error};
use store_conformance::fixtures::{encoding, enrollment, name};

use crate::temporary::{filled, fresh, open};

#[test]
fn a_removal_through_a_symbolic_link_is_one_from_the_real_file() {
    let (directory, real) = fresh();
    drop(filled(&real, 3));
    // A link to a link, in a folder of its own, relative and absolute.
    let (near, far) = (directory.path().join("near"), directory.path().join("links/far"));
    fs::create_dir(far.parent().unwrap()).unwrap();
    symlink(&real, &near).unwrap();
    symlink("../near", &far).unwrap();
    let mut store = open(&far, Access::Write).unwrap();
    store.remove(&[name("resident-0001")]).unwrap();
    drop(store);
    for link in [&near, &far] {
        assert!(fs::symlink_metadata(link).unwrap().is_symlink(), "the link is gone");
    }
    let store = open(&real, Access::Read).unwrap();
    assert!(matches!(store.person(&name("resident-0001")), Err(Error::PersonNotFound { .. })));
    assert_eq!(fs::read_dir(far.parent().unwrap()).unwrap().count(), 1);
    assert_eq!(fs::read_dir(real.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn a_link_to_nothing_becomes_one_to_a_new_store() {
    let directory = tempfile::tempdir().unwrap();
    let (real, link) = (directory.path().join("real"), directory.path().join("link"));
    symlink("real", &link).unwrap();
    let mut store = filled(&link, 3);
    store.remove(&[name("resident-0001")]).unwrap();
    drop(store);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(open(&real, Access::Read).unwrap().len().unwrap(), 2);
}

/// Another name of the same file would keep the people who are removed under this one.
#[test]
fn a_second_name_of_the_file_is_a_warning() {
    let (directory, path) = fresh();
    assert!(filled(&path, 1).warning().is_none());
    fs::hard_link(&path, directory.path().join("second")).unwrap();
    let store = open(&path, Access::Write).unwrap();
    assert!(store.warning().unwrap().contains("hard link"), "{:?}", store.warning());
}

/// Restores a backup, as `cp people.redb backup; mv backup people.redb` does.
#[test]
fn changes_go_to_the_file_that_is_there_now() {
    let (directory, path) = fresh();
    drop(filled(&path, 3));
    let backup = directory.path().join("backup");
    fs::copy(&path, &backup).unwrap();
    let mut store = open(&path, Access::Write).unwrap();
    store.enroll(&name("early"), &enrollment(&[10])).unwrap();
    assert!(store.gallery_if_changed().unwrap().is_none());
    fs::rename(&backup, &path).unwrap();
    // Another program may change it before this one does.
    let mut other = open(&path, Access::Write).unwrap();
    other.enroll(&name("other"), &enrollment(&[20])).unwrap();
    let error = store.enroll(&name("late"), &enrollment(&[30])).unwrap_err();
    assert!(matches!(error, Error::InUse { .. }), "{error:?}");
    drop(other);
    store.enroll(&name("late"), &enrollment(&[30])).unwrap();
    let gallery = store.gallery_if_changed().unwrap().unwrap();
    assert_eq!(
        gallery.names().iter().map(|n| n.as_str()).collect::<Vec<_>>(),
        ["late", "other", "resident-0000", "resident-0001", "resident-0002"]
    );
    assert!(store.gallery_if_changed().unwrap().is_none());
    store.remove(&[name("resident-0001")]).unwrap();
    drop(store);
    let store = open(&path, Access::Read).unwrap();
    assert_eq!(store.len().unwrap(), 4);
    assert_eq!(store.person(&name("other")).unwrap().encodings(), [encoding(20)]);
}

/// A recognition has to learn of it, too: it asks for changes only.
#[test]
fn a_replaced_file_is_a_change() {
    let (directory, path) = fresh();
    let backup = directory.path().join("backup");
    drop(filled(&backup, 1));
    let store = filled(&path, 3);
    fs::rename(&backup, &path).unwrap();
    assert_eq!(store.gallery_if_changed().unwrap().unwrap().len(), 1);
    assert!(store.gallery_if_changed().unwrap().is_none());
    // Removed people are in no file that could still be read.
    assert_eq!(store.len().unwrap(), 1);
}

#[test]
fn a_removed_file_is_an_error_until_it_is_back() {
    let (directory, path) = fresh();
    let mut store = filled(&path, 3);
    let aside = directory.path().join("aside");
    fs::rename(&path, &aside).unwrap();
    let late = enrollment(&[9]);
    for result in [
        store.enroll(&name("late"), &late),
        store.remove(&[name("resident-0001")]),
        store.gallery_if_changed().map(|_| ()),
    ] {
        assert!(matches!(&result, Err(Error::FileRemoved { .. })), "{result:?}");
    }
    assert!(!path.exists(), "a new store was made of the old one");
    fs::rename(&aside, &path).unwrap();
    store.enroll(&name("late"), &late).unwrap();
    assert_eq!(store.len().unwrap(), 4);
}

#[test]
fn a_file_of_another_kind_in_its_place_is_an_error() {
    let (_directory, path) = fresh();
    let mut store = filled(&path, 3);
    fs::remove_file(&path).unwrap();
    fs::write(&path, "no store at all").unwrap();
    let error = store.enroll(&name("late"), &enrollment(&[9])).unwrap_err();
    assert!(matches!(error, Error::NotAStore { .. }), "{error:?}");
    assert_eq!(fs::read(&path).unwrap(), b"no store at all");
    // An empty file would become a store where nobody is enrolled.
    fs::write(&path, "").unwrap();
    let error = store.remove(&[name("resident-0001")]).unwrap_err();
    assert!(matches!(error, Error::FileRemoved { .. }), "{error:?}");
    assert_eq!(fs::read(&path).unwrap(), b"");
}
