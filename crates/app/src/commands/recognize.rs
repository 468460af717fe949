//! `facenet recognize`: identifies each face among the enrolled people, or those of a folder.

use std::path::Path;

use anyhow::Result;
use biometrics::LoadedModel;
use biometrics::policy::{GalleryThreshold, IdentificationPolicy};
use facenet::matching::names_in_photo;
use faces::{DetectedFace, Face};
use report::{ErrorRow, Identity, RecognitionRow};
use store::{Access, PeopleIndex};

use crate::arguments::Recognize;
use crate::decision::{
    identification, print_gallery_threshold, warn_if_extrapolating, with_known_rate,
};
use crate::face_reader::{FaceReader, load};
use crate::gallery_folder::GalleryFolder;
use crate::output::{Output, escaped, line, warn};
use crate::{ExitStatus, enrolled, exit_status_of, progress};

/// The people that faces are compared with, and how.
struct SearchSpace {
    people: PeopleIndex,
    /// Photos of the folder that could not be used.
    skipped: usize,
    /// Rows of them, and of the folder's files that are no photos.
    left_out: Vec<ErrorRow>,
    policy: IdentificationPolicy,
    threshold: GalleryThreshold,
    /// How many of the nearest people are listed.
    top: usize,
}

pub(crate) fn run(arguments: &Recognize, output: &mut Output) -> Result<ExitStatus> {
    let choice = &arguments.store.model;
    let model = load(choice)?;
    let policy = identification(&arguments.admission, &model)?;
    let reader = FaceReader::new(choice, &model, arguments.faces.location())?
        .with_limits(arguments.faces.limits());
    let search = search_space(arguments, &model, &reader, policy)?;
    let bar = progress::bar(arguments.photos.len(), "recognizing");
    let mut worst = ExitStatus::Match;
    for (photo, faces) in arguments.photos.iter().zip(reader.read_all(&arguments.photos, &bar)) {
        let status = match faces {
            Ok(faces) => identify(photo, &faces, &search, arguments.photos.len() > 1, output)?,
            // With one photo, its error is the command's.
            Err(error) if arguments.photos.len() == 1 => return Err(error),
            Err(error) => {
                if output.is_json() {
                    output.json(&ErrorRow::of_probe(photo, &error))?;
                }
                bar.suspend(|| warn(format_args!("left out: {error:#}")));
                exit_status_of(&error)
            }
        };
        worst = worst.worse(status);
    }
    bar.finish_and_clear();
    if output.is_json() {
        search.left_out.iter().try_for_each(|row| output.json(row))?;
    }
    Ok(worst)
}

fn search_space(
    arguments: &Recognize,
    model: &LoadedModel,
    reader: &FaceReader,
    policy: IdentificationPolicy,
) -> Result<SearchSpace> {
    let (people, (skipped, left_out)) = match &arguments.gallery {
        Some(folder) => {
            enrolled::expect_exact(&arguments.store, "a folder's people are compared exactly")?;
            let photos = reader.with_location(arguments.faces.location_in_gallery())?;
            let photos = GalleryFolder::open(folder)?.everybody(&photos)?;
            (photos.gallery()?.into(), (photos.skipped, photos.left_out))
        }
        None => {
            let store = enrolled::open(&arguments.store, model, Access::Read)?;
            (store.into_index()?, (0, Vec::new()))
        }
    };
    let [count, faces] = [people.len()?, people.template_count()?];
    warn_if_extrapolating(&policy, faces);
    let threshold = match &people {
        PeopleIndex::InMemory(gallery) => {
            with_known_rate(policy.among(count, faces)?, &policy, gallery)?
        }
        PeopleIndex::InDatabase(_) => policy.among(count, faces)?,
    };
    Ok(SearchSpace { people, skipped, left_out, policy, threshold, top: arguments.top.get() })
}

/// Identifies the faces of one photo: a match if every person is recognized.
fn identify(
    photo: &Path,
    faces: &[Face],
    search: &SearchSpace,
    titled: bool,
    output: &mut Output,
) -> Result<ExitStatus> {
    let SearchSpace { people, threshold, top, .. } = search;
    let mut status = ExitStatus::Match;
    if titled && !output.is_json() {
        line!(output, "{}:", escaped(&photo.display().to_string()))?;
    }
    // As many candidates as faces, so that who loses the nearest name may have the next one.
    let depth = faces.len().max(*top);
    let recognize = |face: &Face| people.recognize(&face.encoding, threshold.threshold, depth);
    let recognitions = faces.iter().map(recognize).collect::<Result<Vec<_>, _>>()?;
    let names = names_in_photo(&recognitions);
    for ((face, recognition), name) in faces.iter().zip(&recognitions).zip(names) {
        if name.is_none() {
            status = ExitStatus::NoMatch;
        }
        let answer = Identity { recognition, name, top: *top };
        if output.is_json() {
            output.json(&RecognitionRow::new(photo, face, answer, *threshold, search.skipped))?;
        } else {
            print(face, faces.len(), answer, search, output)?;
        }
    }
    Ok(status)
}

/// Prints the answer in the notebook's wording, then the nearest people.
fn print(
    face: &Face,
    faces: usize,
    answer: Identity<'_>,
    search: &SearchSpace,
    output: &mut Output,
) -> Result<()> {
    if let Some(DetectedFace { face_box, .. }) = face.detected
        && faces > 1
    {
        line!(
            output,
            "Face at x {:.0}, y {:.0}, {:.0} pixels wide:",
            face_box.x,
            face_box.y,
            face_box.width
        )?;
    }
    match (answer.name, answer.recognition.person()) {
        (Some(person), _) => {
            let (name, distance) = (escaped(&person.name), person.distance);
            line!(output, "It's {name}, the distance is {distance:.4}")?;
        }
        (None, Some(taken)) => {
            let name = escaped(&taken.name);
            line!(output, "Not in the gallery: another face of the photo is nearer to {name}.")?;
        }
        (None, None) => line!(output, "Not in the gallery.")?,
    }
    let candidates = answer.candidates();
    let longest = candidates.iter().map(|c| c.name.chars().count()).max().unwrap_or(0);
    for (rank, candidate) in candidates.iter().enumerate() {
        let (name, distance) = (escaped(&candidate.name), candidate.distance);
        line!(output, "{:>3}. {name:<longest$}  {distance:.4}", rank + 1)?;
    }
    print_gallery_threshold(&search.threshold, &search.policy, output)
}
