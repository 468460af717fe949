//! `facenet verify`: decides whether two photos, or a photo and a claimed name, show one person.

use std::path::Path;

use anyhow::{Result, bail};
use biometrics::LoadedModel;
use biometrics::policy::{Answer, VerificationPolicy};
use facenet::gallery::{PersonName, mean_template};
use facenet::matching::Encoding;
use faces::Face;
use report::{
    ComparisonRow, ErrorRow, LocationRow, PairRow, PathRow, Reference, VerificationRow,
    is_outside_measured, warnings,
};
use store::Access;

use crate::arguments::{StoreChoice, Verify};
use crate::decision::{
    ComparisonCount, nearest_rate, print_probability, print_rates, verification,
};
use crate::face_reader::{FaceReader, load};
use crate::gallery_folder::{Gallery, GalleryFolder, name_form};
use crate::output::{Output, escaped, line};
use crate::text::scale;
use crate::{ExitStatus, demonstration, enrolled};

/// The person that a photo is claimed to show.
struct ClaimedPerson {
    /// The name in its normalized form.
    name: String,
    /// The mean of the encodings of the person's photos.
    template: Encoding,
    /// The number of those photos.
    references: usize,
    /// Photos of the person that could not be used.
    skipped: usize,
    /// Rows of them.
    left_out: Vec<ErrorRow>,
}

impl ClaimedPerson {
    fn of_folder(photos: Gallery, claim: &str) -> Result<Self> {
        let Gallery { entries, skipped, left_out } = photos;
        let encodings: Vec<_> = entries.into_iter().map(|(_, encoding)| encoding).collect();
        let (name, template) = (name_form(claim), mean_template(&encodings)?);
        Ok(Self { name, template, references: encodings.len(), skipped, left_out })
    }

    fn of_store(choice: &StoreChoice, model: &LoadedModel, claim: &str) -> Result<Self> {
        let name = PersonName::enrolled(claim)?;
        let store = enrolled::open(choice, model, Access::Read)?;
        enrolled::expect_known(&store, std::slice::from_ref(&name))?;
        let encodings = store.person(&name)?.encodings();
        let (name, template) = (name.as_str().to_owned(), mean_template(&encodings)?);
        let left_out = Vec::new();
        Ok(Self { name, template, references: encodings.len(), skipped: 0, left_out })
    }
}

pub(crate) fn run(arguments: &Verify, output: &mut Output) -> Result<ExitStatus> {
    let choice = &arguments.store.model;
    let model = load(choice)?;
    let policy = &verification(&arguments.acceptance, &model)?;
    let limits = arguments.faces.limits();
    let reader = || {
        let reader = FaceReader::new(choice, &model, arguments.faces.location())?;
        Ok::<_, anyhow::Error>(reader.with_limits(limits))
    };
    match (&arguments.photos[..], &arguments.claim, &arguments.gallery) {
        ([], _, _) => demonstration::run(choice, &model, policy, output),
        ([a, b], None, _) => {
            let reader = reader()?;
            let references = reader.with_location(arguments.faces.location_of_reference())?;
            two_photos(&reader, &references, a, b, policy, output)
        }
        ([photo], Some(claim), gallery) => {
            let reader = reader()?;
            let person = match gallery {
                Some(folder) => {
                    let known = reader.with_location(arguments.faces.location_in_gallery())?;
                    let photos = GalleryFolder::open(folder)?.person(claim, &known)?;
                    ClaimedPerson::of_folder(photos, claim)?
                }
                None => ClaimedPerson::of_store(&arguments.store, &model, claim)?,
            };
            claimed(&reader, photo, &person, policy, output)
        }
        ([_], ..) => bail!("expected a second photo, or --as NAME, to compare the photo with"),
        _ => bail!("--as NAME: expected one photo, found {}", arguments.photos.len()),
    }
}

fn two_photos(
    reader: &FaceReader,
    references: &FaceReader,
    a: &Path,
    b: &Path,
    policy: &VerificationPolicy,
    output: &mut Output,
) -> Result<ExitStatus> {
    let (probes, references) = (reader.read(a)?, references.read(b)?);
    let nearest = Nearest::of(&probes, &references)?;
    let answer = nearest.answer(policy)?;
    if output.is_json() {
        let reference = Reference::Photo(PathRow::new("reference", b));
        output.json(&json(a, reference, &nearest, policy)?)?;
    } else {
        let [a, b] = [a, b].map(|path| escaped(&path.display().to_string()));
        let verdict = match answer {
            Answer::Same => format!("It's the same person in {a} and {b}."),
            Answer::Different => format!("It's not the same person in {a} and {b}."),
            Answer::Uncertain => format!("It may be the same person in {a} and {b}, or not."),
        };
        print(&verdict, &nearest, 1, policy, output)?;
    }
    Ok(status(answer))
}

