//! The random number generator and initial values.

use autograd::{Random, initial};

#[test]
fn gives_the_published_sequence() {
    // From the reference implementation of SplitMix64 (Vigna), seed 1234567.
    let mut random = Random::new(1_234_567);
    let found = [(); 3].map(|()| random.bits());
    assert_eq!(
        found,
        [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
    );
}

#[test]
fn normal_values_have_mean_zero_and_variance_one() {
    let mut random = Random::new(1);
    let values: Vec<f64> = (0..100_000).map(|_| random.normal()).collect();
    let moment = |power: i32| values.iter().map(|value| value.powi(power)).sum::<f64>() / 1e5;
    let found = [1, 2, 3, 4].map(moment);
    // Six standard errors.
    for (found, (expected, error)) in
        found.into_iter().zip([(0.0, 0.02), (1.0, 0.03), (0.0, 0.08), (3.0, 0.19)])
    {
        assert!((found - expected).abs() < error, "{found}, {expected} expected");
    }
}

#[test]
fn whole_numbers_are_even_and_below_the_end() {
    let mut random = Random::new(2);
    let mut counts = [0_i32; 7];
    for _ in 0..70_000 {
        counts[random.below(7)] += 1;
    }
    assert!(counts.iter().all(|count| (count - 10_000).abs() < 600), "{counts:?}");
}

#[test]
fn shuffling_keeps_all_values_and_moves_most() {
    let mut values: Vec<usize> = (0..100).collect();
    Random::new(3).shuffle(&mut values);
    assert!(values.iter().enumerate().filter(|(place, value)| place == *value).count() < 10);
    values.sort_unstable();
    assert!(values.iter().enumerate().all(|(place, value)| place == *value));
}

#[test]
fn starting_values_have_the_variance_that_their_papers_say() {
    let variance = |values: &[f64]| values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64;
    let mut random = Random::new(4);
    // 9 · 16 inputs, 9 · 64 outputs.
    let he = initial::he_normal::<f64>(&[64, 16, 3, 3], &mut random);
    let found = variance(he.as_slice().expect("a new array"));
    assert!((found * 144.0 / 2.0 - 1.0).abs() < 0.08, "{found}");
    let glorot = initial::glorot_uniform::<f64>(&[64, 16, 3, 3], &mut random);
    let found = variance(glorot.as_slice().expect("a new array"));
    assert!((found * 720.0 / 2.0 - 1.0).abs() < 0.08, "{found}");
}

#[test]
#[should_panic(expected = "he_normal: no inputs in shape [3, 0]")]
fn a_weight_without_inputs_panics() {
    let _ = initial::he_normal::<f32>(&[3, 0], &mut Random::new(5));
}
