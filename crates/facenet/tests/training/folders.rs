//! Training on a folder tree `person/photo.jpg`.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use facenet::photo::{DecodeLimits, Detector, FaceBox, FaceChoice, Photo, face_window};
use facenet::training::{
    AlignedPhotos, Canvas, FacesInPhotos, FolderOptions, FolderSource, Framing, PictureError,
    Source, TrainingError,
};
use tempfile::TempDir;

use crate::made;

fn tree() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (person, name) in ["ada", "grace", "søren"].into_iter().enumerate() {
        fs::create_dir(folder.path().join(name)).unwrap();
        for picture in 0..=person {
            let path = folder.path().join(format!("{name}/{picture}.jpg"));
            fs::write(path, made::jpeg(&made::drawing(person, picture))).unwrap();
        }
    }
    fs::write(folder.path().join("stray.jpg"), made::jpeg(&made::drawing(0, 0))).unwrap();
    fs::write(folder.path().join("grace/broken.png"), b"no picture").unwrap();
    folder
}

/// A picture that is a face already.
fn whole(path: &Path) -> Result<Canvas, PictureError> {
    AlignedPhotos::default().frame(path)
}

#[test]
fn people_are_folders() {
    let folder = tree();
    let source = FolderSource::open(folder.path(), whole, FolderOptions::default()).unwrap();
    assert_eq!(source.people(), ["ada", "grace", "søren"]);
    assert_eq!(source.len(), 7);
    let identities: Vec<_> = (0..7).map(|index| source.identity(index)).collect();
    assert_eq!(identities, [0, 1, 1, 1, 2, 2, 2]);
    assert_eq!(source.unlabelled(), [folder.path().join("stray.jpg")]);
    assert!(!source.has_targets());
    assert_eq!(source.canvas(0).unwrap().picture.dimensions(), (40, 40));
    let broken = (0..7).find(|&index| source.name(index).ends_with("broken.png")).unwrap();
    assert!(matches!(source.canvas(broken), Err(PictureError::Photo(_))));
}

/// Decoding and finding a face is done once a picture, as far as memory allows.
#[test]
fn canvases_are_kept_up_to_the_limit() {
    let folder = tree();
    let one = 3 * 40 * 40;
    for (memory, expected) in [(0, 12), (one + 1, 11), (6 * one, 6)] {
        let count = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&count);
        let framing = move |path: &Path| {
            counter.fetch_add(1, Ordering::Relaxed);
            whole(path)
        };
        let options = FolderOptions { memory, ..FolderOptions::default() };
        let source = FolderSource::open(folder.path(), framing, options).unwrap();
        let readable: Vec<_> = (0..7).filter(|&i| !source.name(i).contains("broken")).collect();
        for _ in 0..2 {
            for &index in &readable {
                source.canvas(index).unwrap();
            }
        }
        assert_eq!(count.load(Ordering::Relaxed), expected, "{memory} bytes");
    }
}

const SEEN: FaceBox = FaceBox { x: 10.0, y: 10.0, width: 20.0, height: 20.0, score: 9.0 };

/// A detector that sees so many faces in the middle of every photo.
#[derive(Clone)]
struct Sees(usize);

impl Detector for Sees {
    fn detect(&mut self, _: &Photo) -> Vec<FaceBox> {
        vec![SEEN; self.0]
    }
}

#[test]
fn faces_are_looked_for_and_those_missing_are_told() {
    let folder = tree();
    let frame = |faces| {
        let framing = FacesInPhotos {
            detector: Sees(faces),
            choice: FaceChoice::Only,
            limits: DecodeLimits::default(),
        };
        framing.frame(&folder.path().join("ada/0.jpg"))
    };
    let canvas = frame(1).unwrap();
    assert_eq!(canvas.picture.dimensions(), (40, 40));
    assert_eq!(canvas.window, face_window(&SEEN));
    for faces in [0, 2] {
        let error = frame(faces).unwrap_err();
        assert!(matches!(error, PictureError::Face(_)), "{error}");
    }
}

#[test]
fn folders_without_people_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let open = || FolderSource::open(folder.path(), whole, FolderOptions::default()).err().unwrap();
    assert!(matches!(open(), TrainingError::NoPictures));
    fs::write(folder.path().join("stray.jpg"), b"").unwrap();
    assert!(matches!(open(), TrainingError::NoPictures));
    let missing = folder.path().join("missing");
    let error = FolderSource::open(missing, whole, FolderOptions::default()).err().unwrap();
    assert!(matches!(error, TrainingError::Dataset(_)), "{error}");
}
