//! `facenet train` on generated images: stripes instead of faces, and too few to learn from.
//! The tests are about everything around the learning.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use e2e::{facenet, run};
use tempfile::TempDir;

/// Three people with three images each, one with a single image, and a file that is not an
/// image.
fn people() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for person in 0..3u32 {
        fs::create_dir(folder.path().join(format!("p{person}"))).unwrap();
        for image in 0..3 {
            let path = folder.path().join(format!("p{person}/{image}.bmp"));
            fs::write(path, pattern(person, image)).unwrap();
        }
    }
    fs::create_dir(folder.path().join("single")).unwrap();
    fs::write(folder.path().join("single/0.bmp"), pattern(7, 0)).unwrap();
    fs::write(folder.path().join("p0/bad.jpg"), "no picture").unwrap();
    folder
}

/// An image of stripes that depend on the person, shifted by the image's number.
fn pattern(person: u32, image: u32) -> Vec<u8> {
    const SIDE: u32 = 96;
    let size = 54 + 3 * SIDE * SIDE;
    let mut bytes = b"BM".to_vec();
    for field in [size, 0, 54, 40, SIDE, SIDE, 1 | 24 << 16, 0, 3 * SIDE * SIDE, 0, 0, 0, 0] {
        bytes.extend(field.to_le_bytes());
    }
    for y in 0..SIDE {
        for x in 0..SIDE {
            let value = (x * (3 + 2 * person) + y * (1 + person) + 40 * image) % 256;
            bytes.extend([value as u8, (255 - value) as u8, (value / 2) as u8]);
        }
    }
    bytes
}

fn train(data: &Path, output: &Path, more: &[&str]) -> Command {
    let mut command = facenet();
    command.arg("train").arg("--data").arg(data).arg("--output").arg(output);
    command.args(["--json"]).args(more);
    command
}

/// Arguments of a new training.
const NEW: [&str; 12] = [
    "--aligned",
    "--start",
    "random",
    "--people",
    "2",
    "--images",
    "2",
    "--mining",
    "all",
    "--schedule",
    "constant",
    "--sum",
];

fn new(data: &Path, output: &Path, more: &[&str]) -> Command {
    train(data, output, &[&NEW[..], more].concat())
}

/// Every weight's bytes.
fn weights(output: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(output.join("weights")).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap())
    };
    entries.map(read).collect()
}

#[test]
fn resumed_equals_uninterrupted_and_the_same_seed_the_same_weights() {
    let (data, work) = (people(), tempfile::tempdir().unwrap());
    let [whole, parts, one_thread] = ["whole", "parts", "one"].map(|name| work.path().join(name));

    let ended = run(&mut new(data.path(), &whole, &["--steps", "4"])).with_code(0);
    let summary = ended.json().remove(0);
    assert_eq!((&summary["outcome"], &summary["steps"]), (&"finished".into(), &4.into()));
    assert_eq!(summary["single_image_people"], 1);
    assert_eq!(weights(&whole).len(), 224);
    let lines = fs::read_to_string(whole.join("metrics.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 4);
    assert_eq!(fs::read_to_string(whole.join("metrics.csv")).unwrap().lines().count(), 5);
    assert!(fs::read_to_string(whole.join("loss.svg")).unwrap().starts_with("<svg"));

    run(&mut new(data.path(), &parts, &["--steps", "2"])).with_code(0);
    // --aligned describes the data, so it is allowed with --resume.
    let ended = run(&mut train(data.path(), &parts, &["--resume", "--aligned", "--steps", "4"]));
    assert!(ended.with_code(0).stderr.contains("continues from step 2"));
    assert!(weights(&parts) == weights(&whole), "resumed weights differ");
    assert_eq!(fs::read_to_string(parts.join("metrics.jsonl")).unwrap().lines().count(), 4);

    run(&mut new(data.path(), &one_thread, &["--steps", "4", "--threads", "1"])).with_code(0);
    assert!(weights(&one_thread) == weights(&whole), "one thread gives other weights");

    // The result is a valid model.
    let mut model = facenet();
    run(model.args(["model", "--weights"]).arg(whole.join("weights"))).with_code(0);
}

#[test]
fn bad_images_are_counted_and_a_training_is_not_overwritten() {
    let (data, work) = (people(), tempfile::tempdir().unwrap());
    let output = work.path().join("run");
    let ended = run(&mut new(data.path(), &output, &["--epochs", "4"])).with_code(0);
    assert_eq!(ended.json()[0]["skipped_images"], 1, "{ended}");
    assert!(ended.stderr.contains("bad.jpg"), "{ended}");

    let ended = run(&mut new(data.path(), &output, &["--steps", "1"])).with_code(2);
    ended.with_error(&["--resume", "--output"]);
    let nothing = work.path().join("nothing");
    let ended = run(&mut train(data.path(), &nothing, &["--resume", "--aligned"])).with_code(2);
    ended.with_error(&["nothing"]);
}

#[test]
fn invalid_data_and_options_are_errors() {
    let work = tempfile::tempdir().unwrap();
    let output = work.path().join("run");
    let refuse = |data: &Path, more: &[&str], words: &[&str]| {
        run(&mut new(data, &output, more)).with_code(2).with_error(words);
    };
    refuse(Path::new("no/such/folder"), &[], &["no/such/folder"]);
    refuse(work.path(), &[], &["no image to train on"]);
    let data = people();
    refuse(data.path(), &["--learning-rate", "-1"], &["learning_rate", "-1"]);
    refuse(data.path(), &["--margin", "9"], &["margin", "9"]);
    refuse(data.path(), &["--held-out", "50"], &["50"]);
    refuse(data.path(), &["--batch", "8"], &["--batch", "triplet"]);
    refuse(data.path(), &["--loss", "distillation"], &["--people", "distillation"]);
    let mut distillation = train(data.path(), &output, &["--aligned", "--loss", "distillation"]);
    run(&mut distillation).with_code(2).with_error(&["target"]);
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_and_ends_cleanly() {
    let (data, work) = (people(), tempfile::tempdir().unwrap());
    let output = work.path().join("run");
    let mut command = new(data.path(), &output, &["--steps", "1000000"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The journal is opened before the first step, and has a line after it.
    let has_begun = || fs::metadata(output.join("metrics.jsonl")).is_ok_and(|file| file.len() > 0);
    while !has_begun() {
        assert_eq!(child.try_wait().unwrap(), None, "it ended early");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupt.unwrap().success());
    let ended = e2e::Ended::from(&child.wait_with_output().unwrap()).with_code(0);
    let summary = ended.json().remove(0);
    assert_eq!(summary["outcome"], "stopped");
    let steps = summary["steps"].as_u64().unwrap();

    let more = (steps + 1).to_string();
    let mut resume = train(data.path(), &output, &["--resume", "--aligned", "--steps", &more]);
    let ended = run(&mut resume).with_code(0);
    assert!(ended.stderr.contains(&format!("continues from step {steps}")), "{ended}");
    assert_eq!(ended.json()[0]["steps"], steps + 1);
}
