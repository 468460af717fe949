//! `facenet calibrate`, and `verify` with its calibration.

use std::fs;
use std::path::Path;
use std::process::Command;

use e2e::{facenet, portrait, run};
use tempfile::TempDir;

/// The portraits, with a folder per person: one pair of one person, five of two.
fn people() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [
        ("obama-portrait.jpg", "obama/1.jpg"),
        ("obama-speech.jpg", "obama/2.jpg"),
        ("biden-portrait.jpg", "biden/1.jpg"),
        ("collins-portrait.jpg", "collins/1.jpg"),
    ] {
        let to = folder.path().join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(portrait(from), to).unwrap();
    }
    folder
}

fn calibrate(images: &Path, output: &Path, more: &[&str]) -> Command {
    let mut command = facenet();
    command.arg("calibrate").arg("--images").arg(images).arg("--output").arg(output).args(more);
    command
}

fn verify(more: &[&str]) -> Command {
    let mut command = facenet();
    command.arg("verify").args(["obama-portrait.jpg", "biden-portrait.jpg"].map(portrait));
    command.args(more);
    command
}

#[test]
fn a_calibration_can_be_made_and_used() {
    let folder = people();
    let file = folder.path().join("own.json");
    // Five pairs of two people do not support the default FMR of 0.1 %.
    let ended = run(&mut calibrate(folder.path(), &file, &[])).with_code(2);
    ended.with_error(&["needs 3000", "found 5"]);
    assert!(!file.exists(), "a refused calibration writes nothing");

    let ended = run(&mut calibrate(folder.path(), &file, &["--fmr", "0.6", "--name", "home"]));
    let ended = ended.with_code(0);
    assert!(ended.stdout.contains("1 of one person, 5 of two"), "{ended}");
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(json["about"]["people"], 3);
    assert_eq!((&json["genuine"], &json["impostor"]), (&1.into(), &5.into()));
    assert_eq!(json["about"]["created"].as_str().unwrap().len(), "2026-11-25".len());

    let with_file = |more: &[&str]| {
        let mut command = verify(more);
        run(command.arg("--calibration").arg(&file))
    };
    let row = with_file(&["--json"]).json().remove(0);
    assert_eq!((&row["calibration"]["data"], &row["fnmr"]["value"]), (&"home".into(), &0.0.into()));
    assert!(row["fmr"]["value"].as_f64().unwrap() <= 0.6);
    with_file(&["--fmr", "0.1"]).with_code(2).with_error(&["needs 30", "found 5"]);

    // A calibration of another model is refused with both hashes and a hint.
    let hash = json["about"]["weights_sha256"].as_str().unwrap();
    let other = "0123456789abcdef".repeat(4);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace(hash, &other)).unwrap();
    let ended = with_file(&[]).with_code(2);
    ended.with_error(&["own.json", hash, &other, "facenet calibrate", "--weights"]);
    fs::write(&file, text.replace("\"version\": 1", "\"version\": 7")).unwrap();
    with_file(&[]).with_code(2).with_error(&["own.json", "expected version 1", "found 7"]);
    fs::write(&file, &text[..text.len() / 2]).unwrap();
    let ended = with_file(&["--json"]).with_code(2).with_error(&["own.json", "not a calibration"]);
    assert_eq!(ended.json()[0]["exit_code"], 2);
}

#[test]
fn listed_pairs_are_used_and_unknown_people_are_refused() {
    let folder = people();
    let file = folder.path().join("own.json");
    let list = folder.path().join("list.csv");
    fs::write(
        &list,
        "obama/1.jpg,obama/2.jpg,1\nobama/1.jpg,biden/1.jpg,0\n\
                      obama/2.jpg,collins/1.jpg,0\nbiden/1.jpg,collins/1.jpg,0\n",
    )
    .unwrap();
    let list = list.to_str().unwrap();
    let chart = folder.path().join("chart.svg");
    let listed = ["--pairs", list, "--listed", "--fmr", "1", "--json", "--chart"];
    let listed = [&listed[..], &[chart.to_str().unwrap()]].concat();
    let row = run(&mut calibrate(folder.path(), &file, &listed)).with_code(0).json().remove(0);
    assert_eq!((&row["impostor"], &row["about"]["pairing"]), (&3.into(), &"listed".into()));
    let drawn = fs::read_to_string(&chart).unwrap();
    assert!(drawn.starts_with("<svg") && drawn.contains("FNMR: people refused"), "{drawn}");
    let all = ["--pairs", list, "--fmr", "1", "--json"];
    let row = run(&mut calibrate(folder.path(), &file, &all)).with_code(0).json().remove(0);
    assert_eq!((&row["impostor"], &row["about"]["pairing"]), (&5.into(), &"all".into()));

    // A list that contradicts the folders.
    fs::write(list, "obama/1.jpg,obama/2.jpg,0\nobama/1.jpg,biden/1.jpg,1\n").unwrap();
    let ended = run(&mut calibrate(folder.path(), &file, &all)).with_code(2);
    ended.with_error(&["obama/1.jpg", "obama/2.jpg", "two people by the list"]);
    // Photos outside folders need a list.
    fs::copy(portrait("biden-portrait.jpg"), folder.path().join("IMG_0001.jpg")).unwrap();
    let ended = run(&mut calibrate(folder.path(), &file, &["--fmr", "1"])).with_code(2);
    ended.with_error(&["IMG_0001.jpg", "a folder per person"]);
    for output in [folder.path().to_path_buf(), folder.path().join("no/where.json")] {
        run(&mut calibrate(folder.path(), &output, &["--fmr", "1"])).with_code(2);
    }
    run(&mut calibrate(folder.path(), &file, &["--listed"])).with_code(2);
}

#[test]
fn weights_without_a_calibration_are_noted() {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(e2e::root().join("weights")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "npy") {
            fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    // One different value makes another model.
    let bias = folder.path().join("dense_b.npy");
    let mut bytes = fs::read(&bias).unwrap();
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&0.001_f32.to_le_bytes());
    fs::write(&bias, bytes).unwrap();
    let weights = folder.path().to_str().unwrap();
    let ended = run(&mut verify(&["--json", "--weights", weights])).with_code(1);
    assert!(ended.stderr.contains("no calibration for these weights"), "{ended}");
    let row = &ended.json()[0];
    // 0.7 as the nearest f32.
    assert_eq!((&row["threshold"], &row["fmr"]), (&0.7.into(), &serde_json::Value::Null));
    assert!(row["probability"].is_null() && row["calibration"].is_null(), "{row}");
    let ended = run(&mut verify(&["--fmr", "0.01", "--weights", weights])).with_code(2);
    ended.with_error(&["no calibration", "facenet calibrate"]);
    let ended = run(&mut verify(&["--threshold", "0.8", "--weights", weights])).with_code(1);
    assert!(ended.stderr.is_empty() && !ended.stdout.contains("FMR"), "{ended}");
}
