//! Tests of what keeps a door honest: failed claims are slowed, decisions are written down.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use e2e::http::{Answer, Request};
use e2e::server::{TestServer, bytes};
use e2e::{facenet, run};
use serde_json::{Value, json};

fn claim(name: &str, photo: &str) -> Request {
    Request::post(&format!("/v1/verify?name={name}"), bytes(photo))
}

/// The seconds of a refusal.
fn wait(answer: Answer) -> u64 {
    let answer = answer.with_status(429);
    assert_eq!(answer.json()["kind"], "too_many_claims");
    let seconds = answer.header("retry-after").unwrap().parse().unwrap();
    assert!(answer.json()["error"].as_str().unwrap().contains("wait"), "{}", answer.text());
    seconds
}

#[test]
fn claims_that_fail_are_slowed_after_five() {
    // On a machine that is busy, a second may be over before the next question.
    assert!((0..10).any(|_| are_slowed()), "too slow to say anything");
}

/// Whether claims could be made fast enough to see that they are slowed.
fn are_slowed() -> bool {
    const SECOND: Duration = Duration::from_secs(1);
    let server = TestServer::with_people(&[]);
    let stranger = || claim("barack", "collins-portrait.jpg");
    let mut begin = Instant::now();
    for _ in 0..5 {
        begin = Instant::now();
        assert_eq!(server.ask(&stranger()).with_status(200).json()["same"], false);
    }
    let refused = [stranger(), claim("barack", "obama-speech.jpg")].map(|ask| server.ask(&ask));
    if begin.elapsed() >= SECOND {
        return false;
    }
    // The wait is for the right face, too; other names and other routes are not concerned.
    assert_eq!(refused.map(wait), [1, 1]);
    server.ask(&claim("joe", "obama-speech.jpg")).with_status(200);
    server.ask(&Request::post("/v1/recognize", bytes("obama-speech.jpg"))).with_status(200);
    std::thread::sleep(Duration::from_millis(1100));
    begin = Instant::now();
    assert_eq!(server.ask(&stranger()).with_status(200).json()["same"], false);
    let refused = server.ask(&stranger());
    if begin.elapsed() >= SECOND {
        return false;
    }
    assert_eq!(wait(refused), 2);
    std::thread::sleep(Duration::from_millis(2100));
    // Who is let in begins again.
    assert_eq!(server.ask(&claim("barack", "obama-speech.jpg")).json()["same"], true);
    for _ in 0..5 {
        server.ask(&stranger()).with_status(200);
    }
    true
}

/// Makes claims that fail until one is refused; how many failed before, and the refusal. Each
/// doubles the wait, so that it is seen by a slow machine, too.
fn refusal(ask: impl Fn(usize) -> Answer) -> (usize, Answer) {
    let mut answers = (0..15).map(|number| (number, ask(number)));
    answers.find(|(_, answer)| answer.status != 200).expect("nothing was refused")
}

#[test]
fn clients_behind_a_proxy_are_counted_apart() {
    let token = "the token of whoever lives here";
    let server = TestServer::start_with(&[], |command| {
        command.env("FACENET_TOKEN", token);
    });
    let ask = |request: Request, address: &str| {
        let request = request.with("X-Forwarded-For", address);
        server.ask(&request.with("Authorization", &format!("Bearer {token}")))
    };
    let enroll = Request::post("/v1/people?name=barack", bytes("obama-portrait.jpg"));
    ask(enroll, "192.0.2.1").with_status(201);
    // What a client writes there itself stands before what the proxy adds.
    let (failed, refused) = refusal(|number| {
        let address = format!("198.51.100.{number}, 192.0.2.1");
        ask(claim("barack", "collins-portrait.jpg"), &address)
    });
    assert!(failed >= 5, "{failed}");
    wait(refused);
    ask(claim("barack", "collins-portrait.jpg"), "192.0.2.2").with_status(200);
}

