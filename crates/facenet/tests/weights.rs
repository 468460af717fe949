//! Folders of weights that are damaged in every way seen or feared: each is
//! refused with the file, the tensor, what was expected and what was found.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests panic to fail, and tell why")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use facenet::weights::Weights;
use tempfile::TempDir;

/// The shipped `.npy` files.
fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../weights")
}

/// A folder of links to every shipped file, to be damaged by one.
fn copy() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(shipped()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "npy") {
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    folder
}

/// The message with its causes after `damage` was done to a copy.
fn refusal(damage: impl FnOnce(&Path)) -> String {
    let folder = copy();
    damage(folder.path());
    let start = Instant::now();
    let error = Weights::from_npy_folder(folder.path()).unwrap_err();
    eprintln!("refused in {:?}: {error}", start.elapsed());
    error.to_string()
}

/// Refusals after `damage` to the bytes of one file.
fn refusal_of(file: &str, damage: impl FnOnce(&mut Vec<u8>)) -> String {
    let message = refusal(|folder| {
        let path = folder.join(file);
        let mut bytes = fs::read(&path).unwrap();
        damage(&mut bytes);
        fs::write(path, bytes).unwrap();
    });
    assert!(message.contains(file), "the file is not named: {message}");
    message
}

/// Replaces `from` in the header by `to`, padded to the same length.
fn edit_header(bytes: &mut [u8], from: &str, to: &str) {
    let header = String::from_utf8_lossy(&bytes[10..128]).into_owned();
    let edited = format!("{:<117}\n", header.replace(from, to).trim_end());
    assert_ne!(header, edited, "{from} is not in the header");
    assert_eq!(edited.len(), 118);
    bytes[10..128].copy_from_slice(edited.as_bytes());
}

fn assert_says(message: &str, words: &[&str]) {
    for word in words {
        assert!(message.contains(word), "{word:?} is not in: {message}");
    }
}

#[test]
fn the_shipped_folder_is_what_is_embedded() {
    let loaded = Weights::from_npy_folder(&shipped()).unwrap();
    assert!(loaded.unused.is_empty());
    assert_eq!(loaded.weights, Weights::embedded().unwrap());
    assert_eq!(loaded.weights.hash(), Weights::embedded().unwrap().hash());
}

#[test]
fn missing_files_are_listed() {
    let message = refusal(|folder| {
        for tensor in ["conv3_w", "dense_b"] {
            fs::remove_file(folder.join(format!("{tensor}.npy"))).unwrap();
        }
    });
    assert_says(&message, &["2 of 224 tensors", ".npy", "conv3_w, dense_b"]);
    let nowhere = Weights::from_npy_folder(Path::new("no/such/folder")).unwrap_err();
    assert_says(&nowhere.to_string(), &["no/such/folder"]);
}

#[test]
fn extra_files_are_reported_and_left_out() {
    let folder = copy();
    for stray in ["inception_5a_3x3_conv2_m", "inception_5a_3x3_conv2_v"] {
        fs::write(folder.path().join(format!("{stray}.npy")), "anything").unwrap();
    }
    fs::write(folder.path().join("README.md"), "no tensor").unwrap();
    let loaded = Weights::from_npy_folder(folder.path()).unwrap();
    assert_eq!(loaded.unused, ["inception_5a_3x3_conv2_m", "inception_5a_3x3_conv2_v"]);
}

#[test]
fn swapped_and_transposed_tensors_are_refused() {
    let message = refusal(|folder| {
        let [a, b] = ["conv1_w.npy", "conv3_w.npy"].map(|name| folder.join(name));
        fs::rename(&a, folder.join("x")).unwrap();
        fs::rename(&b, &a).unwrap();
        fs::rename(folder.join("x"), &b).unwrap();
    });
    assert_says(
        &message,
        &["conv1_w.npy", "expected shape [64, 3, 7, 7]", "found [192, 64, 3, 3]"],
    );

    let transposed = |bytes: &mut Vec<u8>| edit_header(bytes, "(128, 736)", "(736, 128)");
    let message = refusal_of("dense_w.npy", transposed);
    assert_says(&message, &["tensor dense_w", "expected shape [128, 736]", "found [736, 128]"]);

    // Same shape, so only the values can tell.
    let message = refusal(|folder| {
        fs::copy(folder.join("bn1_m.npy"), folder.join("bn1_v.npy")).unwrap();
    });
    assert_says(&message, &["bn1_v", "variance cannot be negative"]);
}

