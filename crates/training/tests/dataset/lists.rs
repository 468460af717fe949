//! Lists of pairs and folders of photos.

use std::fs;
use std::path::Path;

use facenet::bounded_file::FileError;
use tempfile::TempDir;
use training::dataset::{DatasetError, Pair, Pairs, PhotoTree};

fn parse(text: &str) -> Result<Pairs, DatasetError> {
    Pairs::parse(text, Path::new("list.txt"))
}

fn pair(a: &str, b: &str, same: bool, fold: usize) -> Pair {
    Pair { a: a.into(), b: b.into(), same, fold }
}

const TWO_FOLDS: &str = "2\t1\n\
    Ada\t1\t12\n\
    Ada\t1\tAlan_Turing\t3\n\
    Alan_Turing\t3\t10000\n\
    Jean-Luc\t1\tAda\t2\n";

#[test]
fn lfw_form() {
    let expected = Pairs {
        folds: 2,
        pairs: vec![
            pair("Ada_0001.jpg", "Ada_0012.jpg", true, 0),
            pair("Ada_0001.jpg", "Alan_Turing_0003.jpg", false, 0),
            pair("Alan_Turing_0003.jpg", "Alan_Turing_10000.jpg", true, 1),
            pair("Jean-Luc_0001.jpg", "Ada_0002.jpg", false, 1),
        ],
    };
    let dressed = format!("\u{feff}{}\n\n", TWO_FOLDS.replace('\n', "\r\n"));
    for text in [TWO_FOLDS, &TWO_FOLDS.replace('\t', "  "), &dressed] {
        assert_eq!(parse(text).unwrap(), expected, "{text}");
    }

    let first = expected.first_folds(1).unwrap();
    assert_eq!((first.folds, &first.pairs[..]), (1, &expected.pairs[..2]));
    assert_eq!(expected.first_folds(2).unwrap(), expected);
    for folds in [0, 3] {
        let error = expected.first_folds(folds).unwrap_err();
        assert!(matches!(error, DatasetError::Folds { found: 2, .. }), "{error}");
    }

    // View 1 has one number in its header.
    let view_1 = parse("1\nAda\t1\t2\nAda\t1\tAlan\t1\n").unwrap();
    assert_eq!((view_1.folds, view_1.pairs.len()), (1, 2));
}

#[test]
fn plain_form() {
    let expected = vec![pair("a.jpg", "b/c.png", true, 0), pair("a.jpg", "d.jpg", false, 0)];
    for text in [
        "a.jpg b/c.png 1\na.jpg d.jpg 0\n",
        "a.jpg\tb/c.png\t1\n\na.jpg\td.jpg\t0",
        "a,b,same\r\na.jpg,b/c.png,true\r\na.jpg, d.jpg ,false\r\n",
    ] {
        assert_eq!(parse(text).unwrap(), Pairs { folds: 1, pairs: expected.clone() }, "{text}");
    }
    // Only the separator that is used separates.
    let spaced = parse("my face.jpg,your face.jpg,0").unwrap();
    assert_eq!(spaced.pairs, [pair("my face.jpg", "your face.jpg", false, 0)]);
    let spaced = parse("me, once.jpg\tme, twice.jpg\t1").unwrap();
    assert_eq!(spaced.pairs, [pair("me, once.jpg", "me, twice.jpg", true, 0)]);
}

#[test]
fn dealing_keeps_kinds_even() {
    let rows: String = (0..7).map(|i| format!("a{i} b{i} {}\n", i % 2)).collect();
    let pairs = parse(&rows).unwrap();
    let split = pairs.clone().split_into_folds(3).unwrap();
    let folds: Vec<_> = split.pairs.iter().map(|pair| pair.fold).collect();
    assert_eq!((split.folds, &folds[..]), (3, &[0, 0, 1, 1, 2, 2, 0][..]));
    for folds in [0, 4, usize::MAX] {
        let error = pairs.clone().split_into_folds(folds).unwrap_err();
        assert!(matches!(error, DatasetError::Folds { found: 3, .. }), "{error}");
    }
}

