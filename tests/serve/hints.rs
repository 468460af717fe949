//! What the server says beside an answer: what may help where no face was found, why an answer
//! may be wrong, and which rates it does not know.

use e2e::http::Request;
use e2e::portrait;
use e2e::server::{TestServer, bytes};
use image::{ImageFormat, Rgb, RgbImage, imageops};

fn png(image: &RgbImage) -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png).unwrap();
    png.into_inner()
}

/// A portrait, small in a large gray photo.
fn far_away() -> Vec<u8> {
    let face = image::open(portrait("obama-portrait.jpg")).unwrap().into_rgb8();
    let height = 110 * face.height() / face.width();
    let face = imageops::resize(&face, 110, height, imageops::FilterType::Triangle);
    let mut photo = RgbImage::from_pixel(1100, 900, Rgb([120, 124, 128]));
    imageops::replace(&mut photo, &face, 500, 400);
    png(&photo)
}

#[test]
fn where_no_face_is_found_the_parameters_that_may_help_are_named() {
    let server = TestServer::with_people(&[]);
    let photo = far_away();
    let form = [("a", &photo[..], true), ("b", &photo, true)];
    for request in [
        Request::post("/v1/recognize", photo.clone()),
        Request::post("/v1/encode", photo.clone()),
        Request::post("/v1/people?name=kian", photo.clone()),
        Request::form("/v1/verify", &form),
    ] {
        let answer = server.ask(&request).with_status(422).json();
        assert_eq!(answer["kind"], "no_face");
        let hint = answer["hint"].as_str().unwrap();
        assert!(hint.contains("smallest_face=0.05") && hint.contains("rotations=true"), "{hint}");
    }
    // It helps, and is not named again.
    let ask =
        |query: &str| server.ask(&Request::post(&format!("/v1/recognize?{query}"), photo.clone()));
    let answer = ask("smallest_face=0.05").with_status(200).json();
    assert_eq!(answer["faces"][0]["person"], "barack");
    let gray = png(&RgbImage::from_pixel(90, 90, Rgb([90; 3])));
    let all = "/v1/recognize?smallest_face=0.05&rotations=true";
    let answer = server.ask(&Request::post(all, gray)).with_status(422).json();
    assert!(answer["hint"].is_null(), "{answer}");
    for query in ["smallest_face=0.04", "smallest_face=2", "smallest_face=nan", "rotations=maybe"] {
        assert_eq!(ask(query).with_status(400).json()["kind"], "bad_request", "{query}");
    }
}

#[test]
fn a_face_on_its_side_is_found_where_it_is_asked_for() {
    let server = TestServer::with_people(&[]);
    let face = image::open(portrait("obama-portrait.jpg")).unwrap().into_rgb8();
    let photo = png(&imageops::rotate90(&face));
    let answer = server.ask(&Request::post("/v1/recognize?rotations=true", photo)).with_status(200);
    assert_eq!(answer.json()["faces"][0]["person"], "barack");
}

#[test]
fn beyond_what_was_measured_no_probability_is_given() {
    let server = TestServer::with_people(&[]);
    let verify = |photo: &[u8]| {
        let form = [("photo", photo, true), ("name", &b"barack"[..], false)];
        server.ask(&Request::form("/v1/verify", &form)).with_status(200).json()
    };
    let clear = verify(&bytes("obama-speech.jpg"));
    assert!(clear["outside_measured"] == false && clear["probability"].is_object(), "{clear}");
    assert_eq!(clear["warnings"], serde_json::json!([]));
    // Still a face, but smaller than those that the rates were measured on.
    let face = image::open(portrait("obama-portrait.jpg")).unwrap().into_rgb8();
    let height = 60 * face.height() / face.width();
    let small = png(&imageops::resize(&face, 60, height, imageops::FilterType::Triangle));
    let answer = verify(&small);
    assert!(answer["outside_measured"] == true && answer["probability"].is_null(), "{answer}");
    assert_eq!(answer["answer"], if answer["same"] == true { "same" } else { "different" });
    let warning = answer["warnings"][0].as_str().unwrap();
    assert!(warning.contains("expected at least"), "{warning}");
    let form = [("a", &bytes("obama-speech.jpg")[..], true), ("b", &small, true)];
    let two = server.ask(&Request::form("/v1/verify", &form)).with_status(200).json();
    assert!(two["warnings"][0].as_str().unwrap().starts_with("b: "), "{two}");
    let listed = server.ask(&Request::post("/v1/recognize", small)).with_status(200).json();
    assert_eq!(listed["faces"][0]["warnings"][0], warning, "{listed}");
    // Two people are too few to look alike.
    assert!(listed["are_alike"] == false && listed["fpir"].is_object(), "{listed}");
}
