//! `facenet encode`: the network's 128 numbers for each face.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use faces::Face;
use npyz::WriterBuilder;
use serde::Serialize;

use crate::arguments::{Encode, EncodingFormat};
use crate::face_reader::{FaceReader, load};
use crate::output::{Output, escaped, warn};
use crate::{Outcome, outcome_of, progress};

/// One line of JSON.
#[derive(Serialize)]
struct Row<'a> {
    file: String,
    #[serde(rename = "box", skip_serializing_if = "Option::is_none")]
    place: Option<[f32; 4]>,
    encoding: &'a [f32],
}

/// The line of a file that gave none.
#[derive(Serialize)]
struct FaultRow {
    file: String,
    error: String,
}

pub(crate) fn run(arguments: &Encode, output: &mut Output) -> Result<Outcome> {
    let format = arguments.format();
    if format == EncodingFormat::Npy && arguments.output.is_none() {
        bail!("--format npy writes binary numbers: name a file with --output FILE");
    }
    let reader =
        FaceReader::new(&arguments.model, &load(&arguments.model)?, arguments.faces.location())?;
    let Some(path) = &arguments.output else {
        return write(arguments, &reader, output.writer());
    };
    // Written beside the target and moved when complete, so that an earlier
    // result is not lost to a run that fails.
    let partial = partial(path);
    let context = || format!("cannot write {}", path.display());
    let written = (|| {
        let mut file = BufWriter::new(File::create(&partial).with_context(context)?);
        let outcome = write(arguments, &reader, &mut file)?;
        file.into_inner().map_err(|error| error.into_error()).with_context(context)?;
        std::fs::rename(&partial, path).with_context(context)?;
        Ok(outcome)
    })();
    if written.is_err() {
        // The error that is reported is the one that led here.
        let _ = std::fs::remove_file(&partial);
    }
    written
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

fn write(arguments: &Encode, reader: &FaceReader, out: &mut impl Write) -> Result<Outcome> {
    match arguments.format() {
        EncodingFormat::Json => write_json(&arguments.files, reader, out),
        EncodingFormat::Csv => write_csv(&arguments.files, reader, out),
        EncodingFormat::Npy => write_npy(&arguments.files, reader, out),
    }
}

fn write_json(files: &[PathBuf], reader: &FaceReader, out: &mut impl Write) -> Result<Outcome> {
    each(files, reader, |file, faces| {
        let file = file.display().to_string();
        match faces {
            Ok(faces) => {
                for face in faces {
                    let place = face.detected.map(|detected| detected.place.sides());
                    let encoding = face.encoding.values();
                    json_line(out, &Row { file: file.clone(), place, encoding })?;
                }
            }
            Err(error) => json_line(out, &FaultRow { file, error: format!("{error:#}") })?,
        }
        Ok(())
    })
}

fn json_line(out: &mut impl Write, row: &impl Serialize) -> Result<()> {
    serde_json::to_writer(&mut *out, row).map_err(std::io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

fn write_csv(files: &[PathBuf], reader: &FaceReader, out: &mut impl Write) -> Result<Outcome> {
    let mut csv = csv::Writer::from_writer(out);
    let columns = (0..facenet::network::ENCODING_LENGTH).map(|i| format!("e{i}"));
    csv.write_record(std::iter::once("file".to_owned()).chain(columns))?;
    let outcome = each(files, reader, |file, faces| {
        for face in faces.into_iter().flatten() {
            let numbers = face.encoding.values().iter().map(f32::to_string);
            csv.write_record(std::iter::once(file.display().to_string()).chain(numbers))?;
        }
        Ok(())
    })?;
    csv.flush()?;
    Ok(outcome)
}

/// All or nothing: a row that is missing would shift the others.
fn write_npy(files: &[PathBuf], reader: &FaceReader, out: &mut impl Write) -> Result<Outcome> {
    let mut rows = Vec::new();
    let outcome = each(files, reader, |_, faces| {
        for face in faces.into_iter().flatten() {
            rows.extend_from_slice(face.encoding.values());
        }
        Ok(())
    })?;
    if outcome != Outcome::Yes {
        bail!("nothing was written: every row of an .npy file has to be a face");
    }
    let columns = facenet::network::ENCODING_LENGTH as u64;
    let shape = [rows.len() as u64 / columns, columns];
    let mut npy = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(out).begin_nd()?;
    npy.extend(rows)?;
    npy.finish()?;
    Ok(outcome)
}

/// Encodes each file in order; faults are reported and the rest goes on.
fn each(
    files: &[PathBuf],
    reader: &FaceReader,
    mut take: impl FnMut(&Path, Result<Vec<Face>>) -> Result<()>,
) -> Result<Outcome> {
    let bar = progress::bar(files.len(), "encoding");
    let mut worst = Outcome::Yes;
    for (file, faces) in files.iter().zip(reader.read_all(files, &bar)) {
        if let Err(error) = &faces {
            bar.suspend(|| warn(format_args!("left out: {error:#}")));
            if worst != Outcome::Error {
                worst = outcome_of(error);
            }
        }
        take(file, faces).with_context(|| escaped(&file.display().to_string()))?;
    }
    bar.finish_and_clear();
    Ok(worst)
}