#[test]
fn a_bad_list_names_the_line() {
    let lfw = |from: &str, to: &str| {
        assert!(TWO_FOLDS.contains(from), "{from}");
        TWO_FOLDS.replacen(from, to, 1)
    };
    let long = format!("a b {}", "x".repeat(500));
    let cases: Vec<(String, &[&str])> = vec![
        (String::new(), &["list.txt", "no pairs"]),
        ("\u{feff} \n\t\n".into(), &["no pairs"]),
        ("a,b,same\n".into(), &["no pairs"]),
        ("0\t300\n".into(), &["line 1", "both at least 1", "0\\t300"]),
        ("10 0".into(), &["line 1", "both at least 1"]),
        ("99999999999999999999 1".into(), &["line 1", "both at least 1"]),
        (format!("{0} {0}", u64::MAX), &["line 1", "both at least 1"]),
        ("9 9".into(), &["expected 162 rows", "found 0"]),
        (lfw("2\t1", "3\t1"), &["expected 6 rows", "found 4"]),
        (lfw("2\t1", "1\t1"), &["line 4", "the end after 2 rows", "Alan_Turing"]),
        (lfw("2\t1", "1\t2"), &["line 3", "a same pair of fold 1", "Ada\\t1\\tAlan"]),
        (lfw("Ada\t1\t12", "Ada\t1"), &["line 2", "a same pair of fold 1"]),
        (lfw("Ada\t1\t12", "Ada\t0\t12"), &["line 2", "a same pair"]),
        (lfw("Ada\t1\t12", "Ada\t+1\t12"), &["line 2", "a same pair"]),
        (lfw("Ada\t1\t12", "Ada\t1\t1000000"), &["line 2", "a same pair"]),
        (lfw("Ada\t1\t12", "\t1\t12"), &["line 2", "a same pair"]),
        (lfw("Ada\t1\t12", "../Ada\t1\t12"), &["line 2", "../Ada"]),
        (lfw("Jean-Luc\t1\tAda\t2", "Ada\t1\t2"), &["line 5", "a different pair of fold 2"]),
        (lfw("Jean-Luc\t1\tAda\t2", "Jean\t1\tAda\tx"), &["line 5", "different"]),
        ("a b 1\na b\n".into(), &["line 2", "1 (same) or 0", "\"a b\""]),
        ("a b 1\na b 1 0\n".into(), &["line 2"]),
        ("a b 2".into(), &["line 1", "a b 2"]),
        ("a,,1".into(), &["line 1"]),
        ("\"a\",\"b\",1".into(), &["line 1", "\\\"a\\\""]),
        ("a b 1\na,b,same\n".into(), &["line 2"]),
        ("a b 1\ra b 0".into(), &["line 1"]),
        ("<!DOCTYPE html>\n<html>".into(), &["line 1", "DOCTYPE"]),
        (long, &["line 1", "xxx…"]),
    ];
    for (text, expected) in cases {
        let message = parse(&text).expect_err(&text).to_string();
        for part in expected {
            assert!(message.contains(part), "{text:?}: {part:?} is not in\n{message}");
        }
        assert!(message.len() < 300, "{message}");
    }
    let nowhere = Pairs::read("no/such/list.txt").unwrap_err();
    assert!(nowhere.to_string().contains("no/such/list.txt"));
}

#[test]
fn the_shared_list_is_lfw_view_2() {
    let Some(folder) = test_support::reference("lfw") else { return };
    let pairs = Pairs::read(folder.join("pairs.txt")).unwrap();
    assert_eq!((pairs.folds, pairs.pairs.len()), (10, 6000));
    assert_eq!(pairs.pairs.iter().filter(|pair| pair.same).count(), 3000);
    assert_eq!(pairs.first_folds(2).unwrap().pairs.len(), 1200);
    assert_eq!(pairs.pairs[0], pair("Abel_Pacheco_0001.jpg", "Abel_Pacheco_0004.jpg", true, 0));
}

