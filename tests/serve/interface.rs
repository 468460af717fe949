//! What the interface answers.

use std::fs;

use e2e::door::{Door, bytes};
use e2e::http::Request;
use e2e::{facenet, portrait, run};
use serde_json::json;

#[test]
fn a_person_is_enrolled_recognised_listed_and_removed() {
    let door = Door::start(&[]);
    let photo = bytes("obama-portrait.jpg");
    let form = |name: &str, photo: &[u8]| {
        let fields = [("name", name.as_bytes(), false), ("photo", photo, true)];
        Request::form("/v1/people", &[fields[0], fields[1], ("consent", b"by word", false)])
    };
    let person = door.ask(&form("Barack", &photo)).with_status(201).json();
    assert_eq!((&person["photos"], &person["added"]), (&1.into(), &1.into()));
    assert_eq!(person["consent"], "by word");
    door.ask(&form("Joe", &bytes("biden-portrait.jpg"))).with_status(201);

    let speech = bytes("obama-speech.jpg");
    let answer = door.ask(&Request::post("/v1/recognize", speech.clone())).with_status(200).json();
    assert_eq!(answer["people"], 2);
    let face = &answer["faces"][0];
    assert_eq!(face["person"], "Barack");
    assert_eq!(face["distance"], face["candidates"][0]["distance"]);
    let [left, top, width, height] = [0, 1, 2, 3].map(|i| face["box"][i].as_f64().unwrap());
    assert!(width > 100.0);
    let points = face["landmarks"].as_array().unwrap();
    assert_eq!(points.len(), 5);
    for point in points {
        let [x, y] = [0, 1].map(|i| point[i].as_f64().unwrap());
        assert!(left < x && x < left + width && top < y && y < top + height, "{face}");
    }
    assert_eq!(answer["threshold"], json!(0.643));
    assert!(answer["fpir"]["value"].as_f64().unwrap() < 0.01, "{answer}");
    let stranger = door.ask(&Request::post("/v1/recognize", bytes("collins-portrait.jpg"))).json();
    assert!(stranger["faces"][0]["person"].is_null());

    let list = door.ask(&Request::get("/v1/people")).json();
    assert_eq!((&list["total"], &list["people"][0]["name"]), (&2.into(), &"Barack".into()));
    let list = door.ask(&Request::get("/v1/people?limit=1&after=Barack")).json();
    assert_eq!(list["people"][0]["name"], "Joe");
    door.ask(&Request::get("/v1/people/Barack")).with_status(200);

    door.ask(&Request::new("DELETE", "/v1/people/Barack")).with_status(204);
    door.ask(&Request::new("DELETE", "/v1/people/Barack")).with_status(404);
    door.ask(&Request::get("/v1/people/Barack")).with_status(404);
    let file = fs::read(door.store()).unwrap();
    assert!(!file.windows(6).any(|part| part == b"Barack"));
    let answer = door.ask(&Request::post("/v1/recognize", speech)).json();
    assert!(answer["faces"][0]["person"].is_null());
}

#[test]
fn a_claim_and_two_pictures_are_verified() {
    let door = Door::inhabited(&[]);
    let speech = bytes("obama-speech.jpg");
    let claim =
        |name: &str| door.ask(&Request::post(&format!("/v1/verify?name={name}"), speech.clone()));
    let answer = claim("barack").with_status(200).json();
    assert_eq!((&answer["same"], &answer["claim"]), (&true.into(), &"barack".into()));
    assert_eq!(claim("joe").json()["same"], false);
    assert_eq!(claim("kian").with_status(404).json()["kind"], "no_person");
    let two = |other: &str| {
        let fields = [("a", speech.as_slice(), true), ("b", &bytes(other), true)];
        door.ask(&Request::form("/v1/verify", &fields)).with_status(200).json()["same"].clone()
    };
    assert_eq!(two("obama-portrait.jpg"), true);
    assert_eq!(two("collins-portrait.jpg"), false);
    door.ask(&Request::post("/v1/verify", speech.clone())).with_status(400);
}

