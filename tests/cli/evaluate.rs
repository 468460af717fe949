//! `facenet evaluate`: on a few portraits, and on LFW if it is available.

use std::fs;

use e2e::{facenet, portrait, run};
use tempfile::TempDir;

/// The portraits, with pairs of one person and of two.
fn small_set() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [
        ("obama-portrait.jpg", "obama_0001.jpg"),
        ("obama-speech.jpg", "obama_0002.jpg"),
        ("biden-portrait.jpg", "biden_0001.jpg"),
        ("collins-portrait.jpg", "collins_0001.jpg"),
    ] {
        fs::copy(portrait(from), folder.path().join(to)).unwrap();
    }
    let fold = "obama\t1\t2\nobama\t1\tbiden\t1\nobama\t2\tcollins\t1\n";
    // Two folds with one pair of each kind.
    let rows: Vec<_> = fold.lines().collect();
    let pairs = format!("2\t1\n{}\n{}\n{}\n{}\n", rows[0], rows[1], rows[0], rows[2]);
    fs::write(folder.path().join("pairs.txt"), pairs).unwrap();
    folder
}

#[test]
fn portraits_are_distinguished() {
    let folder = small_set();
    let evaluate = |more: &[&str]| {
        let mut command = facenet();
        command.arg("evaluate").arg("--images").arg(folder.path());
        run(command.arg("--pairs").arg(folder.path().join("pairs.txt")).args(more))
    };
    let ended = evaluate(&[]).with_code(0);
    assert!(ended.stdout.contains("accuracy   100.00 % ± 0.00"), "{ended}");

    let ended = evaluate(&["--json"]).with_code(0);
    let row = ended.json().pop().unwrap();
    assert_eq!(row["accuracy"], 1.0);
    assert_eq!(row["pairs"], 4);
    assert_eq!(row["failures"], 0);
    // Two pairs of strangers do not support an FMR of 1 %.
    assert!(row["tar"]["0.01"].is_null(), "{row}");
    for key in ["std", "eer", "threshold"] {
        assert!(row[key].is_number(), "{key} in {row}");
    }
    evaluate(&["--folds", "3"]).with_code(2).with_error(&["3"]);
    evaluate(&["--method", "pixels", "--aligned"]).with_code(0);

    // A photo without a face counts as a failure.
    fs::copy(folder.path().join("pairs.txt"), folder.path().join("collins_0001.jpg")).unwrap();
    let row = evaluate(&["--json"]).with_code(0).json().pop().unwrap();
    assert_eq!((&row["failures"], &row["accuracy"]), (&1.into(), &0.75.into()));
    fs::remove_file(folder.path().join("biden_0001.jpg")).unwrap();
    evaluate(&[]).with_code(2).with_error(&["biden_0001.jpg"]);
}

#[test]
fn groups_and_bad_conditions_have_tables() {
    let folder = small_set();
    let groups = "person,sex,office\nobama,m,president\nbiden,m,president\ncollins,f,-\n";
    fs::write(folder.path().join("groups.csv"), groups).unwrap();
    let report = folder.path().join("report");
    let evaluate = |more: &[&str]| {
        let mut command = facenet();
        command.arg("evaluate").arg("--images").arg(folder.path());
        command.arg("--pairs").arg(folder.path().join("pairs.txt"));
        run(command.arg("--report").arg(&report).args(more))
    };
    let ended = evaluate(&["--robustness"]).with_code(0);
    for words in ["by sex, one threshold", "by office", "everybody: 3 people, 4 photos", "FMR"] {
        assert!(ended.stdout.contains(words), "{words}\n{ended}");
    }
    let row = evaluate(&["--robustness", "--json"]).with_code(0).json().pop().unwrap();
    let [sex, office] = &row["groups"].as_array().unwrap()[..] else { panic!("two\n{row}") };
    assert_eq!((&sex["by"], &office["by"]), (&"sex".into(), &"office".into()));
    let rows = sex["rows"].as_array().unwrap();
    let names: Vec<_> = rows.iter().map(|row| row["group"].as_str().unwrap()).collect();
    assert_eq!(names, ["everybody", "m", "f"]);
    assert_eq!((&rows[0]["genuine"], &rows[0]["impostor"]), (&1.into(), &5.into()));
    assert_eq!((&rows[1]["photos"], &rows[1]["impostor"]), (&3.into(), &2.into()));
    // One photo of one woman is no pair.
    assert!(rows[2]["fmr"].is_null() && rows[2]["photos"] == 1, "{rows:?}");
    // Nobody with `-` is in a group.
    assert_eq!(office["rows"].as_array().unwrap().len(), 2);
    let conditions = row["robustness"]["rows"].as_array().unwrap();
    assert_eq!(conditions[0]["condition"], "unchanged");
    assert_eq!(conditions[0]["fnmr"]["count"], 0, "{row}");
    let named = |words: &str, photos: u64| {
        let is_it = |row: &&serde_json::Value| {
            row["condition"].as_str().unwrap().contains(words) && row["photos"] == photos
        };
        conditions.iter().find(is_it).unwrap().clone()
    };
    for words in
        ["16 × 16", "24 × 24", "32 × 32", "blurred", "JPEG", "dark", "gray", "mirrored", "mask"]
    {
        assert_eq!(named(words, 1)["fmr"]["of"], 2, "{words}");
        assert_eq!(named(words, 2)["fnmr"]["of"], 2, "{words}");
    }
    let page = fs::read_to_string(report.join("report.html")).unwrap();
    assert_eq!(page.matches("<svg").count(), 7, "four charts, two of groups and one of conditions");
    let tables = fs::read_to_string(report.join("report.md")).unwrap();
    for words in ["Groups, by sex", "Bad conditions", "masked: nose, mouth and chin"] {
        assert!(page.contains(words), "{words} is not in the page");
        assert!(tables.contains(words), "{words} is not in the tables\n{tables}");
    }

    for (text, words) in [
        ("name,sex\n", "expected a first column"),
        ("person\n", "expected a first column"),
        ("person,sex\nobama,m\nobama,f\n", "occurs twice"),
    ] {
        fs::write(folder.path().join("groups.csv"), text).unwrap();
        evaluate(&[]).with_code(2).with_error(&["groups.csv", words]);
    }
    fs::write(folder.path().join("groups.csv"), "person,sex\nnemo,m\n").unwrap();
    let ended = evaluate(&[]).with_code(0);
    assert!(ended.stderr.contains("name no person here: nemo"), "{ended}");
}

