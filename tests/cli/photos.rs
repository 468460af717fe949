//! Which photos are read, from where, and what is said of those that are not.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use e2e::{Ended, facenet, portrait, run};
use image::RgbImage;
use serde_json::Value;

/// Photos under names that say nothing of their content, and files that are no photos.
fn odd_names() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [
        ("obama-portrait.jpg", "IMG_1.HEIC"),
        ("obama-speech.jpg", "scan.jfif"),
        ("biden-portrait.jpg", "without-an-ending"),
    ] {
        fs::copy(portrait(from), folder.path().join(to)).unwrap();
    }
    fs::write(folder.path().join("real.heic"), b"\0\0\0\x18ftypheic\0\0\0\0").unwrap();
    fs::write(folder.path().join("notes.txt"), "Who is who.").unwrap();
    folder
}

#[test]
fn folders_are_read_by_content_and_what_is_left_out_is_named() {
    let folder = odd_names();
    let ended = run(facenet().arg("cluster").arg(folder.path())).with_code(0);
    assert!(ended.stdout.contains("2 people in 3 photos; 2 left out"), "{ended}");
    for words in ["real.heic: no photo but HEIC", "notes.txt: no photo but text"] {
        assert!(ended.stderr.contains(words), "{words}\n{ended}");
    }
    let rows = run(facenet().arg("cluster").arg(folder.path()).arg("--json")).with_code(0).json();
    let last = rows.last().unwrap();
    assert_eq!((&last["people"], &last["photos"]), (&2.into(), &3.into()));
    let left_out = last["left_out"].as_array().unwrap();
    assert_eq!(left_out.len(), 2, "{last}");
    assert!(left_out[1]["file"].as_str().unwrap().ends_with("real.heic"), "{last}");
    assert!(left_out[1]["error"].as_str().unwrap().contains("HEIC"), "{last}");

    // The same of a gallery.
    let probe = portrait("collins-portrait.jpg");
    let recognize = run(facenet().arg("recognize").arg(&probe).arg("--gallery").arg(folder.path()));
    assert!(recognize.stderr.contains("real.heic: no photo but HEIC"), "{recognize}");
    let mut command = facenet();
    command.arg("recognize").arg(&probe).arg("--json").arg("--gallery").arg(folder.path());
    let rows = run(&mut command).with_code(1).json();
    let left_out: Vec<_> = rows.iter().filter(|row| row["file"].is_string()).collect();
    // Every photo could be used; the others are none.
    assert_eq!((left_out.len(), &rows[0]["skipped"]), (2, &0.into()), "{rows:?}");
    assert_eq!(rows[0]["people"], 3);
}

#[test]
fn a_photo_may_come_from_standard_input() {
    let piped = |words: &[&str], photo: &str| {
        let mut command = facenet();
        command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(&fs::read(portrait(photo)).unwrap()).unwrap();
        Ended::from(&child.wait_with_output().unwrap())
    };
    let other = portrait("obama-speech.jpg");
    let same = piped(&["verify", "-", other.to_str().unwrap()], "obama-portrait.jpg");
    same.with_code(0);
    let detected = piped(&["detect", "--json", "-"], "obama-portrait.jpg").with_code(0).json();
    assert_eq!(detected[0]["faces"].as_array().unwrap().len(), 1);
    let encoded = piped(&["encode", "-"], "obama-portrait.jpg").with_code(0).json();
    assert_eq!(encoded[0]["encoding"].as_array().unwrap().len(), 128);
    // Nothing is there.
    let ended = run(facenet().args(["encode", "-"])).with_code(2);
    let error = ended.json()[0]["error"].as_str().unwrap().to_owned();
    assert!(error.contains("standard input") && error.contains("empty"), "{ended}");
}

#[test]
fn a_photo_that_ends_early_is_read_with_a_warning_or_refused_where_the_face_is() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(portrait("obama-portrait.jpg")).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let other = portrait("obama-speech.jpg");
    let unmarked = write("unmarked.jpg", &whole[..whole.len() - 2]);
    run(facenet().arg("verify").args([&unmarked, &other])).with_code(0);
    let end = [0xff, 0xd9];
    let most = whole.len() - whole.len() / 20;
    let few = whole.len() / 5;
    for (name, marked) in [("cut.jpg", false), ("ended.jpg", true)] {
        let of = |length: usize| [&whole[..length], if marked { &end } else { &[] }].concat();
        let ended = run(facenet().arg("verify").args([&write(name, &of(most)), &other]));
        let ended = ended.with_code(0);
        assert!(ended.stderr.contains(&format!("{name}: the file ends early")), "{ended}");
        let ended = run(facenet().arg("verify").args([&write(name, &of(few)), &other]));
        ended.with_code(3).with_error(&[name, "the file ends early", "is missing"]);
    }
}

