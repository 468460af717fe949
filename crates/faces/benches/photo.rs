//! How long a phone's photo takes to the network's input: `cargo bench -p faces --bench
//! photo`.
//!
//! The photo has 12 megapixels, a portrait of the repository enlarged to fill its height,
//! stored as JPEG. `decode`, `detect` and `align` are parts of the way, `all` is all of it,
//! from the bytes of the file; `sideways` is the same of a photo as a phone stores it that
//! was held upright. Threads are rayon's, and one.
//!
//! `landmark_network` is the small network by itself, a view on one thread; a face takes
//! fourteen of them.

use std::sync::LazyLock;

use divan::Bencher;
use facenet::network::VIEW_SIZE;
use faces::landmarks::LandmarkFinder;
use faces::{
    AlignedFace, DecodeLimits, Detection, Detector, FaceAligner, NetworkDetector, NetworkOptions,
    Photo,
};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, overlay, resize, rotate270};
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};
use ndarray::Array4;

fn main() {
    divan::main();
}

static PHOTO: LazyLock<RgbImage> = LazyLock::new(|| {
    let portrait = assets::folder().join("obama-speech.jpg");
    let Ok(portrait) = Photo::open(portrait.as_ref(), &DecodeLimits::default()) else {
        panic!("the portrait is missing")
    };
    let width = portrait.width() * 3000 / portrait.height();
    let large = resize(portrait.rgb(), width, 3000, FilterType::Triangle);
    let mut photo = RgbImage::from_pixel(4000, 3000, Rgb([96, 112, 128]));
    overlay(&mut photo, &large, i64::from(4000 - width) / 2, 0);
    photo
});

/// An EXIF chunk with one entry, the orientation: to be turned clockwise by a quarter.
const SIDEWAYS: [u8; 26] = *b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| jpeg(&PHOTO, None));
static SIDEWAYS_FILE: LazyLock<Vec<u8>> =
    LazyLock::new(|| jpeg(&rotate270(&*PHOTO), Some(SIDEWAYS.to_vec())));

fn jpeg(photo: &RgbImage, exif: Option<Vec<u8>>) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, 90);
    let noted = exif.map_or(Ok(()), |exif| encoder.set_exif_metadata(exif));
    let (width, height) = photo.dimensions();
    let written = encoder.write_image(photo, width, height, ExtendedColorType::Rgb8);
    assert!(noted.is_ok() && written.is_ok());
    file
}

static ALIGNER: LazyLock<FaceAligner> = LazyLock::new(|| match FaceAligner::embedded() {
    Ok(aligner) => aligner,
    Err(error) => panic!("{error}"),
});

fn photo(file: &[u8]) -> Photo {
    match Photo::from_bytes(file, "photo", &DecodeLimits::default()) {
        Ok(photo) => photo,
        Err(error) => panic!("{error}"),
    }
}

static DETECTOR: LazyLock<NetworkDetector> =
    LazyLock::new(|| match NetworkDetector::embedded(NetworkOptions::default()) {
        Ok(detector) => detector,
        Err(error) => panic!("{error}"),
    });

fn face(photo: &Photo) -> Detection {
    match DETECTOR.detect_with_landmarks(photo)[..] {
        [face] => face,
        ref faces => panic!("{} faces", faces.len()),
    }
}

fn aligned(file: &[u8]) -> AlignedFace {
    let photo = photo(file);
    ALIGNER.align(&photo, face(&photo))
}

#[divan::bench]
fn decode(bencher: Bencher<'_, '_>) {
    LazyLock::force(&FILE);
    bencher.bench(|| photo(&FILE));
}

/// With making the smaller copies of the photo, as in life.
#[divan::bench]
fn detect(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(|| photo(&FILE)).bench_refs(|photo| face(photo));
}

#[divan::bench]
fn align(bencher: Bencher<'_, '_>) {
    let photo = photo(&FILE);
    let face = face(&photo);
    bencher.bench(|| ALIGNER.align(&photo, face));
}

#[divan::bench]
fn all(bencher: Bencher<'_, '_>) {
    LazyLock::force(&FILE);
    bencher.bench(|| aligned(&FILE));
}

#[divan::bench]
fn all_on_one_thread(bencher: Bencher<'_, '_>) {
    LazyLock::force(&FILE);
    let one = one_thread();
    bencher.bench(|| one.install(|| aligned(&FILE)));
}

#[divan::bench]
fn sideways(bencher: Bencher<'_, '_>) {
    LazyLock::force(&SIDEWAYS_FILE);
    bencher.bench(|| aligned(&SIDEWAYS_FILE));
}

#[divan::bench]
fn landmark_network(bencher: Bencher<'_, '_>) {
    let Ok(finder) = LandmarkFinder::embedded() else { panic!("no weights") };
    let view = Array4::from_shape_fn((1, 3, VIEW_SIZE, VIEW_SIZE), |(_, c, y, x)| {
        ((7 * c + 3 * y + 5 * x) % 256) as f32 / 255.0
    });
    let one = one_thread();
    bencher.bench(|| one.install(|| finder.answer(view.view())));
}

fn one_thread() -> rayon::ThreadPool {
    match rayon::ThreadPoolBuilder::new().num_threads(1).build() {
        Ok(pool) => pool,
        Err(error) => panic!("{error}"),
    }
}
