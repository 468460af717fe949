//! What is enrolled as whom: photos of somebody else, copies, forms that contradict themselves.

use e2e::http::{Answer, Request};
use e2e::server::{TestServer, bytes};
use serde_json::Value;

fn enroll(server: &TestServer, name: &str, photos: &[&str], more: &[(&str, &[u8])]) -> Answer {
    let photos: Vec<_> = photos.iter().map(|photo| bytes(photo)).collect();
    let mut fields = vec![("name", name.as_bytes(), false)];
    fields.extend(photos.iter().map(|photo| ("photo", photo.as_slice(), true)));
    fields.extend(more.iter().map(|&(name, value)| (name, value, false)));
    server.ask(&Request::form("/v1/people", &fields))
}

fn recognized(server: &TestServer, photo: &str) -> Value {
    let answer = server.ask(&Request::post("/v1/recognize", bytes(photo))).with_status(200);
    answer.json()["faces"][0]["person"].clone()
}

#[test]
fn another_persons_photo_is_refused_unless_it_is_accepted() {
    let server = TestServer::with_people(&[]);
    // Against what is stored.
    let answer = enroll(&server, "barack", &["biden-portrait.jpg"], &[]).with_status(409).json();
    assert_eq!(answer["kind"], "unlike_face");
    let error = answer["error"].as_str().unwrap();
    assert!(error.contains("away") && error.contains("unlike=accept"), "{error}");
    let person = |name: &str| server.ask(&Request::get(&format!("/v1/people/{name}")));
    assert_eq!(person("barack").json()["photos"], 1);
    assert_eq!(recognized(&server, "obama-speech.jpg"), "barack");
    // Against one another.
    let both = ["obama-portrait.jpg", "collins-portrait.jpg"];
    let answer = enroll(&server, "kian", &both, &[]).with_status(409).json();
    assert!(answer["error"].as_str().unwrap().starts_with("photo 2 "), "{answer}");
    person("kian").with_status(404);
    // Another photo of the same person is welcome, and so is whoever is accepted.
    let answer = enroll(&server, "barack", &["obama-speech.jpg"], &[]).with_status(201).json();
    assert_eq!((&answer["added"], &answer["photos"]), (&1.into(), &2.into()));
    enroll(&server, "kian", &both, &[("unlike", b"accept")]).with_status(201);
    let lone = Request::post("/v1/people?name=joe&unlike=accept", bytes("collins-portrait.jpg"));
    assert_eq!(server.ask(&lone).with_status(201).json()["photos"], 2);
}

#[test]
fn the_same_photo_again_changes_nothing() {
    let server = TestServer::start(&[]);
    let threshold = || {
        let probe = Request::post("/v1/recognize", bytes("collins-portrait.jpg"));
        server.ask(&probe).with_status(200).json()["threshold"].clone()
    };
    let copies = ["obama-portrait.jpg"; 12];
    let answer = enroll(&server, "barack", &copies, &[]).with_status(201).json();
    assert_eq!((&answer["added"], &answer["copies"]), (&1.into(), &11.into()));
    let before = threshold();
    for _ in 0..2 {
        let answer = enroll(&server, "barack", &copies[..1], &[]).with_status(200).json();
        assert_eq!((&answer["added"], &answer["photos"]), (&0.into(), &1.into()));
    }
    assert_eq!(threshold(), before);
}

#[test]
fn forms_that_contradict_themselves_are_refused() {
    let server = TestServer::with_people(&[]);
    let photo = bytes("obama-speech.jpg");
    let refused = |path: &str, fields: &[(&str, &[u8], bool)], words: &str| {
        let answer = server.ask(&Request::form(path, fields)).with_status(400).json();
        let error = answer["error"].as_str().unwrap();
        assert!(error.contains(words), "{path}: {error}");
    };
    let (name, picture) = (("name", b"joe".as_slice(), false), ("photo", photo.as_slice(), true));
    refused("/v1/people?name=barack", &[name, picture], "`name` is one thing");
    refused("/v1/people", &[name, name, picture], "2 fields `name`");
    refused("/v1/people", &[name, picture, ("consnet", b"x", false)], "unknown field `consnet`");
    refused("/v1/people", &[name, picture, ("keep_photos", b"yes", false)], "`true` or `false`");
    refused("/v1/people", &[name, picture, ("unlike", b"yes", false)], "`accept` or `refuse`");
    refused("/v1/recognize", &[picture, ("top", b"1", false)], "unknown field `top`");
    let [a, b] = ["a", "b"].map(|field| (field, photo.as_slice(), true));
    refused("/v1/verify", &[a, b, name], "`a` and `b`, or");
    refused("/v1/verify?name=joe", &[a, b], "`a` and `b`, or");
    refused("/v1/verify", &[a, b, picture], "`a` and `b`, or");
    // Limits are refused and not silently lowered.
    for path in ["/v1/people?limit=10001", "/v1/people?limit=x"] {
        server.ask(&Request::get(path)).with_status(400);
    }
    let top = Request::post("/v1/recognize?top=101", photo.clone());
    assert_eq!(server.ask(&top).with_status(400).json()["kind"], "bad_request");
    // Names that are no text, or show nothing, have the same form of error.
    for (request, words) in [
        (Request::get("/v1/people/%ff"), "UTF-8"),
        (Request::post("/v1/people?name=%E2%A0%80", photo.clone()), "shows nothing"),
    ] {
        let answer = server.ask(&request).with_status(400).json();
        assert_eq!((&answer["kind"], &answer["status"]), (&"invalid_name".into(), &400.into()));
        assert!(answer["error"].as_str().unwrap().contains(words), "{answer}");
    }
}
