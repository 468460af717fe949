//! Tests of the HTTP interface.

use std::fs;

use e2e::http::Request;
use e2e::server::{TestServer, bytes};
use e2e::{facenet, portrait, run};
use serde_json::json;

#[test]
fn a_person_is_enrolled_recognized_listed_and_removed() {
    let server = TestServer::start(&[]);
    let photo = bytes("obama-portrait.jpg");
    let form = |name: &str, photo: &[u8]| {
        let fields = [("name", name.as_bytes(), false), ("photo", photo, true)];
        Request::form("/v1/people", &[fields[0], fields[1], ("consent", b"by word", false)])
    };
    let person = server.ask(&form("Barack", &photo)).with_status(201).json();
    assert_eq!((&person["photos"], &person["added"]), (&1.into(), &1.into()));
    assert_eq!(person["consent"], "by word");
    server.ask(&form("Joe", &bytes("biden-portrait.jpg"))).with_status(201);

    let speech = bytes("obama-speech.jpg");
    let answer =
        server.ask(&Request::post("/v1/recognize", speech.clone())).with_status(200).json();
    assert_eq!(answer["people"], 2);
    let face = &answer["faces"][0];
    assert_eq!(face["person"], "Barack");
    assert_eq!(face["distance"], face["candidates"][0]["distance"]);
    let [left, top, width, height] = [0, 1, 2, 3].map(|i| face["box"][i].as_f64().unwrap());
    assert!(width > 100.0);
    let landmarks = face["landmarks"].as_array().unwrap();
    assert_eq!(landmarks.len(), 5);
    for landmark in landmarks {
        let [x, y] = [0, 1].map(|i| landmark[i].as_f64().unwrap());
        assert!(left < x && x < left + width && top < y && y < top + height, "{face}");
    }
    assert_eq!(answer["threshold"], json!(0.617));
    assert!(answer["fpir"]["value"].as_f64().unwrap() < 0.01, "{answer}");
    let stranger =
        server.ask(&Request::post("/v1/recognize", bytes("collins-portrait.jpg"))).json();
    assert!(stranger["faces"][0]["person"].is_null());

    let list = server.ask(&Request::get("/v1/people")).json();
    assert_eq!((&list["total"], &list["people"][0]["name"]), (&2.into(), &"Barack".into()));
    let list = server.ask(&Request::get("/v1/people?limit=1&after=Barack")).json();
    assert_eq!(list["people"][0]["name"], "Joe");
    server.ask(&Request::get("/v1/people/Barack")).with_status(200);

    server.ask(&Request::new("DELETE", "/v1/people/Barack")).with_status(204);
    server.ask(&Request::new("DELETE", "/v1/people/Barack")).with_status(404);
    server.ask(&Request::get("/v1/people/Barack")).with_status(404);
    let file = fs::read(server.store()).unwrap();
    assert!(!file.windows(6).any(|part| part == b"Barack"));
    let answer = server.ask(&Request::post("/v1/recognize", speech)).json();
    assert!(answer["faces"][0]["person"].is_null());
}

#[test]
fn a_claim_and_two_photos_are_verified() {
    let server = TestServer::with_people(&[]);
    let speech = bytes("obama-speech.jpg");
    let claim =
        |name: &str| server.ask(&Request::post(&format!("/v1/verify?name={name}"), speech.clone()));
    let answer = claim("barack").with_status(200).json();
    assert_eq!((&answer["same"], &answer["claim"]), (&true.into(), &"barack".into()));
    assert_eq!(claim("joe").json()["same"], false);
    assert_eq!(claim("kian").with_status(404).json()["kind"], "person_not_found");
    let two = |other: &str| {
        let fields = [("a", speech.as_slice(), true), ("b", &bytes(other), true)];
        server.ask(&Request::form("/v1/verify", &fields)).with_status(200).json()["same"].clone()
    };
    assert_eq!(two("obama-portrait.jpg"), true);
    assert_eq!(two("collins-portrait.jpg"), false);
    server.ask(&Request::post("/v1/verify", speech.clone())).with_status(400);
}

/// A claim is compared with the mean of the person's photos, as in the command line.
#[test]
fn a_claim_has_the_answer_of_the_command_line() {
    let server = TestServer::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("barack")).unwrap();
    for photo in ["obama-portrait.jpg", "obama-speech.jpg"] {
        server.ask(&Request::post("/v1/people?name=barack", bytes(photo))).with_status(201);
        fs::copy(portrait(photo), folder.path().join("barack").join(photo)).unwrap();
    }
    for photo in ["obama-speech.jpg", "biden-portrait.jpg"] {
        let claim = Request::post("/v1/verify?name=barack", bytes(photo));
        let served = server.ask(&claim).with_status(200).json();
        let mut verify = facenet();
        verify.arg("verify").arg(portrait(photo)).args(["--json", "--as", "barack", "--gallery"]);
        let mut printed = run(verify.arg(folder.path())).json().remove(0);
        // Of files and of several faces, which a claim over HTTP does not have.
        let more = ["box", "reference_box", "pairs", "fmr_of_nearest"];
        for key in ["probe", "skipped"].into_iter().chain(more) {
            printed.as_object_mut().unwrap().remove(key);
        }
        // Those of the probe and of the reference, which the server has no photo of.
        printed["warnings"] = printed["warnings"][0].take();
        assert_eq!(served, printed);
        assert_eq!((&served["references"], &served["prior"]), (&2.into(), &0.5.into()));
    }
}

