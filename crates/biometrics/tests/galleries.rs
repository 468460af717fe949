//! Galleries against a slow answer, and the calibration's promise for them.

#![allow(clippy::unwrap_used, reason = "set-up of tests may unwrap like tests")]

use biometrics::evaluation::{
    Comparison, EvaluationError, Fold, Galleries, GalleryOptions, Hardest, Histogram, KFold, Roc,
};
use tensor::Random;

/// Two numbers an image; people stand on a line, ten apart.
fn images(people: usize, each: usize) -> (Vec<Vec<f32>>, Vec<usize>) {
    let mut random = Random::new(5);
    let mut vectors = Vec::new();
    let mut labels = Vec::new();
    for person in 0..people {
        for _ in 0..each {
            vectors.push(vec![10.0 * person as f32, random.uniform() as f32]);
            labels.push(person);
        }
    }
    (vectors, labels)
}

fn some(vectors: &[Vec<f32>]) -> Vec<Option<&[f32]>> {
    vectors.iter().map(|vector| Some(&vector[..])).collect()
}

fn options(sizes: Vec<usize>) -> GalleryOptions {
    GalleryOptions { sizes, ..GalleryOptions::default() }
}

#[test]
fn people_far_apart_are_all_named_and_no_stranger_is() {
    let (vectors, people) = images(60, 3);
    let drawn = Galleries::draw(&some(&vectors), &people, &options(vec![10, 50, 1000]));
    let sizes: Vec<_> = drawn.iter().map(Galleries::size).collect();
    assert_eq!(sizes, [10, 50], "there are no 1,000 people");
    for galleries in &drawn {
        // Two other images a person, in ten galleries; a probe a stranger.
        assert_eq!(galleries.enrolled(), 20 * galleries.size());
        assert_eq!(galleries.strangers(), 10 * (60 - galleries.size()));
        assert_eq!((galleries.failures(), galleries.rank_one().value()), (0, 1.0));
        // Images of one person are within 1, of two at least 10 apart.
        assert_eq!((galleries.fpir(2.0).value(), galleries.fnir(2.0).value()), (0.0, 0.0));
        assert_eq!((galleries.fpir(1e3).value(), galleries.fnir(0.0).value()), (1.0, 1.0));
    }
    let again = Galleries::draw(&some(&vectors), &people, &options(vec![10, 50]));
    assert_eq!(again, drawn, "the same seed draws the same");
    let other = GalleryOptions { seed: 1, ..options(vec![10, 50]) };
    assert_ne!(Galleries::draw(&some(&vectors), &people, &other), drawn);
}

#[test]
fn images_without_a_face_are_misses_and_are_counted() {
    let (vectors, people) = images(20, 2);
    let mut faces = some(&vectors);
    // One of every person's two images: where it is drawn the other is enrolled.
    faces.iter_mut().step_by(2).for_each(|face| *face = None);
    let drawn = Galleries::draw(&faces, &people, &options(vec![10]));
    let galleries = &drawn[0];
    // The probe of each enrolled person is the image without a face.
    assert_eq!((galleries.enrolled(), galleries.fnir(1e6).value()), (100, 1.0));
    let faceless = galleries.failures() - galleries.enrolled();
    let accepted = galleries.fpir(1e6);
    assert_eq!((accepted.count() as usize, accepted.of()), (100 - faceless, 100));
    // Nobody can be enrolled at all.
    let none = vec![None; vectors.len()];
    let drawn = Galleries::draw::<f32>(&none, &people, &options(vec![10]));
    assert_eq!((drawn[0].fpir(1e6).value(), drawn[0].fnir(1e6).value()), (0.0, 1.0));
}

