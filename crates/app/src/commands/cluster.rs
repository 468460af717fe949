//! `facenet cluster`: groups the photos of a folder by person.

use std::collections::BTreeSet;

use anyhow::Result;
use facenet::gallery::cluster_in_photos;
use report::{ErrorRow, LocationRow, PathRow};
use serde::Serialize;
use training::dataset::{Listing, PhotoTree};

use crate::arguments::{Acceptance, Cluster};
use crate::decision::verification;
use crate::face_reader::{FaceReader, load};
use crate::left_out::note_left_out;
use crate::output::{Output, escaped, line, warn};
use crate::text::{counted, counted_people};
use crate::{ExitStatus, exit_status_of, progress};

/// The JSON row of a person.
#[derive(Serialize)]
struct Person {
    person: usize,
    faces: Vec<Face>,
}

#[derive(Serialize)]
struct Face {
    #[serde(flatten)]
    file: PathRow,
    #[serde(skip)]
    name: String,
    #[serde(rename = "box")]
    face_box: Option<[f32; 4]>,
}

/// The last JSON row.
#[derive(Serialize)]
struct Summary {
    people: usize,
    photos: usize,
    left_out: Vec<ErrorRow>,
}

pub(crate) fn run(arguments: &Cluster, output: &mut Output) -> Result<ExitStatus> {
    let acceptance = Acceptance { threshold: arguments.threshold, ..Acceptance::default() };
    let model = load(&arguments.model)?;
    let threshold = verification(&acceptance, &model)?.threshold();
    let reader = FaceReader::new(&arguments.model, &model, arguments.faces.location())?
        .with_limits(arguments.faces.limits());
    let Listing { photos, left_out } = PhotoTree::open(&arguments.folder)?.list()?;
    let files: Vec<_> = photos.into_iter().map(|photo| photo.path).collect();
    let mut left_out = note_left_out(left_out);
    let bar = progress::bar(files.len(), "reading the photos");
    let (mut faces, mut encodings, mut photos) = (Vec::new(), Vec::new(), Vec::new());
    let (mut skipped, mut worst) = (0, ExitStatus::Match);
    for (number, found) in reader.read_all(&files, &bar).enumerate() {
        let path = &files[number];
        match found {
            Ok(found) => {
                for face in found {
                    photos.push(number);
                    let (file, name) = (PathRow::new("file", path), path.display().to_string());
                    faces.push(Face { file, name, face_box: LocationRow::from(&face).face_box });
                    encodings.push(face.encoding);
                }
            }
            Err(error) => {
                skipped += 1;
                // A photo without a face is normal in a folder; only other errors count.
                if exit_status_of(&error) == ExitStatus::Error {
                    worst = ExitStatus::Error;
                }
                bar.suspend(|| warn(format_args!("left out: {error:#}")));
                left_out.push(ErrorRow::of_file(path, &error));
            }
        }
    }
    bar.finish_and_clear();
    let groups = cluster_in_photos(&encodings, &photos, threshold);
    let mut faces: Vec<_> = faces.into_iter().map(Some).collect();
    let people = groups.len();
    for (number, group) in groups.into_iter().enumerate() {
        let faces: Vec<_> = group.into_iter().filter_map(|face| faces[face].take()).collect();
        if output.is_json() {
            output.json(&Person { person: number + 1, faces })?;
        } else {
            line!(output, "Person {}: {}", number + 1, counted(faces.len(), "face"))?;
            let files: BTreeSet<_> = faces.iter().map(|face| face.name.as_str()).collect();
            for file in files {
                line!(output, "  {}", escaped(file))?;
            }
        }
    }
    let photos = files.len() - skipped;
    if output.is_json() {
        output.json(&Summary { people, photos, left_out })?;
    } else {
        let (people, photos) = (counted_people(people), counted(photos, "photo"));
        line!(output, "{people} in {photos}; {} left out", left_out.len())?;
    }
    Ok(worst)
}
