//! A folder of known people: `verify --as` and `recognize`.

use std::fs;
use std::path::Path;

use e2e::{facenet, portrait, run};
use tempfile::TempDir;

/// Obama with one photo, Biden with a folder of two, one of them no photo.
fn gallery() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let put = |from: &str, to: &str| fs::copy(portrait(from), folder.path().join(to)).unwrap();
    put("obama-portrait.jpg", "barack.jpg");
    fs::create_dir(folder.path().join("joe")).unwrap();
    put("biden-portrait.jpg", "joe/1.jpg");
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
fn the_door_answers_in_the_notebooks_words() {
    let folder = gallery();
    let ended = claim("obama-speech.jpg", "barack", folder.path()).with_code(0);
    assert!(ended.stdout.starts_with("It's barack, welcome home!"), "{ended}");
    let ended = claim("obama-speech.jpg", "joe", folder.path()).with_code(1);
    assert!(ended.stdout.starts_with("It's not joe, please go away"), "{ended}");
    // The photo that is none was left out, aloud.
    assert!(ended.stderr.contains("2.jpg"), "{ended}");
}

#[test]
fn an_unknown_name_is_an_error_that_lists_the_known() {
    let folder = gallery();
    let ended = claim("obama-speech.jpg", "kian", folder.path()).with_code(2);
    ended.with_error(&["\"kian\"", "barack, joe"]);
    // Nor can a name reach out of the folder.
    claim("obama-speech.jpg", "../barack", folder.path()).with_code(2);
}

#[test]
fn recognize_names_the_nearest_and_the_runner_up() {
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
fn a_stranger_is_not_in_the_gallery() {
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
fn verify_says_how_it_is_called() {
    let photo = portrait("collins-portrait.jpg");
    let ended = run(facenet().arg("verify").arg(&photo)).with_code(2);
    ended.with_error(&["--as NAME"]);
    let nobody = run(facenet().arg("verify").arg(&photo).args(["--as", "x", "--db", "no/such/db"]));
    nobody.with_code(2).with_error(&["no/such/db", "nobody is enrolled yet"]);
    run(facenet().args(["verify", "a", "b", "c"])).with_code(2);
    run(facenet().args(["verify", "--gallery", "x"])).with_code(2);
}
