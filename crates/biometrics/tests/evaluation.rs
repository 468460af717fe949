//! The figures against slow ones, written here from their definitions, on random
//! distances with many ties and failures; and the cases without an answer.

#![allow(clippy::unwrap_used, reason = "set-up of tests may unwrap like tests")]

use std::collections::BTreeSet;

use biometrics::evaluation::{
    Comparison, EvaluationError, KFold, Rate, Report, ReportOptions, Roc, TarAtFmr, pixels,
};
use proptest::prelude::*;

fn comparison(fold: usize, same: bool, distance: Option<f64>) -> Comparison {
    Comparison { distance, same, fold }
}

/// Distances on a grid of eighths, so that ties abound; genuine ones tend to be
/// smaller; one in ten is a failure. One-sided sets and single folds occur.
fn comparisons() -> impl Strategy<Value = Vec<Comparison>> {
    let distance = prop_oneof![9 => (0_u8..12).prop_map(Some), 1 => Just(None)];
    let one = (0_usize..4, any::<bool>(), distance);
    let many = proptest::collection::vec(one, 0..60);
    (many, 0_u8..8).prop_map(|(many, shift)| {
        let made = many.into_iter().map(|(fold, same, distance)| {
            let shift = if same { 0 } else { shift };
            comparison(fold * 3, same, distance.map(|d| f64::from(d + shift) / 8.0))
        });
        made.collect()
    })
}

/// Accepting nobody, every middle between neighbouring distances, accepting all.
fn thresholds<'a>(comparisons: impl Iterator<Item = &'a Comparison>) -> Vec<f64> {
    let mut distances: Vec<f64> = comparisons.filter_map(|c| c.distance).collect();
    distances.sort_by(f64::total_cmp);
    distances.dedup();
    let mut all: Vec<f64> = distances.first().copied().into_iter().collect();
    all.extend(distances.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0));
    all.extend(distances.last().map(|last| last.next_up()));
    all
}

fn accepted(comparison: &Comparison, threshold: f64) -> bool {
    comparison.distance.is_some_and(|distance| distance < threshold)
}

fn correct(comparison: &Comparison, threshold: f64) -> bool {
    comparison.distance.is_some() && accepted(comparison, threshold) == comparison.same
}

fn share(of: &[&Comparison], event: impl Fn(&Comparison) -> bool) -> f64 {
    of.iter().filter(|c| event(c)).count() as f64 / of.len() as f64
}

/// Genuine and impostor comparisons.
fn sides(comparisons: &[Comparison]) -> [Vec<&Comparison>; 2] {
    [true, false].map(|same| comparisons.iter().filter(|c| c.same == same).collect())
}

