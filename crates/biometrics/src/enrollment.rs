//! Checks that photos belong to the person as whom they are enrolled.

use std::fmt;

use facenet::gallery::{PersonName, TemplateError, mean_template};
use facenet::matching::{Candidate, Encoding, Threshold};

use crate::Error;
use crate::calibration::CalibrationError;
use crate::policy::VerificationPolicy;

/// A photo that is unlike the person's others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlier {
    /// Its position among the photos.
    pub photo: usize,
    /// Its distance to the mean of the others.
    pub distance: f32,
    /// The distance from which on a photo is unlike the others.
    pub limit: f32,
}

impl fmt::Display for Outlier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { distance, limit, .. } = self;
        write!(f, "it is {distance:.2} away from the person's other photos, expected below {limit}")
    }
}

/// The distance from which on two photos of one person are so far apart that two people are
/// more probable; where nothing is known of the model's distances, the threshold.
///
/// Laxer than the threshold, which keeps strangers out: whoever enrolls somebody says who it
/// is. In steps of a thousandth; `None` where the threshold or the prior accepts every distance.
///
/// # Errors
/// When the calibration gives no probability.
fn likeness_limit(policy: &VerificationPolicy) -> Result<Option<f32>, CalibrationError> {
    for distance in (0..2000_u16).map(|step| f32::from(step) / 1000.0) {
        let probability = policy.probability(distance)?;
        let is_unlikely = probability.is_none_or(|one_person| one_person.value < 0.5);
        if is_unlikely && !policy.threshold().accepts(distance) {
            return Ok(Some(distance));
        }
    }
    Ok(None)
}

/// The photos that may show somebody else: compared with the mean of those that are `stored`
/// of the person, and without any, each with the mean of the others. Then the farthest photo
/// is taken out first, and the rest are compared again. None where the policy accepts every
/// distance.
///
/// # Errors
/// When the stored photos have no mean, or the calibration gives no probability.
pub fn outliers(
    photos: &[Encoding],
    stored: &[Encoding],
    policy: &VerificationPolicy,
) -> Result<Vec<Outlier>, Error> {
    let Some(limit) = likeness_limit(policy)? else { return Ok(Vec::new()) };
    let is_unlike = |outlier: &Outlier| outlier.distance >= limit;
    if !stored.is_empty() {
        let mean = mean_template(stored)?;
        let compared = photos.iter().enumerate().map(|(photo, encoding)| Outlier {
            photo,
            distance: mean.distance(encoding),
            limit,
        });
        return Ok(compared.filter(is_unlike).collect());
    }
    let mut outliers = Vec::new();
    let mut remaining: Vec<usize> = (0..photos.len()).collect();
    while remaining.len() > 1 {
        let from_others = |&photo: &usize| -> Option<Outlier> {
            let others = remaining.iter().filter(|&&other| other != photo);
            let others: Vec<_> = others.map(|&other| photos[other].clone()).collect();
            // Others that cancel out are as far apart as can be: one of them goes first.
            let distance = mean_template(&others).ok()?.distance(&photos[photo]);
            Some(Outlier { photo, distance, limit })
        };
        let all = remaining.iter().filter_map(from_others);
        let farthest = all.max_by(|a, b| a.distance.total_cmp(&b.distance));
        let Some(outlier) = farthest.filter(is_unlike) else { break };
        outliers.push(outlier);
        remaining.retain(|&other| other != outlier.photo);
    }
    Ok(outliers)
}

