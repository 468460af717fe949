//! Failing standard streams, arguments that are not UTF-8, unknown flags.

use std::process::Stdio;

use e2e::{facenet, run};

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ended = run(facenet().arg("model").stdout(Stdio::from(full))).with_code(2);
    ended.with_error(&["No space left"]);
}

#[test]
fn a_broken_pipe_is_not_reported() {
    let mut child =
        facenet().arg("model").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = e2e::Ended::from(&child.wait_with_output().unwrap());
    // Nothing is printed, and a lost answer is not a match.
    assert!([0, 2].contains(&ended.code) && ended.stderr.is_empty(), "{ended}");
}

#[test]
fn a_broken_pipe_does_not_change_the_exit_code() {
    let photos = ["obama-portrait.jpg", "biden-portrait.jpg"].map(e2e::portrait);
    let mut command = facenet();
    command.arg("verify").args(photos).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let ended = e2e::Ended::from(&child.wait_with_output().unwrap()).with_code(1);
    assert!(ended.stderr.is_empty(), "{ended}");
}

#[cfg(unix)]
#[test]
fn file_names_need_not_be_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let odd = folder.path().join(std::ffi::OsStr::from_bytes(b"f\xffce.jpg"));
    std::fs::copy(e2e::portrait("biden-portrait.jpg"), &odd).unwrap();
    let ended = run(facenet().arg("verify").args([&odd, &odd])).with_code(0);
    assert!(ended.stdout.contains("f\u{fffd}ce.jpg"), "{ended}");
    let ended = run(facenet().arg("verify").args([&odd, &odd]).arg("--json")).with_code(0);
    assert_eq!(ended.json()[0]["same"], true);
}

#[cfg(unix)]
#[test]
fn control_characters_of_file_names_are_escaped() {
    let folder = tempfile::tempdir().unwrap();
    let nasty = folder.path().join("a\u{1b}[2Jb\nc.jpg");
    std::fs::copy(e2e::portrait("biden-portrait.jpg"), &nasty).unwrap();
    let ended = run(facenet().arg("verify").args([&nasty, &nasty])).with_code(0);
    assert!(!ended.stdout.contains('\u{1b}'), "{ended}");
    std::fs::write(&nasty, "no photo").unwrap();
    let ended = run(facenet().arg("verify").args([&nasty, &nasty])).with_code(2);
    assert!(!ended.with_error(&["\\u{1b}[2Jb\\nc.jpg"]).stderr.contains('\u{1b}'));
}

#[test]
fn unknown_words_are_refused() {
    for words in [&["verify", "--frobnicate"][..], &["frobnicate"], &["encode"], &[]] {
        let ended = run(facenet().args(words)).with_code(2);
        assert!(ended.stderr.contains("Usage"), "{ended}");
    }
}

#[test]
fn help_states_the_limits() {
    let ended = run(facenet().arg("--help")).with_code(0);
    // clap wraps lines at the terminal's width.
    let text = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "no liveness check",
        "Measured on LFW",
        "FMR 0.1 %",
        "15 of 100 comparisons (FNMR)",
        "Children, and groups of people that are rare",
        "Not for sole authentication",
    ] {
        assert!(text.contains(words), "{words}\n{ended}");
    }
    let serve = run(facenet().args(["serve", "--help"])).with_code(0);
    assert!(serve.stdout.contains("no liveness check"), "{serve}");
    let readme = std::fs::read_to_string(e2e::root().join("README.md")).unwrap();
    for words in
        ["No liveness check", "Not for sole authentication", "15.1 %", "higher for children"]
    {
        assert!(readme.contains(words), "{words}");
    }
    assert!(ended.stdout.contains("Exit codes"), "{ended}");
}