fn expected_refusal(comparisons: &[Comparison]) -> Option<EvaluationError> {
    let [genuine, impostor] = sides(comparisons).map(|side| side.len());
    match (genuine, impostor) {
        (0, 0) => Some(EvaluationError::Empty),
        (0, _) | (_, 0) => Some(EvaluationError::OneSided { genuine, impostor }),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn k_fold_agrees_with_the_slow_one(comparisons in comparisons()) {
        let measured = KFold::measure(&comparisons);
        let folds: BTreeSet<usize> = comparisons.iter().map(|c| c.fold).collect();
        if let Some(error) = expected_refusal(&comparisons) {
            prop_assert_eq!(measured, Err(error));
            return Ok(());
        }
        if folds.len() == 1 {
            prop_assert_eq!(measured, Err(EvaluationError::OneFold { fold: *folds.first().unwrap() }));
            return Ok(());
        }
        let mut accuracies = Vec::new();
        let mut chosen = Vec::new();
        for &fold in &folds {
            let (own, others): (Vec<_>, Vec<_>) = comparisons.iter().partition(|c| c.fold == fold);
            let mut best: Option<(usize, f64)> = None;
            for threshold in thresholds(others.iter().copied()) {
                let right = others.iter().filter(|c| correct(c, threshold)).count();
                if best.is_none_or(|(highest, _)| right > highest) {
                    best = Some((right, threshold));
                }
            }
            let Some((_, threshold)) = best else {
                let error = EvaluationError::NoDistances { fold, failures: others.len() };
                prop_assert_eq!(measured, Err(error));
                return Ok(());
            };
            accuracies.push(share(&own, |c| correct(c, threshold)));
            chosen.push(threshold);
        }
        let k_fold = measured.unwrap();
        prop_assert_eq!(k_fold.folds().iter().map(|f| f.threshold).collect::<Vec<_>>(), chosen.clone());
        prop_assert_eq!(
            k_fold.folds().iter().map(|f| f.accuracy.value()).collect::<Vec<_>>(),
            accuracies.clone()
        );
        prop_assert!(k_fold.folds().iter().map(|f| f.fold).eq(folds));
        let n = accuracies.len() as f64;
        let mean = accuracies.iter().sum::<f64>() / n;
        let variance = accuracies.iter().map(|a| a * a).sum::<f64>() / n - mean * mean;
        prop_assert!((k_fold.accuracy() - mean).abs() < 1e-12);
        prop_assert!((k_fold.std() - variance.max(0.0).sqrt()).abs() < 1e-7);
        prop_assert!((k_fold.threshold() - chosen.iter().sum::<f64>() / n).abs() < 1e-12);
        prop_assert_eq!(k_fold.pooled().of(), comparisons.len() as u64);
    }

    #[test]
    fn rates_and_curve_agree_with_counting(comparisons in comparisons(), extra in -1.0..3.0) {
        let roc = match (Roc::new(&comparisons), expected_refusal(&comparisons)) {
            (Ok(roc), None) => roc,
            (roc, error) => {
                prop_assert_eq!(roc.err(), error);
                return Ok(());
            }
        };
        let [genuine, impostor] = sides(&comparisons);
        let fmr = |t| share(&impostor, |c| accepted(c, t));
        let fnmr = |t| share(&genuine, |c| !accepted(c, t));
        let mut all = thresholds(comparisons.iter());
        prop_assert_eq!(roc.points().map(|p| p.threshold).collect::<Vec<_>>(), all.clone());
        for point in roc.points() {
            prop_assert_eq!(point.fmr, fmr(point.threshold));
            prop_assert_eq!(point.fnmr, fnmr(point.threshold));
        }
        all.extend([extra, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
        all.extend(comparisons.iter().filter_map(|c| c.distance));
        for threshold in all {
            prop_assert_eq!(roc.fmr(threshold).value(), fmr(threshold));
            prop_assert_eq!(roc.fnmr(threshold).value(), fnmr(threshold));
        }

        let mut wins = 0.0;
        for g in &genuine {
            for i in &impostor {
                let distance = |c: &Comparison| c.distance.unwrap_or(f64::INFINITY);
                wins += match distance(g).total_cmp(&distance(i)) {
                    std::cmp::Ordering::Less => 1.0,
                    std::cmp::Ordering::Equal => 0.5,
                    std::cmp::Ordering::Greater => 0.0,
                };
            }
        }
        let area = wins / (genuine.len() * impostor.len()) as f64;
        prop_assert!((roc.area() - area).abs() < 1e-12, "{} {}", roc.area(), area);
    }

    #[test]
    fn equal_error_rate_lies_on_the_curve(comparisons in comparisons()) {
        let Ok(roc) = Roc::new(&comparisons) else { return Ok(()) };
        let [genuine, impostor] = sides(&comparisons);
        let rates = |t: &f64| {
            (share(&impostor, |c| accepted(c, *t)), share(&genuine, |c| !accepted(c, *t)))
        };
        let all = thresholds(comparisons.iter());
        let crossed = all.iter().position(|t| { let (fmr, fnmr) = rates(t); fmr >= fnmr });
        let Some(after) = crossed else {
            let (fmr, fnmr) = all.last().map_or((0.0, 1.0), rates);
            prop_assert_eq!(roc.equal_error(), Err(EvaluationError::NoEqualError { fmr, fnmr }));
            prop_assert!(roc.failures() > 0);
            return Ok(());
        };
        let eer = roc.equal_error().unwrap();
        let ((f0, n0), (f1, n1)) = (rates(&all[after - 1]), rates(&all[after]));
        // Found by halving instead of by formula.
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            if f0 + middle * (f1 - f0) < n0 + middle * (n1 - n0) { low = middle } else { high = middle }
        }
        prop_assert!((eer.rate - (f0 + high * (f1 - f0))).abs() < 1e-9);
        prop_assert!((eer.rate - (n0 + high * (n1 - n0))).abs() < 1e-9);
        prop_assert!(all[after - 1] <= eer.threshold && eer.threshold <= all[after]);
    }

    #[test]
    fn at_fmr_is_the_most_permissive_threshold(
        comparisons in comparisons(),
        fmr in prop_oneof![Just(0.1), Just(0.2), Just(0.3), Just(0.5), Just(1.0), 0.001..1.0],
    ) {
        let Ok(roc) = Roc::new(&comparisons) else { return Ok(()) };
        let [genuine, impostor] = sides(&comparisons);
        let found = impostor.iter().filter(|c| c.distance.is_some()).count();
        let Ok(point) = roc.at_fmr(fmr) else {
            prop_assert!((found as f64) < 3.0 / fmr);
            let refused = matches!(roc.at_fmr(fmr), Err(EvaluationError::TooFewImpostors { needed, .. })
                if needed as f64 >= 3.0 / fmr - 1e-9 && (needed as f64) < 3.0 / fmr + 1.0);
            prop_assert!(refused);
            return Ok(());
        };
        prop_assert!(found as f64 >= 3.0 / fmr - 1e-9);
        let rate = |t| share(&impostor, |c| accepted(c, t));
        // Every threshold that makes a difference, from above.
        let mut all: Vec<f64> = comparisons.iter().filter_map(|c| c.distance).collect();
        all.extend(thresholds(comparisons.iter()));
        all.sort_by(|a, b| b.total_cmp(a));
        let expected = all.into_iter().find(|&t| rate(t) <= fmr + 1e-9).unwrap();
        prop_assert_eq!(point.threshold, expected);
        prop_assert_eq!(point.fmr.value(), rate(expected));
        prop_assert_eq!(point.tar.value(), share(&genuine, |c| accepted(c, expected)));
        prop_assert_eq!(point.fnmr, point.tar.complement());
    }

    #[test]
    fn wilson_ends_solve_their_equation(of in 1_u64..5000, part in 0.0..=1.0) {
        let count = (of as f64 * part) as u64;
        let rate = Rate::new(count, of).unwrap();
        let interval = rate.interval();
        prop_assert!(0.0 <= interval.low && interval.low <= rate.value());
        prop_assert!(rate.value() <= interval.high && interval.high <= 1.0);
        let z = 1.959_963_984_540_054;
        for p in [interval.low, interval.high] {
            let distance = (rate.value() - p).abs();
            prop_assert!((distance - z * (p * (1.0 - p) / of as f64).sqrt()).abs() < 1e-9);
        }
    }

    #[test]
    fn order_is_immaterial(comparisons in comparisons()) {
        let mut turned = comparisons.clone();
        turned.reverse();
        let options = ReportOptions { fmrs: vec![1.0, 0.25, 0.001] };
        prop_assert_eq!(Report::new(&comparisons, &options), Report::new(&turned, &options));
    }
}

#[test]
fn a_set_worked_by_hand() {
    let genuine = [0.2, 0.4, 0.4, 0.6].map(Some);
    let impostor = [Some(0.4), Some(0.8), Some(1.0), None];
    let mut set = Vec::new();
    for (i, (g, s)) in genuine.into_iter().zip(impostor).enumerate() {
        set.push(comparison(i % 2, true, g));
        set.push(comparison(i % 2, false, s));
    }
    let report = Report::new(&set, &ReportOptions { fmrs: vec![1.0, 0.5] }).unwrap();
    assert_eq!((report.pairs, report.genuine, report.impostor, report.failures), (8, 4, 4, 1));
    // Fold 0: 0.2 0.4 | 0.4 1.0. Fold 1: 0.4 0.6 | 0.8 and a failure.
    let rows: Vec<_> = report.folds.iter().map(|f| (f.threshold, f.accuracy.count())).collect();
    assert!((rows[0].0 - 0.7).abs() < 1e-12, "{rows:?}");
    assert_eq!(rows[0].1, 3, "the impostor at 0.4 is accepted");
    assert!((rows[1].0 - 0.3).abs() < 1e-12, "of 0.3 and 0.7, equally good, the stricter");
    assert_eq!(rows[1].1, 1, "both genuine are refused, and the failure is wrong");
    assert_eq!((report.accuracy, report.std), (0.5, 0.25));
    // FMR 0 and FNMR 3/4 below 0.3; 1/4 and 1/4 up to 0.5.
    let eer = report.eer.unwrap();
    assert_eq!(eer.rate, 0.25);
    assert!((eer.threshold - 0.5).abs() < 1e-12);
    // (4 + 4 + 4) of 16 pairs for 0.8, 1.0 and the failure, 1 + 2·½ for 0.4.
    assert_eq!(report.area, 14.0 / 16.0);
    assert!(matches!(report.tar[0], TarAtFmr::Measured(p) if p.fmr.count() == 3));
    let refused = TarAtFmr::Refused { target: 0.5, needed: 6, found: 3 };
    assert_eq!(report.tar[1], refused);
}

#[test]
fn an_fmr_needs_three_impostors_each() {
    let roc = |n: usize| {
        let impostor = (0..n).map(|i| 0.5 + i as f64 / 1e4).collect();
        Roc::from_distances(vec![0.4, 0.501, 0.9], impostor).unwrap()
    };
    let point = roc(3000).at_fmr(1e-3).unwrap();
    assert_eq!((point.fmr.count(), point.threshold), (3, 0.5 + 3e-4));
    assert_eq!(point.tar.count(), 1);
    let error = roc(2999).at_fmr(1e-3).unwrap_err();
    assert_eq!(error, EvaluationError::TooFewImpostors { fmr: 1e-3, needed: 3000, found: 2999 });
    assert!(error.to_string().contains("needs 3000"), "{error}");
    for fmr in [0.0, -0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert!(matches!(roc(10).at_fmr(fmr), Err(EvaluationError::Fmr { .. })), "{fmr}");
    }
    let tiny = roc(10).at_fmr(5e-324);
    assert!(matches!(tiny, Err(EvaluationError::TooFewImpostors { needed: u64::MAX, .. })));
}

#[test]
fn distances_must_be_numbers() {
    let good = comparison(0, true, Some(f64::from(f32::MAX)));
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e39] {
        let set = [good, comparison(1, false, Some(bad))];
        for error in [KFold::measure(&set).unwrap_err(), Roc::new(&set).unwrap_err()] {
            assert!(matches!(error, EvaluationError::Distance { position: 1, .. }), "{error}");
        }
        assert!(Roc::from_distances(vec![0.1], vec![bad]).is_err());
    }
    // The largest that is allowed overflows nothing.
    let set = [good, comparison(1, false, Some(-f64::from(f32::MAX)))];
    let report = Report::new(&set, &ReportOptions { fmrs: vec![1.0] }).unwrap();
    assert!(report.threshold.is_finite() && report.eer.unwrap().threshold.is_finite());
}

#[test]
fn nothing_but_failures_is_no_figure() {
    let set = [comparison(0, true, None), comparison(1, false, None)];
    let roc = Roc::new(&set).unwrap();
    assert_eq!((roc.points().count(), roc.failures(), roc.area()), (0, 2, 0.5));
    assert_eq!((roc.fmr(1.0).value(), roc.fnmr(1.0).value()), (0.0, 1.0));
    let error = EvaluationError::NoEqualError { fmr: 0.0, fnmr: 1.0 };
    assert_eq!(roc.equal_error(), Err(error));
    let error = EvaluationError::NoDistances { fold: 0, failures: 1 };
    assert_eq!(Report::new(&set, &ReportOptions::default()), Err(error));
}

#[test]
fn rates_are_refused_without_trials() {
    assert_eq!(Rate::new(0, 0), None);
    assert_eq!(Rate::new(2, 1), None);
    let interval = Rate::new(90, 100).unwrap().interval();
    // From the literature's formula, by hand: 0.8256 to 0.9448.
    assert!((interval.low - 0.825_6).abs() < 1e-4 && (interval.high - 0.944_8).abs() < 1e-4);
}

#[test]
fn a_report_is_json_with_plain_numbers() {
    let set: Vec<_> = (0..4)
        .flat_map(|i| [comparison(i, true, Some(0.1)), comparison(i, false, Some(0.9))])
        .collect();
    let report = Report::new(&set, &ReportOptions::default()).unwrap();
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["accuracy"], 1.0);
    assert_eq!(json["std"], 0.0);
    assert_eq!(json["threshold"], 0.5);
    assert_eq!(json["eer"]["rate"], 0.0);
    assert_eq!(json["correct"]["count"], 8);
    assert_eq!(json["folds"][3]["accuracy"]["value"], 1.0);
    assert_eq!(json["tar"][0]["needed"], 30);
}

#[test]
fn pixels_are_compared_by_l2() {
    use ndarray::{Array3, s};
    let black = Array3::<u8>::zeros((3, 96, 96));
    let white = Array3::<u8>::from_elem((3, 96, 96), 255);
    let expected = 255.0 * (3.0 * 96.0 * 96.0_f64).sqrt();
    assert_eq!(pixels::distance(&black, &white), Ok(expected));
    assert_eq!(pixels::distance(&white, &black), Ok(expected));
    assert_eq!(pixels::distance(&white, &white), Ok(0.0));

    let fractions = white.mapv(|value| f32::from(value) / 255.0);
    let half = fractions.slice(s![.., ..;2, ..]);
    assert_eq!(pixels::distance(&half, &half), Ok(0.0), "views with gaps");
    let error = pixels::distance(&half, &fractions).unwrap_err();
    assert_eq!(error, EvaluationError::Shape { a: vec![3, 48, 96], b: vec![3, 96, 96] });
}
