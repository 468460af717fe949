//! The pack reader: a small pack made here, every way it can be broken, and the
//! shared evaluation pack where there is one.

use std::error::Error;
use std::fs;
use std::path::Path;

use facenet::bounded_file::FileError;
use faces::Window;
use npyz::{AutoSerialize, WriterBuilder};
use tempfile::TempDir;
use training::dataset::{DatasetError, Pack};

const NAMES: [&str; 3] = ["Ada_0001.jpg", "Ada_0002.jpg", "Søren_0001.jpg"];
const MANIFEST: &str = r#"{
 "format": "jpeg-pack-1", "images": 3, "width": 16, "height": 12, "made by": "a test",
 "window": { "x": 2.5, "y": 0.5, "width": 11.0, "height": 11.0 }
}"#;

fn npy<T: AutoSerialize + Copy>(shape: &[u64], order: npyz::Order, values: &[T]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = npyz::WriteOptions::new().default_dtype().shape(shape).order(order);
    let mut writer = options.writer(&mut bytes).begin_nd().unwrap();
    writer.extend(values.iter().copied()).unwrap();
    writer.finish().unwrap();
    bytes
}

fn c<T: AutoSerialize + Copy>(shape: &[u64], values: &[T]) -> Vec<u8> {
    npy(shape, npyz::Order::C, values)
}

/// A JPEG of one gray.
fn jpeg(gray: u8) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let image = image::GrayImage::from_pixel(16, 12, image::Luma([gray]));
    image.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

fn landmarks() -> Vec<f32> {
    let mut values: Vec<f32> = (0..30).map(|i| i as f32 / 2.0).collect();
    values[10..20].fill(f32::NAN);
    values
}

struct Made {
    folder: TempDir,
    offsets: Vec<i64>,
}

impl Made {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let images: Vec<_> = [40, 120, 200].map(jpeg).into();
        let mut offsets = vec![0];
        for image in &images {
            offsets.push(offsets.last().unwrap() + image.len() as i64);
        }
        let made = Self { folder, offsets };
        made.write("images.bin", images.concat());
        made.write("offsets.npy", c(&[4], &made.offsets));
        made.write("pack.json", MANIFEST);
        made.write("names.txt", NAMES.join("\n") + "\n");
        made.write("identity.npy", c(&[3], &[7_i32, 7, 1_000_001]));
        made.write("landmarks.npy", c(&[3, 5, 2], &landmarks()));
        made
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), bytes).unwrap();
    }

    fn length(&self) -> i64 {
        *self.offsets.last().unwrap()
    }
}

/// The whole chain of messages.
fn message(error: &DatasetError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    text
}

#[test]
fn a_pack_gives_back_what_was_put_in() {
    let made = Made::new();
    let pack = Pack::open(made.path()).unwrap();
    assert_eq!((pack.len(), pack.is_empty()), (3, false));
    assert_eq!(pack.canvas(), Some([16, 12]));
    assert_eq!(pack.window(), Some(Window { x: 2.5, y: 0.5, width: 11.0, height: 11.0 }));
    assert_eq!(pack.identities(), Some(&[7, 7, 1_000_001][..]));

    // Out of order, and from several threads at once.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for (i, gray) in [(2, 200), (0, 40), (1, 120), (0, 40)] {
                    let bytes = pack.image(i).unwrap();
                    assert_eq!(bytes, jpeg(gray));
                }
            });
        }
    });
    for (i, name) in NAMES.into_iter().enumerate() {
        assert_eq!(pack.name(i), Some(name));
        assert_eq!(pack.index_of(name), Some(i));
    }
    assert_eq!(pack.index_of("Ada_0003.jpg"), None);
    assert_eq!(pack.landmarks(0).unwrap()[4], [4.5, 5.0], "continuous coordinates");
    assert_eq!(pack.landmarks(1), None, "the detector found no face");
    assert_eq!(pack.landmarks(2).unwrap()[0], [10.5, 11.0]);

    let mut buffer = vec![1, 2, 3];
    for index in [3, usize::MAX] {
        let error = pack.image_into(index, &mut buffer).unwrap_err();
        assert!(matches!(error, DatasetError::NoSuchImage { images: 3, .. }), "{error}");
        assert!(buffer.is_empty());
        assert_eq!(pack.name(index), None);
        assert_eq!(pack.landmarks(index), None);
    }
}

