//! Calibrations against slow counting written here, their refusals and their files.

#![allow(clippy::unwrap_used, reason = "set-up of tests may unwrap like tests")]

use std::collections::BTreeSet;
use std::path::Path;

use biometrics::calibration::{
    About, Calibration, CalibrationError, CalibrationOptions, Distances, Pairing, comparison_fmr,
    gallery_fpir,
};
use biometrics::evaluation::{Comparison, Rate};
use facenet::bounded_file::FileError;
use facenet::engine::Looks;
use facenet::matching::{Encoding, Threshold};
use facenet::weights::Weights;
use tensor::Random;

const HASH: &str = "6dd72daad97fa9de255ea598191533b21cdc701e13a4c5d838d1d08abc21df3b";

fn about() -> About {
    About {
        variant: "happyhouse".into(),
        weights_sha256: HASH.into(),
        looks: 2,
        created: "2026-11-25".into(),
        data: "made up".into(),
        faces: "aligned crops".into(),
        pairing: Pairing::Listed,
        images: 0,
        people: None,
        failures: 0,
    }
}

fn options(fmr: f64) -> CalibrationOptions {
    CalibrationOptions { fmr, ..CalibrationOptions::default() }
}

/// Unit vectors round a random middle for each person; those of one person are alike.
fn crowd(people: usize, seed: u64) -> (Vec<Encoding>, Vec<usize>) {
    let mut random = Random::new(seed);
    let (mut encodings, mut labels) = (Vec::new(), Vec::new());
    for person in 0..people {
        let middle: Vec<f64> = (0..128).map(|_| random.normal()).collect();
        // From one image to four; numbers of people need not be dense.
        for _ in 0..1 + person % 4 {
            let values: Vec<f64> = middle.iter().map(|m| m + 0.8 * random.normal()).collect();
            let length = values.iter().map(|v| v * v).sum::<f64>().sqrt();
            encodings.push(Encoding::new(values.iter().map(|v| (v / length) as f32)).unwrap());
            labels.push(1000 - 3 * person);
        }
    }
    (encodings, labels)
}

/// Distances of one person's pairs and of two people's, pair by pair.
fn slow(encodings: &[Encoding], people: &[usize]) -> [Vec<f32>; 2] {
    let mut distances = [Vec::new(), Vec::new()];
    for i in 0..encodings.len() {
        for j in i + 1..encodings.len() {
            let side = usize::from(people[i] != people[j]);
            distances[side].push(encodings[i].distance(&encodings[j]));
        }
    }
    distances
}

/// Listed pairs on a grid of hundredths, so that ties abound.
fn listed(genuine: usize, impostor: usize) -> Vec<Comparison> {
    let mut random = Random::new(7);
    let mut pair = |same: bool, middle: f64| {
        let distance = (middle + 0.15 * random.normal()).clamp(0.0, 2.0);
        let distance = Some((distance * 100.0).round() / 100.0);
        Comparison { distance, same, fold: 0 }
    };
    let mut pairs: Vec<_> = (0..genuine).map(|_| pair(true, 0.6)).collect();
    pairs.extend((0..impostor).map(|_| pair(false, 1.1)));
    pairs
}

fn calibration() -> Calibration {
    let distances = Distances::listed(&listed(300, 4000)).unwrap();
    Calibration::fit(&distances, about(), options(1e-3)).unwrap()
}

#[test]
fn all_pairs_agree_with_counting_them() {
    let (encodings, people) = crowd(60, 1);
    let mut reported = 0;
    let distances = Distances::all_pairs(&encodings, &people, &mut |done| reported = done).unwrap();
    assert_eq!((reported, distances.images(), distances.people()), (150, 150, 60));
    let [genuine, impostor] = slow(&encodings, &people);
    assert_eq!(distances.totals(), [genuine.len() as u64, impostor.len() as u64]);

    let calibration = Calibration::fit(&distances, about(), options(1e-2)).unwrap();
    assert_eq!(calibration.about().pairing, Pairing::All);
    let rows = calibration.table().rows();
    for row in rows {
        let matches = impostor.iter().filter(|d| **d < row.threshold.distance()).count() as u64;
        let non_matches = genuine.iter().filter(|d| **d >= row.threshold.distance()).count() as u64;
        assert_eq!((row.false_matches, row.false_non_matches), (matches, non_matches));
        for rate in [row.fmr, row.fnmr] {
            assert!(rate.low <= rate.value && rate.value <= rate.high, "{rate:?}");
        }
        // Pairs that share people know less than as many independent ones.
        let wilson = Rate::new(matches, impostor.len() as u64).unwrap().interval();
        assert!(row.fmr.low <= wilson.low && wilson.high <= row.fmr.high);
    }
    assert_eq!((rows[0].false_matches, rows[0].fnmr.value), (0, 1.0));
    let last = rows.last().unwrap();
    assert_eq!((last.fmr.value, last.false_non_matches), (1.0, 0));
}

