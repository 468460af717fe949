//! Detection, landmarks and quality on real photographs, where the shared folder is
//! there: every 19th of LFW's untouched images, or all of them with
//! `FACENET_EVERY_IMAGE=1`. Nothing of the kind was trained on.

use std::time::Instant;
use std::{env, iter};

use faces::{
    AlignedFace, CropMethod, DecodeLimits, Detector, FaceAligner, Landmarks, NetworkDetector,
    NetworkOptions, Photo, QualityLimits,
};
use rayon::prelude::*;
use training::dataset::Pack;
use training::landmarks::LandmarkError;

/// The face of an image whose nose is where the given points say, of all that are found.
struct Seen {
    points: Landmarks,
    found: Option<AlignedFace>,
    others: usize,
    seconds: f64,
}

fn look(
    pack: &Pack,
    index: usize,
    (detector, aligner): (&NetworkDetector, &FaceAligner),
) -> Option<Seen> {
    // Pixel centers are whole numbers in a pack.
    let points = pack.landmarks(index)?;
    let file = pack.image(index).unwrap();
    let photo = Photo::from_bytes(&file, "portrait", &DecodeLimits::default()).unwrap();
    let start = Instant::now();
    let found = detector.detect_with_landmarks(&photo);
    let [x, y] = points[2];
    let is_it = |face: &faces::FaceBox| {
        (face.x..face.x + face.width).contains(&x) && (face.y..face.y + face.height).contains(&y)
    };
    let count = found.len();
    let own = found.iter().find(|face| is_it(&face.face_box));
    let found = own.map(|face| aligner.align(&photo, face));
    let others = count - usize::from(found.is_some());
    Some(Seen { points, found, others, seconds: start.elapsed().as_secs_f64() })
}

#[test]
fn faces_of_lfw_are_found_with_their_points_and_hardly_ever_refused() {
    let Some(folder) = test_support::reference("lfw/originals") else { return };
    let pack = Pack::open(folder).unwrap();
    let detector = NetworkDetector::embedded(NetworkOptions::default()).unwrap();
    let aligner = FaceAligner::embedded().unwrap();
    let every = if env::var_os("FACENET_EVERY_IMAGE").is_some() { 1 } else { 19 };
    let seen: Vec<Seen> = (0..pack.len())
        .into_par_iter()
        .filter(|index| index % every == 0)
        .filter_map(|index| look(&pack, index, (&detector, &aligner)))
        .collect();
    let faces: Vec<&AlignedFace> = seen.iter().filter_map(|seen| seen.found.as_ref()).collect();
    let share = |count: usize| count as f64 / seen.len() as f64;

    let errors = seen.iter().filter_map(|seen| {
        Some(LandmarkError::of_face(&seen.found.as_ref()?.landmarks, &seen.points))
    });
    let error = LandmarkError::of(errors.collect());
    let recall = share(faces.len());
    let others: usize = seen.iter().map(|seen| seen.others).sum();
    let refused = faces.iter().filter(|face| face.quality.check().is_err()).count();
    let warned =
        faces.iter().filter(|f| !f.quality.faults(&QualityLimits::WARN).is_empty()).count();
    let by_box = faces.iter().filter(|face| face.method == CropMethod::Box).count();
    let seconds: f64 = seen.iter().map(|seen| seen.seconds).sum();
    eprintln!("{} images: found {recall:.4}, others {:.3} an image", seen.len(), share(others));
    eprintln!("{error:?}");
    let [refused, warned, by_box] = [refused, warned, by_box].map(share);
    eprintln!("refused {refused:.4}, warned of {warned:.4}, framed by the box {by_box:.4}");
    eprintln!("{:.1} ms an image and thread", 1e3 * seconds / seen.len() as f64);
    for (name, value) in [
        ("size", (|face| face.quality.size) as fn(&AlignedFace) -> f32),
        ("sharpness", |face| face.quality.sharpness),
        ("brightness", |face| face.quality.brightness),
        ("contrast", |face| face.quality.contrast),
        ("yaw", |face| face.quality.yaw.abs()),
        ("roll", |face| face.quality.roll.abs()),
        ("confidence", |face| face.quality.confidence),
    ] {
        let mut values: Vec<f32> = faces.iter().map(|face| value(face)).collect();
        values.sort_by(f32::total_cmp);
        let at = |share: f64| values[(share * (values.len() - 1) as f64) as usize];
        let shares = [0.0, 0.001, 0.01, 0.05, 0.5, 0.95, 0.99, 0.999, 1.0];
        let line: Vec<_> =
            iter::zip(shares, shares.map(at)).map(|(_, v)| format!("{v:.4}")).collect();
        eprintln!("{name}: {}", line.join(" "));
    }

    assert!(recall >= 0.98, "found {recall}");
    assert!(error.median < 0.1, "{error:?}");
    assert!(error.mean < 0.11, "{error:?}");
    assert!(refused <= 0.005, "refused {refused}");
    assert!(by_box <= 0.02, "framed by the box {by_box}");
}