#[test]
fn large_photos_have_an_option() {
    let photo = portrait("obama-portrait.jpg");
    let photos = [&photo, &photo];
    // 1.9 million pixels are more than one.
    let image = image::open(&photo).unwrap();
    assert!(image.width() * image.height() < 1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let large = folder.path().join("large.png");
    image.resize(1400, 1400, image::imageops::FilterType::Nearest).save(&large).unwrap();
    let refused = run(facenet().arg("detect").arg(&large).args(["--megapixels", "1"])).with_code(2);
    refused.with_error(&["large.png", "1000000 pixels"]);
    let refused = run(facenet().arg("verify").args([&large, &large]).args(["--megapixels", "1"]));
    assert!(refused.with_code(2).stderr.contains("--megapixels N"));
    run(facenet().arg("verify").args(photos).args(["--megapixels", "1"])).with_code(0);
    run(facenet().arg("detect").arg(&large).args(["--megapixels", "250"])).with_code(0);
}

#[test]
fn where_no_face_is_found_the_options_that_may_help_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let flat = folder.path().join("flat.png");
    RgbImage::from_pixel(200, 150, image::Rgb([90; 3])).save(&flat).unwrap();
    for words in [&["verify"][..], &["detect"], &["encode"]] {
        let photos = if words == ["verify"] { vec![&flat, &flat] } else { vec![&flat] };
        let ended = run(facenet().args(words).args(photos)).with_code(3);
        for option in ["--smallest-face 0.05", "--rotations", "--aligned"] {
            assert!(ended.stderr.contains(option), "{option}\n{ended}");
        }
    }
    let tried = ["--smallest-face", "0.05", "--rotations"];
    let ended = run(facenet().arg("detect").arg(&flat).args(tried)).with_code(3);
    assert!(!ended.stderr.contains("--rotations looks"), "{ended}");
}

/// A photo with these portraits side by side.
fn side_by_side(path: &Path, names: &[&str]) {
    let photos: Vec<_> =
        names.iter().map(|name| image::open(portrait(name)).unwrap().into_rgb8()).collect();
    let width = photos.iter().map(RgbImage::width).sum();
    let height = photos.iter().map(RgbImage::height).max().unwrap();
    let mut all = RgbImage::new(width, height);
    let mut left = 0;
    for photo in photos {
        image::imageops::replace(&mut all, &photo, left, 0);
        left += i64::from(photo.width());
    }
    all.save(path).unwrap();
}

#[test]
fn one_name_is_given_once_in_a_photo() {
    let folder = tempfile::tempdir().unwrap();
    let both = folder.path().join("both.png");
    // Twice the same person: only in a collage, or where two people look alike.
    side_by_side(&both, &["obama-portrait.jpg", "obama-speech.jpg"]);
    let people = folder.path().join("people");
    fs::create_dir(&people).unwrap();
    fs::copy(portrait("obama-portrait.jpg"), people.join("barack.jpg")).unwrap();
    fs::copy(portrait("biden-portrait.jpg"), people.join("joe.jpg")).unwrap();
    let mut command = facenet();
    command.arg("recognize").arg(&both).args(["--face", "all", "--gallery"]).arg(&people);
    let ended = run(&mut command).with_code(1);
    assert!(ended.stdout.contains("It's barack"), "{ended}");
    assert!(ended.stdout.contains("another face of the photo is nearer to barack"), "{ended}");
    let rows = run(command.arg("--json")).with_code(1).json();
    let people: Vec<_> = rows.iter().map(|row| row["person"].as_str()).collect();
    assert_eq!(people.iter().filter(|person| **person == Some("barack")).count(), 1, "{rows:?}");
    assert_eq!(rows[0]["candidates"].as_array().unwrap().len(), 2);

    // Nor are both faces grouped as one person.
    fs::remove_dir_all(folder.path().join("people")).unwrap();
    let rows = run(facenet().arg("cluster").arg(folder.path()).arg("--json")).with_code(0).json();
    assert_eq!(rows.last().unwrap()["people"], 2, "{rows:?}");
}

