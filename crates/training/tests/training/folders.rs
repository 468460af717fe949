//! Training on a folder tree `person/photo.jpg`.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use faces::{
    DecodeLimits, Detector, FaceAligner, FaceBox, FaceChoice, NetworkDetector, NetworkOptions,
    Photo, Similarity, Window, face_window,
};
use tempfile::TempDir;
use training::{
    AlignedPhotos, Canvas, Error, FacesInPhotos, FolderOptions, FolderSource, PhotoReader, Source,
    SourceError,
};

use crate::made;

fn tree() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (person, name) in ["ada", "grace", "søren"].into_iter().enumerate() {
        fs::create_dir(folder.path().join(name)).unwrap();
        for image in 0..=person {
            let path = folder.path().join(format!("{name}/{image}.jpg"));
            fs::write(path, made::jpeg(&made::drawing(person, image))).unwrap();
        }
    }
    fs::write(folder.path().join("stray.jpg"), made::jpeg(&made::drawing(0, 0))).unwrap();
    fs::write(folder.path().join("grace/broken.png"), b"no image").unwrap();
    folder
}

/// An image that is a face already.
fn whole(path: &Path) -> Result<Canvas, SourceError> {
    AlignedPhotos::default().read(path)
}

#[test]
fn people_are_folders() {
    let folder = tree();
    let source = FolderSource::open(folder.path(), whole, FolderOptions::default()).unwrap();
    assert_eq!(source.people(), ["ada", "grace", "søren"]);
    assert_eq!(source.len(), 7);
    let identities: Vec<_> = (0..7).map(|index| source.identity(index)).collect();
    assert_eq!(identities, [0, 1, 1, 1, 2, 2, 2]);
    assert_eq!(source.unlabeled(), [folder.path().join("stray.jpg")]);
    assert!(!source.has_targets());
    assert_eq!(source.canvas(0).unwrap().image.dimensions(), (40, 40));
    let broken = (0..7).find(|&index| source.name(index).ends_with("broken.png")).unwrap();
    assert!(matches!(source.canvas(broken), Err(SourceError::Photo(_))));
}

/// Decoding and finding a face is done once an image, as far as memory allows.
#[test]
fn canvases_are_kept_up_to_the_limit() {
    let folder = tree();
    let one = 3 * 40 * 40;
    for (memory, expected) in [(0, 12), (one + 1, 11), (6 * one, 6)] {
        let count = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&count);
        let reader = move |path: &Path| {
            counter.fetch_add(1, Ordering::Relaxed);
            whole(path)
        };
        let options = FolderOptions { memory, ..FolderOptions::default() };
        let source = FolderSource::open(folder.path(), reader, options).unwrap();
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
#[derive(Clone, Debug)]
struct Sees(usize);

impl Detector for Sees {
    fn detect(&self, _: &Photo) -> Vec<FaceBox> {
        vec![SEEN; self.0]
    }
}

#[test]
fn faces_are_looked_for_and_those_missing_are_told() {
    let folder = tree();
    let frame = |faces| {
        let reader = FacesInPhotos {
            detector: Sees(faces),
            aligner: FaceAligner::embedded().unwrap(),
            choice: FaceChoice::Only,
            limits: DecodeLimits::default(),
        };
        reader.read(&folder.path().join("ada/0.jpg"))
    };
    // No face at all: the box frames it.
    let canvas = frame(1).unwrap();
    assert_eq!(canvas.image.dimensions(), (256, 256));
    assert_eq!(canvas.window, Window { x: 64.0, y: 64.0, width: 128.0, height: 128.0 });
    let photo = Photo::open(&folder.path().join("ada/0.jpg"), &DecodeLimits::default()).unwrap();
    let Window { x, y, width, .. } = face_window(&SEEN);
    let pixel = width / 128.0;
    for [column, row] in [[64, 64], [128, 128], [180, 100]] {
        let found = canvas.image.get_pixel(column, row).0;
        let [x, y] = [(column, x), (row, y)]
            .map(|(at, start)| start + (f64::from(at) - 64.0 + 0.5) * pixel - 0.5);
        let expected =
            image::imageops::interpolate_bilinear(photo.rgb(), x as f32, y as f32).unwrap().0;
        let off = found.iter().zip(expected).map(|(a, b)| a.abs_diff(b)).max();
        assert!(off <= Some(2), "{column}, {row}: {found:?} for {expected:?}");
    }
    for faces in [0, 2] {
        let error = frame(faces).unwrap_err();
        assert!(matches!(error, SourceError::Face(_)), "{error}");
    }
}

/// A portrait rolled by 30° is upright on its canvas, as the network will see it.
#[test]
fn faces_are_brought_upright() {
    let folder = tempfile::tempdir().unwrap();
    let portrait = assets::folder().join("obama-portrait.jpg");
    let straight = image::open(portrait).unwrap().into_rgb8();
    let (width, height) = straight.dimensions();
    let turn = Similarity::new(
        1.0,
        (-30_f64).to_radians(),
        [480.0; 2],
        [f64::from(width) / 2.0, f64::from(height) / 2.0],
    );
    let rolled = image::RgbImage::from_fn(960, 960, |x, y| {
        let [x, y] = turn.apply([f64::from(x) + 0.5, f64::from(y) + 0.5]).map(|v| (v - 0.5) as f32);
        image::imageops::interpolate_bilinear(&straight, x, y).unwrap_or(image::Rgb([128; 3]))
    });
    let reader = FacesInPhotos {
        detector: NetworkDetector::embedded(NetworkOptions::default()).unwrap(),
        aligner: FaceAligner::embedded().unwrap(),
        choice: FaceChoice::Only,
        limits: DecodeLimits::default(),
    };
    let canvases = [("straight", &straight), ("rolled", &rolled)].map(|(name, image)| {
        let path = folder.path().join(name).with_extension("png");
        image.save(&path).unwrap();
        reader.read(&path).unwrap()
    });
    // The middle of the face; what lies about it may be the gray beyond the photo.
    let differences = (96..160).flat_map(|y| (96..160).map(move |x| (x, y))).map(|(x, y)| {
        let [a, b] = [0, 1].map(|i| f64::from(canvases[i].image.get_pixel(x, y).0[1]));
        (a - b).abs()
    });
    let mean = differences.sum::<f64>() / (64.0 * 64.0);
    assert!(mean < 12.0, "pixels differ by {mean} of 255");
}

#[test]
fn folders_without_people_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let open = || FolderSource::open(folder.path(), whole, FolderOptions::default()).err().unwrap();
    assert!(matches!(open(), Error::NoImages));
    fs::write(folder.path().join("stray.jpg"), b"").unwrap();
    assert!(matches!(open(), Error::NoImages));
    let missing = folder.path().join("missing");
    let error = FolderSource::open(missing, whole, FolderOptions::default()).err().unwrap();
    assert!(matches!(error, Error::Dataset(_)), "{error}");
}
