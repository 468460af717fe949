//! `facenet detect`.

use std::fs;
use std::path::Path;

use e2e::{facenet, portrait, run};

/// A 24-bit BMP of `side` × `side` gray pixels, rows from bottom to top.
fn gray_bmp(path: &Path, side: u32, value: u8) {
    let row = (3 * side).next_multiple_of(4);
    let mut file = b"BM".to_vec();
    for number in [54 + row * side, 0, 54, 40, side, side] {
        file.extend(number.to_le_bytes());
    }
    file.extend([1, 0, 24, 0]);
    file.extend([0; 24]);
    file.resize((54 + row * side) as usize, value);
    fs::write(path, file).unwrap();
}

#[test]
fn json_holds_box_landmarks_and_quality() {
    let photos = ["obama-portrait.jpg", "collins-portrait.jpg"].map(portrait);
    let ended = run(facenet().arg("detect").args(&photos).arg("--json")).with_code(0);
    let rows = ended.json();
    assert_eq!(rows.len(), 2, "{ended}");
    for row in rows {
        let [face] = &row["faces"].as_array().unwrap()[..] else { panic!("one face\n{ended}") };
        let face_box: Vec<f64> =
            face["box"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        let landmarks = face["landmarks"].as_array().unwrap();
        assert_eq!(landmarks.len(), 5);
        for landmark in landmarks {
            let [x, y] = [0, 1].map(|axis| landmark[axis].as_f64().unwrap());
            assert!((face_box[0]..face_box[0] + face_box[2]).contains(&x), "{ended}");
            assert!((face_box[1]..face_box[1] + 1.2 * face_box[3]).contains(&y), "{ended}");
        }
        // The eyes are above the nose, the nose above the mouth.
        let y = |i: usize| landmarks[i][1].as_f64().unwrap();
        assert!(y(0) < y(2) && y(1) < y(2) && y(2) < y(3) && y(2) < y(4), "{ended}");
        assert_eq!(face["crop_method"], "landmarks");
        assert!(face["quality"]["confidence"].as_f64().unwrap() > 0.5, "{ended}");
        assert_eq!(face["refused"].as_array().unwrap().len(), 0, "{ended}");
    }
}

#[test]
fn the_drawing_is_a_png_of_the_photos_size() {
    let folder = tempfile::tempdir().unwrap();
    let drawn = folder.path().join("drawn.png");
    let photo = portrait("biden-portrait.jpg");
    let ended = run(facenet().arg("detect").arg(&photo).arg("--draw").arg(&drawn).arg("--json"));
    let rows = ended.with_code(0).json();
    let png = fs::read(&drawn).unwrap();
    assert!(png.starts_with(b"\x89PNG"));
    let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    assert_eq!(
        [rows[0]["width"].as_u64(), rows[0]["height"].as_u64()],
        [Some(u64::from(side(16))), Some(u64::from(side(20)))]
    );
    // Several photos are drawn into a folder.
    let all = folder.path().join("all");
    let photos = ["biden-portrait.jpg", "obama-speech.jpg"].map(portrait);
    run(facenet().arg("detect").args(&photos).arg("--draw").arg(&all)).with_code(0);
    assert!(all.join("biden-portrait.png").is_file() && all.join("obama-speech.png").is_file());
}

#[test]
fn a_photo_without_a_face_has_its_own_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let flat = folder.path().join("flat.bmp");
    gray_bmp(&flat, 200, 90);
    let ended = run(facenet().arg("detect").arg(&flat)).with_code(3);
    assert!(ended.stdout.contains("found none in 200 × 200"), "{ended}");
    let ended = run(facenet().args(["detect", "--json"]).arg(&flat)).with_code(3);
    assert_eq!(ended.json()[0]["faces"].as_array().unwrap().len(), 0, "{ended}");
    let missing = folder.path().join("missing.jpg");
    run(facenet().arg("detect").arg(missing)).with_code(2).with_error(&["missing.jpg"]);
}

#[test]
fn options_out_of_range_are_refused() {
    let photo = portrait("biden-portrait.jpg");
    for value in ["0", "1.5", "nan", "big"] {
        let arguments = ["--smallest-face", value];
        let ended = run(facenet().arg("detect").arg(&photo).args(arguments)).with_code(2);
        assert!(ended.stderr.contains("from 0.01 to 1"), "{ended}");
    }
    run(facenet().arg("detect").arg(&photo).args(["--smallest-face", "0.3"])).with_code(0);
}