#[test]
fn other_element_types_and_orders_are_refused() {
    let element =
        |to: &'static str| refusal_of("bn1_w.npy", move |bytes| edit_header(bytes, "'<f4'", to));
    assert_says(&element("'>f4'"), &["type \"<f4\"", "found \">f4\""]);
    assert_says(&element("'<f8'"), &["type \"<f4\"", "found \"<f8\""]);
    assert_says(&element("'<i4'"), &["type \"<f4\"", "found \"<i4\""]);
    assert_says(&element("'|O'"), &["|O"]);
    let fortran = |bytes: &mut Vec<u8>| edit_header(bytes, "False", "True");
    assert_says(&refusal_of("conv1_w.npy", fortran), &["expected C order", "found Fortran"]);
}

#[test]
fn values_that_are_not_finite_are_refused() {
    let put = |file: &str, value: f32| {
        refusal_of(file, |bytes| bytes[128 + 4 * 5..][..4].copy_from_slice(&value.to_le_bytes()))
    };
    assert_says(&put("bn2_b.npy", f32::NAN), &["value 5", "NaN"]);
    assert_says(&put("conv2_w.npy", f32::NEG_INFINITY), &["value 5", "-inf"]);
    assert_says(&put("bn3_v.npy", -0.25), &["value 5", "-0.25", "variance"]);
}

