//! Whether photos belong to the person as whom they are enrolled.

use facenet::gallery::{PersonName, TemplateError, mean_template};
use facenet::matching::{Candidate, Encoding, Threshold};

/// A photo that is unlike the person's others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlier {
    /// Its position among the photos.
    pub photo: usize,
    /// Its distance to the mean of the others.
    pub distance: f32,
}

/// The photos that may show somebody else: those whose distance to the mean of the others is
/// not below the threshold of one comparison. The farthest photo is taken out first, then the
/// rest are compared again.
pub fn outliers(photos: &[Encoding], threshold: Threshold) -> Vec<Outlier> {
    let mut outliers = Vec::new();
    let mut remaining: Vec<usize> = (0..photos.len()).collect();
    while remaining.len() > 2 {
        let from_others = |&photo: &usize| -> Option<Outlier> {
            let others = remaining.iter().filter(|&&other| other != photo);
            let others: Vec<_> = others.map(|&other| photos[other].clone()).collect();
            let distance = mean_template(&others).ok()?.distance(&photos[photo]);
            Some(Outlier { photo, distance })
        };
        let all = remaining.iter().filter_map(from_others);
        let farthest = all.max_by(|a, b| a.distance.total_cmp(&b.distance));
        let Some(outlier) = farthest.filter(|far| !threshold.accepts(far.distance)) else { break };
        outliers.push(outlier);
        remaining.retain(|&other| other != outlier.photo);
    }
    outliers
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
    use facenet::gallery::Gallery;
    use facenet::network::ENCODING_LENGTH;

    use super::*;

    /// A unit vector at `angle` radians from the first axis.
    fn at(angle: f32) -> Encoding {
        let mut values = [0.0; ENCODING_LENGTH];
        (values[0], values[1]) = (angle.cos(), angle.sin());
        Encoding::new(values).unwrap()
    }

    fn photos_of(outliers: &[Outlier]) -> Vec<usize> {
        outliers.iter().map(|outlier| outlier.photo).collect()
    }

    #[test]
    fn photos_of_somebody_else_are_outliers_and_the_others_are_not() {
        let found = |angles: &[f32]| {
            let photos: Vec<_> = angles.iter().copied().map(at).collect();
            photos_of(&outliers(&photos, Threshold::DEFAULT))
        };
        assert_eq!(found(&[0.0, 0.1, 0.2, 0.3]), [0; 0]);
        assert_eq!(found(&[0.0, 0.1, 1.5, 0.2]), [2]);
        assert_eq!(found(&[0.0, 3.0, 0.1, 1.5, 0.2]), [1, 3]);
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
