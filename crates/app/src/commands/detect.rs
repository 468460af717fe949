//! `facenet detect`: prints each face's box, landmarks and quality, and draws them.

mod drawing;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use faces::{
    AlignedFace, CropMethod, FaceBox, FaceChoice, FaceError, FaceLocation, FaceLocator,
    FaceQuality, Photo, Visibility,
};
use report::{DetectedFaceRow, ErrorRow, PathRow, faults};
use serde::Serialize;

use crate::arguments::Detect;
use crate::face_reader::{self, COARSE, hint_for_no_face};
use crate::output::{Output, escaped, line, note, warn};
use crate::{ExitStatus, exit_status_of};

/// The JSON row of a photo.
#[derive(Serialize)]
struct PhotoRow {
    #[serde(flatten)]
    file: PathRow,
    width: u32,
    height: u32,
    /// How much of the photo its file does not hold because it ends early, 0 to 1.
    missing: f32,
    /// Whether the file lacks the last details of the rest.
    coarse: bool,
    faces: Vec<DetectedFaceRow>,
}

pub(crate) fn run(arguments: &Detect, output: &mut Output) -> Result<ExitStatus> {
    let options = arguments.searching.options(FaceChoice::All);
    let locator = FaceLocator::new(FaceLocation::Detected(options))?;
    let locator = locator.with_limits(arguments.searching.limits());
    if let Some(folder) = arguments.draw.as_ref().filter(|_| arguments.photos.len() > 1) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let mut worst = ExitStatus::Match;
    for file in &arguments.photos {
        match detect(arguments, &locator, file, output) {
            Ok(faces) => {
                if faces == 0 {
                    worst = worst.worse(ExitStatus::NoFace);
                }
            }
            Err(error) if arguments.photos.len() == 1 => return Err(error),
            Err(error) => {
                warn(format_args!("left out: {error:#}"));
                if output.is_json() {
                    output.json(&ErrorRow::of_file(file, &error))?;
                }
                worst = worst.worse(exit_status_of(&error));
            }
        }
    }
    Ok(worst)
}

/// Prints and draws the faces of one photo; returns their number.
fn detect(
    arguments: &Detect,
    locator: &FaceLocator,
    file: &Path,
    output: &mut Output,
) -> Result<usize> {
    let photo = face_reader::open(locator, file)?;
    let faces = locator.detect(&photo)?;
    if photo.missing().is_some() {
        let (file, missing) = (file.display().to_string(), 100.0 * photo.missing_share());
        let file = escaped(&file);
        warn(format_args!("{file}: the file ends early, {missing:.0} % of the photo is missing"));
    }
    if photo.is_coarse() {
        warn(format_args!("{}: {COARSE}", escaped(&file.display().to_string())));
    }
    if let Some(path) = drawing_path(arguments, file)? {
        let drawn = drawing::draw(&photo, &faces);
        drawn
            .save_with_format(&path, image::ImageFormat::Png)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if output.is_json() {
        let (width, height) = (photo.width(), photo.height());
        let faces = faces.iter().map(Into::into).collect();
        let (file, missing) = (PathRow::new("file", file), photo.missing_share());
        let coarse = photo.is_coarse();
        output.json(&PhotoRow { file, width, height, missing, coarse, faces })?;
    } else {
        print(&file.display().to_string(), &photo, &faces, output)?;
    }
    if faces.is_empty() {
        note(format_args!("{}", hint_for_no_face(&arguments.searching.options(FaceChoice::All))));
    }
    Ok(faces.len())
}

/// The file of a photo's drawing: the one that the user named, or one in the folder.
fn drawing_path(arguments: &Detect, file: &Path) -> Result<Option<PathBuf>> {
    let Some(draw) = &arguments.draw else { return Ok(None) };
    if arguments.photos.len() == 1 {
        return Ok(Some(draw.clone()));
    }
    let Some(name) = file.file_stem() else { bail!("{} has no name", file.display()) };
    let mut name = name.to_owned();
    name.push(".png");
    let path = draw.join(name);
    let is_same = |other: &&PathBuf| other.file_stem() == file.file_stem();
    if arguments.photos.iter().filter(is_same).count() > 1 {
        bail!("two photos would be drawn into {}: rename one", path.display());
    }
    Ok(Some(path))
}

fn print(file: &str, photo: &Photo, faces: &[AlignedFace], output: &mut Output) -> Result<()> {
    let (file, width, height) = (escaped(file), photo.width(), photo.height());
    if faces.is_empty() {
        let error = FaceError::NoFace { width, height };
        return Ok(line!(output, "{file}: {error}")?);
    }
    let count = if faces.len() == 1 { "1 face".into() } else { format!("{} faces", faces.len()) };
    line!(output, "{file}: {count} in {width} × {height} pixels")?;
    for (number, face) in faces.iter().enumerate() {
        let FaceBox { x, y, width, height, score } = face.face_box;
        line!(
            output,
            "  [{number}] {width:.0} × {height:.0} at ({x:.0}, {y:.0}), score {score:.2}"
        )?;
        let names = ["eye", "eye", "nose", "mouth", "mouth"];
        let landmarks = names.iter().zip(face.landmarks);
        let landmarks: Vec<_> =
            landmarks.map(|(name, [x, y])| format!("{name} ({x:.0}, {y:.0})")).collect();
        line!(output, "      {}", landmarks.join(", "))?;
        let FaceQuality {
            size,
            sharpness,
            brightness,
            contrast,
            yaw,
            roll,
            confidence,
            visibility,
        } = face.quality;
        let Visibility { mouth, eyes } = visibility;
        line!(
            output,
            "      confidence {confidence:.2}, aligned by {}; size {size:.0} pixels, \
             yaw {yaw:.0}°, roll {roll:.0}°",
            match face.method {
                CropMethod::Landmarks => "its landmarks",
                CropMethod::Box => "the detector's box",
            }
        )?;
        line!(
            output,
            "      sharpness {sharpness:.3}, brightness {brightness:.2}, contrast {contrast:.2}, \
             seen: mouth {mouth:.2}, eyes {eyes:.2}"
        )?;
        let [refused, warnings] = faults(face);
        for (kind, faults) in [("refused", refused), ("warning", warnings)] {
            for fault in faults {
                line!(output, "      {kind}: {fault}")?;
            }
        }
    }
    Ok(())
}
