//! The mean of a person's photos against the nearest of them, on the shared LFW pack:
//! `cargo bench -p training --bench templates_lfw`.
//!
//! Enrolled are people of six images or more, with five of them; the others, ten a
//! person at most, are probes. Strangers are the people of fewer images, with one.
//! Two questions are asked: which way misses fewer enrolled people where both let as many
//! strangers pass, and what a threshold that was calibrated on pairs of single images
//! means for a mean.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot be made has failed")]
#![allow(clippy::print_stdout, reason = "what it measures is for the documentation")]

use std::collections::BTreeMap;

use biometrics::calibration::Calibration;
use facenet::engine::{Engine, EngineOptions, Looks};
use facenet::gallery::{cluster, mean_template};
use facenet::matching::{Encoding, Threshold};
use facenet::network::Variant;
use facenet::weights::Weights;
use faces::{DecodeLimits, Photo, crop_window};
use ndarray::Axis;
use training::dataset::Pack;

/// Photos that a person is enrolled with.
const ENROLLED: usize = 5;

/// Most probes of one person.
const PROBES: usize = 10;

/// How a probe is compared with a person's photos.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    First,
    Nearest,
    Mean,
}

const WAYS: [Way; 3] = [Way::First, Way::Nearest, Way::Mean];

/// A person of the gallery.
struct Resident {
    photos: Vec<Encoding>,
    mean: Encoding,
    probes: Vec<Encoding>,
}

impl Resident {
    fn distance(&self, probe: &Encoding, way: Way) -> f32 {
        let nearest = || self.photos.iter().map(|photo| photo.distance(probe)).fold(2.0, f32::min);
        match way {
            Way::First => self.photos[0].distance(probe),
            Way::Nearest => nearest(),
            Way::Mean => self.mean.distance(probe),
        }
    }
}

fn encodings(pack: &Pack) -> Vec<Encoding> {
    let options = EngineOptions { looks: Looks::Two, ..EngineOptions::default() };
    let engine = Engine::with_options(Variant::HappyHouse, &Weights::embedded().unwrap(), options);
    let (window, limits) = (pack.window().unwrap(), DecodeLimits::default());
    let crop = |index: usize| {
        let photo = Photo::from_bytes(&pack.image(index).unwrap(), "lfw", &limits).unwrap();
        crop_window(&photo, window)
    };
    let mut encodings = Vec::with_capacity(pack.len());
    for first in (0..pack.len()).step_by(32) {
        let crops: Vec<_> = (first..pack.len().min(first + 32)).map(crop).collect();
        let views: Vec<_> = crops.iter().map(|crop| crop.view()).collect();
        encodings.extend(engine.encode(ndarray::stack(Axis(0), &views).unwrap().view()).unwrap());
    }
    encodings
}

/// Residents, and one face of each stranger.
fn people(pack: &Pack) -> (Vec<Resident>, Vec<Encoding>) {
    let mut by_person: BTreeMap<i32, Vec<Encoding>> = BTreeMap::new();
    for (&person, face) in pack.identities().unwrap().iter().zip(encodings(pack)) {
        by_person.entry(person).or_default().push(face);
    }
    let (mut residents, mut strangers) = (Vec::new(), Vec::new());
    for mut photos in by_person.into_values() {
        if photos.len() <= ENROLLED {
            strangers.push(photos.remove(0));
            continue;
        }
        let mut probes = photos.split_off(ENROLLED);
        probes.truncate(PROBES);
        residents.push(Resident { mean: mean_template(&photos).unwrap(), photos, probes });
    }
    (residents, strangers)
}

/// Share of distances that the threshold accepts.
fn accepted(distances: &[f32], threshold: f32) -> f64 {
    let below = distances.iter().filter(|&&distance| distance < threshold).count();
    below as f64 / distances.len() as f64
}

/// The most permissive threshold that accepts at most `share` of the distances.
fn threshold_at(distances: &[f32], share: f64) -> f32 {
    let mut sorted = distances.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted[(share * sorted.len() as f64) as usize]
}

/// Comparisons one by one: of enrolled people with themselves, of strangers with everybody.
fn verification(residents: &[Resident], strangers: &[Encoding]) {
    println!("way      at 0.617: FMR     FNMR     FNMR at FMR 1e-3, 1e-4");
    for way in WAYS {
        let own = |r: &Resident| r.probes.iter().map(|p| r.distance(p, way)).collect::<Vec<_>>();
        let genuine: Vec<f32> = residents.iter().flat_map(own).collect();
        let with = |r: &Resident| strangers.iter().map(|s| r.distance(s, way)).collect::<Vec<_>>();
        let impostor: Vec<f32> = residents.iter().flat_map(with).collect();
        let default = Threshold::DEFAULT.distance();
        let missed = |share| {
            let threshold = threshold_at(&impostor, share);
            format!("{:.1} % ({threshold:.3})", 100.0 * (1.0 - accepted(&genuine, threshold)))
        };
        println!(
            "{way:<8?} {:.3} % {:.1} % {} {}, {} and {} pairs",
            100.0 * accepted(&impostor, default),
            100.0 * (1.0 - accepted(&genuine, default)),
            missed(1e-3),
            missed(1e-4),
            genuine.len(),
            impostor.len()
        );
    }
}