#[test]
fn encodings_equal_those_of_the_command_line() {
    let server = TestServer::start(&[]);
    let answer = server.ask(&Request::post("/v1/encode", bytes("obama-speech.jpg"))).json();
    let ended = run(facenet().arg("encode").arg(portrait("obama-speech.jpg"))).with_code(0);
    assert_eq!(answer["faces"][0]["encoding"], ended.json()[0]["encoding"]);
    assert_eq!(answer["model"]["variant"], "happyhouse");
}

#[test]
fn the_command_line_reads_the_servers_store() {
    let server = TestServer::with_people(&[]);
    let store = server.store();
    let busy = run(facenet().args(["gallery", "list", "--db"]).arg(&store)).with_code(2);
    busy.with_error(&["facenet serve"]);
    // The server holds a lock, so the command line reads a copy.
    let copy = tempfile::tempdir().unwrap();
    let file = copy.path().join("people.redb");
    fs::copy(&store, &file).unwrap();
    let ended = run(facenet().args(["gallery", "list", "--db"]).arg(&file)).with_code(0);
    assert!(ended.stdout.contains("barack") && ended.stdout.contains("joe"), "{ended}");
}

#[test]
fn errors_have_kinds_and_statuses() {
    let server = TestServer::with_people(&[]);
    let error = |request: Request, status: u16, kind: &str| {
        let answer = server.ask(&request).with_status(status).json();
        assert_eq!(answer["kind"], kind, "{answer}");
        assert_eq!(answer["status"], status);
        answer["error"].as_str().unwrap().to_owned()
    };
    let recognize = |body: &[u8]| Request::post("/v1/recognize", body);
    error(recognize(b""), 400, "invalid_image");
    error(recognize(b"no picture"), 415, "invalid_image");
    // An iPhone's photo is no damaged file, and the answer says so.
    let heic = error(recognize(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), 415, "invalid_image");
    assert!(heic.contains("HEIC (save it as JPEG first)"), "{heic}");
    let cut = error(recognize(&bytes("obama-speech.jpg")[..4000]), 422, "no_face");
    assert!(cut.contains("the file ends early"), "{cut}");
    error(Request::get("/v1/nothing"), 404, "page_not_found");
    error(Request::new("PATCH", "/v1/people"), 405, "bad_request");
    error(Request::post("/v1/recognize?face=prettiest", "x"), 400, "bad_request");
    error(Request::post("/v1/recognize?fase=only", "x"), 400, "bad_request");
    // Parameters of other routes are unknown, too.
    for (method, path) in [
        ("POST", "/v1/recognize?consent=x"),
        ("POST", "/v1/verify?top=1"),
        ("POST", "/v1/encode?name=x"),
        ("POST", "/v1/people?limit=1"),
        ("GET", "/v1/people?face=only"),
        ("GET", "/v1/people/barack?limit=1"),
        ("DELETE", "/v1/people/barack?face=all"),
    ] {
        let found = error(Request::new(method, path), 400, "bad_request");
        assert!(found.contains("unknown field"), "{path}: {found}");
    }
    error(Request::get("/v1/people/%00"), 400, "invalid_name");
    error(Request::get("/v1/people/%2e%2e%2fx"), 400, "invalid_name");
    let enroll =
        |name: &str| Request::post(&format!("/v1/people?name={name}"), bytes("obama-speech.jpg"));
    error(enroll(""), 400, "invalid_name");
    error(enroll("a%0ab"), 400, "invalid_name");
    error(enroll(&"x".repeat(4000)), 400, "invalid_name");
    // Without candidates, the person is still recognized.
    let listed =
        server.ask(&Request::post("/v1/recognize?top=0", bytes("obama-speech.jpg"))).json();
    let face = &listed["faces"][0];
    assert_eq!((&face["person"], &face["candidates"]), (&"barack".into(), &json!([])));
    error(Request::post("/v1/recognize?top=-1", "x"), 400, "bad_request");
    // A face of low quality is the client's error.
    error(recognize(&blurred_png()), 422, "poor_face");
    // A white photo has no face.
    error(recognize(&white_png()), 422, "no_face");
    assert!(server.log().lines().all(|line| !line.contains("panicked")), "{}", server.log());
}

/// A PNG of 64 white pixels a side, stored without compression.
fn white_png() -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(64, 64, image::Rgb([255; 3]))
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    png.into_inner()
}