/// A tree with a person's folder, flat files and things that are no photos.
fn tree() -> (TempDir, PhotoTree) {
    let folder = TempDir::new().unwrap();
    for path in [
        "Ada/Ada_0002.jpg",
        "Ada/Ada_0001.JPG",
        "Ada/notes.txt",
        "Ada/more/Ada_0009.jpg",
        "Bob_0001.png",
        "Ada_0001.jpg",
        "face.webp",
        ".Ada_0001.jpg",
        ".cache/Ada_0001.jpg",
        "README",
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    fs::create_dir(folder.path().join("folder.jpg")).unwrap();
    let tree = PhotoTree::open(folder.path()).unwrap();
    (folder, tree)
}

#[test]
fn photos_are_listed_in_order() {
    let (folder, tree) = tree();
    let photos = tree.photos().unwrap();
    let listed: Vec<_> = photos
        .iter()
        .map(|photo| {
            let path = photo.path.strip_prefix(folder.path()).unwrap();
            (path.to_str().unwrap(), photo.person().map(|name| name.to_str().unwrap()))
        })
        .collect();
    assert_eq!(
        listed,
        [
            ("Ada/Ada_0001.JPG", Some("Ada")),
            ("Ada/Ada_0002.jpg", Some("Ada")),
            ("Ada_0001.jpg", None),
            ("Bob_0001.png", None),
            ("face.webp", None),
        ]
    );
}

#[test]
fn the_content_makes_a_photo_and_not_the_name() {
    let (folder, tree) = tree();
    let gif = b"GIF89a\x01\0\x01\0\0\0\0";
    for name in ["Ada/IMG_1.HEIC", "Ada/scan.jfif", "Ada/noname", "Bob_2.mpo"] {
        fs::write(folder.path().join(name), gif).unwrap();
    }
    fs::write(folder.path().join("README"), "what these are").unwrap();
    fs::write(folder.path().join("Ada/real.heic"), b"\0\0\0\x18ftypheic\0\0\0\0").unwrap();
    let listing = tree.list().unwrap();
    let relative =
        |path: &Path| path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned();
    let photos: Vec<_> = listing.photos.iter().map(|photo| relative(&photo.path)).collect();
    for name in ["Ada/IMG_1.HEIC", "Ada/scan.jfif", "Ada/noname", "Bob_2.mpo"] {
        assert!(photos.iter().any(|photo| photo == name), "{name} of {photos:?}");
    }
    let left_out: Vec<_> =
        listing.left_out.iter().map(|file| (relative(&file.path), &*file.found)).collect();
    let expected = [
        ("Ada/more", "a folder in a folder"),
        ("Ada/notes.txt", "an empty file"),
        ("Ada/real.heic", "HEIC (save it as JPEG first)"),
        ("README", "text that begins \"what these are\""),
    ];
    assert_eq!(left_out, expected.map(|(name, found)| (name.to_owned(), found)));
}

#[test]
fn names_resolve_to_the_persons_folder_first() {
    let (folder, tree) = tree();
    for (name, path) in [
        ("Ada_0002.jpg", "Ada/Ada_0002.jpg"),
        ("Bob_0001.png", "Bob_0001.png"),
        ("Ada_0001.jpg", "Ada_0001.jpg"),
        ("face.webp", "face.webp"),
        ("Ada/more/Ada_0009.jpg", "Ada/more/Ada_0009.jpg"),
    ] {
        assert_eq!(tree.resolve(name).unwrap(), folder.path().join(path));
    }
    fs::write(folder.path().join("Ada/Ada_0001.jpg"), "").unwrap();
    assert_eq!(tree.resolve("Ada_0001.jpg").unwrap(), folder.path().join("Ada/Ada_0001.jpg"));

    let text = tree.resolve("Eve_0001.jpg").unwrap_err().to_string();
    for path in ["Eve/Eve_0001.jpg", "Eve_0001.jpg is a file"] {
        assert!(text.contains(path), "{text}");
    }
    assert!(tree.resolve("folder.jpg").is_err(), "a folder is no photo");
    for name in ["", "..", "../x.jpg", "Ada/../../x.jpg", "/etc/passwd", "a\0b", "./x.jpg"] {
        let error = tree.resolve(name).unwrap_err();
        assert!(matches!(error, DatasetError::OutsideName { .. }), "{name:?}: {error}");
    }
    // The person would be `..`, a folder of somebody else's.
    assert!(matches!(tree.resolve(".._0001.jpg"), Err(DatasetError::NoSuchPhoto { .. })));
}

#[test]
fn a_tree_needs_a_folder() {
    let (folder, _) = tree();
    let error = PhotoTree::open(folder.path().join("README")).unwrap_err();
    assert!(matches!(error, DatasetError::NotAFolder { .. }), "{error}");
    let error = PhotoTree::open(folder.path().join("nowhere")).unwrap_err();
    assert!(matches!(error, DatasetError::File(FileError::Read { .. })), "{error}");
}
