//! How long a phone's photo takes to the network's input: `cargo bench -p facenet --bench
//! photo`.
//!
//! The photo has 12 megapixels, a portrait of the repository enlarged to fill its height,
//! stored as JPEG. Each line is a part of the way; the last is all of it. Threads are
//! rayon's, two.

use std::io::Cursor;
use std::sync::LazyLock;

use divan::Bencher;
use facenet::photo::{DecodeLimits, Detector, FaceAligner, FaceBox, Photo, SeetaDetector};
use image::imageops::{FilterType, overlay, resize};
use image::{ImageFormat, Rgb, RgbImage};

fn main() {
    divan::main();
}

static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let portrait = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/photos/obama-speech.jpg");
    let Ok(portrait) = Photo::open(portrait.as_ref(), &DecodeLimits::default()) else {
        panic!("the portrait is missing")
    };
    let width = portrait.width() * 3000 / portrait.height();
    let large = resize(portrait.rgb(), width, 3000, FilterType::Triangle);
    let mut photo = RgbImage::from_pixel(4000, 3000, Rgb([96, 112, 128]));
    overlay(&mut photo, &large, i64::from(4000 - width) / 2, 0);
    let mut file = Cursor::new(Vec::new());
    match photo.write_to(&mut file, ImageFormat::Jpeg) {
        Ok(()) => file.into_inner(),
        Err(error) => panic!("{error}"),
    }
});

static ALIGNER: LazyLock<FaceAligner> = LazyLock::new(|| match FaceAligner::embedded() {
    Ok(aligner) => aligner,
    Err(error) => panic!("{error}"),
});

fn photo() -> Photo {
    match Photo::from_bytes(&FILE, "photo", &DecodeLimits::default()) {
        Ok(photo) => photo,
        Err(error) => panic!("{error}"),
    }
}

fn face(photo: &Photo) -> FaceBox {
    match SeetaDetector::default().detect(photo)[..] {
        [face] => face,
        ref faces => panic!("{} faces", faces.len()),
    }
}

#[divan::bench]
fn decode(bencher: Bencher<'_, '_>) {
    bencher.bench(photo);
}

#[divan::bench]
fn detect(bencher: Bencher<'_, '_>) {
    let photo = photo();
    bencher.bench(|| face(&photo));
}

#[divan::bench]
fn align(bencher: Bencher<'_, '_>) {
    let photo = photo();
    let face = face(&photo);
    bencher.bench(|| ALIGNER.align(&photo, &face));
}

#[divan::bench]
fn all(bencher: Bencher<'_, '_>) {
    LazyLock::force(&FILE);
    bencher.bench(|| {
        let photo = photo();
        ALIGNER.align(&photo, &face(&photo))
    });
}