#[test]
fn each_photo_of_verify_has_its_own_choice() {
    let folder = tempfile::tempdir().unwrap();
    let both = folder.path().join("both.png");
    side_by_side(&both, &["obama-portrait.jpg", "biden-portrait.jpg"]);
    let one = portrait("obama-speech.jpg");
    let verify = |choice: &[&str]| run(facenet().arg("verify").args([&both, &one]).args(choice));
    verify(&[]).with_code(3);
    // Before, an index had to be that of a face in both photos.
    verify(&["--face", "1"]).with_code(3);
    let codes = ["0,only", "1,only"].map(|choice| verify(&["--face", choice]).code);
    assert!(codes.contains(&0) && codes.contains(&1), "{codes:?}");
    let refused = run(facenet().arg("encode").arg(&both).args(["--face", "1,only"]));
    assert_eq!(refused.code, 2, "{refused}");
}

#[test]
fn between_the_thresholds_the_answer_is_uncertain() {
    let [a, b] = ["obama-portrait.jpg", "obama-speech.jpg"].map(portrait);
    let verify = |more: &[&str]| run(facenet().arg("verify").args([&a, &b]).args(more));
    // Refused by a stricter threshold, and one person all the same.
    let ended = verify(&["--threshold", "0.3"]).with_code(4);
    assert!(ended.stdout.starts_with("It may be the same person in "), "{ended}");
    assert!(ended.stdout.contains("uncertain: "), "{ended}");
    let row = verify(&["--threshold", "0.3", "--json"]).with_code(4).json().remove(0);
    assert_eq!((&row["answer"], &row["same"]), (&"uncertain".into(), &false.into()));
    let row = verify(&["--json"]).with_code(0).json().remove(0);
    assert_eq!(row["answer"], "same");
}

#[test]
fn what_was_encoded_is_kept_when_it_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("faces.json");
    let photos: Vec<PathBuf> = (0..3000).map(|_| portrait("collins-portrait.jpg")).collect();
    let mut command = facenet();
    command.arg("encode").arg("--output").arg(&out).args(&photos).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let partial = folder.path().join("faces.json.partial");
    let begun = || fs::metadata(&partial).is_ok_and(|file| file.len() > 0);
    let mut waited = 0;
    while !begun() && waited < 1200 {
        std::thread::sleep(Duration::from_millis(50));
        waited += 1;
    }
    assert!(begun(), "nothing was written in a minute");
    let mut interrupt = std::process::Command::new("kill");
    interrupt.arg("-INT").arg(child.id().to_string());
    assert!(interrupt.status().unwrap().success());
    let ended = Ended::from(&child.wait_with_output().unwrap()).with_code(2);
    let ended = ended.with_error(&["stopped after", "of 3000 photos", "faces.json.partial"]);
    assert!(!out.exists(), "{ended}");
    let rows = fs::read_to_string(&partial).unwrap();
    assert!(rows.ends_with('\n') && rows.lines().count() > 0);
    for row in rows.lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        assert_eq!(row["encoding"].as_array().unwrap().len(), 128);
    }
}

#[test]
fn a_file_that_is_written_again_is_looked_at_again() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("people.redb");
    let camera = folder.path().join("camera");
    fs::create_dir(&camera).unwrap();
    let mut enroll = facenet();
    enroll.args(["enroll", "barack"]).arg(portrait("obama-portrait.jpg")).arg("--db").arg(&db);
    run(&mut enroll).with_code(0);
    let mut watch = facenet();
    watch.args(["watch", "--interval", "50"]).arg(&camera).arg("--db").arg(&db);
    let mut child = watch.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(stderr.next().unwrap().unwrap().contains("watching"));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = |photo: &str| -> Value {
        fs::copy(portrait(photo), camera.join("latest.jpg")).unwrap();
        serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap()
    };
    let people = ["obama-speech.jpg", "biden-portrait.jpg", "obama-speech.jpg"].map(&mut next);
    child.kill().unwrap();
    child.wait().unwrap();
    let names: Vec<_> = people.iter().map(|row| row["person"].as_str()).collect();
    assert_eq!(names, [Some("barack"), None, Some("barack")]);
}

