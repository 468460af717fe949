//! Error rates by group of people, at one threshold for all of them.
//!
//! After ISO/IEC 19795-10: the same threshold for every group, rates with intervals, failures
//! to enroll, and how far a group's distances lie from everybody's. The pairs of two people
//! are those **within** a group, which are the likeliest to be confused: two men, not a man
//! and a woman.

use std::collections::{BTreeMap, HashSet};

use facenet::matching::{Encoding, Threshold};
use serde::Serialize;

use crate::RateEstimate;
use crate::calibration::{CalibrationError, Distances};

/// Name of the group that all photos belong to.
const EVERYBODY: &str = "everybody";

/// One group's figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GroupFigures {
    /// Its name.
    pub group: String,
    /// Its people.
    pub people: usize,
    /// Its photos, with and without a usable face.
    pub photos: usize,
    /// Failures to enroll: its photos without a usable face.
    pub failures: usize,
    /// Rates and distances; nothing where the group has no pair of one person, or none of two.
    #[serde(flatten)]
    pub measured: Option<GroupRates>,
}

/// Results of a group's pairs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct GroupRates {
    /// Pairs of one person.
    pub genuine: u64,
    /// Pairs of two people of the group.
    pub impostor: u64,
    /// False match rate.
    pub fmr: RateEstimate,
    /// False non-match rate, without photos that failed.
    pub fnmr: RateEstimate,
    /// Mean distance of pairs of one person, and of two.
    pub distances: [f64; 2],
    /// How far those lie from everybody's; a negative one is nearer together.
    pub shift: [f64; 2],
}

/// Measures every group at the threshold: everybody first, then the groups from the highest
/// false match rate to the lowest, those without rates at the end.
///
/// `people` says who is on each photo, `labels` of which group it is, where that is known.
///
/// # Errors
/// When there are not as many people as photos, or all photos together have no pair of one
/// person, or none of two.
///
/// # Panics
/// When there are not as many labels as photos.
pub fn by_group(
    encodings: &[Option<Encoding>],
    people: &[usize],
    labels: &[Option<&str>],
    threshold: Threshold,
) -> Result<Vec<GroupFigures>, CalibrationError> {
    assert_eq!(encodings.len(), labels.len(), "a photo has a label or none");
    if encodings.len() != people.len() {
        let (encodings, people) = (encodings.len(), people.len());
        return Err(CalibrationError::Labels { encodings, people });
    }
    let all: Vec<_> = (0..encodings.len()).collect();
    let rates = rates(encodings, people, &all, threshold, [0.0; 2])?;
    let everybody = GroupRates { shift: [0.0; 2], ..rates };
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (photo, label) in labels.iter().enumerate() {
        if let Some(label) = label {
            groups.entry(label).or_default().push(photo);
        }
    }
    let figures = |group: &str, photos: &[usize], measured| GroupFigures {
        group: group.to_owned(),
        people: photos.iter().map(|&photo| people[photo]).collect::<HashSet<_>>().len(),
        photos: photos.len(),
        failures: photos.iter().filter(|&&photo| encodings[photo].is_none()).count(),
        measured,
    };
    let mut table = vec![figures(EVERYBODY, &all, Some(everybody))];
    for (group, photos) in groups {
        let measured = self::rates(encodings, people, &photos, threshold, everybody.distances);
        table.push(figures(group, &photos, measured.ok()));
    }
    let fmr = |figures: &GroupFigures| figures.measured.map_or(-1.0, |rates| rates.fmr.value);
    table[1..].sort_by(|a, b| fmr(b).total_cmp(&fmr(a)));
    Ok(table)
}

fn rates(
    encodings: &[Option<Encoding>],
    people: &[usize],
    photos: &[usize],
    threshold: Threshold,
    expected: [f64; 2],
) -> Result<GroupRates, CalibrationError> {
    let with_face =
        photos.iter().filter_map(|&photo| Some((encodings[photo].clone()?, people[photo])));
    let (encodings, people): (Vec<_>, Vec<_>) = with_face.unzip();
    let found = Distances::all_pairs(&encodings, &people, &mut |_| ())?;
    let [genuine, impostor] = found.totals();
    let [fmr, fnmr] = found.rates(threshold);
    let distances = found.means();
    let shift = [0, 1].map(|side| distances[side] - expected[side]);
    Ok(GroupRates { genuine, impostor, fmr, fnmr, distances, shift })
}

#[cfg(test)]
mod tests {
    use tensor::Random;

    use super::*;

    /// Photos of people of whom the second half all look alike.
    fn photos() -> (Vec<Option<Encoding>>, Vec<usize>, Vec<Option<&'static str>>) {
        let mut random = Random::new(0x6e0);
        let (mut encodings, mut people, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        for person in 0..24 {
            let alike = person >= 12;
            let mut middle: Vec<f64> = (0..128).map(|_| random.normal()).collect();
            middle[0] += if alike { 14.0 } else { 0.0 };
            for photo in 0..4 {
                let values: Vec<f64> = middle.iter().map(|m| m + 0.5 * random.normal()).collect();
                let length = values.iter().map(|v| v * v).sum::<f64>().sqrt();
                let unit = values.iter().map(|v| (v / length) as f32);
                let failed = (person, photo) == (3, 0);
                encodings.push((!failed).then(|| Encoding::new(unit).expect("of length 1")));
                people.push(person);
                labels.push(if person == 11 { None } else { Some(if alike { "b" } else { "a" }) });
            }
        }
        (encodings, people, labels)
    }

    #[test]
    fn who_look_alike_come_first_and_lie_nearer_together() {
        let (encodings, people, labels) = photos();
        let threshold = Threshold::new(0.95).expect("one");
        let table = by_group(&encodings, &people, &labels, threshold).expect("rates");
        let names: Vec<_> = table.iter().map(|figures| figures.group.as_str()).collect();
        assert_eq!(names, [EVERYBODY, "b", "a"]);
        let [all, b, a] = [0, 1, 2].map(|row| table[row].measured.expect("measured"));
        assert!(b.fmr.value > all.fmr.value && all.fmr.value > a.fmr.value, "{table:?}");
        assert!(b.shift[1] < -0.1 && a.shift[1] > b.shift[1], "{table:?}");
        let counts = |row: usize| [table[row].people, table[row].photos, table[row].failures];
        assert_eq!([counts(0), counts(1), counts(2)], [[24, 96, 1], [12, 48, 0], [11, 44, 1]]);
        // 48 photos of 12 people, four each.
        assert_eq!([b.genuine, b.impostor], [12 * 6, 48 * 47 / 2 - 12 * 6]);
        assert!(b.fmr.low <= b.fmr.value && b.fmr.value <= b.fmr.high);
    }

    #[test]
    fn a_group_of_one_person_has_no_rates() {
        let (encodings, people, mut labels) = photos();
        labels.fill(Some("others"));
        labels[..4].fill(Some("alone"));
        let table = by_group(&encodings, &people, &labels, Threshold::DEFAULT).expect("rates");
        assert_eq!((&*table[2].group, table[2].measured, table[2].photos), ("alone", None, 4));
    }
}
