//! Tests of what can be done to somebody who is enrolled: rename, look at and remove photos,
//! search.

use e2e::http::Request;
use e2e::server::{TestServer, bytes};
use serde_json::{Value, json};

fn photos(server: &TestServer, name: &str) -> Vec<Value> {
    let path = format!("/v1/people/{name}/photos");
    let answer = server.ask(&Request::get(&path)).with_status(200).json();
    answer["photos"].as_array().unwrap().clone()
}

fn recognized(server: &TestServer, photo: &str) -> Value {
    let answer = server.ask(&Request::post("/v1/recognize", bytes(photo))).with_status(200);
    answer.json()["faces"][0]["person"].clone()
}

#[test]
fn a_person_gets_another_name_everywhere() {
    let server = TestServer::with_people(&[]);
    let rename = |old: &str, new: &str| {
        server.ask(&Request::new("PATCH", &format!("/v1/people/{old}?name={new}")))
    };
    let person = rename("barack", "Barack%20O.").with_status(200).json();
    assert_eq!((&person["name"], &person["photos"]), (&json!("Barack O."), &json!(1)));
    assert_eq!(recognized(&server, "obama-speech.jpg"), "Barack O.");
    assert_eq!(rename("barack", "x").with_status(404).json()["kind"], "person_not_found");
    assert_eq!(rename("joe", "Barack%20O.").with_status(409).json()["kind"], "name_taken");
    assert_eq!(rename("joe", "").with_status(400).json()["kind"], "invalid_name");
    assert_eq!(rename("joe", "a%0ab").with_status(400).json()["kind"], "invalid_name");
    server.ask(&Request::new("PATCH", "/v1/people/joe")).with_status(400);
    server.ask(&Request::get("/v1/people/joe")).with_status(200);
    let file = std::fs::read(server.store()).unwrap();
    assert!(!file.windows(6).any(|part| part == b"barack"), "the old name is kept");
}

#[test]
fn one_photo_is_removed_and_the_others_stay() {
    let server = TestServer::start(&[]);
    let enroll = |photo: &str, more: &str| {
        let path = format!("/v1/people?name=barack&unlike=accept{more}");
        server.ask(&Request::post(&path, bytes(photo))).with_status(201);
    };
    enroll("obama-portrait.jpg", "&keep_photos=true");
    enroll("biden-portrait.jpg", "");
    let both = photos(&server, "barack");
    assert_eq!([&both[0]["kept"], &both[1]["kept"]], [true, false]);
    let path =
        |photo: &Value| format!("/v1/people/barack/photos/{}", photo["id"].as_str().unwrap());
    // The photo that is kept can be looked at, the other cannot.
    let photo = server.ask(&Request::get(&path(&both[0]))).with_status(200);
    assert_eq!(photo.header("content-type"), Some("image/jpeg"));
    image::load_from_memory(&photo.body).unwrap();
    let none = server.ask(&Request::get(&path(&both[1]))).with_status(404).json();
    assert_eq!(none["kind"], "photo_not_found");

    let remove = |photo: &Value| server.ask(&Request::new("DELETE", &path(photo)));
    remove(&both[1]).with_status(204);
    // Asked again, it is gone, and no other goes instead.
    assert_eq!(remove(&both[1]).with_status(404).json()["kind"], "photo_not_found");
    assert_eq!(photos(&server, "barack"), both[..1]);
    assert_eq!(remove(&both[0]).with_status(409).json()["kind"], "last_photo");
    assert_eq!(recognized(&server, "obama-speech.jpg"), "barack");
    assert!(recognized(&server, "biden-portrait.jpg").is_null(), "the photo that went");
    server.ask(&Request::get("/v1/people/kian/photos")).with_status(404);
}

#[test]
fn photos_and_names_are_not_a_visitors() {
    let [token, door] = ["the token of whoever lives here", "the token of whoever rings here"];
    let server = TestServer::start_with(&["--read-only"], |command| {
        command.env("FACENET_TOKEN", token).env("FACENET_DOOR_TOKEN", door);
    });
    let ask = |method: &str, path: &str, token: &str| {
        let request = Request::new(method, path).with("Authorization", &format!("Bearer {token}"));
        server.ask(&request)
    };
    for path in ["/v1/people/kian/photos", "/v1/people/kian/photos/0011223344556677"] {
        ask("GET", path, door).with_status(403);
        ask("GET", path, token).with_status(404);
        ask("DELETE", path, door).with_status(403);
    }
    for (method, path) in
        [("PATCH", "/v1/people/kian?name=x"), ("DELETE", "/v1/people/kian/photos/00")]
    {
        assert_eq!(ask(method, path, token).with_status(403).json()["kind"], "read_only");
    }
}

#[test]
fn names_are_searched_in_whatever_case() {
    let server = TestServer::with_people(&[]);
    let found = |query: &str| {
        let list =
            server.ask(&Request::get(&format!("/v1/people?{query}"))).with_status(200).json();
        let names = list["people"].as_array().unwrap().iter();
        let names: Vec<_> = names.map(|person| person["name"].as_str().unwrap().into()).collect();
        (list["total"].as_u64().unwrap(), names)
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(found("search=ARA"), (1, names(&["barack"])));
    assert_eq!(found("search=zoe"), (0, names(&[])));
    assert_eq!(found("search="), (2, names(&["barack", "joe"])));
    assert_eq!(found("search=o&after=barack"), (1, names(&["joe"])));
}
