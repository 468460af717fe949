//! The commands that use a store: `recognize`, `gallery`, `cluster`, `watch`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use e2e::{Ended, facenet, portrait, run};
use tempfile::TempDir;

/// A temporary folder whose `people.redb` is the commands' store.
pub(crate) struct Setup(TempDir);

impl Setup {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn facenet(&self, words: &[&str]) -> Command {
        let mut command = facenet();
        command.args(words).env("FACENET_DB", self.file("people.redb"));
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ended {
        run(&mut self.facenet(words))
    }

    pub(crate) fn enroll(&self, name: &str, photo: &str) -> Ended {
        run(self.facenet(&["enroll", name]).arg(portrait(photo)))
    }

    pub(crate) fn recognize(&self, photo: &str) -> Ended {
        run(self.facenet(&["recognize"]).arg(portrait(photo)))
    }

    /// Enrolls Barack and Joe.
    pub(crate) fn with_people() -> Self {
        let setup = Self::new();
        let ended = setup.enroll("barack", "obama-portrait.jpg").with_code(0);
        assert!(ended.stdout.starts_with("barack is enrolled with 1 photo."), "{ended}");
        setup.enroll("joe", "biden-portrait.jpg").with_code(0);
        setup
    }

    fn names(&self) -> Vec<String> {
        let list = self.run(&["gallery", "list", "--json"]).with_code(0).json();
        list.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn enrolled_people_are_recognized_and_strangers_are_not() {
    let setup = Setup::with_people();
    let ended = setup.recognize("obama-speech.jpg").with_code(0);
    assert!(ended.stdout.starts_with("It's barack, the distance is 0."), "{ended}");
    let ended = setup.recognize("collins-portrait.jpg").with_code(1);
    assert!(ended.stdout.starts_with("Not in the gallery."), "{ended}");

    // Several photos have one answer each; the worst one decides the exit code.
    let mut several = setup.facenet(&["recognize", "--json"]);
    several.arg(portrait("obama-speech.jpg")).arg(setup.file("none.jpg"));
    let rows = run(several.arg(portrait("collins-portrait.jpg"))).with_code(2).json();
    assert_eq!(rows[0]["person"], "barack");
    assert!(rows[1]["error"].as_str().unwrap().contains("none.jpg"));
    assert!(rows[2]["person"].is_null());
}

#[test]
fn a_claim_is_compared_with_the_enrolled_person() {
    let setup = Setup::with_people();
    let claim = |name: &str| {
        run(setup.facenet(&["verify", "--as", name]).arg(portrait("obama-speech.jpg")))
    };
    let ended = claim("barack").with_code(0);
    assert!(ended.stdout.starts_with("It's barack, welcome home!"), "{ended}");
    let ended = claim("joe").with_code(1);
    assert!(ended.stdout.starts_with("It's not joe, please go away"), "{ended}");
    claim("kian").with_code(2).with_error(&["\"kian\"", "barack, joe"]);
    // Names are normalized.
    setup.enroll("Zoe\u{308}", "obama-portrait.jpg").with_code(0);
    let zoe = |more: &[&str]| {
        let mut command = setup.facenet(&["verify", "--json", "--as", "Zoe\u{308}"]);
        let probe = command.args(more).arg(portrait("obama-speech.jpg"));
        run(probe).with_code(0).json()[0]["claim"].clone()
    };
    assert_eq!(zoe(&[]), "Zo\u{eb}");
    let folder = setup.file("folder");
    fs::create_dir_all(folder.join("Zo\u{eb}")).unwrap();
    copy_speech(&folder, "Zo\u{eb}/speech.jpg");
    assert_eq!(zoe(&["--gallery", folder.to_str().unwrap()]), "Zo\u{eb}");
    // --gallery has precedence over FACENET_DB.
    let folder = setup.file("people");
    fs::create_dir_all(folder.join("barack")).unwrap();
    copy_speech(&folder, "barack/speech.jpg");
    let mut command = setup.facenet(&["verify", "--as", "barack", "--json", "--gallery"]);
    let row = run(command.arg(&folder).arg(portrait("obama-speech.jpg"))).with_code(0).json();
    assert_eq!((&row[0]["references"], &row[0]["distance"]), (&1.into(), &0.0.into()));
}

#[test]
fn the_threshold_follows_the_rate_of_strangers() {
    let setup = Setup::with_people();
    let answer = |more: &[&str]| {
        let mut command = setup.facenet(&["recognize", "--json"]);
        run(command.args(more).arg(portrait("obama-speech.jpg")))
    };
    let threshold = |row: &serde_json::Value| row["threshold"].as_f64().unwrap();
    let row = answer(&[]).with_code(0).json().remove(0);
    assert_eq!((threshold(&row), &row["people"], &row["faces"]), (0.617, &2.into(), &2.into()));
    let strict = answer(&["--fpir", "1e-3"]).with_code(0).json().remove(0);
    assert!(threshold(&strict) < 0.617 && strict["fpir"]["value"].as_f64().unwrap() <= 1e-3);
    assert_eq!(threshold(&answer(&["--threshold", "0.7"]).with_code(0).json()[0]), 0.7);
    answer(&["--fpir", "1e-9"]).with_code(2);
    for words in [
        ["--threshold", "-1"],
        ["--threshold", "NaN"],
        ["--threshold", "2.1"],
        ["--fpir", "0"],
        ["--fpir", "NaN"],
        ["--top", "0"],
    ] {
        answer(&words).with_code(2);
    }
}

/// Stores record the version of the crops with their encodings and refuse those of another
/// version. So it has to change when face crops change.
#[test]
fn the_crop_version_changes_with_the_crops() {
    let ended = run(facenet().arg("encode").arg(portrait("obama-speech.jpg"))).with_code(0);
    let encoding = ended.json()[0]["encoding"].clone();
    let found: Vec<f64> = (0..6).map(|i| encoding[i].as_f64().unwrap()).collect();
    let expected = [-0.0103, 0.0007, -0.0271, -0.0061, 0.0497, -0.1079];
    let off = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(
        off < 0.005,
        "{found:?}: face crops or the network changed. Change these numbers and, if the crops \
         changed, facenet::gallery::CROP_VERSION"
    );
    let setup = Setup::with_people();
    let list = setup.run(&["gallery", "list"]).with_code(0);
    assert!(list.stdout.contains("face crops points-1"), "{list}");
}

#[cfg(unix)]
#[test]
fn an_unwritable_store_is_an_error() {
    use std::os::unix::ffi::OsStrExt;
    // Locations where not even root can create a file.
    let enroll = |db: &std::ffi::OsStr| {
        let photo = portrait("obama-portrait.jpg");
        run(facenet().args(["enroll", "kian"]).arg(photo).arg("--db").arg(db))
    };
    if cfg!(target_os = "linux") {
        enroll("/proc/self/people.redb".as_ref()).with_code(2).with_error(&["people.redb"]);
        enroll("/dev/full".as_ref()).with_code(2).with_error(&["/dev/full"]);
    }
    // A path need not be UTF-8.
    let setup = Setup::new();
    let odd = setup.file("x").with_file_name(std::ffi::OsStr::from_bytes(b"p\xffple.redb"));
    enroll(odd.as_os_str()).with_code(0);
    assert!(odd.exists());
    let ended = run(facenet().args(["gallery", "list", "--json", "--db"]).arg(&odd)).with_code(0);
    assert_eq!(ended.json()[0]["name"], "kian");
}

#[test]
fn errors_are_json_with_json_output() {
    let setup = Setup::new();
    for words in [
        &["recognize", "--json", "x.jpg"][..],
        &["enroll", "--json", "kian", "x.jpg"],
        &["gallery", "--json", "list"],
        &["gallery", "--json", "import", "x.jsonl"],
        &["cluster", "--json", "no/such/folder"],
        &["watch", "no/such/folder"],
        &["verify", "--json", "--as", "kian", "x.jpg"],
    ] {
        let rows = setup.run(words).with_code(2).json();
        let error = rows.last().unwrap();
        assert!(error["error"].is_string() && error["exit_code"] == 2, "{words:?}: {error}");
    }
}

#[test]
fn renamed_and_removed_names_leave_no_trace() {
    let setup = Setup::with_people();
    setup.run(&["gallery", "rename", "joe", "Joseph"]).with_code(0);
    setup.run(&["gallery", "rename", "Joseph", "barack"]).with_code(2).with_error(&["already"]);
    assert_eq!(setup.names(), ["Joseph", "barack"]);
    let unknown = setup.run(&["gallery", "remove", "joe"]).with_code(2);
    unknown.with_error(&["\"joe\"", "Joseph, barack"]);
    setup.run(&["gallery", "remove", "Joseph"]).with_code(0);
    let file = fs::read(setup.file("people.redb")).unwrap();
    let holds = |text: &[u8]| file.windows(text.len()).any(|part| part == text);
    assert!(holds(b"barack") && !holds(b"Joseph") && !holds(b"joe"));
    setup.run(&["gallery", "purge"]).with_code(2).with_error(&["--yes"]);
    setup.run(&["gallery", "purge", "--yes"]).with_code(0);
    assert!(setup.names().is_empty());
    setup.recognize("obama-speech.jpg").with_code(1);
}

#[cfg(unix)]
#[test]
fn a_removal_through_a_link_is_one_from_the_real_store() {
    let setup = Setup::with_people();
    let (link, second) = (setup.file("link.redb"), setup.file("second.redb"));
    std::os::unix::fs::symlink("people.redb", &link).unwrap();
    fs::hard_link(setup.file("people.redb"), &second).unwrap();
    let ended = run(setup.facenet(&["gallery", "remove", "joe", "--db"]).arg(&link)).with_code(0);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(setup.names(), ["barack"]);
    // What keeps him all the same is said.
    assert!(ended.stderr.contains("hard link"), "{ended}");
}

#[test]
fn an_export_can_be_imported() {
    let setup = Setup::with_people();
    run(setup
        .facenet(&["enroll", "joe", "--consent", "a, \"b\""])
        .arg(portrait("biden-portrait.jpg")))
    .with_code(0);
    for ending in ["jsonl", "npy"] {
        let file = setup.file(&format!("people.{ending}"));
        let file = file.to_str().unwrap();
        setup.run(&["gallery", "export", file]).with_code(0);
        let other = Setup::new();
        other.run(&["gallery", "import", file]).with_code(0);
        assert_eq!(other.names(), setup.names());
        let lines = |setup: &Setup| setup.run(&["gallery", "export"]).with_code(0).json();
        for (theirs, ours) in lines(&other).iter().zip(lines(&setup)) {
            assert_eq!(theirs["consent"], ours["consent"]);
            let encodings = |row: &serde_json::Value| {
                let templates = row["templates"].as_array().unwrap().clone();
                templates.into_iter().map(|t| t["encoding"].clone()).collect::<Vec<_>>()
            };
            assert_eq!(encodings(theirs), encodings(&ours));
        }
    }
    // One wrong line enrolls nobody.
    let file = setup.file("people.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("happyhouse", "openface", 2)).unwrap();
    let other = Setup::new();
    let ended = other.run(&["gallery", "import", file.to_str().unwrap()]).with_code(2);
    ended.with_error(&["line 1", "another model"]);
    let first = text.lines().next().unwrap();
    fs::write(&file, format!("{first}\n{first}\n")).unwrap();
    let ended = other.run(&["gallery", "import", file.to_str().unwrap()]).with_code(2);
    ended.with_error(&["line 2", "\"barack\" occurs twice"]);
    // An unknown crop version is refused, unless the user confirms it.
    let version = ",\"crop_version\":\"points-1\"";
    assert!(text.contains(version), "{text}");
    fs::write(&file, text.replace(version, "")).unwrap();
    let ended = other.run(&["gallery", "import", file.to_str().unwrap()]).with_code(2);
    ended.with_error(&["line 1", "face crops unknown"]);
    assert!(!other.file("people.redb").exists());
    other.run(&["gallery", "import", file.to_str().unwrap(), "--same-model"]).with_code(0);
    assert_eq!(other.names(), setup.names());
    // The name in exports of earlier versions.
    fs::write(&file, text.replace("crop_version", "framing")).unwrap();
    Setup::new().run(&["gallery", "import", file.to_str().unwrap()]).with_code(0);
    // A table has it in a column.
    let (file, table) = (setup.file("people.npy"), setup.file("people.csv"));
    let text = fs::read_to_string(&table).unwrap();
    assert!(text.contains("crop_version") && text.contains("points-1"), "{text}");
    fs::write(&table, text.replace("crop_version", "framing")).unwrap();
    Setup::new().run(&["gallery", "import", file.to_str().unwrap()]).with_code(0);
    fs::write(&table, text.replace("points-1", "unknown")).unwrap();
    let other = Setup::new();
    let ended = other.run(&["gallery", "import", file.to_str().unwrap()]).with_code(2);
    ended.with_error(&["line 2", "face crops unknown"]);
    other.run(&["gallery", "import", file.to_str().unwrap(), "--same-model"]).with_code(0);
    assert_eq!(other.names(), setup.names());
}

#[test]
fn another_model_is_refused_until_stored_photos_are_encoded_again() {
    let setup = Setup::new();
    let mut enroll = setup.facenet(&["enroll", "barack", "--keep-photos"]);
    run(enroll.arg(portrait("obama-portrait.jpg"))).with_code(0);
    setup.enroll("joe", "biden-portrait.jpg").with_code(0);
    // The same weights in the other variant are another model.
    let weights = e2e::root().join("weights");
    let other = ["--variant", "openface", "--weights", weights.to_str().unwrap()];
    let recognize = |setup: &Setup| {
        run(setup.facenet(&["recognize"]).args(other).arg(portrait("obama-portrait.jpg")))
    };
    recognize(&setup).with_code(2).with_error(&["another model", "gallery rebuild"]);
    let rebuild =
        |more: &[&str]| run(setup.facenet(&["gallery"]).args(other).arg("rebuild").args(more));
    rebuild(&[]).with_code(2).with_error(&["joe", "--drop"]);
    assert_eq!(setup.names(), ["barack", "joe"]);
    rebuild(&["--drop"]).with_code(0);
    assert_eq!(setup.names(), ["barack"]);
    let ended = recognize(&setup).with_code(0);
    assert!(ended.stdout.starts_with("It's barack, the distance is 0.0"), "{ended}");
}

/// Photos that were enrolled with `--force` or `--aligned` do not block a rebuild.
#[test]
fn a_rebuild_can_drop_photos_without_a_face() {
    let setup = Setup::new();
    let (blurred, white) = (setup.file("blurred.png"), setup.file("white.png"));
    let photo = image::open(portrait("obama-speech.jpg")).unwrap().into_rgb8();
    image::imageops::fast_blur(&photo, 10.0).save(&blurred).unwrap();
    image::RgbImage::from_pixel(96, 96, image::Rgb([255; 3])).save(&white).unwrap();
    let enroll = |name: &str, photo: &Path, how: &[&str]| {
        run(setup.facenet(&["enroll", name, "--keep-photos"]).arg(photo).args(how))
    };
    enroll("barack", &portrait("obama-portrait.jpg"), &[]).with_code(0);
    enroll("barack", &blurred, &[]).with_code(3);
    enroll("barack", &blurred, &["--force"]).with_code(0);
    enroll("barack", &white, &["--aligned", "--force"]).with_code(0);
    enroll("nobody", &white, &["--aligned"]).with_code(0);
    let ended = setup.run(&["gallery", "rebuild"]).with_code(2);
    ended.with_error(&["\"barack\"", "photo 3: expected a face, found none", "--drop"]);
    assert_eq!(setup.names(), ["barack", "nobody"]);
    let ended = setup.run(&["gallery", "rebuild", "--drop"]).with_code(0);
    for words in ["barack: photo 3: expected a face", "nobody: photo 1", "nobody: no photo"] {
        assert!(ended.stderr.contains(&format!("dropped: {words}")), "{words}\n{ended}");
    }
    assert!(ended.stdout.starts_with("2 photos encoded again."), "{ended}");
    assert_eq!(setup.names(), ["barack"]);
    setup.run(&["gallery", "rebuild"]).with_code(0);
}

#[test]
fn photos_are_grouped_by_person() {
    let setup = Setup::new();
    fs::create_dir(setup.file("photos")).unwrap();
    for photo in ["obama-portrait.jpg", "obama-speech.jpg", "biden-portrait.jpg"] {
        fs::copy(portrait(photo), setup.file("photos").join(photo)).unwrap();
    }
    let photos = setup.file("photos");
    let rows = run(facenet().arg("cluster").arg(&photos).arg("--json")).with_code(0).json();
    let files = |row: &serde_json::Value| -> Vec<String> {
        let faces = row["faces"].as_array().unwrap();
        faces.iter().map(|face| face["file"].as_str().unwrap().to_owned()).collect()
    };
    // Two people, and what was left out.
    assert_eq!((rows.len(), &rows[2]["people"], &rows[2]["photos"]), (3, &2.into(), &3.into()));
    assert!(files(&rows[0]).iter().all(|file| file.contains("obama")));
    assert_eq!(files(&rows[0]).len(), 2);
    let ended = run(facenet().arg("cluster").arg(&photos)).with_code(0);
    assert!(ended.stdout.starts_with("Person 1: 2 faces\n"), "{ended}");
}

#[test]
fn new_photos_in_a_watched_folder_are_recognized() {
    let setup = Setup::with_people();
    let folder = setup.file("camera");
    fs::create_dir(&folder).unwrap();
    fs::copy(portrait("biden-portrait.jpg"), folder.join("before.jpg")).unwrap();
    let mut watch = setup.facenet(&["watch", "--interval", "50"]);
    let mut child =
        watch.arg(&folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It prints a note after the first poll.
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(stderr.next().unwrap().unwrap().contains("watching"));
    copy_speech(&folder, "new.jpg");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let row: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(row["person"], "barack");
    assert!(row["probe"].as_str().unwrap().ends_with("new.jpg"));
}

fn copy_speech(folder: &Path, name: &str) {
    fs::copy(portrait("obama-speech.jpg"), folder.join(name)).unwrap();
}

#[test]
fn a_database_password_is_never_printed() {
    let setup = Setup::new();
    let secret = |address: &str, words: &[&str]| {
        let mut command = setup.facenet(words);
        let ended = run(command.env("FACENET_DB", address));
        let shown = format!("{}{}", ended.stdout, ended.stderr);
        assert!(!shown.contains("geheim"), "{shown}");
        ended
    };
    // Databases of other machines are refused, with and without database support.
    let address = "postgres://kian:geheim@db.example/faces?password=geheim";
    let photo = portrait("obama-portrait.jpg");
    let photo = photo.to_str().unwrap();
    for words in [["gallery", "list"], ["recognize", photo], ["gallery", "--json"]] {
        secret(address, &words).with_code(2);
    }
    secret(address, &["gallery", "list"]).with_error(&["postgres://kian@db.example/faces"]);
    secret(address, &["gallery", "list", "--json"]).with_code(2);
    secret(address, &["recognize", "--help"]).with_code(0);
    let ended = secret(address, &["gallery", "path"]).with_code(0);
    assert_eq!(ended.stdout, "postgres://kian@db.example/faces\n");
    secret("mysql://kian:geheim@localhost/faces", &["gallery", "list"])
        .with_error(&["expected a file or postgres://", "mysql://"]);
}