/// Another enrolled person for whom the mean of these photos would be taken. `search` finds
/// the people nearest to a probe, `threshold` is that of a search among all of them.
///
/// # Errors
/// When the photos have no mean, or the search fails.
pub fn resemblance<E: From<TemplateError>>(
    name: &PersonName,
    photos: &[Encoding],
    threshold: Threshold,
    search: impl FnOnce(&Encoding, usize) -> Result<Vec<Candidate>, E>,
) -> Result<Option<Candidate>, E> {
    // Two candidates, because the nearest may be the person who is enrolled already.
    let mut nearest = search(&mean_template(photos)?, 2)?;
    nearest.retain(|person| person.name != name.as_str());
    Ok(nearest.into_iter().next().filter(|person| threshold.accepts(person.distance)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use facenet::engine::Looks;
    use facenet::gallery::Gallery;
    use facenet::network::ENCODING_LENGTH;

    use super::*;
    use crate::calibration::Calibration;
    use crate::policy::VerificationOptions;

    /// A unit vector at `angle` radians from the first axis.
    fn at(angle: f32) -> Encoding {
        let mut values = [0.0; ENCODING_LENGTH];
        (values[0], values[1]) = (angle.cos(), angle.sin());
        Encoding::new(values).unwrap()
    }

    fn photos_of(outliers: &[Outlier]) -> Vec<usize> {
        outliers.iter().map(|outlier| outlier.photo).collect()
    }

    fn policy_calibration() -> Option<Arc<Calibration>> {
        Some(Arc::new(Calibration::embedded(Looks::Two).unwrap()))
    }

    fn policy() -> VerificationPolicy {
        VerificationPolicy::new(policy_calibration(), &VerificationOptions::default()).unwrap()
    }

    #[test]
    fn photos_of_somebody_else_are_outliers_and_the_others_are_not() {
        let found = |angles: &[f32], stored: &[f32]| {
            let at = |angles: &[f32]| angles.iter().copied().map(at).collect::<Vec<_>>();
            photos_of(&outliers(&at(angles), &at(stored), &policy()).unwrap())
        };
        assert_eq!(found(&[0.0], &[]), [0; 0]);
        assert_eq!(found(&[0.0, 0.1, 0.2, 0.3], &[]), [0; 0]);
        assert_eq!(found(&[0.0, 0.1, 1.5, 0.2], &[]), [2]);
        assert_eq!(found(&[0.0, 3.0, 0.1, 1.5, 0.2], &[]), [1, 3]);
        // Of two, nobody can say which is the person: the later one has to be explained.
        assert_eq!(found(&[0.0, 1.5], &[]), [1]);
        // What is stored decides, even against several photos of somebody else.
        assert_eq!(found(&[1.5], &[0.0]), [0]);
        assert_eq!(found(&[1.5, 1.6, 0.1, 1.7], &[0.0]), [0, 1, 3]);
        assert_eq!(found(&[0.3, 0.4], &[0.0, 0.1]), [0; 0]);
    }

    #[test]
    fn the_limit_is_where_two_people_are_more_probable() {
        let policy = policy();
        let limit = likeness_limit(&policy).unwrap().unwrap();
        let value = |distance| policy.probability(distance).unwrap().unwrap().value;
        assert!(value(limit) < 0.5 && value(limit - 0.002) >= 0.5, "{limit}");
        assert!(!policy.threshold().accepts(limit));
        // A laxer threshold of the user's is the limit then.
        let threshold = Some(Threshold::new(0.9).unwrap());
        let lax = VerificationOptions { threshold, ..VerificationOptions::default() };
        let lax = VerificationPolicy::new(policy_calibration(), &lax).unwrap();
        assert_eq!(likeness_limit(&lax).unwrap(), Some(0.9));
        let unknown = VerificationPolicy::new(None, &VerificationOptions::default()).unwrap();
        assert_eq!(likeness_limit(&unknown).unwrap(), Some(Threshold::NOTEBOOK.distance()));
    }

    #[test]
    fn a_policy_that_accepts_everything_has_no_limit_and_finds_no_outlier() {
        let all = Some(Threshold::new(2.0).unwrap());
        let all = VerificationOptions { threshold: all, ..VerificationOptions::default() };
        let certain = VerificationOptions { prior: Some(1.0 - 1e-12), ..Default::default() };
        for options in [all, certain] {
            let policy = VerificationPolicy::new(policy_calibration(), &options).unwrap();
            assert_eq!(likeness_limit(&policy).unwrap(), None, "{options:?}");
            assert_eq!(outliers(&[at(3.0)], &[at(0.0)], &policy).unwrap(), []);
        }
    }

    /// They were compared with each other, as if nothing were stored.
    #[test]
    fn photos_are_not_compared_with_stored_ones_that_have_no_mean() {
        let mut opposite = at(0.0).values().to_vec();
        opposite[0] = -1.0;
        let stored = [at(0.0), Encoding::new(opposite).unwrap()];
        let refused = outliers(&[at(0.0), at(0.1)], &stored, &policy());
        assert!(matches!(refused, Err(Error::Template(_))), "{refused:?}");
    }

    #[test]
    fn only_other_people_are_resembled() {
        let [barack, joe] = ["barack", "joe"].map(|name| PersonName::new(name).unwrap());
        let mut gallery = Gallery::new();
        gallery.insert(barack.clone(), &[at(0.0)]).unwrap();
        gallery.insert(joe.clone(), &[at(1.0)]).unwrap();
        let resembled = |name: &PersonName, angle: f32| {
            let search = |probe: &Encoding, top: usize| Ok(gallery.search(probe, top));
            let found: Result<_, TemplateError> =
                resemblance(name, &[at(angle)], Threshold::DEFAULT, search);
            found.unwrap().map(|person| person.name)
        };
        assert_eq!(resembled(&barack, 0.1), None);
        assert_eq!(resembled(&joe, 0.1).as_deref(), Some("barack"));
        assert_eq!(resembled(&barack, 0.9).as_deref(), Some("joe"));
        assert_eq!(resembled(&barack, 2.0), None);
    }
}