fn claimed(
    reader: &FaceReader,
    photo: &Path,
    person: &ClaimedPerson,
    policy: &VerificationPolicy,
    output: &mut Output,
) -> Result<ExitStatus> {
    let probes = reader.read(photo)?;
    let &ClaimedPerson { name: ref claim, ref template, references, skipped, .. } = person;
    let template = Face { detected: None, encoding: template.clone() };
    let nearest = Nearest::of(&probes, std::slice::from_ref(&template))?;
    let answer = nearest.answer(policy)?;
    if output.is_json() {
        let reference = Reference::Person { claim, references, skipped };
        output.json(&json(photo, reference, &nearest, policy)?)?;
        person.left_out.iter().try_for_each(|row| output.json(row))?;
    } else {
        // The notebook's wording.
        let name = escaped(claim);
        let verdict = match answer {
            Answer::Same => format!("It's {name}, welcome home!"),
            Answer::Different => format!("It's not {name}, please go away"),
            Answer::Uncertain => format!("It may be {name}, or not: please show another photo"),
        };
        print(&verdict, &nearest, references, policy, output)?;
    }
    Ok(status(answer))
}

/// The nearest pair of faces: with `--face all` a photo may have several.
struct Nearest<'f> {
    faces: [&'f Face; 2],
    distance: f32,
    /// How many pairs there are.
    pairs: usize,
}

impl<'f> Nearest<'f> {
    fn of(probes: &'f [Face], references: &'f [Face]) -> Result<Self> {
        let pairs = probes.len() * references.len();
        let all = probes.iter().flat_map(|a| references.iter().map(move |b| [a, b]));
        let distances = all.map(|[a, b]| ([a, b], a.encoding.distance(&b.encoding)));
        match distances.min_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((faces, distance)) => Ok(Self { faces, distance, pairs }),
            None => bail!("there are no faces to compare"),
        }
    }

    /// The comparison, and what is known of such a distance.
    fn comparison(&self, policy: &VerificationPolicy) -> Result<ComparisonRow> {
        Ok(ComparisonRow::of_faces(self.distance, &self.faces, policy)?)
    }

    fn answer(&self, policy: &VerificationPolicy) -> Result<Answer> {
        Ok(self.comparison(policy)?.stats.answer)
    }

    /// Whether a face can be seen less well than those that the rates were measured on.
    fn is_outside(&self) -> bool {
        is_outside_measured(&self.faces)
    }
}

fn json<'a>(
    probe: &Path,
    reference: Reference<'a>,
    nearest: &Nearest<'_>,
    policy: &VerificationPolicy,
) -> Result<VerificationRow<'a>> {
    let (comparison, outside_measured) = (nearest.comparison(policy)?, nearest.is_outside());
    let [face_box, reference_box] = nearest.faces.map(|face| LocationRow::from(face).face_box);
    let pairs = nearest.pairs;
    let fmr_of_nearest = comparison.stats.fmr.map(|fmr| nearest_rate(fmr, pairs));
    let warnings = nearest.faces.map(warnings);
    let pair =
        PairRow { face_box, reference_box, pairs, fmr_of_nearest, outside_measured, warnings };
    let probe = PathRow::new("probe", probe);
    Ok(VerificationRow { probe, reference, comparison, correct: None, pair: Some(pair) })
}

fn print(
    verdict: &str,
    nearest: &Nearest<'_>,
    photos: usize,
    policy: &VerificationPolicy,
    output: &mut Output,
) -> Result<()> {
    line!(output, "{verdict}")?;
    let (distance, threshold) = (nearest.distance, policy.threshold());
    line!(output, "distance {distance:.4}, threshold {threshold}")?;
    line!(output, "{}", scale(distance, threshold))?;
    print_probability(policy, distance, nearest.is_outside(), output)?;
    print_rates(policy, ComparisonCount { faces: nearest.pairs, photos }, output)?;
    Ok(())
}

fn status(answer: Answer) -> ExitStatus {
    match answer {
        Answer::Same => ExitStatus::Match,
        Answer::Different => ExitStatus::NoMatch,
        Answer::Uncertain => ExitStatus::Uncertain,
    }
}
