//! "Who is this?"

use std::collections::BTreeMap;

use super::{Encoding, Threshold};

/// A person of the gallery, with the distance of their nearest picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The person.
    pub name: String,
    /// Distance from the probe to the nearest of their pictures.
    pub distance: f32,
}

/// The answer to "who is this?".
#[derive(Clone, Debug, PartialEq)]
pub struct Recognition {
    /// Up to K people, nearest first; equal distances by name.
    pub candidates: Vec<Candidate>,
    /// The threshold the nearest was held against.
    pub threshold: Threshold,
}

impl Recognition {
    /// The nearest person, if near enough.
    pub fn person(&self) -> Option<&Candidate> {
        self.candidates.first().filter(|nearest| self.threshold.accepts(nearest.distance))
    }
}

/// The notebook's `who_is_it`: the `top` people of `gallery` nearest to the
/// probe. A name may come several times, once a picture; a person's nearest
/// picture counts. The order of the gallery does not matter.
pub fn who_is_it<'g>(
    probe: &Encoding,
    gallery: impl IntoIterator<Item = (&'g str, &'g Encoding)>,
    threshold: Threshold,
    top: usize,
) -> Recognition {
    let mut nearest: BTreeMap<&str, f32> = BTreeMap::new();
    for (name, encoding) in gallery {
        let distance = probe.distance(encoding);
        nearest.entry(name).and_modify(|d| *d = d.min(distance)).or_insert(distance);
    }
    let mut candidates: Vec<_> = nearest
        .into_iter()
        .map(|(name, distance)| Candidate { name: name.to_owned(), distance })
        .collect();
    // Stable, and the map was in the order of names.
    candidates.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    candidates.truncate(top);
    Recognition { candidates, threshold }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::verify;

    /// A unit vector at `angle` radians from the first axis.
    fn at(angle: f32) -> Encoding {
        let mut values = [0.0; 128];
        values[0] = angle.cos();
        values[1] = angle.sin();
        Encoding::new(values).unwrap()
    }

    fn names(recognition: &Recognition) -> Vec<&str> {
        recognition.candidates.iter().map(|c| c.name.as_str()).collect()
    }

    #[test]
    fn the_nearest_picture_of_a_person_counts() {
        let (far, near, other) = (at(1.5), at(0.1), at(0.4));
        let gallery = [("kian", &far), ("younes", &other), ("kian", &near)];
        let answer = who_is_it(&at(0.0), gallery, Threshold::NOTEBOOK, 5);
        assert_eq!(names(&answer), ["kian", "younes"]);
        assert_eq!(answer.person().unwrap().name, "kian");
    }

    #[test]
    fn strangers_are_nobody() {
        let known = at(1.5);
        let answer = who_is_it(&at(0.0), [("kian", &known)], Threshold::NOTEBOOK, 5);
        assert_eq!(names(&answer), ["kian"]);
        assert_eq!(answer.person(), None);
    }

    #[test]
    fn ties_go_by_name_in_any_order() {
        let (a, b) = (at(0.2), at(-0.2));
        for gallery in [[("b", &a), ("a", &b)], [("a", &b), ("b", &a)]] {
            assert_eq!(names(&who_is_it(&at(0.0), gallery, Threshold::NOTEBOOK, 2)), ["a", "b"]);
        }
    }

    #[test]
    fn an_empty_gallery_and_no_candidates_are_no_panic() {
        let probe = at(0.0);
        let empty: [(&str, &Encoding); 0] = [];
        assert_eq!(who_is_it(&probe, empty, Threshold::NOTEBOOK, 3).person(), None);
        assert!(who_is_it(&probe, [("a", &probe)], Threshold::NOTEBOOK, 0).candidates.is_empty());
        assert_eq!(verify(&probe, &[], Threshold::NOTEBOOK), None);
    }
}