#[test]
fn all_but_images_and_offsets_is_optional() {
    let made = Made::new();
    for name in ["names.txt", "identity.npy", "landmarks.npy"] {
        fs::remove_file(made.path().join(name)).unwrap();
    }
    made.write("pack.json", r#"{"format": "jpeg-pack-1", "images": 3}"#);
    let pack = Pack::open(made.path()).unwrap();
    assert_eq!((pack.canvas(), pack.window(), pack.identities()), (None, None, None));
    assert_eq!((pack.name(0), pack.index_of(NAMES[0]), pack.landmarks(0)), (None, None, None));
    assert!(!pack.has_landmarks());
    assert_eq!(pack.image(1).unwrap(), jpeg(120));

    made.write("pack.json", r#"{"format": "jpeg-pack-1", "images": 0}"#);
    made.write("offsets.npy", c(&[1], &[0_i64]));
    made.write("images.bin", "");
    assert!(Pack::open(made.path()).unwrap().is_empty());
}

#[test]
fn a_pack_cut_short_while_open_is_an_error() {
    let made = Made::new();
    let pack = Pack::open(made.path()).unwrap();
    let file = fs::OpenOptions::new().write(true).open(made.path().join("images.bin")).unwrap();
    file.set_len(made.length() as u64 - 1).unwrap();
    let text = pack.image(2).unwrap_err().to_string();
    assert!(text.contains("images.bin"), "{text}");
    assert_eq!(pack.image(0).unwrap(), jpeg(40));
}

/// A header that claims `length` bytes and says `text`.
fn header(version: [u8; 2], length: u16, text: &str) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY".to_vec();
    bytes.extend(version);
    bytes.extend(length.to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

#[test]
fn every_corruption_is_named() {
    let reference = Made::new();
    let [_, one, two, end] = reference.offsets[..] else { panic!("four offsets") };
    let offsets = fs::read(reference.path().join("offsets.npy")).unwrap();
    let json = |from: &str, to: &str| {
        assert!(MANIFEST.contains(from), "{from}");
        MANIFEST.replace(from, to).into_bytes()
    };
    let huge = "{'descr': '<i8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }";
    let mut faulty = landmarks();
    faulty[25] = f32::NAN;
    let mut infinite = landmarks();
    infinite[0] = f32::INFINITY;
    let end_and = |bytes: &[u8]| [&offsets[..], bytes].concat();

    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("pack.json", vec![], &["not a pack's description", "EOF", "line 1"]),
        ("pack.json", b"<!DOCTYPE html>".into(), &["expected value at line 1 column 1"]),
        ("pack.json", vec![b' '; 70_000], &["at most 65536 bytes", "found 70000"]),
        ("pack.json", b"{\n\"format\": \"\xff\"}".into(), &["line 2", "0xff"]),
        ("pack.json", json("\"format\"", "\"form\""), &["missing field `format`"]),
        ("pack.json", json("pack-1", "pack-2"), &["expected the format", "jpeg-pack-2"]),
        ("pack.json", json("\"images\"", "\"files\""), &["missing field `images`"]),
        ("pack.json", json("3,", "-3,"), &["line 2", "-3"]),
        ("pack.json", json("3,", "18446744073709551615,"), &["offsets.npy", "shape", "[4]"]),
        ("pack.json", json("3,", "4,"), &["offsets.npy", "expected shape [5], found [4]"]),
        ("pack.json", json("16", "0"), &["width and height", "found 0 by 12"]),
        ("pack.json", json("16", "65536"), &["1 to 65535", "found 65536 by 12"]),
        ("pack.json", json("\"height\": 12", "\"h\": 12"), &["found 16 by (not given)"]),
        ("pack.json", json("11.0,", "1e999,"), &["number out of range", "line 3"]),
        ("pack.json", json("11.0,", "14.0,"), &["inside the 16 by 12 canvas", "width 14"]),
        ("pack.json", json("\"y\": 0.5", "\"y\": -0.5"), &["inside", "y -0.5"]),
        ("pack.json", json("11.0,", "0.0,"), &["at least 1 by 1", "width 0"]),
        ("pack.json", json("11.0,", "-11.0,"), &["width -11"]),
        ("images.bin", vec![], &["offsets.npy", "offset 3", "length", "found"]),
        ("images.bin", vec![0; end as usize + 1], &["offset 3", "length of images.bin"]),
        ("offsets.npy", vec![], &["magic bytes", "found \"\""]),
        ("offsets.npy", b"\x93".into(), &["magic bytes", r"\\x93"]),
        ("offsets.npy", b"a text, not numbers".into(), &["magic bytes", "a text"]),
        ("offsets.npy", b"\x93NUMPY\x01".into(), &["ends after 7 bytes", "header"]),
        ("offsets.npy", header([9, 0], 4, "{}  "), &["version is 9.0", "1.0, 2.0 or 3.0"]),
        ("offsets.npy", header([1, 0], 60_000, "{}"), &["at most 1024", "60010"]),
        ("offsets.npy", header([2, 0], 4, "\u{ff}\u{ff}"), &["at most 1024"]),
        ("offsets.npy", header([1, 0], 60, "{}"), &["ends after 12 bytes", "header"]),
        ("offsets.npy", header([1, 0], 2, "{}"), &["header is damaged"]),
        ("offsets.npy", header([1, 0], huge.len() as u16, huge), &["4294967296, 4294967296"]),
        ("offsets.npy", offsets[..offsets.len() - 1].into(), &["expected 32 bytes", "found 31"]),
        ("offsets.npy", offsets[..128].into(), &["expected 32 bytes", "found 0"]),
        ("offsets.npy", end_and(b"\0"), &["expected 32 bytes", "found 33"]),
        ("offsets.npy", end_and(&[0; 5000]), &["expected 32 bytes", "found 5032"]),
        ("offsets.npy", c(&[4], &[0_i32, 1, 2, 3]), &["type \"<i8\", found \"<i4\""]),
        ("offsets.npy", c(&[4], &[0_u64, 1, 2, 3]), &["type \"<i8\", found \"<u8\""]),
        ("offsets.npy", c(&[2, 2], &[0_i64, 1, 2, 3]), &["expected shape [4], found [2, 2]"]),
        ("offsets.npy", c(&[4], &[1, one, two, end]), &["offset 0 should be 0", "found 1"]),
        ("offsets.npy", c(&[4], &[0, two, one, end]), &["offset 2", "after", "found"]),
        ("offsets.npy", c(&[4], &[0, one, one, end]), &["offset 2", "1 to 67108864 bytes"]),
        ("offsets.npy", c(&[4], &[0, -1, two, end]), &["offset 1", "after 0, found -1"]),
        ("offsets.npy", c(&[4], &[0, one, i64::MAX, end]), &["offset 2", "9223372036854775807"]),
        ("offsets.npy", c(&[4], &[0, one, i64::MIN, end]), &["offset 2", "-9223372036854775808"]),
        ("offsets.npy", c(&[4], &[0, one, two, end + 1]), &["offset 3", "length of images.bin"]),
        ("names.txt", vec![], &["expected 3 lines", "found 0"]),
        ("names.txt", b"a\nb\n".into(), &["expected 3 lines", "found 2"]),
        ("names.txt", b"a\nb\nc\n\n".into(), &["expected 3 lines", "found 4"]),
        ("names.txt", b"a\nb\na\n".into(), &["line 3", "\"a\"", "line 1"]),
        ("names.txt", b"a\n\nc\n".into(), &["line 2", "plain file name", "\"\""]),
        ("names.txt", b"a\n../b\nc\n".into(), &["line 2", "../b"]),
        ("names.txt", b"a\nb\n..\n".into(), &["line 3", "\"..\""]),
        ("names.txt", b"a\nb\x1b[2J\nc\n".into(), &["line 2", "\\u{1b}"]),
        ("names.txt", b"a\nb\nc\xff\n".into(), &["line 3", "UTF-8", "0xff"]),
        ("names.txt", vec![b'a'; 1000], &["at most", "found 1000"]),
        ("identity.npy", c(&[3], &[1_i64, 2, 3]), &["type \"<i4\", found \"<i8\""]),
        ("identity.npy", c(&[2], &[1, 2]), &["expected shape [3], found [2]"]),
        ("identity.npy", c(&[3], &[1, 2, -3]), &["image 2", "found -3"]),
        ("landmarks.npy", c(&[3, 10], &landmarks()), &["expected shape [3, 5, 2]", "[3, 10]"]),
        ("landmarks.npy", c(&[3, 5, 2], &[0_f64; 30]), &["type \"<f4\", found \"<f8\""]),
        (
            "landmarks.npy",
            npy(&[3, 5, 2], npyz::Order::Fortran, &landmarks()),
            &["C order", "Fortran"],
        ),
        ("landmarks.npy", c(&[3, 5, 2], &faulty), &["image 2", "ten finite", "NaN"]),
        ("landmarks.npy", c(&[3, 5, 2], &infinite), &["image 0", "inf"]),
    ];
    for (name, bytes, expected) in cases {
        let made = Made::new();
        made.write(name, &bytes);
        let text = message(&Pack::open(made.path()).expect_err(&format!("{name}: {expected:?}")));
        for part in expected {
            assert!(text.contains(part), "{name}: {part:?} is not in\n{text}");
        }
        assert!(text.contains(made.path().to_str().unwrap()), "no file in {text}");
    }
}

#[test]
fn what_is_no_file_is_named() {
    for name in ["pack.json", "images.bin", "offsets.npy"] {
        let made = Made::new();
        let path = made.path().join(name);
        fs::remove_file(&path).unwrap();
        let error = Pack::open(made.path()).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
        assert!(matches!(error, DatasetError::File(FileError::Read { .. })), "{error}");

        fs::create_dir(&path).unwrap();
        let text = Pack::open(made.path()).unwrap_err().to_string();
        assert!(text.contains(name) && text.contains("found a folder"), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn pipes_and_dangling_links_do_not_hang_or_vanish() {
    let made = Made::new();
    let names = made.path().join("names.txt");
    fs::remove_file(&names).unwrap();
    std::os::unix::fs::symlink("nowhere", &names).unwrap();
    let error = Pack::open(made.path()).unwrap_err();
    assert!(matches!(error, DatasetError::File(FileError::Read { .. })), "{error}");

    fs::remove_file(&names).unwrap();
    let made_pipe = std::process::Command::new("mkfifo").arg(&names).status();
    if !made_pipe.is_ok_and(|status| status.success()) {
        test_support::skipped("no mkfifo to make a pipe with");
        return;
    }
    let text = Pack::open(made.path()).unwrap_err().to_string();
    assert!(text.contains("names.txt") && text.contains("pipe"), "{text}");
}

#[test]
fn no_cut_and_no_flipped_byte_makes_it_panic() {
    let made = Made::new();
    for name in ["pack.json", "offsets.npy", "names.txt", "identity.npy", "landmarks.npy"] {
        let path = made.path().join(name);
        let whole = fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            // Of a text, the end of the last line is not missed.
            let three_lines = String::from_utf8_lossy(&whole[..cut]).lines().count() == 3;
            let cut_in_letter = std::str::from_utf8(&whole[..cut]).is_err();
            let harmless = match name {
                "names.txt" => three_lines && !cut_in_letter,
                "pack.json" => whole[cut..] == *b"\n",
                _ => false,
            };
            fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(Pack::open(made.path()).is_ok(), harmless, "{name} cut at {cut}");
        }
        let mut bytes = whole.clone();
        for i in 0..bytes.len() {
            bytes[i] ^= 1 << (i % 8);
            fs::write(&path, &bytes).unwrap();
            if let Ok(pack) = Pack::open(made.path()) {
                assert_eq!(pack.len(), 3, "{name} flipped at {i}");
            }
            bytes[i] = whole[i];
        }
        fs::write(&path, &whole).unwrap();
    }
    Pack::open(made.path()).unwrap();
}

#[test]
fn the_shared_packs_open() {
    for (name, images, names, window) in [
        ("lfw", 7701, true, true),
        ("lfw/originals", 1583, true, false),
        ("faces", 29_993, false, true),
    ] {
        let Some(folder) = test_support::reference(name) else { return };
        let pack = Pack::open(folder).unwrap();
        assert_eq!(pack.len(), images, "{name}");
        assert_eq!(pack.name(images - 1).is_some(), names, "{name}");
        assert_eq!(pack.window().is_some(), window, "{name}");
        assert!(pack.has_landmarks(), "{name}");
        let bytes = pack.image(images - 1).unwrap();
        let size = image::load_from_memory(&bytes).unwrap().to_rgb8().dimensions();
        assert_eq!(size, pack.canvas().map_or((250, 250), |[w, h]| (w, h)), "{name}");
    }
}