/// A claim is held against the mean of the person's photos, with the same words about it.
#[test]
fn a_claim_has_the_answer_of_the_command_line() {
    let door = Door::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("barack")).unwrap();
    for photo in ["obama-portrait.jpg", "obama-speech.jpg"] {
        door.ask(&Request::post("/v1/people?name=barack", bytes(photo))).with_status(201);
        fs::copy(portrait(photo), folder.path().join("barack").join(photo)).unwrap();
    }
    for photo in ["obama-speech.jpg", "biden-portrait.jpg"] {
        let claim = Request::post("/v1/verify?name=barack", bytes(photo));
        let here = door.ask(&claim).with_status(200).json();
        let mut verify = facenet();
        verify.arg("verify").arg(portrait(photo)).args(["--json", "--as", "barack", "--gallery"]);
        let mut there = run(verify.arg(folder.path())).json().remove(0);
        for key in ["probe", "skipped"] {
            there.as_object_mut().unwrap().remove(key);
        }
        assert_eq!(here, there);
        assert_eq!((&here["references"], &here["prior"]), (&2.into(), &0.5.into()));
    }
}

#[test]
fn encodings_are_those_of_the_command_line() {
    let door = Door::start(&[]);
    let answer = door.ask(&Request::post("/v1/encode", bytes("obama-speech.jpg"))).json();
    let ended = run(facenet().arg("encode").arg(portrait("obama-speech.jpg"))).with_code(0);
    assert_eq!(answer["faces"][0]["encoding"], ended.json()[0]["encoding"]);
    assert_eq!(answer["model"]["variant"], "happyhouse");
}

#[test]
fn people_are_there_after_a_restart_and_for_the_command_line() {
    let door = Door::inhabited(&[]);
    let store = door.store();
    let busy = run(facenet().args(["gallery", "list", "--db"]).arg(&store)).with_code(2);
    busy.with_error(&["facenet serve"]);
    // Its folder ends with it, so the file is taken along.
    let copy = tempfile::tempdir().unwrap();
    let file = copy.path().join("people.redb");
    fs::copy(&store, &file).unwrap();
    let ended = run(facenet().args(["gallery", "list", "--db"]).arg(&file)).with_code(0);
    assert!(ended.stdout.contains("barack") && ended.stdout.contains("joe"), "{ended}");
}