/// Bytes of an .npy file of `int64`.
fn npy(values: &[i64]) -> Vec<u8> {
    let header = format!(
        "{:<117}\n",
        format!("{{'descr': '<i8', 'fortran_order': False, 'shape': ({},), }}", values.len())
    );
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

#[test]
fn labels_of_a_pack_have_a_line_for_each_image() {
    let folder = small_set();
    let names = ["biden_0001.jpg", "collins_0001.jpg", "obama_0001.jpg", "obama_0002.jpg"];
    let (mut images, mut offsets) = (Vec::new(), vec![0]);
    for name in names {
        images.extend(fs::read(folder.path().join(name)).unwrap());
        offsets.push(images.len() as i64);
    }
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("images.bin", &images);
    write("offsets.npy", &npy(&offsets));
    write("names.txt", names.join("\n").as_bytes());
    write("pack.json", br#"{"format":"jpeg-pack-1","images":4}"#);
    let evaluate = |labels: &str| {
        write("sex.txt", labels.as_bytes());
        let mut command = facenet();
        command.arg("evaluate").arg("--images").arg(folder.path());
        run(command.arg("--pairs").arg(folder.path().join("pairs.txt")))
    };
    let ended = evaluate("m\nf\nm\nm\n").with_code(0);
    assert!(ended.stdout.contains("by sex, one threshold"), "{ended}");
    for (labels, found) in [("m\nf\nm\nm\nf\n", "5 lines"), ("m\nf\nm\n", "3 lines")] {
        evaluate(labels).with_code(2).with_error(&["sex.txt", "4 images", found]);
    }
    evaluate("m\nf\nx\nm\n").with_code(2).with_error(&["sex.txt", "line 3", "\"x\""]);
}

#[test]
fn a_table_that_cannot_be_measured_leaves_the_others() {
    let folder = small_set();
    fs::write(folder.path().join("groups.csv"), "person,sex\nobama,m\nbiden,m\n").unwrap();
    // Both pairs of two people have a photo without a face.
    for name in ["biden_0001.jpg", "collins_0001.jpg"] {
        image::RgbImage::new(64, 64).save(folder.path().join(name)).unwrap();
    }
    let report = folder.path().join("report");
    let evaluate = |more: &[&str]| {
        let mut command = facenet();
        command.arg("evaluate").arg("--images").arg(folder.path());
        command.arg("--pairs").arg(folder.path().join("pairs.txt"));
        run(command.arg("--report").arg(&report).arg("--robustness").args(more))
    };
    let ended = evaluate(&[]).with_code(0);
    assert!(ended.stdout.contains("accuracy   50.00 %"), "{ended}");
    assert!(ended.stdout.contains("robustness: not measured: "), "{ended}");
    let row = evaluate(&["--json"]).with_code(0).json().pop().unwrap();
    assert!(row["robustness"].is_null() && row["accuracy"] == 0.5, "{row}");
    let tables: Vec<_> = row["not_measured"].as_array().unwrap().iter().collect();
    assert!(tables.iter().any(|table| table["table"] == "robustness"), "{row}");
    assert!(tables.iter().all(|table| !table["reason"].as_str().unwrap().is_empty()));
    for name in ["report.html", "report.md", "report.json"] {
        let text = fs::read_to_string(report.join(name)).unwrap().to_lowercase();
        assert!(text.contains("robustness") && text.contains("measured"), "{name}");
    }
}

#[test]
fn the_report_is_a_self_contained_page() {
    let folder = small_set();
    // A name with HTML in it, and a wrong label so that the page lists it.
    let odd = "<img src=x onerror=alert(1)>\u{202e}.jpg";
    fs::copy(portrait("biden-portrait.jpg"), folder.path().join(odd)).unwrap();
    let rows = [
        format!("obama_0001.jpg\t{odd}\t1"),
        "obama_0001.jpg\tobama_0002.jpg\t1".into(),
        "obama_0001.jpg\tcollins_0001.jpg\t0".into(),
        "obama_0002.jpg\tcollins_0001.jpg\t0".into(),
    ];
    fs::write(folder.path().join("list.txt"), rows.join("\n")).unwrap();
    let report = folder.path().join("new/report");
    let evaluate = |more: &[&str]| {
        let mut command = facenet();
        command.arg("evaluate").arg("--images").arg(folder.path());
        command.arg("--pairs").arg(folder.path().join("list.txt"));
        let ended = run(command.arg("--report").arg(&report).args(more)).with_code(0);
        assert!(!ended.stdout.is_empty(), "{ended}");
        fs::read_to_string(report.join("report.html")).unwrap()
    };
    let page = evaluate(&[]);
    assert_eq!(page.matches("<svg").count(), 4, "four charts");
    for words in ["ROC", "DET", "Distances", "prefers-color-scheme: dark", "no liveness check"] {
        assert!(page.contains(words), "{words} is not in the page");
    }
    assert!(
        page.contains("&lt;img src=x onerror=alert(1)&gt;\\u{202e}.jpg"),
        "the name is escaped"
    );
    // The page loads nothing, runs nothing and shows no face.
    for words in ["<img", "<script", "src=\"http", "href=\"http", "url(", "@import", "\u{202e}"] {
        assert!(!page.contains(words), "{words} is in the page");
    }
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(report.join("report.json")).unwrap()).unwrap();
    assert_eq!(json["verification"]["pairs"], 4);
    assert_eq!(json["hardest"]["false_non_matches"][0]["b"], odd);
    assert!(json["curve"].as_array().unwrap().len() >= 4);
    // The labels contradict the names, so the people are unknown.
    assert!(json["identification"]["not_measured"].is_string(), "{}", json["identification"]);

    let shown = evaluate(&["--thumbnails"]);
    assert!(shown.contains("<img src=\"data:image/jpeg;base64,/9j/"), "the page shows faces");
    assert!(page.len() < shown.len());
    // A bad path is reported before any photo is read.
    let mut command = facenet();
    command.args(["evaluate", "--images", "x", "--pairs"]).arg(folder.path().join("list.txt"));
    let file = folder.path().join("list.txt");
    run(command.arg("--report").arg(&file)).with_code(2).with_error(&["list.txt", "folder"]);
}

/// What README.md states of the shipped weights, in percent.
fn published_accuracy() -> f64 {
    let readme = fs::read_to_string(e2e::root().join("README.md")).unwrap();
    let (_, after) = readme.split_once("6,000 listed pairs, ten folds: ").unwrap();
    after.split_once(" %").unwrap().0.parse().unwrap()
}

#[test]
fn lfw_gives_the_published_accuracy() {
    let Some(lfw) = test_support::reference("lfw") else { return };
    let mut command = facenet();
    command.arg("evaluate").arg("--images").arg(&lfw).arg("--pairs").arg(lfw.join("pairs.txt"));
    let row = run(command.args(["--aligned", "--json"])).with_code(0).json().pop().unwrap();
    let accuracy = 100.0 * row["accuracy"].as_f64().unwrap();
    // Kernels without fused multiply-add may decide one pair of 6,000 otherwise.
    let published = published_accuracy();
    assert!((accuracy - published).abs() <= 0.03, "README: {published} %; measured: {row}");
    assert_eq!((&row["pairs"], &row["failures"]), (&6000.into(), &0.into()));
    // In galleries, the measured rates are those that the calibration promises.
    let galleries = row["identification"].as_array().unwrap();
    let people: Vec<_> = galleries.iter().map(|g| g["people"].as_u64().unwrap()).collect();
    assert_eq!(people, [10, 100, 1000]);
    for gallery in galleries {
        let fpir = |key: &str| gallery["calibrated"]["fpir"][key].as_f64().unwrap();
        // Its 95 % interval reaches down to the target at least, and up to a third of it.
        assert!(fpir("low") <= 0.01 && fpir("high") >= 0.003, "{gallery}");
    }
}

#[test]
fn lfw_through_our_own_detector_is_close_to_it() {
    let Some(lfw) = test_support::reference("lfw") else { return };
    let evaluate = |images: &str, more: &[&str]| {
        let mut command = facenet();
        command.arg("evaluate").arg("--images").arg(lfw.join(images));
        command.arg("--pairs").arg(lfw.join("pairs.txt")).args(["--folds", "2", "--json"]);
        let row = run(command.args(more)).with_code(0).json().pop().unwrap();
        row["accuracy"].as_f64().unwrap()
    };
    let (aligned, detected) = (evaluate("", &["--aligned"]), evaluate("originals", &[]));
    assert!(detected >= aligned - 0.03, "aligned {aligned}, detected {detected}");
}
