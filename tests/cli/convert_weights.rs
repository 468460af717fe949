//! `cargo xtask convert-weights`.

use std::fs;

use e2e::{run, xtask};

#[test]
fn a_round_trip_through_csv_gives_the_shipped_model() {
    let folder = tempfile::tempdir().unwrap();
    let (csv, npy) = (folder.path().join("csv"), folder.path().join("npy"));
    let shipped = e2e::root().join("weights");
    let convert =
        |arguments: &[&std::ffi::OsStr]| run(xtask().arg("convert-weights").args(arguments));

    let ended = convert(&[
        "--to-csv".as_ref(),
        "--from".as_ref(),
        shipped.as_ref(),
        "--to".as_ref(),
        csv.as_ref(),
    ]);
    ended.with_code(0);
    for stray in ["inception_5a_3x3_conv2_m", "inception_5a_3x3_conv2_v"] {
        fs::write(csv.join(format!("{stray}.csv")), "0.5\n").unwrap();
    }

    let ended =
        convert(&["--from".as_ref(), csv.as_ref(), "--to".as_ref(), npy.as_ref()]).with_code(0);
    for words in [
        "conv1_w                      64×3×7×7             9,408",
        " 150 trained tensors    3,733,968 values",
        "  74 running statistics     9,312 values",
        " 224 tensors in all     3,743,280 values",
        "   2 files that no layer uses, left out: inception_5a_3x3_conv2_m, inception_5a_3x3_conv2_v",
    ] {
        assert!(ended.stdout.contains(words), "{words:?} is missing\n{ended}");
    }
    let shipped_bytes = fs::read(shipped.join("dense_w.npy")).unwrap();
    assert_eq!(fs::read(npy.join("dense_w.npy")).unwrap(), shipped_bytes);

    let check = ["--check", "--from", csv.to_str().unwrap(), "--to", npy.to_str().unwrap()];
    run(xtask().arg("convert-weights").args(check)).with_code(0);

    // With one different value, then with a damaged one, nothing is written.
    let text = fs::read_to_string(csv.join("dense_b.csv")).unwrap();
    let (_, rest) = text.split_once(',').unwrap();
    fs::write(csv.join("dense_b.csv"), format!("7,{rest}")).unwrap();
    let ended = run(xtask().arg("convert-weights").args(check)).with_code(1);
    assert!(ended.stdout.contains("dense_b, 1 of 128 values"), "{ended}");
    fs::write(csv.join("dense_b.csv"), format!("x,{rest}")).unwrap();
    let ended =
        convert(&["--from".as_ref(), csv.as_ref(), "--to".as_ref(), npy.as_ref()]).with_code(2);
    ended.with_error(&["dense_b.csv", "line 1, column 1", "\"x\""]);
    assert_eq!(fs::read(npy.join("dense_w.npy")).unwrap(), shipped_bytes);
    assert_eq!(fs::read_dir(&npy).unwrap().count(), 224);
}

#[test]
fn the_error_about_missing_csv_files_names_their_source() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run(xtask().args(["convert-weights", "--from"]).arg(folder.path())).with_code(2);
    assert!(ended.stderr.contains("there are no .csv files in"), "{ended}");
    assert!(ended.stderr.contains("Keras-OpenFace"), "{ended}");
    assert!(ended.stderr.contains("--from DIR"), "{ended}");
}

#[test]
fn the_incomplete_published_folder_is_refused() {
    let Some(folder) = test_support::reference("openface-csv") else { return };
    let target = tempfile::tempdir().unwrap();
    let mut command = xtask();
    command.args(["convert-weights", "--from"]).arg(folder).arg("--to").arg(target.path());
    let ended = run(&mut command).with_code(2);
    ended.with_error(&["35 of 224 tensors", "conv3_w"]);
    assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0);
}
