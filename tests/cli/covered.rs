//! Faces behind a mask or dark glasses: compared with a warning, not enrolled.

use std::path::Path;

use e2e::{facenet, portrait, run};
use image::{Rgb, RgbImage};

/// A portrait with something painted over its face: an ellipse about a place between the
/// landmarks, its radii in distances between the eyes.
fn covered(path: &Path, name: &str, middle: [f32; 2], radii: [f32; 2], color: [u8; 3]) {
    let photo = portrait(name);
    let rows = run(facenet().args(["detect", "--json"]).arg(&photo)).with_code(0).json();
    let face = &rows[0]["faces"][0];
    let point = |i: usize| [0, 1].map(|axis| face["landmarks"][i][axis].as_f64().unwrap() as f32);
    let mean = |a: [f32; 2], b: [f32; 2]| [0, 1].map(|axis| (a[axis] + b[axis]) / 2.0);
    let (eyes, mouth) = (mean(point(0), point(1)), mean(point(3), point(4)));
    let unit = (point(1)[0] - point(0)[0]).hypot(point(1)[1] - point(0)[1]);
    // From the eyes, 0, to the mouth, 1.
    let place = [0, 1].map(|axis| eyes[axis] + middle[1] * (mouth[axis] - eyes[axis]));
    let place = [place[0] + middle[0] * unit, place[1]];
    let mut image: RgbImage = image::open(&photo).unwrap().into_rgb8();
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        let off = [(x as f32 - place[0]) / radii[0], (y as f32 - place[1]) / radii[1]];
        if off[0].hypot(off[1]) < unit {
            *pixel = Rgb(color);
        }
    }
    image.save(path).unwrap();
}

#[test]
fn a_covered_face_is_warned_of_and_not_enrolled() {
    let folder = tempfile::tempdir().unwrap();
    let [masked, glasses] = ["masked.png", "glasses.png"].map(|name| folder.path().join(name));
    covered(&masked, "obama-portrait.jpg", [0.0, 1.05], [0.7, 0.5], [120, 160, 200]);
    covered(&glasses, "obama-speech.jpg", [0.0, 0.0], [0.95, 0.3], [12, 12, 14]);
    let open = portrait("obama-speech.jpg");
    for (photo, measure, words) in
        [(&masked, "mouth", "mouth looks covered"), (&glasses, "eyes", "eyes look covered")]
    {
        let ended = run(facenet().arg("verify").arg(photo).arg(&open));
        assert!([0, 1].contains(&ended.code), "{ended}");
        assert!(
            ended.stderr.contains("the answer may be wrong") && ended.stderr.contains(words),
            "{ended}"
        );
        assert!(ended.stdout.contains("probability not known"), "{ended}");
        let row = run(facenet().args(["verify", "--json"]).arg(photo).arg(&open)).json().remove(0);
        assert!(row["outside_measured"] == true && row["probability"].is_null(), "{row}");
        assert!(row["warnings"][0][0].as_str().unwrap().contains(words), "{row}");
        assert_eq!(row["warnings"][1], serde_json::json!([]));

        let rows = run(facenet().args(["detect", "--json"]).arg(photo)).with_code(0).json();
        let face = &rows[0]["faces"][0];
        assert!(face["quality"][measure].as_f64().unwrap() < 0.5, "{face}");
        assert_eq!(face["warnings"][0]["measure"], measure, "{face}");
        assert_eq!(face["refused"], serde_json::json!([]));

        let db = folder.path().join(measure);
        let mut enroll = facenet();
        enroll.args(["enroll", "barack"]).arg(photo).arg("--db").arg(&db);
        let refused = run(&mut enroll).with_code(3).with_error(&["cannot be used", words]);
        assert!(refused.stderr.contains("--force"), "{refused}");
        assert!(!db.exists());
        run(enroll.arg("--force")).with_code(0);
    }
    // Nothing is said of open faces.
    for photo in
        ["obama-portrait.jpg", "obama-speech.jpg", "biden-portrait.jpg", "collins-portrait.jpg"]
    {
        let rows = run(facenet().args(["detect", "--json"]).arg(portrait(photo))).json();
        assert_eq!(rows[0]["faces"][0]["warnings"], serde_json::json!([]), "{photo}");
    }
}
