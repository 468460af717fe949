//! Keeping a store in order: `gallery merge`, `remove --photo`, `purge --older-than`, `export
//! --person`; and what a stored photo still says.

use std::fs;

use e2e::{portrait, run};

use crate::enrolled::Setup;

/// How many photos somebody has.
fn photos(setup: &Setup, name: &str) -> u64 {
    let row = setup.run(&["gallery", "show", name, "--json"]).with_code(0).json().remove(0);
    row["photos"].as_u64().unwrap()
}

#[test]
fn two_names_of_one_person_become_one() {
    let setup = Setup::with_people();
    setup.enroll("the president", "obama-speech.jpg").with_code(0);
    let ended = setup.run(&["gallery", "merge", "the president", "--into", "barack"]).with_code(0);
    assert!(ended.stdout.contains("barack, who has 2 photos now"), "{ended}");
    assert_eq!(photos(&setup, "barack"), 2);
    setup.run(&["gallery", "show", "the president"]).with_code(2);
    // Two people do not become one without a word.
    let ended = setup.run(&["gallery", "merge", "joe", "--into", "barack"]).with_code(2);
    ended.with_error(&["photo 1 of joe may show somebody else than barack"]);
    assert_eq!(photos(&setup, "joe"), 1);
    setup.run(&["gallery", "merge", "joe", "--into", "barack", "--force"]).with_code(0);
    assert_eq!(photos(&setup, "barack"), 3);
    let ended = setup.run(&["gallery", "merge", "barack", "--into", "barack"]).with_code(2);
    ended.with_error(&["barack", "itself"]);
}

#[test]
fn a_single_photo_can_be_removed() {
    let setup = Setup::with_people();
    setup.enroll("barack", "obama-speech.jpg").with_code(0);
    let remove = |words: &[&str]| {
        let all = [&["gallery", "remove", "barack"], words].concat();
        setup.run(&all)
    };
    remove(&["--photo", "3"]).with_code(2).with_error(&["no photo 3", "1 to 2"]);
    remove(&["joe", "--photo", "1"]).with_code(2).with_error(&["one person", "2 names"]);
    let ended = remove(&["--photo", "1"]).with_code(0);
    assert!(ended.stdout.starts_with("1 photo of barack removed, 1 photo left."), "{ended}");
    // The photo that is left is the second.
    let same = setup.recognize("obama-speech.jpg").with_code(0);
    assert!(same.stdout.contains("the distance is 0.00"), "{same}");
    remove(&["--photo", "1"]).with_code(2).with_error(&["all photos"]);
}

#[test]
fn people_of_long_ago_are_removed() {
    let setup = Setup::with_people();
    let purge = |words: &[&str]| setup.run(&[&["gallery", "purge"], words].concat());
    let ended = purge(&["--older-than", "1", "--yes"]).with_code(0);
    assert!(
        ended.stdout.starts_with("Of everybody a photo was added in the last 1 day."),
        "{ended}"
    );
    // Dated back by export and import.
    let file = setup.file("people.jsonl");
    setup.run(&["gallery", "export", file.to_str().unwrap()]).with_code(0);
    let rows = fs::read_to_string(&file).unwrap();
    let old: Vec<String> = rows
        .lines()
        .map(|line| {
            let mut row: serde_json::Value = serde_json::from_str(line).unwrap();
            if row["name"] == "joe" {
                row["enrolled"] = 1_000_000_000.into();
                row["templates"][0]["added"] = 1_000_000_000.into();
            }
            row.to_string()
        })
        .collect();
    fs::write(&file, old.join("\n")).unwrap();
    purge(&["--yes"]).with_code(0);
    setup.run(&["gallery", "import", file.to_str().unwrap()]).with_code(0);
    purge(&["--older-than", "365"]).with_code(2).with_error(&["1 person", "joe", "--yes"]);
    let ended = purge(&["--older-than", "365", "--yes"]).with_code(0);
    assert!(ended.stdout.starts_with("joe removed."), "{ended}");
    assert_eq!(photos(&setup, "barack"), 1);
    setup.run(&["gallery", "show", "joe"]).with_code(2);
}

#[test]
fn a_stored_photo_says_nothing_but_its_image() {
    let setup = Setup::with_people();
    let jpeg = fs::read(portrait("obama-speech.jpg")).unwrap();
    let note = b"Exif\0\0 38.8977 N, 77.0365 W";
    let length = (note.len() as u16 + 2).to_be_bytes();
    let noted = [&jpeg[..2], &[0xff, 0xe1], &length, note, &jpeg[2..]].concat();
    fs::write(setup.file("noted.jpg"), noted).unwrap();
    let noted = setup.file("noted.jpg");
    let noted = noted.to_str().unwrap();
    setup.run(&["enroll", "barack", noted, "--keep-photos"]).with_code(0);
    let says = |bytes: &[u8]| bytes.windows(9).any(|window| window == b"38.8977 N");
    assert!(says(&fs::read(noted).unwrap()));
    assert!(!says(&fs::read(setup.file("people.redb")).unwrap()));
    // One person's export has their photos, and nobody else.
    let (file, folder) = (setup.file("barack.jsonl"), setup.file("photos"));
    let export = ["gallery", "export", file.to_str().unwrap(), "--person", "barack", "--photos"];
    run(setup.facenet(&export).arg(&folder)).with_code(0);
    let rows = fs::read_to_string(&file).unwrap();
    assert!(rows.lines().count() == 1 && rows.contains("\"barack\""), "{rows}");
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(files.len(), 1);
    let kept = files[0].path();
    assert!(kept.extension().is_some_and(|extension| extension == "jpg"));
    assert!(!says(&fs::read(&kept).unwrap()));
    let same = run(setup.facenet(&["recognize"]).arg(&kept)).with_code(0);
    assert!(same.stdout.starts_with("It's barack"), "{same}");
}