#[test]
fn errors_say_what_and_where() {
    let door = Door::inhabited(&[]);
    let told = |request: Request, status: u16, kind: &str| {
        let answer = door.ask(&request).with_status(status).json();
        assert_eq!(answer["kind"], kind, "{answer}");
        assert_eq!(answer["status"], status);
        answer["error"].as_str().unwrap().to_owned()
    };
    let recognize = |body: &[u8]| Request::post("/v1/recognize", body);
    told(recognize(b""), 400, "no_photo");
    told(recognize(b"no picture"), 415, "no_photo");
    told(recognize(&bytes("obama-speech.jpg")[..4000]), 400, "no_photo");
    told(Request::get("/v1/nothing"), 404, "no_page");
    told(Request::new("PATCH", "/v1/people"), 405, "bad_request");
    told(Request::post("/v1/recognize?face=prettiest", "x"), 400, "bad_request");
    told(Request::post("/v1/recognize?fase=only", "x"), 400, "bad_request");
    told(Request::get("/v1/people/%00"), 400, "no_name");
    told(Request::get("/v1/people/%2e%2e%2fx"), 400, "no_name");
    let enroll =
        |name: &str| Request::post(&format!("/v1/people?name={name}"), bytes("obama-speech.jpg"));
    told(enroll(""), 400, "no_name");
    told(enroll("a%0ab"), 400, "no_name");
    told(enroll(&"x".repeat(4000)), 400, "no_name");
    // Nobody is listed, and somebody recognised all the same.
    let listed = door.ask(&Request::post("/v1/recognize?top=0", bytes("obama-speech.jpg"))).json();
    let face = &listed["faces"][0];
    assert_eq!((&face["person"], &face["candidates"]), (&"barack".into(), &json!([])));
    told(Request::post("/v1/recognize?top=-1", "x"), 400, "bad_request");
    // A face that can hardly be seen is no fault of the server's.
    told(recognize(&blurred_png()), 422, "poor_face");
    // A white picture has no face.
    told(recognize(&white_png()), 422, "no_face");
    assert!(door.log().lines().all(|line| !line.contains("panicked")), "{}", door.log());
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
fn the_description_is_of_what_is_there() {
    let door = Door::inhabited(&[]);
    let description = door.ask(&Request::get("/openapi.json")).with_status(200).json();
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.len() >= 8);
    for (path, item) in paths {
        let real = path.replace("{name}", "kian");
        for method in item.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            let request = Request::new(&method.to_uppercase(), &real);
            let answer = door.ask(&request);
            let responses = item[method]["responses"].as_object().unwrap();
            let described = responses.contains_key(&answer.status.to_string());
            assert!(described, "{method} {path} answers {}: {}", answer.status, answer.text());
            // Whatever it is that takes too long.
            assert!(!path.starts_with("/v1") || responses.contains_key("408"), "{method} {path}");
        }
        // And nothing else is.
        door.ask(&Request::new("PUT", &real)).with_status(405);
    }
    // A client can tell what a picture lacks.
    let no_face = description["components"]["responses"]["NoFace"]["description"].as_str();
    for kind in ["no_face", "several_faces", "poor_face", "cannot_enroll"] {
        assert!(no_face.unwrap().contains(kind), "{kind}");
    }
    // Every reference leads somewhere.
    let text = description.to_string();
    for part in text.split("\"$ref\":\"#").skip(1) {
        let pointer = part.split('"').next().unwrap();
        assert!(description.pointer(pointer).is_some(), "{pointer}");
    }
}

/// Neither while a picture arrives, nor afterwards, nor in the store.
#[test]
fn pictures_stay_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let door = Door::start_with(&[], |command| {
        command.env("TMPDIR", folder.path()).current_dir(folder.path());
    });
    let photo = bytes("obama-portrait.jpg");
    let form = Request::form("/v1/people", &[("name", b"barack", false), ("photo", &photo, true)]);
    door.ask(&form).with_status(201);
    let mut half = door.client();
    half.send_raw(Request::post("/v1/recognize", photo.clone()).head("127.0.0.1").as_bytes())
        .unwrap();
    half.send_raw(&photo[..photo.len() / 2]).unwrap();
    door.ask(&Request::post("/v1/recognize", photo.clone())).with_status(200);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let store = fs::read(door.store()).unwrap();
    let piece = &photo[photo.len() / 2..][..32];
    assert!(!store.windows(32).any(|part| part == piece));
    // The store, and the log that the test keeps.
    assert_eq!(fs::read_dir(door.store().parent().unwrap()).unwrap().count(), 2);
}

#[test]
fn counters_and_the_log_tell_no_names() {
    let door = Door::inhabited(&["--log", "json"]);
    door.ask(&Request::get("/v1/people/barack")).with_status(200);
    door.ask(&Request::post("/v1/encode", bytes("obama-speech.jpg"))).with_status(200);
    let metrics = door.ask(&Request::get("/metrics")).with_status(200).text();
    for line in [
        "facenet_people 2",
        "facenet_requests_total{method=\"GET\",route=\"/v1/people/{name}\",status=\"200\"} 1",
        "facenet_bodies_bytes 0",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in {metrics}");
    }
    let (code, log) = door.end();
    assert_eq!(code, Some(0));
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() >= 6 && lines[0]["status"] == 201, "{log}");
    // Neither who nor any of the numbers; a time may end in 0 and a fraction.
    for mut line in lines {
        line.as_object_mut().unwrap().remove("timestamp");
        let line = line.to_string();
        assert!(!["barack", "joe", "0."].iter().any(|told| line.contains(told)), "{line}");
    }
}