#[cfg(unix)]
#[test]
fn names_that_are_not_utf8_survive_json() {
    use std::os::unix::ffi::OsStrExt;

    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join(std::ffi::OsStr::from_bytes(b"f\xffce.jpg"));
    fs::copy(portrait("biden-portrait.jpg"), &odd).unwrap();
    let text = folder.path().join(std::ffi::OsStr::from_bytes(b"t\xfext"));
    fs::write(&text, "no photo").unwrap();
    let decoded = |row: &Value, key: &str| {
        let bytes = row[format!("{key}_bytes")].as_str().unwrap_or_else(|| panic!("{key}: {row}"));
        let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let values = bytes.bytes().filter_map(|byte| digits.find(byte as char));
        let bits: String = values.map(|value| format!("{value:06b}")).collect();
        let bytes = bits
            .as_bytes()
            .chunks_exact(8)
            .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap());
        bytes.collect::<Vec<u8>>()
    };
    let of = |words: &[&str], files: &[&PathBuf]| {
        run(facenet().args(words).args(files).arg("--json")).json()
    };
    let row = of(&["verify"], &[&odd, &odd]).remove(0);
    for key in ["probe", "reference"] {
        assert_eq!(decoded(&row, key), odd.as_os_str().as_bytes());
    }
    assert_eq!(decoded(&of(&["detect"], &[&odd])[0], "file"), odd.as_os_str().as_bytes());
    assert_eq!(decoded(&of(&["encode"], &[&odd])[0], "file"), odd.as_os_str().as_bytes());
    let rows = of(&["cluster"], &[&folder.path().to_owned()]);
    assert_eq!(decoded(&rows[0]["faces"][0], "file"), odd.as_os_str().as_bytes());
    assert_eq!(decoded(&rows[1]["left_out"][0], "file"), text.as_os_str().as_bytes());
    // A name in UTF-8 has no bytes beside it.
    let row = of(&["detect"], &[&portrait("biden-portrait.jpg")]).remove(0);
    assert!(row.get("file_bytes").is_none() && row["file"].is_string());
}

#[test]
fn json_of_several_faces_says_which_were_compared() {
    let folder = tempfile::tempdir().unwrap();
    let both = folder.path().join("both.png");
    side_by_side(&both, &["biden-portrait.jpg", "obama-portrait.jpg"]);
    let one = portrait("obama-speech.jpg");
    let mut command = facenet();
    command.arg("verify").args([&both, &one]).args(["--face", "all"]);
    let text = run(&mut command).with_code(0);
    let row = run(command.arg("--json")).with_code(0).json().remove(0);
    assert_eq!(row["pairs"], 2);
    let left = row["box"][0].as_f64().unwrap();
    let width = f64::from(image::open(portrait("biden-portrait.jpg")).unwrap().width());
    assert!(left > width, "the right face: {row}");
    assert_eq!(row["reference_box"].as_array().unwrap().len(), 4);
    let rate = |key: &str| row[key]["value"].as_f64().unwrap();
    assert!((rate("fmr_of_nearest") / rate("fmr") - 2.0).abs() < 0.01, "{row}");
    let percent = format!("{:.2} %", 100.0 * rate("fmr_of_nearest"));
    assert!(text.stdout.contains(&format!("accepts about {percent}")), "{percent}\n{text}");
}

#[test]
fn a_face_outside_of_what_was_measured_has_no_probability() {
    let folder = tempfile::tempdir().unwrap();
    let blurred = folder.path().join("blurred.png");
    let sharp = image::open(portrait("obama-portrait.jpg")).unwrap();
    image::imageops::blur(&sharp.into_rgb8(), 9.0).save(&blurred).unwrap();
    let mut command = facenet();
    command.arg("verify").arg(portrait("obama-speech.jpg")).arg(&blurred).arg("--force");
    let text = run(&mut command);
    assert!(text.stdout.contains("probability not known"), "{text}");
    assert!(text.stderr.contains("the answer may be wrong"), "{text}");
    let row = run(command.arg("--json")).json().remove(0);
    assert!(row["probability"].is_null() && row["outside_measured"] == true, "{row}");
}
