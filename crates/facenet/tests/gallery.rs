//! The gallery against comparing with everybody, one by one.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use facenet::gallery::{Gallery, PersonName, cluster, cluster_in_photos, mean_template};
use facenet::matching::{Candidate, Encoding, Threshold, names_in_photo, who_is_it};
use proptest::prelude::*;

/// A unit vector of some seed; nearby seeds are no nearer than others.
fn encoding(seed: u64) -> Encoding {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f64 / f64::from(1 << 24) - 0.5
    };
    unit((0..128).map(|_| next()).collect())
}

fn unit(values: Vec<f64>) -> Encoding {
    let length = values.iter().map(|v| v * v).sum::<f64>().sqrt();
    Encoding::new(values.into_iter().map(|v| (v / length) as f32)).unwrap()
}

/// `encoding(person)` with a little of another direction in it.
fn variation(person: u64, seed: u64, share: f64) -> Encoding {
    let (own, other) = (encoding(person), encoding(seed ^ 0xabcd_ef01));
    let mixed = own.values().iter().zip(other.values());
    unit(mixed.map(|(&a, &b)| f64::from(a) + share * f64::from(b)).collect())
}

fn name(number: u64) -> PersonName {
    PersonName::new(&format!("person {number}")).unwrap()
}

/// By the definition: mean templates, distances in f64, order by distance and name.
fn by_hand(people: &[(PersonName, Vec<Encoding>)], probe: &Encoding, top: usize) -> Vec<Candidate> {
    let means: Vec<_> = people
        .iter()
        .map(|(name, templates)| (name.as_str(), mean_template(templates).unwrap()))
        .collect();
    let gallery = means.iter().map(|(name, mean)| (*name, mean));
    who_is_it(probe, gallery, Threshold::DEFAULT, top).candidates
}

/// People of few looks, so that equal distances are common.
fn people() -> impl Strategy<Value = Vec<(PersonName, Vec<Encoding>)>> {
    let looks = prop::collection::vec(0..6_u64, 1..4);
    prop::collection::btree_map(0..10_000_u64, looks, 0..80).prop_map(|people| {
        let person = |(number, looks): (u64, Vec<u64>)| {
            (name(number), looks.into_iter().map(encoding).collect())
        };
        people.into_iter().map(person).collect()
    })
}

fn gallery_of(people: &[(PersonName, Vec<Encoding>)]) -> Gallery {
    let mut gallery = Gallery::new();
    for (name, templates) in people {
        gallery.insert(name.clone(), templates).unwrap();
    }
    gallery
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn search_is_comparing_with_everybody(
        mut people in people(),
        probe in 0..9_u64,
        top in 0..12_usize,
        turn in 0..80_usize,
    ) {
        let expected = by_hand(&people, &encoding(probe), top);
        let gallery = gallery_of(&people);
        prop_assert_eq!(gallery.search(&encoding(probe), top), expected.clone());
        // The order of enrollment changes nothing.
        let turn = turn.min(people.len());
        people.rotate_left(turn);
        prop_assert_eq!(gallery_of(&people).search(&encoding(probe), top), expected);
    }

    #[test]
    fn a_batch_of_probes_gets_the_answers_of_each(people in people(), top in 1..5_usize) {
        let gallery = gallery_of(&people);
        let probes: Vec<_> = (0..70).map(|seed| variation(seed % 8, seed, 0.3)).collect();
        let alone: Vec<_> = probes.iter().map(|probe| gallery.search(probe, top)).collect();
        prop_assert_eq!(gallery.search_batch(&probes, top), alone);
    }

    #[test]
    fn removing_is_never_having_enrolled(people in people(), out in 0..80_usize) {
        let mut gallery = gallery_of(&people);
        let mut rest = people.clone();
        if out < rest.len() {
            let (name, _) = rest.remove(out);
            prop_assert!(gallery.remove(&name) && !gallery.remove(&name));
            prop_assert!(!gallery.contains(&name));
        }
        let expected = gallery_of(&rest);
        prop_assert_eq!(gallery.names(), expected.names());
        prop_assert_eq!(gallery.faces(), expected.faces());
        let faces = rest.iter().map(|(_, looks)| looks.len()).sum::<usize>();
        prop_assert_eq!(gallery.faces(), faces);
        if let Some((name, looks)) = rest.first() {
            // Another look at somebody takes the place of the old ones.
            gallery.insert(name.clone(), &[encoding(1)]).unwrap();
            prop_assert_eq!(gallery.faces(), faces - looks.len() + 1);
            prop_assert_eq!(gallery.faces_of(name), Some(1));
            gallery.insert(name.clone(), looks).unwrap();
        }
        prop_assert_eq!(gallery.search(&encoding(3), 90), expected.search(&encoding(3), 90));
    }

    #[test]
    fn clusters_are_the_people(
        people in prop::collection::vec(1..9_u64, 1..12),
        turn in 0..90_usize,
    ) {
        let mut faces = Vec::new();
        for (person, &photos) in people.iter().enumerate() {
            faces.extend((0..photos).map(|i| (person, variation(person as u64, 100 + i, 0.4))));
        }
        let turn = turn % faces.len();
        faces.rotate_left(turn);
        let encodings: Vec<_> = faces.iter().map(|(_, face)| face.clone()).collect();
        let groups = cluster(&encodings, Threshold::DEFAULT);
        prop_assert_eq!(groups.len(), people.len());
        for group in &groups {
            let person = faces[group[0]].0;
            prop_assert!(group.iter().all(|&face| faces[face].0 == person));
            prop_assert_eq!(group.len() as u64, people[person]);
            prop_assert!(group.is_sorted());
        }
        prop_assert!(groups.is_sorted_by(|a, b| a.len() >= b.len()));
    }
}

