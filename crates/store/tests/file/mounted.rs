//! Stores on file systems that are full, and in files and folders that cannot be replaced.
//!
//! The file systems are mounted in namespaces of child processes, which are this test
//! binary. Where the system does not allow that, the tests are skipped with a message.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use store::{Access, Error};
use store_conformance::fixtures::{encoding, enrollment, name};

use crate::temporary::{filled, open};

/// What the child process works on; not set in a usual run.
const PATH: &str = "FACENET_TEST_MOUNTED";

/// The path that a child process was given.
fn child_path() -> Option<PathBuf> {
    std::env::var_os(PATH).map(PathBuf::from)
}

/// Runs the test `child` of this file in a mount namespace, after the shell commands
/// `mount`, in which `$1` is `path`. Nothing, with a message, where that is not allowed.
fn in_namespace(mount: &str, child: &str, path: &Path) -> Option<Output> {
    let test = std::env::current_exe().unwrap();
    let probe =
        Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        test_support::skipped("this system does not allow mounts in a namespace");
        return None;
    }
    let script = format!("{mount} && exec \"$2\" --exact mounted::{child} --nocapture");
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-e", "-c", &script, "sh"])
        .args([path, &test])
        .env(PATH, path)
        .output();
    Some(output.unwrap())
}

fn assert_passed(output: &Output) {
    let text = [&*output.stdout, &*output.stderr].map(String::from_utf8_lossy);
    assert!(output.status.success(), "{}{}", text[0], text[1]);
}

fn fill(path: &Path) {
    use std::io::Write;
    let mut ballast = fs::File::create(path).unwrap();
    for block in [1 << 16, 1 << 12, 1 << 8] {
        while ballast.write_all(&vec![1; block]).is_ok() {}
    }
}

#[test]
fn full_disk_child() {
    let Some(directory) = child_path() else { return };
    let path = directory.join("people.redb");
    let mut store = filled(&path, 300);
    let ballast = directory.join("ballast");
    fill(&ballast);
    let many = enrollment(&(1000..1900).collect::<Vec<_>>());
    let full = |result: Result<(), Error>| {
        assert!(matches!(&result, Err(Error::NoSpace { .. })), "{result:?}");
        let files: Vec<_> = fs::read_dir(&directory).unwrap().map(|e| e.unwrap()).collect();
        assert_eq!(files.len(), 2, "a staging file is left: {files:?}");
    };
    full(store.enroll(&name("late"), &many));
    full(store.remove(&[name("resident-0007")]));
    // Reading works, and so does everything once there is space.
    assert_eq!(store.len().unwrap(), 300);
    assert_eq!(store.person(&name("resident-0007")).unwrap().encodings(), [encoding(7)]);
    fs::remove_file(&ballast).unwrap();
    store.enroll(&name("late"), &many).unwrap();
    store.remove(&[name("resident-0007")]).unwrap();
    drop(store);
    let store = open(&path, Access::Read).unwrap();
    assert_eq!(store.len().unwrap(), 300);
    assert_eq!(store.person(&name("late")).unwrap().templates.len(), 900);
}

#[test]
fn a_full_disk_is_an_error_and_ends_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let mount = "mount -t tmpfs -o size=4m none \"$1\"";
    let Some(output) = in_namespace(mount, "full_disk_child", directory.path()) else { return };
    assert_passed(&output);
}

#[test]
fn mounted_file_child() {
    let Some(path) = child_path() else { return };
    let error = open(&path, Access::Write).unwrap_err();
    assert!(matches!(error, Error::NotReplaceable { .. }), "{error:?}");
    assert!(error.to_string().contains("mounted by itself"), "{error}");
    assert_eq!(open(&path, Access::Read).unwrap().len().unwrap(), 3);
}

#[test]
fn a_file_that_is_mounted_by_itself_is_refused_when_it_is_opened() {
    let directory = tempfile::tempdir().unwrap();
    // Its name has a space, which the system's list of mounts escapes.
    let (real, path) = (directory.path().join("real"), directory.path().join("the people"));
    drop(filled(&real, 3));
    fs::write(&path, "").unwrap();
    let mount = "mount --bind \"${1%/*}/real\" \"$1\"";
    let Some(output) = in_namespace(mount, "mounted_file_child", &path) else { return };
    assert_passed(&output);
}

#[test]
fn read_only_folder_child() {
    let Some(path) = child_path() else { return };
    let error = open(&path, Access::Write).unwrap_err();
    assert!(matches!(error, Error::NotReplaceable { .. }), "{error:?}");
    assert!(error.to_string().contains("its folder"), "{error}");
    assert_eq!(open(&path, Access::Read).unwrap().len().unwrap(), 3);
}

#[test]
fn a_folder_that_is_read_only_is_refused_when_a_store_in_it_is_opened() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    use std::os::unix::process::CommandExt;
    /// The user `nobody`, since the superuser may write in any folder.
    const NOBODY: u32 = 65534;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("folder/people.redb");
    drop(filled(&path, 3));
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "mounted::read_only_folder_child", "--nocapture"]).env(PATH, &path);
    let is_root = fs::metadata(&path).unwrap().uid() == 0;
    if is_root {
        chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        child.uid(NOBODY).gid(NOBODY);
    }
    let folder = path.parent().unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o555)).unwrap();
    let output = child.output().unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    assert_passed(&output);
}
