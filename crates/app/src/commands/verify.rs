//! `facenet verify`: decides whether two photos, or a photo and a claimed name, show one person.

use std::path::Path;

use anyhow::{Result, bail};
use biometrics::LoadedModel;
use biometrics::policy::VerificationPolicy;
use facenet::gallery::{PersonName, mean_template};
use facenet::matching::{Encoding, Threshold, Verification, verify};
use report::{ComparisonRow, Reference, VerificationRow};
use store::Access;

use crate::arguments::{StoreChoice, Verify};
use crate::decision::{ComparisonCount, print_probability, print_rates, verification};
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
}

impl ClaimedPerson {
    fn of_folder(photos: Gallery, claim: &str) -> Result<Self> {
        let encodings: Vec<_> = photos.entries.into_iter().map(|(_, encoding)| encoding).collect();
        let (name, template) = (name_form(claim), mean_template(&encodings)?);
        Ok(Self { name, template, references: encodings.len(), skipped: photos.skipped })
    }

    fn of_store(choice: &StoreChoice, model: &LoadedModel, claim: &str) -> Result<Self> {
        let name = PersonName::new(claim)?;
        let store = enrolled::open(choice, model, Access::Read)?;
        enrolled::expect_known(&store, std::slice::from_ref(&name))?;
        let encodings = store.person(&name)?.encodings();
        let (name, template) = (name.as_str().to_owned(), mean_template(&encodings)?);
        Ok(Self { name, template, references: encodings.len(), skipped: 0 })
    }
}

pub(crate) fn run(arguments: &Verify, output: &mut Output) -> Result<ExitStatus> {
    let choice = &arguments.store.model;
    let model = load(choice)?;
    let policy = &verification(&arguments.acceptance, &model)?;
    let reader = || FaceReader::new(choice, &model, arguments.faces.location());
    match (&arguments.photos[..], &arguments.claim, &arguments.gallery) {
        ([], _, _) => demonstration::run(choice, &model, policy, output),
        ([a, b], None, _) => two_photos(&reader()?, a, b, policy, output),
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
    a: &Path,
    b: &Path,
    policy: &VerificationPolicy,
    output: &mut Output,
) -> Result<ExitStatus> {
    let (probes, references) = (encodings(reader, a)?, encodings(reader, b)?);
    let answer = nearest(&probes, &references, policy.threshold())?;
    let [a, b] = [a, b].map(|path| path.display().to_string());
    if output.is_json() {
        let reference = Reference::Photo { reference: b };
        output.json(&json(a, reference, &answer, policy)?)?;
    } else {
        let [a, b] = [a, b].map(|path| escaped(&path));
        let verdict = if answer.same {
            format!("It's the same person in {a} and {b}.")
        } else {
            format!("It's not the same person in {a} and {b}.")
        };
        let compared = ComparisonCount { faces: probes.len() * references.len(), photos: 1 };
        print(&verdict, &answer, compared, policy, output)?;
    }
    Ok(status(&answer))
}

fn claimed(
    reader: &FaceReader,
    photo: &Path,
    person: &ClaimedPerson,
    policy: &VerificationPolicy,
    output: &mut Output,
) -> Result<ExitStatus> {
    let probes = encodings(reader, photo)?;
    let &ClaimedPerson { name: ref claim, ref template, references, skipped } = person;
    let answer = nearest(&probes, std::slice::from_ref(template), policy.threshold())?;
    if output.is_json() {
        let reference = Reference::Person { claim, references, skipped };
        let probe = photo.display().to_string();
        output.json(&json(probe, reference, &answer, policy)?)?;
    } else {
        // The notebook's wording.
        let name = escaped(claim);
        let verdict = if answer.same {
            format!("It's {name}, welcome home!")
        } else {
            format!("It's not {name}, please go away")
        };
        let compared = ComparisonCount { faces: probes.len(), photos: references };
        print(&verdict, &answer, compared, policy, output)?;
    }
    Ok(status(&answer))
}

fn encodings(reader: &FaceReader, photo: &Path) -> Result<Vec<Encoding>> {
    Ok(reader.read(photo)?.into_iter().map(|face| face.encoding).collect())
}

/// Compares the nearest pair of faces: with `--face all` a photo may have several.
fn nearest(
    probes: &[Encoding],
    references: &[Encoding],
    threshold: Threshold,
) -> Result<Verification> {
    let answers = probes.iter().filter_map(|probe| verify(probe, references, threshold));
    match answers.min_by(|a, b| a.distance.total_cmp(&b.distance)) {
        Some(answer) => Ok(answer),
        None => bail!("there are no faces to compare"),
    }
}

fn json<'a>(
    probe: String,
    reference: Reference<'a>,
    answer: &Verification,
    policy: &VerificationPolicy,
) -> Result<VerificationRow<'a>> {
    let comparison = ComparisonRow::new(answer.distance, policy)?;
    Ok(VerificationRow { probe, reference, comparison, correct: None })
}

fn print(
    verdict: &str,
    answer: &Verification,
    compared: ComparisonCount,
    policy: &VerificationPolicy,
    output: &mut Output,
) -> Result<()> {
    line!(output, "{verdict}")?;
    let Verification { distance, threshold, .. } = answer;
    line!(output, "distance {distance:.4}, threshold {threshold}")?;
    line!(output, "{}", scale(*distance, *threshold))?;
    print_probability(policy, *distance, output)?;
    print_rates(policy, compared, output)?;
    Ok(())
}

fn status(answer: &Verification) -> ExitStatus {
    if answer.same { ExitStatus::Match } else { ExitStatus::NoMatch }
}
