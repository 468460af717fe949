//! `facenet verify` without arguments: the demonstration.

use e2e::{facenet, run};

#[test]
fn every_answer_is_correct_in_any_folder() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run(facenet().arg("verify").current_dir(folder.path())).with_code(0);
    assert!(ended.stdout.contains("4 of 4 answers are correct"), "{ended}");
    assert!(ended.stderr.is_empty(), "{ended}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it left files behind");
}

#[test]
fn json_has_one_line_per_comparison() {
    let rows = run(facenet().args(["verify", "--json"])).with_code(0).json();
    assert_eq!(rows.len(), 4);
    let same: Vec<_> = rows.iter().map(|row| row["same"].as_bool().unwrap()).collect();
    assert_eq!(same, [true, false, false, false]);
    for row in rows {
        let (distance, threshold) = (&row["distance"], &row["threshold"]);
        let nearer = distance.as_f64().unwrap() < threshold.as_f64().unwrap();
        assert_eq!(row["same"], nearer, "{row}");
        assert_eq!(row["correct"], true, "{row}");
    }
}

#[test]
fn a_wrong_answer_is_reported() {
    // Threshold 0 accepts no pair, so the pair of one person is rejected.
    let ended = run(facenet().args(["verify", "--threshold", "0"])).with_code(1);
    assert!(ended.stdout.contains("3 of 4 answers are correct"), "{ended}");
}
