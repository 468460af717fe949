//! `facenet encode`.

use std::fs;

use e2e::{facenet, portrait, run};

const PHOTOS: [&str; 2] = ["obama-portrait.jpg", "collins-portrait.jpg"];

#[test]
fn json_lines_hold_unit_vectors() {
    let ended = run(facenet().arg("encode").args(PHOTOS.map(portrait)).arg("--json")).with_code(0);
    let rows = ended.json();
    assert_eq!(rows.len(), 2);
    for (row, photo) in rows.iter().zip(PHOTOS) {
        assert!(row["file"].as_str().unwrap().ends_with(photo));
        let numbers: Vec<_> =
            row["encoding"].as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect();
        assert_eq!(numbers.len(), 128);
        let length = numbers.iter().map(|n| n * n).sum::<f64>().sqrt();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
    }
}

#[test]
fn every_format_holds_the_same_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let encode = |format: &str| {
        let path = folder.path().join(format!("faces.{format}"));
        let mut command = facenet();
        command.arg("encode").args(PHOTOS.map(portrait)).args(["--format", format, "--output"]);
        run(command.arg(&path)).with_code(0);
        fs::read(path).unwrap()
    };
    let json = String::from_utf8(encode("json")).unwrap();
    let expected: Vec<f32> = json
        .lines()
        .flat_map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let numbers = row["encoding"].as_array().unwrap().clone();
            numbers.into_iter().map(|n| n.as_f64().unwrap() as f32)
        })
        .collect();

    let csv = String::from_utf8(encode("csv")).unwrap();
    let cells = csv.lines().skip(1).flat_map(|line| line.split(',').skip(1));
    assert_eq!(cells.map(|cell| cell.parse::<f32>().unwrap()).collect::<Vec<_>>(), expected);

    let npy = encode("npy");
    assert!(String::from_utf8_lossy(&npy[..128]).contains("(2, 128"));
    let values = npy[npy.len() - 2 * 128 * 4..].chunks_exact(4);
    let values = values.map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
    assert_eq!(values.collect::<Vec<_>>(), expected);
}

#[test]
fn faults_are_told_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.jpg");
    fs::write(&bad, "no photo").unwrap();
    let files = [bad.clone(), portrait("biden-portrait.jpg")];

    let ended = run(facenet().arg("encode").args(&files)).with_code(2);
    let rows = ended.json();
    assert!(rows[0]["error"].as_str().unwrap().contains("bad.jpg"));
    assert_eq!(rows[1]["encoding"].as_array().unwrap().len(), 128);
    assert!(ended.stderr.contains("bad.jpg"), "{ended}");

    // An array with a row missing would be wrong without saying so.
    let out = folder.path().join("out.npy");
    fs::write(&out, "an earlier result").unwrap();
    let mut command = facenet();
    command.arg("encode").args(&files).args(["--format", "npy", "--output"]).arg(&out);
    run(&mut command).with_code(2).with_error(&["nothing was written"]);
    assert_eq!(fs::read_to_string(&out).unwrap(), "an earlier result");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no partial file is left");
}

#[test]
fn npy_needs_a_file() {
    let ended = run(facenet().args(["encode", "x.jpg", "--format", "npy"])).with_code(2);
    ended.with_error(&["--output FILE"]);
}
