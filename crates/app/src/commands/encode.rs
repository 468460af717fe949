//! `facenet encode`: writes each face's encoding, 128 numbers, as JSON, CSV or NumPy array.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use faces::Face;
use npyz::WriterBuilder;
use report::{ErrorRow, LocationRow};
use serde::Serialize;

use crate::arguments::{Encode, EncodingFormat};
use crate::face_reader::{FaceReader, load};
use crate::output::{Output, escaped, warn, write_private};
use crate::{ExitStatus, exit_status_of, progress};

/// The JSON row of one face.
#[derive(Serialize)]
struct EncodingRow<'a> {
    file: String,
    #[serde(rename = "box", skip_serializing_if = "Option::is_none")]
    face_box: Option<[f32; 4]>,
    encoding: &'a [f32],
}

pub(crate) fn run(arguments: &Encode, output: &mut Output) -> Result<ExitStatus> {
    let format = arguments.format();
    if format == EncodingFormat::Npy && arguments.output.is_none() {
        bail!("--format npy writes binary data: name a file with --output FILE");
    }
    let reader =
        FaceReader::new(&arguments.model, &load(&arguments.model)?, arguments.faces.location())?;
    let Some(path) = &arguments.output else {
        return write(arguments, &reader, output.writer());
    };
    write_private(path, |mut file| write(arguments, &reader, &mut file))
}

fn write(arguments: &Encode, reader: &FaceReader, out: &mut impl Write) -> Result<ExitStatus> {
    match arguments.format() {
        EncodingFormat::Json => write_json(&arguments.files, reader, out),
        EncodingFormat::Csv => write_csv(&arguments.files, reader, out),
        EncodingFormat::Npy => write_npy(&arguments.files, reader, out),
    }
}

fn write_json(files: &[PathBuf], reader: &FaceReader, out: &mut impl Write) -> Result<ExitStatus> {
    each(files, reader, |file, faces| {
        match faces {
            Ok(faces) => {
                for face in &faces {
                    let file = file.display().to_string();
                    let encoding = face.encoding.values();
                    json_line(
                        out,
                        &EncodingRow { file, face_box: LocationRow::from(face).face_box, encoding },
                    )?;
                }
            }
            Err(error) => json_line(out, &ErrorRow::of_file(file, &error))?,
        }
        Ok(())
    })
}

fn json_line(out: &mut impl Write, row: &impl Serialize) -> Result<()> {
    serde_json::to_writer(&mut *out, row).map_err(std::io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

fn write_csv(files: &[PathBuf], reader: &FaceReader, out: &mut impl Write) -> Result<ExitStatus> {
    let mut csv = csv::Writer::from_writer(out);
    let columns = (0..facenet::network::ENCODING_LENGTH).map(|i| format!("e{i}"));
    csv.write_record(std::iter::once("file".to_owned()).chain(columns))?;
    let status = each(files, reader, |file, faces| {
        for face in faces.into_iter().flatten() {
            let numbers = face.encoding.values().iter().map(f32::to_string);
            csv.write_record(std::iter::once(file.display().to_string()).chain(numbers))?;
        }
        Ok(())
    })?;
    csv.flush()?;
    Ok(status)
}

/// Writes all rows or none: a missing row would shift the others.
fn write_npy(files: &[PathBuf], reader: &FaceReader, out: &mut impl Write) -> Result<ExitStatus> {
    let mut rows = Vec::new();
    let status = each(files, reader, |_, faces| {
        for face in faces.into_iter().flatten() {
            rows.extend_from_slice(face.encoding.values());
        }
        Ok(())
    })?;
    if status != ExitStatus::Match {
        bail!("nothing was written: an .npy file needs a face in every photo");
    }
    let columns = facenet::network::ENCODING_LENGTH as u64;
    let shape = [rows.len() as u64 / columns, columns];
    let mut npy = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(out).begin_nd()?;
    npy.extend(rows)?;
    npy.finish()?;
    Ok(status)
}

/// Encodes the files in order. An error is reported and does not stop the others.
fn each(
    files: &[PathBuf],
    reader: &FaceReader,
    mut take: impl FnMut(&Path, Result<Vec<Face>>) -> Result<()>,
) -> Result<ExitStatus> {
    let bar = progress::bar(files.len(), "encoding");
    let mut worst = ExitStatus::Match;
    for (file, faces) in files.iter().zip(reader.read_all(files, &bar)) {
        if let Err(error) = &faces {
            bar.suspend(|| warn(format_args!("left out: {error:#}")));
            worst = worst.worse(exit_status_of(error));
        }
        take(file, faces).with_context(|| escaped(&file.display().to_string()))?;
    }
    bar.finish_and_clear();
    Ok(worst)
}
