//! `facenet encode`.

use std::fs;

use e2e::{facenet, portrait, run};

const PHOTOS: [&str; 2] = ["obama-portrait.jpg", "collins-portrait.jpg"];

#[test]
fn json_lines_hold_unit_vectors() {
    let ended = run(facenet().arg("encode").args(PHOTOS.map(portrait)).arg("--json")).with_code(0);
    let rows = ended.json();
    assert_eq!(rows.len(), 2);
    for (row, photo) in rows.iter().zip(PHOTOS) {
        assert!(row["file"].as_str().unwrap().ends_with(photo));
        let numbers: Vec<_> =
            row["encoding"].as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect();
        assert_eq!(numbers.len(), 128);
        let length = numbers.iter().map(|n| n * n).sum::<f64>().sqrt();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
    }
}

#[test]
fn every_format_holds_the_same_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let encode = |format: &str| {
        let path = folder.path().join(format!("faces.{format}"));
        let mut command = facenet();
        command.arg("encode").args(PHOTOS.map(portrait)).args(["--format", format, "--output"]);
        run(command.arg(&path)).with_code(0);
        fs::read(path).unwrap()
    };
    let json = String::from_utf8(encode("json")).unwrap();
    let expected: Vec<f32> = json
        .lines()
        .flat_map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let numbers = row["encoding"].as_array().unwrap().clone();
            numbers.into_iter().map(|n| n.as_f64().unwrap() as f32)
        })
        .collect();

    let csv = String::from_utf8(encode("csv")).unwrap();
    let cells = csv.lines().skip(1).flat_map(|line| line.split(',').skip(1));
    assert_eq!(cells.map(|cell| cell.parse::<f32>().unwrap()).collect::<Vec<_>>(), expected);

    let npy = encode("npy");
    assert!(String::from_utf8_lossy(&npy[..128]).contains("(2, 128"));
    let values = npy[npy.len() - 2 * 128 * 4..].chunks_exact(4);
    let values = values.map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
    assert_eq!(values.collect::<Vec<_>>(), expected);
}

#[test]
fn an_error_is_reported_and_does_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.jpg");
    fs::write(&bad, "no photo").unwrap();
    let files = [bad.clone(), portrait("biden-portrait.jpg")];

    let ended = run(facenet().arg("encode").args(&files)).with_code(2);
    let rows = ended.json();
    assert!(rows[0]["error"].as_str().unwrap().contains("bad.jpg"));
    assert_eq!(rows[1]["encoding"].as_array().unwrap().len(), 128);
    assert!(ended.stderr.contains("bad.jpg"), "{ended}");

    // An array with a missing row would be wrong without a notice.
    let out = folder.path().join("out.npy");
    fs::write(&out, "an earlier result").unwrap();
    let mut command = facenet();
    command.arg("encode").args(&files).args(["--format", "npy", "--output"]).arg(&out);
    run(&mut command).with_code(2).with_error(&["nothing was written"]);
    assert_eq!(fs::read_to_string(&out).unwrap(), "an earlier result");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no partial file is left");
}

/// Encodings are biometric data: nobody else reads them.
#[cfg(unix)]
#[test]
fn a_file_of_encodings_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    for format in ["json", "csv", "npy"] {
        let file = folder.path().join(format!("encodings.{format}"));
        let mut encode = facenet();
        encode.args(["encode", "--format", format, "--output"]).arg(&file);
        run(encode.arg(portrait("obama-portrait.jpg"))).with_code(0);
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{format}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
}

/// A photo without a face has no encoding, unless --aligned declares it a face crop.
#[test]
fn black_white_and_noise_have_no_face() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let images = [
        ("black.png", image::RgbImage::new(320, 240)),
        ("white.png", image::RgbImage::from_pixel(320, 240, image::Rgb([255; 3]))),
        (
            "noise.png",
            image::RgbImage::from_fn(320, 240, |_, _| image::Rgb([(); 3].map(|()| noise()))),
        ),
    ];
    for (name, image) in images {
        let path = folder.path().join(name);
        image.save(&path).unwrap();
        let ended = run(facenet().args(["encode", "--rotations"]).arg(&path)).with_code(3);
        let row = &ended.json()[0];
        assert!(row["error"].as_str().unwrap().contains("found none"), "{ended}");
        assert!(row.get("encoding").is_none(), "{ended}");
        let ended = run(facenet().args(["encode", "--aligned"]).arg(&path)).with_code(0);
        assert_eq!(ended.json()[0]["encoding"].as_array().unwrap().len(), 128, "{ended}");
    }
}

/// Several faces are refused with their number and boxes, and one can be chosen.
#[test]
fn one_of_several_faces_has_to_be_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let [obama, collins] = PHOTOS.map(|name| image::open(portrait(name)).unwrap().into_rgb8());
    let (width, height) = obama.dimensions();
    let mut both = image::RgbImage::new(width + collins.width(), height.max(collins.height()));
    image::imageops::replace(&mut both, &obama, 0, 0);
    image::imageops::replace(&mut both, &collins, width.into(), 0);
    let path = folder.path().join("both.png");
    both.save(&path).unwrap();

    let encode = |choice: &[&str]| run(facenet().arg("encode").args(choice).arg(&path));
    let refused = encode(&[]).with_code(3);
    let row = &refused.json()[0];
    for words in ["found 2: [0] ", ", [1] ", "choose largest"] {
        assert!(row["error"].as_str().unwrap().contains(words), "{refused}");
    }
    assert!(row.get("encoding").is_none(), "{refused}");
    let [largest, first, all] = [["--face", "largest"], ["--face", "0"], ["--face", "all"]]
        .map(|choice| encode(&choice).with_code(0).json());
    assert_eq!((largest.len(), &largest), (1, &first));
    assert_eq!(all.len(), 2);
    assert_eq!(all[0]["encoding"], largest[0]["encoding"]);
    let missing = encode(&["--face", "2"]).with_code(3);
    assert!(missing.json()[0]["error"].as_str().unwrap().contains("number 2, found 2"));
}

#[test]
fn npy_needs_a_file() {
    let ended = run(facenet().args(["encode", "x.jpg", "--format", "npy"])).with_code(2);
    ended.with_error(&["--output FILE"]);
}
