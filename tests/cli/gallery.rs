//! A folder of known people: `verify --as` and `recognize`.

use std::fs;
use std::path::Path;

use e2e::{facenet, portrait, run};
use tempfile::TempDir;

/// Obama with one photo, Biden with a folder of a photo and a file that is not a photo.
fn gallery() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &str, to: &str| fs::copy(portrait(from), folder.path().join(to)).unwrap();
    copy("obama-portrait.jpg", "barack.jpg");
    fs::create_dir(folder.path().join("joe")).unwrap();
    copy("biden-portrait.jpg", "joe/1.jpg");
    fs::write(folder.path().join("joe/2.jpg"), "no photo").unwrap();
    fs::write(folder.path().join("notes.txt"), "no photo either").unwrap();
    folder
}

fn claim(photo: &str, name: &str, gallery: &Path) -> e2e::Ended {
    let mut command = facenet();
    command.arg("verify").arg(portrait(photo)).args(["--as", name]).arg("--gallery").arg(gallery);
    run(&mut command)
}

#[test]
fn claims_are_answered_in_the_notebooks_wording() {
    let folder = gallery();
    let ended = claim("obama-speech.jpg", "barack", folder.path()).with_code(0);
    assert!(ended.stdout.starts_with("It's barack, welcome home!"), "{ended}");
    let ended = claim("obama-speech.jpg", "joe", folder.path()).with_code(1);
    assert!(ended.stdout.starts_with("It's not joe, please go away"), "{ended}");
    // The file that is not a photo is reported.
    assert!(ended.stderr.contains("2.jpg"), "{ended}");
}

#[test]
fn the_error_about_an_unknown_name_lists_the_known_names() {
    let folder = gallery();
    let ended = claim("obama-speech.jpg", "kian", folder.path()).with_code(2);
    ended.with_error(&["\"kian\"", "barack, joe"]);
    // A name cannot refer to a file outside the folder.
    claim("obama-speech.jpg", "../barack", folder.path()).with_code(2);
}

#[test]
fn recognize_lists_the_two_nearest_people() {
    let folder = gallery();
    let mut command = facenet();
    command.arg("recognize").arg(portrait("obama-speech.jpg")).arg("--gallery").arg(folder.path());
    let ended = run(&mut command).with_code(0);
    assert!(ended.stdout.starts_with("It's barack, the distance is 0."), "{ended}");
    assert!(ended.stdout.contains("  2. joe"), "{ended}");

    let row = run(command.args(["--json", "--top", "1"])).with_code(0).json().remove(0);
    assert_eq!(row["person"], "barack");
    assert_eq!(row["candidates"].as_array().unwrap().len(), 1);
    assert_eq!(row["distance"], row["candidates"][0]["distance"]);
    assert_eq!(row["skipped"], 1);
}

#[test]
fn a_stranger_is_not_recognized() {
    let folder = gallery();
    let mut command = facenet();
    command.arg("recognize").arg(portrait("collins-portrait.jpg"));
    let ended = run(command.arg("--gallery").arg(folder.path())).with_code(1);
    assert!(ended.stdout.starts_with("Not in the gallery."), "{ended}");
    let row = run(command.arg("--json")).with_code(1).json().remove(0);
    assert!(row["person"].is_null());
    assert_eq!(row["candidates"].as_array().unwrap().len(), 2);
}

#[test]
fn galleries_without_faces_are_errors() {
    let empty = tempfile::tempdir().unwrap();
    let recognize = |gallery: &Path| {
        let mut command = facenet();
        command.arg("recognize").arg(portrait("collins-portrait.jpg"));
        run(command.arg("--gallery").arg(gallery))
    };
    recognize(empty.path()).with_code(2).with_error(&["has no photos"]);
    recognize(Path::new("no/such/gallery")).with_code(2).with_error(&["no/such/gallery"]);
    fs::write(empty.path().join("kian.jpg"), "no photo").unwrap();
    let ended = recognize(empty.path()).with_code(2);
    ended.with_error(&["no photo of the gallery can be used", "kian.jpg"]);
    run(facenet().args(["recognize", "x.jpg", "--gallery", "y", "--top", "0"])).with_code(2);
}

#[test]
fn wrong_arguments_of_verify_are_explained() {
    let photo = portrait("collins-portrait.jpg");
    let ended = run(facenet().arg("verify").arg(&photo)).with_code(2);
    ended.with_error(&["--as NAME"]);
    let nobody = run(facenet().arg("verify").arg(&photo).args(["--as", "x", "--db", "no/such/db"]));
    nobody.with_code(2).with_error(&["no/such/db", "nobody is enrolled yet"]);
    run(facenet().args(["verify", "a", "b", "c"])).with_code(2);
    run(facenet().args(["verify", "--gallery", "x"])).with_code(2);
}