#[test]
fn a_gallery_of_many_pieces_and_threads_is_searched_whole() {
    let people: Vec<_> = (0..9_000).map(|n| (name(n), vec![encoding(n % 8_990)])).collect();
    let gallery = gallery_of(&people);
    for wanted in [0, 4_095, 8_999] {
        let probe = variation(wanted % 8_990, 1, 0.2);
        let expected = by_hand(&people, &probe, 5);
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| gallery.search(&probe, 5)), expected);
        }
        assert_eq!(gallery.search_batch(std::slice::from_ref(&probe), 5), [expected]);
    }
}

#[test]
fn memory_is_little_more_than_the_numbers() {
    for people in [1_000, 30_000] {
        let mut gallery = Gallery::new();
        for n in 0..people {
            let name = PersonName::new(&format!("a person's usual name {n:08}")).unwrap();
            gallery.insert(name, &[encoding(n)]).unwrap();
        }
        let numbers = people as f64 * 512.0;
        let ratio = gallery.bytes() as f64 / numbers;
        // Grown by insertion, an eighth of it is room for more.
        assert!(ratio < 1.25, "{people} people: {ratio}");
        let mut exact = Gallery::with_capacity(people as usize);
        for (row, name) in gallery.names().iter().enumerate() {
            exact.insert(name.clone(), &[encoding(row as u64)]).unwrap();
        }
        assert!(exact.bytes() as f64 / numbers < 1.1);
    }
}

#[test]
fn groups_of_nobody_and_of_one_look() {
    assert!(cluster(&[], Threshold::DEFAULT).is_empty());
    let same = vec![encoding(4); 300];
    assert_eq!(cluster(&same, Threshold::DEFAULT), [(0..300).collect::<Vec<_>>()]);
    // Nothing is below a threshold of zero.
    assert_eq!(cluster(&same[..2], Threshold::new(0.0).unwrap()), [[0], [1]]);
}

#[test]
fn faces_of_one_photo_are_never_one_person() {
    let (a, near_a, b) = (variation(1, 1, 0.2), variation(1, 2, 0.2), encoding(2));
    let faces = [a.clone(), near_a.clone(), b.clone(), variation(1, 3, 0.2)];
    assert_eq!(cluster(&faces, Threshold::DEFAULT), [vec![0, 1, 3], vec![2]]);
    // The first two are in one photo, so the last one joins only one of them.
    let groups = cluster_in_photos(&faces, &[7, 7, 7, 9], Threshold::DEFAULT);
    let sizes: Vec<_> = groups.iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 1, 1], "{groups:?}");
    assert!(groups[0].contains(&3) && !groups.iter().any(|g| g.contains(&0) && g.contains(&1)));
    // A group takes the photos of who joined it along.
    let many = [a.clone(), near_a.clone(), a.clone(), near_a];
    let groups = cluster_in_photos(&many, &[1, 1, 2, 2], Threshold::DEFAULT);
    assert_eq!(groups, [[0, 2], [1, 3]]);
}

#[test]
fn near_pairs_are_counted() {
    let people: Vec<_> = (0..40).map(|n| (name(n), vec![variation(n / 2, n, 0.1)])).collect();
    let gallery = gallery_of(&people);
    assert_eq!(gallery.near_pairs(Threshold::new(0.4).unwrap()), [20, 780]);
    assert_eq!(Gallery::new().near_pairs(Threshold::DEFAULT), [0, 0]);
}

#[test]
fn two_faces_of_a_photo_are_not_given_one_name() {
    let gallery = gallery_of(&[(name(1), vec![encoding(1)]), (name(2), vec![encoding(2)])]);
    let faces = [variation(1, 5, 0.3), variation(1, 6, 0.1), variation(2, 7, 0.1)];
    let answers = faces.map(|face| gallery.recognize(&face, Threshold::DEFAULT, 3));
    assert!(answers.iter().all(|answer| answer.person().is_some()));
    let names = names_in_photo(&answers);
    let names: Vec<_> = names.iter().map(|name| name.map(|name| name.name.as_str())).collect();
    let (one, two) = (name(1), name(2));
    assert_eq!(names, [None, Some(one.as_str()), Some(two.as_str())]);
}
