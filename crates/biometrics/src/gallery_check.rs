//! Audits a gallery from its stored encodings alone: people who would be missed, people who could
//! be taken for somebody else, and photos that do harm.

use std::fmt;

use facenet::gallery::{Gallery, PersonName, TemplateError, mean_template};
use facenet::matching::Encoding;

use crate::Error;
use crate::enrollment::{Outlier, outliers};
use crate::policy::{GalleryThreshold, IdentificationPolicy};

/// Fewest photos of a person who is recognized well: one photo misses a person several times
/// as often as five (`docs/calibration.md`).
const FEWEST_PHOTOS: usize = 3;

/// Two photos that are nearer than this are the same image, perhaps saved again: they say
/// nothing more about a person than one.
const COPY_DISTANCE: f32 = 0.02;

/// Something about a gallery that wants attention.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// A person has so few photos that they will often be missed.
    FewPhotos {
        /// The person.
        name: PersonName,
        /// How many photos they have.
        photos: usize,
    },
    /// More than half of a person's photos are not recognized by the person's others.
    Missed {
        /// The person.
        name: PersonName,
        /// Number of photos.
        photos: usize,
        /// How many are recognized.
        found: usize,
    },
    /// A photo may show somebody else.
    Unlike {
        /// The person.
        name: PersonName,
        /// Which photo, and how far it is from the others.
        outlier: Outlier,
    },
    /// Two photos are the same.
    Copy {
        /// The person.
        name: PersonName,
        /// Positions among the person's photos.
        photos: [usize; 2],
    },
    /// Two people would be taken for one another.
    Alike {
        /// The two.
        names: [PersonName; 2],
        /// The distance of their means.
        distance: f32,
    },
}

impl Finding {
    /// For programs: one word for each kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::FewPhotos { .. } => "few_photos",
            Self::Missed { .. } => "missed",
            Self::Unlike { .. } => "unlike",
            Self::Copy { .. } => "copy",
            Self::Alike { .. } => "alike",
        }
    }

    /// A remedy.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::FewPhotos { .. } => "enroll further photos, in other light and on another day",
            Self::Missed { .. } => "enroll further photos that look as the person does now",
            Self::Unlike { .. } => "look at it; if it shows somebody else, enroll the person again",
            Self::Copy { .. } => "enroll another photo in its place",
            Self::Alike { .. } => "enroll more photos of both, or use a stricter --fpir",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FewPhotos { name, photos: 1 } => write!(f, "{name} has one photo"),
            Self::FewPhotos { name, photos } => write!(f, "{name} has {photos} photos"),
            Self::Missed { name, photos, found } => write!(
                f,
                "{found} of {name}'s {photos} photos are recognized by the others at the threshold"
            ),
            Self::Unlike { name, outlier } => {
                write!(f, "photo {} of {name} may show somebody else: {outlier}", outlier.photo + 1)
            }
            Self::Copy { name, photos: [a, b] } => {
                write!(f, "photos {} and {} of {name} are the same", a + 1, b + 1)
            }
            Self::Alike { names: [a, b], distance } => {
                write!(f, "{a} and {b} are {distance:.2} apart: each would be taken for the other")
            }
        }
    }
}

/// Result of the audit of a gallery.
#[derive(Clone, Debug, PartialEq)]
pub struct GalleryCheck {
    /// The threshold in force, and how many strangers are accepted at it.
    pub threshold: GalleryThreshold,
    /// Photos that have others of the same person beside them.
    pub compared: usize,
    /// How many of these are recognized by the others.
    pub found: usize,
    /// The two people who are most alike, and the distance of their means.
    pub most_alike: Option<([PersonName; 2], f32)>,
    /// Findings, by person.
    pub findings: Vec<Finding>,
}

/// Checks the people of a gallery: their names, in order, and the encodings of their photos.
///
/// # Errors
/// When a person has no photo, or photos that have no mean, or the calibration has no answer.
pub fn check_gallery(
    people: &[(PersonName, Vec<Encoding>)],
    policy: &IdentificationPolicy,
) -> Result<GalleryCheck, Error> {
    let mut gallery = Gallery::with_capacity(people.len());
    for (name, photos) in people {
        gallery.insert(name.clone(), photos)?;
    }
    let threshold = policy.among(gallery.len(), gallery.faces())?;
    let (mut findings, mut compared, mut all_found) = (Vec::new(), 0, 0);
    for (name, photos) in people {
        let name = || name.clone();
        if photos.len() < FEWEST_PHOTOS {
            findings.push(Finding::FewPhotos { name: name(), photos: photos.len() });
        }
        if photos.len() > 1 {
            let found = leave_one_out(photos).filter(|&d| threshold.threshold.accepts(d)).count();
            compared += photos.len();
            all_found += found;
            if 2 * found < photos.len() {
                findings.push(Finding::Missed { name: name(), photos: photos.len(), found });
            }
        }
        for outlier in outliers(photos, &[], policy.verification())? {
            findings.push(Finding::Unlike { name: name(), outlier });
        }
        findings.extend(copies(photos).map(|photos| Finding::Copy { name: name(), photos }));
    }
    let most_alike = most_alike(&gallery, people)?;
    if let Some((names, distance)) = &most_alike
        && threshold.threshold.accepts(*distance)
    {
        findings.push(Finding::Alike { names: names.clone(), distance: *distance });
    }
    Ok(GalleryCheck { threshold, compared, found: all_found, most_alike, findings })
}