#[test]
fn photos_without_a_face_and_unknown_names_are_no_failed_claims() {
    let server = TestServer::with_people(&[]);
    for _ in 0..8 {
        server.ask(&claim("kian", "collins-portrait.jpg")).with_status(404);
        let cut = &bytes("collins-portrait.jpg")[..2000];
        server.ask(&Request::post("/v1/verify?name=barack", cut)).with_status(422);
    }
    assert_eq!(server.ask(&claim("barack", "obama-speech.jpg")).json()["same"], true);
}

fn lines(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_decision_is_a_line_of_the_audit_log() {
    let folder = tempfile::tempdir().unwrap();
    let [file, rotated] = ["audit", "audit.1"].map(|name| folder.path().join(name));
    let server = TestServer::with_people(&["--audit-log", file.to_str().unwrap()]);
    server.ask(&Request::post("/v1/recognize", bytes("obama-speech.jpg"))).with_status(200);
    server.ask(&Request::post("/v1/recognize", bytes("collins-portrait.jpg"))).with_status(200);
    let answer = server.ask(&claim("barack", "obama-speech.jpg")).json();
    let (failed, _) = refusal(|_| server.ask(&claim("joe", "obama-speech.jpg")));
    let two = [("a", bytes("obama-speech.jpg"), true), ("b", bytes("biden-portrait.jpg"), true)];
    let two = two.each_ref().map(|(name, photo, is_file)| (*name, photo.as_slice(), *is_file));
    server.ask(&Request::form("/v1/verify", &two)).with_status(200);
    let found = lines(&file);
    let verdicts: Vec<_> = found.iter().map(|line| line["verdict"].as_str().unwrap()).collect();
    let mut expected = vec!["recognized", "stranger", "same"];
    expected.extend(vec!["different"; failed]);
    expected.extend(["refused", "different"]);
    assert_eq!(verdicts, expected);
    let person = |i: usize| (&found[i]["person"], &found[i]["claim"]);
    assert_eq!(person(0), (&json!("barack"), &Value::Null));
    assert_eq!(person(1), (&Value::Null, &Value::Null));
    assert_eq!(person(2), (&json!("barack"), &json!("barack")));
    assert_eq!(person(3), (&Value::Null, &json!("joe")));
    for key in ["distance", "threshold"] {
        assert_eq!(found[2][key], answer[key], "{key}");
    }
    let keys = ["time", "question", "claim", "person", "distance", "threshold", "verdict"];
    for line in &found {
        assert!(line.as_object().unwrap().keys().all(|key| keys.contains(&&**key)), "{line}");
        assert!(line["time"].as_str().unwrap().ends_with('Z'), "{line}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // Rotation renames it; what cannot be written is counted, and the door works.
    fs::rename(&file, &rotated).unwrap();
    fs::create_dir(&file).unwrap();
    let recognize =
        || server.ask(&Request::post("/v1/recognize", bytes("obama-speech.jpg"))).with_status(200);
    recognize();
    let ready = |server: &TestServer| server.ask(&Request::get("/readyz")).with_status(200).json();
    assert_eq!(ready(&server)["audit"], "failing");
    fs::remove_dir(&file).unwrap();
    assert_eq!(ready(&server)["audit"], "ok");
    recognize();
    assert_eq!((lines(&file)[0]["lost"].as_u64(), lines(&file).len()), (Some(1), 2));
    assert_eq!(lines(&rotated).len(), found.len());
    let plain = TestServer::start(&[]);
    assert_eq!(ready(&plain)["audit"], "off");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_does_not_shut_the_door() {
    let server = TestServer::with_people(&["--audit-log", "/dev/full"]);
    let answer = server.ask(&Request::post("/v1/recognize", bytes("obama-speech.jpg")));
    assert_eq!(answer.with_status(200).json()["faces"][0]["person"], "barack");
    assert_eq!(server.ask(&Request::get("/readyz")).json()["audit"], "failing");
    assert!(server.log().contains("the audit log fails"), "{}", server.log());
}

#[cfg(unix)]
#[test]
fn a_log_that_others_can_read_is_refused_at_the_start() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit");
    fs::write(&file, "").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let mut serve = facenet();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--db"]).arg(folder.path().join("x.redb"));
    let ended = run(serve.arg("--audit-log").arg(&file)).with_code(2);
    ended.with_error(&["audit", "644", "600"]);
}