/// Few people whom the network confuses make many false matches at once: resampling
/// people has to see that pairs do not.
#[test]
fn alike_people_widen_the_interval() {
    let (mut encodings, mut people) = crowd(80, 2);
    // Twins: the images of two people under other names.
    let (twins, labels) = crowd(8, 2);
    encodings.extend(twins);
    people.extend(labels.iter().map(|label| label + 100_000));
    let distances = Distances::all_pairs(&encodings, &people, &mut |_| ()).unwrap();
    let calibration = Calibration::fit(&distances, about(), options(1e-2)).unwrap();
    let [fmr, _] = calibration.rates(Threshold::new(1.0).unwrap());
    let [_, impostor] = distances.totals();
    let count = (fmr.value * impostor as f64).round() as u64;
    let wilson = Rate::new(count, impostor).unwrap().interval();
    assert!(count > 20, "{count}");
    assert!(fmr.high - fmr.low > 1.5 * (wilson.high - wilson.low), "{fmr:?} {wilson:?}");
}

/// Of 95 % intervals, 95 in a hundred hold the true rate. Wilson's: counted exactly,
/// over every number of errors there can be.
#[test]
fn intervals_of_independent_pairs_cover_the_rate() {
    let mut mean = 0.0;
    let cases = [0.002_f64, 0.01, 0.05, 0.2, 0.5].map(|p| [(200_u64, p), (1000, p)]);
    for (of, p) in cases.as_flattened() {
        let (of, p) = (*of, *p);
        // The binomial distribution, from one probability to the next.
        let mut probability = (1.0 - p).powf(of as f64);
        let mut covered = 0.0;
        for count in 0..=of {
            let interval = Rate::new(count, of).unwrap().interval();
            if (interval.low..=interval.high).contains(&p) {
                covered += probability;
            }
            probability *= (of - count) as f64 / (count + 1) as f64 * p / (1.0 - p);
        }
        assert!((0.91..0.99).contains(&covered), "{p} of {of}: {covered}");
        mean += covered / cases.as_flattened().len() as f64;
    }
    assert!((0.94..0.965).contains(&mean), "{mean}");
}

#[test]
fn listed_pairs_have_wilson_intervals_and_ties() {
    let pairs = listed(300, 4000);
    let calibration = calibration();
    for row in calibration.table().rows() {
        let accepted = |same| {
            let side = pairs.iter().filter(move |c| c.same == same);
            side.filter(|c| (c.distance.unwrap() as f32) < row.threshold.distance()).count() as u64
        };
        assert_eq!(
            (row.false_matches, 300 - row.false_non_matches),
            (accepted(false), accepted(true))
        );
        let wilson = Rate::new(row.false_matches, 4000).unwrap().interval();
        assert_eq!((row.fmr.low, row.fmr.high), (wilson.low, wilson.high));
    }
    // The most permissive thousandth with at most 4 of 4,000.
    let point = calibration.at_fmr(1e-3).unwrap();
    let matches =
        |t: f32| pairs.iter().filter(|c| !c.same && (c.distance.unwrap() as f32) < t).count();
    let threshold = point.threshold.distance();
    assert!(matches(threshold) <= 4 && matches(threshold + 0.001) > 4);
}