/// A face out of focus.
fn blurred_png() -> Vec<u8> {
    let photo = image::open(portrait("obama-speech.jpg")).unwrap().into_rgb8();
    let photo = image::imageops::fast_blur(&photo, 10.0);
    let mut png = std::io::Cursor::new(Vec::new());
    photo.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

#[test]
fn the_description_matches_the_interface() {
    let server = TestServer::with_people(&[]);
    let description = server.ask(&Request::get("/openapi.json")).with_status(200).json();
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.len() >= 8);
    for (path, item) in paths {
        // Its answer does not end: `events` tests it.
        if path == "/v1/events" {
            continue;
        }
        let real = path.replace("{name}", "kian").replace("{photo}", "00");
        for method in item.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            let request = Request::new(&method.to_uppercase(), &real);
            let answer = server.ask(&request);
            let responses = item[method]["responses"].as_object().unwrap();
            let described = responses.contains_key(&answer.status.to_string());
            assert!(described, "{method} {path} answers {}: {}", answer.status, answer.text());
            // Any request can time out.
            assert!(!path.starts_with("/v1") || responses.contains_key("408"), "{method} {path}");
        }
        // Other methods are refused.
        server.ask(&Request::new("PUT", &real)).with_status(405);
    }
    // The description lists the kinds of unusable photos.
    let no_face = description["components"]["responses"]["NoFace"]["description"].as_str();
    for kind in ["no_face", "several_faces", "poor_face", "cannot_enroll"] {
        assert!(no_face.unwrap().contains(kind), "{kind}");
    }
    // Every reference has a target.
    let text = description.to_string();
    for part in text.split("\"$ref\":\"#").skip(1) {
        let pointer = part.split('"').next().unwrap();
        assert!(description.pointer(pointer).is_some(), "{pointer}");
    }
}

/// Photos are not written to disk: not during an upload, not afterwards, not in the store.
#[test]
fn photos_stay_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start_with(&[], |command| {
        command.env("TMPDIR", folder.path()).current_dir(folder.path());
    });
    let photo = bytes("obama-portrait.jpg");
    let form = Request::form("/v1/people", &[("name", b"barack", false), ("photo", &photo, true)]);
    server.ask(&form).with_status(201);
    let mut half = server.client();
    half.send_raw(Request::post("/v1/recognize", photo.clone()).head("127.0.0.1").as_bytes())
        .unwrap();
    half.send_raw(&photo[..photo.len() / 2]).unwrap();
    server.ask(&Request::post("/v1/recognize", photo.clone())).with_status(200);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let store = fs::read(server.store()).unwrap();
    let piece = &photo[photo.len() / 2..][..32];
    assert!(!store.windows(32).any(|part| part == piece));
    // The store, and the log of the test.
    assert_eq!(fs::read_dir(server.store().parent().unwrap()).unwrap().count(), 2);
}

#[test]
fn readiness_tells_whether_the_people_can_be_reached() {
    let server = TestServer::with_people(&[]);
    let ready = |status: u16| server.ask(&Request::get("/readyz")).with_status(status);
    assert_eq!(ready(200).json(), json!({ "status": "ready", "changes": "ok", "audit": "off" }));
    let aside = server.store().with_extension("aside");
    fs::rename(server.store(), &aside).unwrap();
    let answer = ready(503);
    assert_eq!(
        (answer.header("retry-after"), &answer.json()["kind"]),
        (Some("5"), &"store_unavailable".into())
    );
    assert!(server.ask(&Request::get("/metrics")).text().contains("facenet_ready 0\n"));
    // The server itself runs all the same.
    server.ask(&Request::get("/healthz")).with_status(200);
    fs::rename(&aside, server.store()).unwrap();
    ready(200);
    assert!(server.ask(&Request::get("/metrics")).text().contains("facenet_ready 1\n"));
}

#[test]
fn metrics_and_log_contain_no_names() {
    let server = TestServer::with_people(&["--log", "json"]);
    server.ask(&Request::get("/v1/people/barack")).with_status(200);
    server.ask(&Request::post("/v1/encode", bytes("obama-speech.jpg"))).with_status(200);
    let metrics = server.ask(&Request::get("/metrics")).with_status(200).text();
    for line in [
        "facenet_people 2",
        "facenet_ready 1",
        "facenet_requests_total{method=\"GET\",route=\"/v1/people/{name}\",status=\"200\"} 1",
        "facenet_bodies_bytes 0",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in {metrics}");
    }
    let (code, log) = server.end();
    assert_eq!(code, Some(0));
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() >= 6 && lines[0]["status"] == 201, "{log}");
    // No names and no encodings; the timestamp may contain "0.".
    for mut line in lines {
        line.as_object_mut().unwrap().remove("timestamp");
        let line = line.to_string();
        assert!(!["barack", "joe", "0."].iter().any(|word| line.contains(word)), "{line}");
    }
}