/// What galleries of `size` made of strangers, and of enrolled people.
struct Doors {
    strangers: Vec<f32>,
    enrolled: Vec<(f32, bool)>,
}

fn doors(residents: &[Resident], strangers: &[Encoding], size: usize, way: Way) -> Doors {
    let mut doors = Doors { strangers: Vec::new(), enrolled: Vec::new() };
    for gallery in residents.chunks_exact(size) {
        let nearest = |probe: &Encoding| {
            let distances = gallery.iter().map(|resident| resident.distance(probe, way));
            let distances = distances.enumerate().map(|(at, distance)| (distance, at));
            distances.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap()
        };
        doors.strangers.extend(strangers.iter().map(|stranger| nearest(stranger).0));
        for (own, resident) in gallery.iter().enumerate() {
            let answers = resident.probes.iter().map(nearest);
            doors.enrolled.extend(answers.map(|(distance, at)| (distance, at == own)));
        }
    }
    doors
}

impl Doors {
    /// False negative identification rate.
    fn missed(&self, threshold: f32) -> f64 {
        let found = self.enrolled.iter().filter(|&&(d, right)| right && d < threshold).count();
        1.0 - found as f64 / self.enrolled.len() as f64
    }
}

fn main() {
    let Some(folder) = test_support::reference("lfw") else { return };
    let pack = Pack::open(folder).unwrap();
    let (residents, strangers) = people(&pack);
    searched_in_galleries(&residents, &strangers);
    grouped(&residents, &strangers);
}

/// The mean of five photos, the nearest of them and the first alone, in galleries.
fn searched_in_galleries(residents: &[Resident], strangers: &[Encoding]) {
    println!("{} enrolled with {ENROLLED}, {} strangers", residents.len(), strangers.len());
    verification(residents, strangers);
    let calibration = Calibration::embedded(Looks::Two).unwrap();
    for size in [1, 2, 10, 50, 150] {
        println!("{size} people: at for_gallery(faces, 1 %) FPIR, FNIR; FNIR at FPIR 10 %, 1 %");
        let [first, nearest, mean] = WAYS.map(|way| {
            let faces = if way == Way::First { size } else { ENROLLED * size };
            let rule = calibration.for_gallery(faces, 0.01).unwrap().threshold.distance();
            let rule = rule.min(Threshold::DEFAULT.distance());
            let doors = doors(residents, strangers, size, way);
            let at = |fpir| {
                let threshold = threshold_at(&doors.strangers, fpir);
                (doors.missed(threshold), threshold)
            };
            let ((tenth, t10), (hundredth, t1)) = (at(0.1), at(0.01));
            println!(
                "{way:<8?} {rule:.3}: {:.2} % {:.1} %; {:.1} % ({t10:.3}) {:.1} % ({t1:.3})",
                100.0 * accepted(&doors.strangers, rule),
                100.0 * doors.missed(rule),
                100.0 * tenth,
                100.0 * hundredth
            );
            [tenth, hundredth]
        });
        assert!(mean[0] <= nearest[0] && nearest[0] < first[0], "{size} people");
        assert!(mean[1] < nearest[1] && nearest[1] < first[1], "{size} people");
    }
}

/// Faces of few and of many people in groups by `cluster`: of the faces that are with one,
/// how many are of its person (precision), and of its person's, how many are with it
/// (recall); the mean over faces, which is called B-cubed.
fn grouped(residents: &[Resident], strangers: &[Encoding]) {
    for (size, others) in [(15, 30), (153, 300), (153, 4128)] {
        let mut faces = Vec::new();
        for (person, resident) in residents[..size].iter().enumerate() {
            let photos = resident.photos.iter().chain(&resident.probes);
            faces.extend(photos.map(|face| (person, face.clone())));
        }
        faces.extend(
            strangers[..others].iter().enumerate().map(|(n, face)| (1000 + n, face.clone())),
        );
        println!(
            "{} faces of {} people: threshold, precision, recall, F1",
            faces.len(),
            size + others
        );
        let encodings: Vec<_> = faces.iter().map(|(_, face)| face.clone()).collect();
        let of_person = |person| faces.iter().filter(|(other, _)| *other == person).count() as f64;
        for threshold in [0.45, 0.5, 0.55, 0.6, 0.617, 0.7, 0.766, 0.84] {
            let groups = cluster(&encodings, Threshold::new(threshold).unwrap());
            let (mut precision, mut recall) = (0.0, 0.0);
            for group in &groups {
                for &face in group {
                    let person = faces[face].0;
                    let right = group.iter().filter(|&&f| faces[f].0 == person).count() as f64;
                    precision += right / group.len() as f64 / faces.len() as f64;
                    recall += right / of_person(person) / faces.len() as f64;
                }
            }
            let f1 = 2.0 * precision * recall / (precision + recall);
            println!("{threshold:.3}: {precision:.3} {recall:.3} {f1:.3}");
        }
    }
}