#[test]
fn what_the_data_cannot_support_is_refused() {
    let distances = Distances::listed(&listed(10, 2999)).unwrap();
    let fit = |fmr| Calibration::fit(&distances, about(), options(fmr));
    let error = fit(1e-3).unwrap_err();
    assert!(matches!(error, CalibrationError::TooFewImpostors { needed: 3000, found: 2999, .. }));
    assert!(error.to_string().contains("needs 3000"), "{error}");
    let enough = Distances::listed(&listed(10, 3000)).unwrap();
    assert!(Calibration::fit(&enough, about(), options(1e-3)).is_ok());
    for fmr in [0.0, -1.0, 1.1, f64::NAN, f64::INFINITY] {
        assert!(matches!(fit(fmr), Err(CalibrationError::Rate { .. })), "{fmr}");
    }
    let calibration = fit(0.01).unwrap();
    for prior in [0.0, 1.0, -0.1, f64::NAN] {
        let error = calibration.probability(0.5, prior).unwrap_err();
        assert!(matches!(error, CalibrationError::Prior { .. }), "{error}");
        let options = CalibrationOptions { fmr: 0.01, prior };
        assert!(Calibration::fit(&distances, about(), options).is_err());
    }
}

#[test]
fn one_sided_or_odd_data_are_refused() {
    let one_sided = |error| matches!(error, CalibrationError::OneSided { .. });
    assert!(one_sided(Distances::listed(&listed(3, 0)).unwrap_err()));
    assert!(one_sided(Distances::listed(&[]).unwrap_err()));
    for distance in [-0.1, 2.1, f64::NAN] {
        let pair = Comparison { distance: Some(distance), same: true, fold: 0 };
        let error = Distances::listed(&[pair]).unwrap_err();
        assert!(matches!(error, CalibrationError::Distance { position: 0, .. }), "{error}");
    }
    let (encodings, people) = crowd(4, 3);
    let all = |people: &[usize]| Distances::all_pairs(&encodings, people, &mut |_| ());
    assert!(matches!(all(&people[1..]), Err(CalibrationError::Labels { .. })));
    assert!(one_sided(all(&vec![5; people.len()]).unwrap_err()), "one person only");
    let strangers: Vec<_> = (0..people.len()).collect();
    assert!(one_sided(all(&strangers).unwrap_err()), "nobody twice");
    assert!(one_sided(Distances::all_pairs(&[], &[], &mut |_| ()).unwrap_err()));
}

#[test]
fn probability_falls_with_distance_and_follows_the_prior() {
    let calibration = calibration();
    let at = |d: f32, prior| calibration.probability(d, prior).unwrap();
    let mut before = 1.0;
    for step in 0..=200 {
        let p = at(step as f32 / 100.0, 0.5);
        assert!(p.low <= p.value && p.value <= p.high && p.value <= before, "{step}: {p:?}");
        assert!(p.low > 0.0 && p.high < 1.0, "nothing is certain: {p:?}");
        before = p.value;
    }
    // Odds are those of the prior times the ratio.
    let odds = |p: f64| p / (1.0 - p);
    let (even, rare) = (at(0.8, 0.5).value, at(0.8, 0.01).value);
    assert!((odds(rare) / odds(even) - odds(0.01)).abs() < 1e-9);
    // Distances of the two kinds were drawn round 0.6 and 1.1.
    assert!(at(0.6, 0.5).value > 0.9 && at(1.1, 0.5).value < 0.1);
    let curve = calibration.curve();
    assert!(curve.cllr_min <= curve.cllr && curve.cllr < curve.cllr_min + 0.05, "{curve:?}");
}

/// Of pairs to which the curve gives some probability, so many have to be of one
/// person: on other draws than it was fitted to.
#[test]
fn probabilities_are_frequencies() {
    let calibration = calibration();
    let mut random = Random::new(99);
    let mut bands = [[0_u32; 2]; 4];
    for i in 0..40_000 {
        let same = i % 2 == 0;
        let distance = (if same { 0.6 } else { 1.1 } + 0.15 * random.normal()).clamp(0.0, 2.0);
        let p = calibration.probability(distance as f32, 0.5).unwrap().value;
        let band = &mut bands[((4.0 * p) as usize).min(3)];
        band[usize::from(same)] += 1;
    }
    let shares = bands.map(|[other, same]| f64::from(same) / f64::from(same + other));
    assert!(shares[0] < 0.05 && shares[3] > 0.95, "{shares:?}");
    assert!((0.2..0.55).contains(&shares[1]) && (0.45..0.8).contains(&shares[2]), "{shares:?}");
}

