//! Miners against slow ones that follow the definitions word by word.

use std::collections::HashSet;

use ndarray::{Array2, array};
use tensor::Random;

use super::*;

const MARGIN: f64 = 0.2;

/// Encodings on the unit sphere, few enough dimensions for close calls.
fn random_batch(random: &mut Random, people: usize) -> (Array2<f64>, Vec<u32>) {
    let n = 1 + random.below(14);
    let mut encodings = Array2::from_shape_simple_fn((n, 3), || random.normal());
    for mut row in encodings.rows_mut() {
        let length = row.dot(&row).sqrt();
        row /= length;
    }
    // Some equal encodings, for ties.
    for row in 1..n {
        if random.below(4) == 0 {
            let copy = encodings.row(random.below(row)).to_owned();
            encodings.row_mut(row).assign(&copy);
        }
    }
    (encodings, (0..n).map(|_| random.below(people) as u32).collect())
}

/// Every combination of three pictures that is a triplet.
fn valid(identities: &[u32]) -> Vec<Triplet> {
    let n = identities.len();
    let mut found = Vec::new();
    for anchor in 0..n {
        for positive in 0..n {
            for negative in 0..n {
                let same = identities[anchor] == identities[positive] && anchor != positive;
                if same && identities[anchor] != identities[negative] {
                    found.push(Triplet { anchor, positive, negative });
                }
            }
        }
    }
    found
}

#[test]
fn miners_agree_with_the_definitions() {
    let mut random = Random::new(11);
    let mut counts = [0; 3];
    for round in 0..300 {
        let (encodings, identities) = random_batch(&mut random, 1 + round % 5);
        let d = squared_distances(encodings.view());
        let run = |mining| mine(mining, d.view(), &identities, MARGIN);
        let valid = valid(&identities);
        assert_eq!(run(Mining::All), valid);

        // Hardest: no other positive of the anchor is farther, no negative nearer.
        let hardest = run(Mining::Hardest);
        let anchors: HashSet<_> = valid.iter().map(|triplet| triplet.anchor).collect();
        assert_eq!(hardest.len(), anchors.len());
        for chosen in &hardest {
            assert!(valid.contains(chosen));
            for other in valid.iter().filter(|other| other.anchor == chosen.anchor) {
                let a = chosen.anchor;
                assert!(d[[a, other.positive]] <= d[[a, chosen.positive]]);
                assert!(d[[a, other.negative]] >= d[[a, chosen.negative]]);
            }
        }

        // Semi-hard: for each pair the first of the nearest within the band.
        let mut expected: Vec<Triplet> = Vec::new();
        for &triplet in &valid {
            let Triplet { anchor, positive, negative } = triplet;
            let (near, far) = (d[[anchor, positive]], d[[anchor, negative]]);
            if !(near < far && far < near + MARGIN) {
                continue;
            }
            match expected.last_mut() {
                Some(last) if (last.anchor, last.positive) == (anchor, positive) => {
                    if far < d[[anchor, last.negative]] {
                        *last = triplet;
                    }
                }
                _ => expected.push(triplet),
            }
        }
        let semi_hard = run(Mining::SemiHard);
        assert_eq!(semi_hard, expected);
        for (count, found) in counts.iter_mut().zip([valid, hardest, semi_hard]) {
            *count += found.len();
        }
    }
    assert!(counts.iter().all(|&count| count > 200), "the test saw too few triplets: {counts:?}");
}

#[test]
fn degenerate_batches_give_no_triplet() {
    let encodings = array![[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]];
    let d = squared_distances(encodings.view());
    for mining in [Mining::All, Mining::Hardest, Mining::SemiHard] {
        for identities in [[7, 7, 7], [1, 2, 3]] {
            assert_eq!(
                mine(mining, d.view(), &identities, MARGIN),
                [],
                "{mining:?} {identities:?}"
            );
        }
        let none = Array2::<f64>::zeros((0, 0));
        assert_eq!(mine(mining, none.view(), &[], MARGIN), []);
    }
}

#[test]
fn equal_encodings_have_valid_and_hardest_but_no_semi_hard_triplets() {
    let encodings = Array2::from_elem((4, 8), 8f32.recip().sqrt());
    let d = squared_distances(encodings.view());
    assert!(d.iter().all(|&distance| distance == 0.0));
    let identities = [0, 0, 1, 1];
    assert_eq!(mine(Mining::All, d.view(), &identities, MARGIN).len(), 8);
    assert_eq!(mine(Mining::SemiHard, d.view(), &identities, MARGIN), []);
    // The first negative of each anchor.
    let hardest = mine(Mining::Hardest, d.view(), &identities, MARGIN);
    let negatives: Vec<_> = hardest.iter().map(|triplet| triplet.negative).collect();
    assert_eq!(negatives, [2, 2, 0, 0]);
}

#[test]
fn what_is_not_a_number_is_not_chosen() {
    let encodings = array![[1.0, 0.0], [0.8, 0.6], [f64::NAN, 0.0], [0.0, 1.0]];
    let d = squared_distances(encodings.view());
    let identities = [0, 0, 1, 1];
    let hardest = mine(Mining::Hardest, d.view(), &identities, MARGIN);
    let expected = [(0, 1, 3), (1, 0, 3)];
    let expected =
        expected.map(|(anchor, positive, negative)| Triplet { anchor, positive, negative });
    assert_eq!(hardest, expected, "pictures 2 and 3 have no positive at a known distance");
    let semi_hard = mine(Mining::SemiHard, d.view(), &identities, 2.0);
    assert!(semi_hard.iter().all(|t| ![t.anchor, t.positive, t.negative].contains(&2)));
}

#[test]
fn distances_are_symmetric_to_the_bit() {
    let mut random = Random::new(3);
    let encodings = Array2::from_shape_simple_fn((9, 128), || random.normal() as f32);
    let d = squared_distances(encodings.view());
    assert_eq!(d, d.t());
    assert_eq!(d.diag().sum(), 0.0);
    let by_hand: f32 = (0..128).map(|i| (encodings[[2, i]] - encodings[[5, i]]).powi(2)).sum();
    assert!((d[[2, 5]] - by_hand).abs() < 1e-4 * by_hand);
}