/// The distance of each photo to the mean of the others.
fn leave_one_out(photos: &[Encoding]) -> impl Iterator<Item = f32> + '_ {
    (0..photos.len()).filter_map(|photo| {
        let mut others = photos.to_vec();
        let photo = others.remove(photo);
        Some(mean_template(&others).ok()?.distance(&photo))
    })
}

/// Each photo that is a copy, with the first that it is a copy of.
fn copies(photos: &[Encoding]) -> impl Iterator<Item = [usize; 2]> + '_ {
    (1..photos.len()).filter_map(|photo| {
        let of = (0..photo).find(|&of| photos[of].distance(&photos[photo]) < COPY_DISTANCE)?;
        Some([of, photo])
    })
}

/// The two people whose means are nearest to one another.
fn most_alike(
    gallery: &Gallery,
    people: &[(PersonName, Vec<Encoding>)],
) -> Result<Option<([PersonName; 2], f32)>, TemplateError> {
    let means: Vec<_> =
        people.iter().map(|(_, photos)| mean_template(photos)).collect::<Result<_, _>>()?;
    let nearest = gallery.search_batch(&means, 2);
    let pairs = people.iter().zip(nearest).filter_map(|((name, _), nearest)| {
        let other = nearest.into_iter().find(|other| other.name != name.as_str())?;
        let at = gallery.names().binary_search_by(|known| known.as_str().cmp(&other.name)).ok()?;
        Some(([name.clone(), gallery.names()[at].clone()], other.distance))
    });
    let closest = pairs.min_by(|(_, a), (_, b)| a.total_cmp(b));
    Ok(closest.map(|(mut names, distance)| {
        names.sort();
        (names, distance)
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use facenet::engine::Looks;
    use facenet::network::ENCODING_LENGTH;

    use super::*;
    use crate::calibration::Calibration;
    use crate::policy::IdentificationOptions;

    /// A unit vector at `angle` radians from the first axis, toward the axis `toward`.
    fn at(angle: f32, toward: usize) -> Encoding {
        let mut values = [0.0; ENCODING_LENGTH];
        (values[0], values[toward]) = (angle.cos(), angle.sin());
        Encoding::new(values).unwrap()
    }

    fn checked(people: &[(&str, &[Encoding])]) -> GalleryCheck {
        let calibration = Some(Arc::new(Calibration::embedded(Looks::Two).unwrap()));
        let options = IdentificationOptions::default();
        let policy = IdentificationPolicy::new(calibration, &options).unwrap();
        let people: Vec<_> = people
            .iter()
            .map(|(name, photos)| (PersonName::new(name).unwrap(), photos.to_vec()))
            .collect();
        check_gallery(&people, &policy).unwrap()
    }

    fn kinds(check: &GalleryCheck) -> Vec<&'static str> {
        check.findings.iter().map(Finding::kind).collect()
    }

    #[test]
    fn a_good_gallery_wants_no_attention() {
        let [kian, joe] = [1, 2].map(|axis| [1.2, 1.3, 1.4].map(|angle| at(angle, axis)));
        let check = checked(&[("joe", &joe), ("kian", &kian)]);
        assert_eq!(kinds(&check), [""; 0]);
        assert_eq!((check.compared, check.found), (6, 6));
        assert_eq!((check.threshold.people, check.threshold.faces), (2, 6));
        let (names, distance) = check.most_alike.unwrap();
        assert_eq!(names.each_ref().map(PersonName::as_str), ["joe", "kian"]);
        assert!(distance > 1.0, "{distance}");
    }

    #[test]
    fn each_kind_of_harm_is_found() {
        let few = [at(0.0, 1)];
        assert_eq!(kinds(&checked(&[("kian", &few)])), ["few_photos"]);
        let copies = [0.0, 0.1, 0.1, 0.2].map(|angle| at(angle, 1));
        let check = checked(&[("kian", &copies)]);
        assert_eq!(kinds(&check), ["copy"]);
        assert!(check.findings[0].to_string().starts_with("photos 2 and 3 of kian"));
        let stranger = [0.0, 0.1, 0.2, 1.5].map(|angle| at(angle, 1));
        let check = checked(&[("kian", &stranger)]);
        assert_eq!(kinds(&check), ["unlike"]);
        assert!(check.findings[0].to_string().contains("photo 4 of kian"), "{:?}", check.findings);
        assert_eq!((check.compared, check.found), (4, 3));
        let scattered = [at(0.0, 1), at(1.5, 2), at(1.5, 3)];
        assert!(kinds(&checked(&[("kian", &scattered)])).contains(&"missed"));
        let [kian, twin] = [[0.0, 0.1, 0.2], [0.3, 0.4, 0.5]].map(|all| all.map(|a| at(a, 1)));
        let check = checked(&[("kian", &kian), ("twin", &twin)]);
        assert_eq!(kinds(&check), ["alike"]);
        assert!(!check.findings[0].remedy().is_empty());
    }

    #[test]
    fn nobody_wants_no_attention() {
        let check = checked(&[]);
        assert_eq!((kinds(&check), check.most_alike), (vec![], None));
    }
}