#[test]
fn perfectly_told_pairs_have_a_finite_curve() {
    let pair = |same, distance| Comparison { distance: Some(distance), same, fold: 0 };
    let pairs: Vec<_> =
        (0..40).flat_map(|i| [pair(true, 0.3), pair(false, 1.0 + f64::from(i) / 100.0)]).collect();
    let distances = Distances::listed(&pairs).unwrap();
    let calibration = Calibration::fit(&distances, about(), options(0.1)).unwrap();
    let curve = calibration.curve();
    assert!(curve.intercept.is_finite() && curve.slope.is_finite(), "{curve:?}");
    let near = calibration.probability(0.0, 0.5).unwrap();
    // 40 pairs of two people cannot show more than 41 to 1.
    assert!(near.value <= 41.0 / 42.0 + 1e-12 && near.value > 0.9, "{near:?}");
    assert!(Calibration::parse(&calibration.to_json().unwrap(), "x".as_ref()).is_ok());
}

#[test]
fn a_gallery_has_a_stricter_threshold() {
    assert!((comparison_fmr(0.01, 1) - 0.01).abs() < 1e-15);
    for (fpir, n) in [(0.01, 1000), (0.1, 10), (1.0, 3), (1e-6, 1_000_000)] {
        assert!((gallery_fpir(comparison_fmr(fpir, n), n) - fpir).abs() < 1e-9 * fpir);
    }
    let calibration = calibration();
    let one = calibration.for_gallery(1, 0.1).unwrap();
    assert_eq!(one.threshold, calibration.at_fmr(0.1).unwrap().threshold);
    let ten = calibration.for_gallery(10, 0.1).unwrap();
    assert!(ten.threshold < one.threshold && ten.expected.value <= 0.1, "{ten:?}");
    assert!(ten.expected.low <= ten.expected.value && ten.expected.value <= ten.expected.high);

    // 4,000 impostors support an FMR of 7.5e-4: 140 faces at 10 %.
    let error = calibration.for_gallery(141, 0.1).unwrap_err();
    let CalibrationError::GalleryTooLarge { largest, found: 4000, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(largest, 140);
    assert!(calibration.for_gallery(140, 0.1).is_ok());
    assert!(matches!(calibration.for_gallery(0, 0.1), Err(CalibrationError::EmptyGallery)));
    for fpir in [0.0, -0.5, 1.5, f64::NAN] {
        let error = calibration.for_gallery(5, fpir).unwrap_err();
        assert!(matches!(error, CalibrationError::Rate { .. }), "{error}");
    }
}

#[test]
fn a_file_comes_back_as_it_was() {
    let calibration = calibration();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calibration.json");
    std::fs::write(&path, "an old file").unwrap();
    calibration.write(&path).unwrap();
    let read = Calibration::read(&path).unwrap();
    assert_eq!(read.about(), calibration.about());
    assert_eq!((read.options(), read.pairs()), (calibration.options(), calibration.pairs()));
    assert_eq!(read.curve(), calibration.curve());
    for (a, b) in read.table().rows().iter().zip(calibration.table().rows()) {
        let counts =
            |row: &biometrics::calibration::Row| (row.false_matches, row.false_non_matches);
        assert_eq!((a.threshold, counts(a)), (b.threshold, counts(b)));
        assert!((a.fmr.high - b.fmr.high).abs() <= 1e-3 * b.fmr.high);
    }
    assert_eq!(read.to_json().unwrap(), calibration.to_json().unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    let error = calibration.write(&folder.path().join("no/such/folder.json")).unwrap_err();
    assert!(matches!(error, CalibrationError::Write { .. }), "{error}");
}

#[test]
fn files_that_are_none_are_refused_with_the_reason() {
    let good = calibration().to_json().unwrap();
    let parse = |text: &str| Calibration::parse(text, Path::new("c.json"));
    assert!(parse(&good).is_ok() && parse(&format!("\u{feff}{good}")).is_ok());
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from:?} is not in the file");
        let error = parse(&good.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(error.contains("c.json"), "{error}");
        error
    };
    assert!(with("facenet-calibration", "shopping list").contains("shopping list"));
    let version = with("\"version\": 1", "\"version\": 2");
    assert!(version.contains("expected version 1") && version.contains("found 2"), "{version}");
    assert!(with(HASH, "abc").contains("64 hexadecimal digits"));
    assert!(with("\"impostor\": 4000", "\"impostor\": 3").contains("row"));
    assert!(with("\"genuine\": 300", "\"genuine\": 0").contains("1 or more"));
    assert!(
        with("\"fmr\": 0.001,\n    \"prior\"", "\"fmr\": 1e-9,\n    \"prior\"")
            .contains("default.fmr")
    );
    assert!(with("\"prior\": 0.5", "\"prior\": 1.0").contains("above 0 and below 1"));
    assert!(with("\"slope\": -", "\"slope\": ").contains("at most 0"));
    assert!(with("\"table\"", "\"chair\"").contains("not a calibration"));
    let text = parse("<html>").unwrap_err();
    assert!(matches!(text, CalibrationError::Json { .. }), "{text}");
    // Cut anywhere, and with single characters changed: an error or a calibration
    // that holds together, never a panic.
    for place in (0..good.len()).step_by(211) {
        assert!(parse(&good[..place]).is_err(), "cut at {place}");
        let mut changed = good.clone().into_bytes();
        changed[place] = b'9';
        if let Ok(read) = parse(&String::from_utf8(changed).unwrap()) {
            read.rates(Threshold::DEFAULT);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let error = Calibration::read(folder.path()).unwrap_err();
    assert!(
        matches!(error, CalibrationError::File(FileError::NotAFile { found: "a folder", .. })),
        "{error}"
    );
    let error = Calibration::read(&folder.path().join("missing.json")).unwrap_err();
    assert!(matches!(error, CalibrationError::File(FileError::Read { .. })), "{error}");
    let huge = folder.path().join("huge.json");
    std::fs::File::create(&huge).unwrap().set_len(1 << 32).unwrap();
    let error = Calibration::read(&huge).unwrap_err();
    let CalibrationError::File(FileError::TooLarge { found, .. }) = error else {
        panic!("{error}")
    };
    assert_eq!(found, 1 << 32);
}

#[test]
fn another_model_is_refused_with_both_hashes() {
    let calibration = calibration();
    assert!(calibration.check_model("happyhouse", HASH, Looks::Two).is_ok());
    let other = "0".repeat(64);
    for (variant, hash) in [("happyhouse", other.as_str()), ("openface", HASH)] {
        let error = calibration.check_model(variant, hash, Looks::Two).unwrap_err().to_string();
        assert!(error.contains(HASH) && error.contains(hash) && error.contains(variant), "{error}");
    }
}

#[test]
fn encodings_of_another_number_of_looks_are_refused() {
    let error = calibration().check_model("happyhouse", HASH, Looks::One).unwrap_err().to_string();
    assert!(error.contains("2 looks") && error.contains("have 1"), "{error}");
}

/// The embedded calibration belongs to the embedded weights. If this fails, make it again:
/// `facenet calibrate --images … --output weights/calibration.json`.
#[test]
fn the_shipped_calibration_is_of_the_shipped_weights() {
    let calibration = Calibration::embedded(Looks::Two).unwrap();
    let hash = Weights::embedded().unwrap().hash();
    calibration.check_model("happyhouse", &hash, Looks::Two).unwrap();
    let one_look = Calibration::embedded(Looks::One).unwrap();
    one_look.check_model("happyhouse", &hash, Looks::One).unwrap();
    assert_eq!(one_look.pairs(), calibration.pairs());
    let point = calibration.default_point().unwrap();
    assert_eq!((point.target, point.threshold), (1e-3, Threshold::DEFAULT));
    assert_eq!(calibration.pairs(), [8101, 29_640_749]);
    // The figures that README.md states.
    for (threshold, fmr, fnmr) in [
        (0.554, 0.000_099, 0.335),
        (0.617, 0.001, 0.151),
        (0.69, 0.01, 0.038),
        (0.7, 0.013_4, 0.030),
    ] {
        let rates = calibration.rates(Threshold::new(threshold).unwrap());
        let near = |found: f64, expected: f64| (found - expected).abs() < 0.03 * expected;
        assert!(near(rates[0].value, fmr) && near(rates[1].value, fnmr), "{threshold}: {rates:?}");
    }
    let thresholds: BTreeSet<_> =
        calibration.table().rows().iter().map(|row| row.threshold.distance().to_bits()).collect();
    assert_eq!(thresholds.len(), calibration.table().rows().len());
}
