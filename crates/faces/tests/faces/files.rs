//! Paths that lead to no photo: each has its own error, and none blocks.

use std::fs;
use std::path::Path;

use faces::{DecodeLimits, Photo, PhotoError};
use image::ImageFormat;
use tempfile::tempdir;
use test_support::skipped;

use super::made::{encoded, gradient};

fn open(path: &Path) -> Result<Photo, PhotoError> {
    Photo::open(path, &DecodeLimits::default())
}

/// The error, after checking that its message names the file.
fn refused(path: &Path) -> PhotoError {
    let error = open(path).expect_err("no photo");
    let name = path.file_name().unwrap().to_str().unwrap();
    assert!(error.to_string().contains(name), "{error}");
    error
}

#[test]
fn missing_empty_and_one_byte_files_and_directories_are_told_apart() {
    let folder = tempdir().unwrap();
    let missing = folder.path().join("missing.jpg");
    assert!(matches!(refused(&missing), PhotoError::Missing { .. }));

    let empty = folder.path().join("empty.jpg");
    fs::write(&empty, "").unwrap();
    assert!(matches!(refused(&empty), PhotoError::Empty { .. }));

    let byte = folder.path().join("byte.jpg");
    fs::write(&byte, [0xff]).unwrap();
    let error = refused(&byte);
    assert!(matches!(&error, PhotoError::UnknownFormat { found, .. } if found == "bytes ff"));

    let directory = folder.path().join("album.jpg");
    fs::create_dir(&directory).unwrap();
    let error = refused(&directory);
    assert!(matches!(error, PhotoError::NotAFile { found: "a folder", .. }), "{error}");
}

#[test]
fn the_content_decides_and_not_the_extension() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("really-a-png.jpg");
    fs::write(&path, encoded(gradient(9, 7), ImageFormat::Png)).unwrap();
    assert_eq!(open(&path).unwrap(), Photo::from_rgb(gradient(9, 7)));

    let text = folder.path().join("text.jpg");
    fs::write(&text, "Dear diary, this is no photo.").unwrap();
    let error = refused(&text).to_string();
    assert!(error.contains("found text that begins \"Dear diary"), "{error}");
}

#[test]
fn control_characters_in_a_name_do_not_reach_the_terminal() {
    let error = open(Path::new("no\x1b[31m\nsuch")).expect_err("missing").to_string();
    assert_eq!(error, r"no\u{1b}[31m\nsuch: no such file");
}

#[test]
fn a_file_larger_than_allowed_is_not_read() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("large.png");
    let bytes = encoded(gradient(9, 7), ImageFormat::Png);
    fs::write(&path, &bytes).unwrap();
    let size = bytes.len() as u64;
    let limits = |file_bytes| DecodeLimits { file_bytes, ..DecodeLimits::default() };
    assert!(Photo::open(&path, &limits(size)).is_ok());
    for result in [
        Photo::open(&path, &limits(size - 1)),
        Photo::from_bytes(&bytes, "large", &limits(size - 1)),
    ] {
        let error = result.expect_err("too large");
        let PhotoError::FileTooLarge { expected, found, .. } = error else { panic!("{error}") };
        assert_eq!((expected, found), (size - 1, size));
    }
}

/// Opening a FIFO without a writer would wait for ever.
#[cfg(unix)]
#[test]
fn a_fifo_is_refused_at_once() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("fifo.jpg");
    match std::process::Command::new("mkfifo").arg(&path).status() {
        Ok(status) if status.success() => {}
        other => return skipped(format_args!("mkfifo: {other:?}")),
    }
    let error = refused(&path);
    assert!(matches!(error, PhotoError::NotAFile { found: "a pipe", .. }), "{error}");
    let device = open(Path::new("/dev/zero")).expect_err("a device");
    assert!(matches!(device, PhotoError::NotAFile { found: "a device", .. }), "{device}");
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_says_so() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempdir().unwrap();
    let path = folder.path().join("private.jpg");
    fs::write(&path, "secret").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        return skipped("this user reads files without permission");
    }
    let error = refused(&path);
    assert!(matches!(error, PhotoError::Unreadable { .. }), "{error}");
}