#[test]
fn damaged_headers_are_refused() {
    let header = |bytes: &[u8]| refusal_of("bn1_b.npy", |file| *file = bytes.to_vec());
    assert_says(&header(b""), &["magic"]);
    assert_says(&header(b"\x93NUMPY"), &["ends after 6 bytes"]);
    assert_says(&header(b"<!DOCTYPE html>"), &["magic"]);
    assert_says(&header(b"\x93NUMPY\x09\x00\x76\x00"), &["version is 9.0"]);
    // 4 GiB of header.
    assert_says(&header(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{"), &["4294967307", "at most 1024"]);
    let long = [b"\x93NUMPY\x01\x00\xf6\x03".as_slice(), &[b'('; 1014], &[0; 256]].concat();
    assert_says(&header(&long), &["header is damaged"]);

    // A product that overflows 64 bits, and one that does not match the bytes.
    for shape in ["(4294967296, 4294967296,)", "(18446744073709551615,)", "(99999999999999999999,)"]
    {
        let message = refusal_of("bn1_b.npy", |bytes| edit_header(bytes, "(64,)", shape));
        assert_says(&message, &["bn1_b"]);
    }
    assert_says(
        &refusal_of("bn1_b.npy", |bytes| edit_header(bytes, "(64,)", "(65,)")),
        &["expected shape [64]", "found [65]"],
    );
}

#[test]
fn wrong_lengths_are_refused() {
    let short = refusal_of("bn1_b.npy", |bytes| bytes.truncate(bytes.len() - 1));
    assert_says(&short, &["expected 256 bytes", "found 255"]);
    let trailing = refusal_of("bn1_b.npy", |bytes| bytes.push(0));
    assert_says(&trailing, &["expected 256 bytes", "found 257"]);
    let huge = refusal(|folder| {
        // A sparse file: it must be refused by its size, not read.
        fs::File::create(folder.join("bn1_b.npy")).unwrap().set_len(1 << 34).unwrap();
    });
    assert_says(&huge, &["bn1_b.npy"]);
}

#[test]
fn what_is_no_file_is_refused() {
    let message = refusal(|folder| {
        fs::remove_file(folder.join("bn1_b.npy")).unwrap();
        fs::create_dir(folder.join("bn1_b.npy")).unwrap();
    });
    assert_says(&message, &["bn1_b", "expected a regular file", "found a folder"]);
}

#[test]
fn csv_and_npy_bring_each_other_back_bit_for_bit() {
    let (csv, npy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let weights = Weights::embedded().unwrap();
    weights.save_csv_folder(csv.path()).unwrap();
    for stray in ["inception_5a_3x3_conv2_m", "inception_5a_3x3_conv2_v"] {
        fs::write(csv.path().join(format!("{stray}.csv")), "0.5\n").unwrap();
    }
    let steps = AtomicUsize::new(0);
    let loaded = Weights::from_csv_folder(csv.path(), &|| {
        steps.fetch_add(1, Ordering::Relaxed);
    })
    .unwrap();
    assert_eq!(steps.into_inner(), 224);
    assert_eq!(loaded.unused, ["inception_5a_3x3_conv2_m", "inception_5a_3x3_conv2_v"]);
    assert!(loaded.weights.first_difference(&weights).is_none());

    loaded.weights.save_npy_folder(npy.path()).unwrap();
    for name in ["conv1_w.npy", "bn1_v.npy", "dense_w.npy"] {
        let (ours, theirs) = (npy.path().join(name), shipped().join(name));
        assert_eq!(fs::read(ours).unwrap(), fs::read(theirs).unwrap(), "{name}");
    }
    assert_eq!(fs::read_dir(npy.path()).unwrap().count(), 224, "nothing else is left there");

    csv_faults(csv.path());
}

/// One fault after the other in a folder that is otherwise right.
fn csv_faults(folder: &Path) {
    let path = folder.join("bn1_v.csv");
    let good = fs::read_to_string(&path).unwrap();
    let (first, rest) = good.split_once(',').unwrap();
    let refuse = |text: &str| {
        fs::write(&path, text).unwrap();
        let message = Weights::from_csv_folder(folder, &|| ()).unwrap_err().to_string();
        assert_says(&message, &["bn1_v.csv", "tensor bn1_v"]);
        message
    };
    assert_says(&refuse(&format!(",{rest}")), &["line 1, column 1", "an empty cell"]);
    assert_says(&refuse(&format!("{first},nan,{rest}")), &["line 1, column 2", "\"nan\""]);
    assert_says(&refuse(&format!("1e999,{rest}")), &["line 1, column 1", "\"1e999\""]);
    assert_says(&refuse(rest), &["63 values", "expected 64"]);
    assert_says(&refuse(&format!("1,{good}")), &["65 values", "expected 64"]);
    assert_says(&refuse(&good.replace('.', ",")), &["values", "expected 64"]);
    assert_says(&refuse(&good.replace(',', ";")), &["line 1, column 1"]);
    assert_says(&refuse(&good.replace(',', "\r")), &["line 1, column 1"]);
    assert_says(&refuse(&format!("-1,{rest}")), &["value 0", "variance"]);
    assert_says(&refuse("<!DOCTYPE html>\n<html>"), &["web page"]);
    fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
    let message = Weights::from_csv_folder(folder, &|| ()).unwrap_err().to_string();
    assert_says(&message, &["bn1_v.csv", "at most 1052672 bytes", "found 1073741824"]);

    // Windows files mean the same numbers.
    fs::write(&path, format!("\u{feff}{}\r\n", good.trim_end())).unwrap();
    assert!(Weights::from_csv_folder(folder, &|| ()).is_ok());
}

#[test]
fn a_run_that_cannot_write_leaves_the_old_files() {
    let folder = copy();
    let before = fs::read(folder.path().join("bn1_m.npy")).unwrap();
    fs::write(folder.path().join("bn1_w.npy"), &before).unwrap();
    // A file stands where the staging folder has to be.
    fs::write(folder.path().join(".convert-weights.partial"), "in the way").unwrap();
    let error = Weights::embedded().unwrap().save_npy_folder(folder.path()).unwrap_err();
    assert_says(&error.to_string(), &["cannot write", "kept"]);
    assert_eq!(fs::read(folder.path().join("bn1_w.npy")).unwrap(), before);
}

#[test]
fn an_interrupted_conversion_is_noticed() {
    let message = refusal(|folder| {
        fs::create_dir_all(folder.join(".convert-weights.partial/old")).unwrap();
    });
    assert_says(&message, &["interrupted", "write them again"]);
    // Before the first file was replaced nothing is lost.
    let folder = copy();
    fs::create_dir(folder.path().join(".convert-weights.partial")).unwrap();
    assert!(Weights::from_npy_folder(folder.path()).is_ok());
}