#[test]
fn too_few_people_or_strangers_are_no_figure() {
    let (vectors, people) = images(11, 2);
    let draw = |options: &GalleryOptions| Galleries::draw(&some(&vectors), &people, options);
    assert!(draw(&options(vec![10])).is_empty(), "10 enrolled leave one stranger");
    assert!(draw(&GalleryOptions { probes: 0, ..options(vec![5]) }).is_empty());
    assert!(draw(&GalleryOptions { repeats: 0, ..options(vec![5]) }).is_empty());
    let singles: Vec<_> = (0..22).collect();
    assert!(Galleries::draw(&some(&vectors), &singles, &options(vec![5])).is_empty());

    let drawn = draw(&options(vec![5]));
    // 60 probes of strangers support 5 %.
    let point = drawn[0].at_fpir(0.05).unwrap();
    assert!(point.fpir.value() <= 0.05);
    assert!(drawn[0].fpir(point.threshold.next_up()).value() > 0.05);
    let error = drawn[0].at_fpir(0.04).unwrap_err();
    assert_eq!(error, EvaluationError::TooFewStrangers { fpir: 0.04, needed: 75, found: 60 });
    assert!(matches!(drawn[0].at_fpir(f64::NAN), Err(EvaluationError::Fpir { .. })));
}

/// A set with ties, failures and a threshold a fold.
fn comparisons() -> Vec<Comparison> {
    let mut random = Random::new(3);
    let one = |i: usize| {
        let same = i.is_multiple_of(2);
        let distance = f64::from((random.below(12) + if same { 0 } else { 6 }) as u32) / 8.0;
        Comparison { distance: (!i.is_multiple_of(13)).then_some(distance), same, fold: i % 3 }
    };
    (0..200).map(one).collect()
}

#[test]
fn the_hardest_are_the_wrong_ones_in_order() {
    let comparisons = comparisons();
    let k_fold = KFold::measure(&comparisons).unwrap();
    let folds: &[Fold] = k_fold.folds();
    let hardest = Hardest::of(&comparisons, folds, usize::MAX);
    let places = hardest.false_matches.iter().chain(&hardest.false_non_matches);
    let wrong = folds.iter().map(|f| f.accuracy.of() - f.accuracy.count()).sum::<u64>() as usize;
    let failures = comparisons.iter().filter(|c| c.distance.is_none()).count();
    assert_eq!(places.clone().count(), wrong - failures);
    let distance = |&place: &usize| comparisons[place].distance.unwrap();
    assert!(hardest.false_matches.is_sorted_by_key(distance));
    assert!(hardest.false_non_matches.iter().rev().is_sorted_by_key(distance));
    assert!(hardest.false_matches.iter().all(|&place| !comparisons[place].same));
    let few = Hardest::of(&comparisons, folds, 2);
    assert_eq!(few.false_matches, hardest.false_matches[..2]);
}

#[test]
fn histograms_and_curves_lose_nothing() {
    let comparisons = comparisons();
    let histogram = Histogram::of(&comparisons, 7).unwrap();
    for (same, bins) in [(true, &histogram.genuine), (false, &histogram.impostor)] {
        let with = comparisons.iter().filter(|c| c.same == same && c.distance.is_some());
        assert_eq!(bins.iter().sum::<usize>(), with.count());
    }
    let failed = [Comparison { distance: None, same: true, fold: 0 }];
    assert_eq!(Histogram::of(&failed, 7), Err(EvaluationError::Empty));
    let alike = [Comparison { distance: Some(0.5), same: true, fold: 0 }; 3];
    assert_eq!(Histogram::of(&alike, 4).unwrap().genuine, [3, 0, 0, 0]);

    let roc = Roc::new(&comparisons).unwrap();
    let (all, drawn) = (roc.points().collect::<Vec<_>>(), roc.plot_points());
    assert_eq!((drawn.first(), drawn.last()), (all.first(), all.last()));
    assert!(drawn.iter().all(|point| all.contains(point)));
    // Very many points become few, and none is far from one that is drawn.
    let many: Vec<f64> = (0..50_000).map(|i| f64::from(i) / 5e4).collect();
    let roc = Roc::from_distances(many.clone(), many.iter().map(|d| d + 0.3).collect()).unwrap();
    let drawn = roc.plot_points();
    assert!((100..5000).contains(&drawn.len()), "{}", drawn.len());
    for point in roc.points().step_by(997) {
        let near = |d: &biometrics::evaluation::RocPoint| {
            (d.fmr - point.fmr).abs() < 0.01 && (d.fnmr - point.fnmr).abs() < 0.01
        };
        assert!(drawn.iter().any(near), "{point:?}");
    }
}
