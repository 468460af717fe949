//! `facenet encode`: writes each face's encoding, 128 numbers, as JSON, CSV or NumPy array.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};
use faces::Face;
use npyz::WriterBuilder;
use report::{ErrorRow, LocationRow, PathRow};
use serde::Serialize;

use crate::arguments::{Encode, EncodingFormat};
use crate::face_reader::{FaceReader, load};
use crate::output::{Output, escaped, warn, write_private_in_parts};
use crate::{ExitStatus, exit_status_of, progress};

/// The JSON row of one face.
#[derive(Serialize)]
struct EncodingRow<'a> {
    #[serde(flatten)]
    file: PathRow,
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
        FaceReader::new(&arguments.model, &load(&arguments.model)?, arguments.faces.location())?
            .with_limits(arguments.faces.limits());
    let Some(path) = &arguments.output else {
        return Ok(write(arguments, &reader, output.writer(), &|| false)?.status);
    };
    let stopped = stop_by_signal()?;
    let is_stopped = || stopped.load(Ordering::Relaxed);
    // A run that is stopped keeps what it did, under another name.
    let partial = partial(path);
    let is_whole = |written: &Written| written.photos == arguments.files.len();
    let writing = |mut file: &mut dyn Write| write(arguments, &reader, &mut file, &is_stopped);
    let written = write_private_in_parts(path, &partial, is_whole, writing)?;
    let Written { photos, status } = written;
    if photos < arguments.files.len() {
        bail!(
            "stopped after {photos} of {} photos, which are in {}",
            arguments.files.len(),
            escaped(&partial.display().to_string())
        );
    }
    Ok(status)
}

/// Summary of what was written.
struct Written {
    photos: usize,
    status: ExitStatus,
}

/// Becomes true when the user presses Ctrl-C, or the program is asked to end.
fn stop_by_signal() -> Result<Arc<AtomicBool>> {
    let stopped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopped);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
        .context("cannot listen for Ctrl-C")?;
    Ok(stopped)
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

/// Writes the photos' rows until the end, or until it is to stop.
fn write(
    arguments: &Encode,
    reader: &FaceReader,
    out: &mut impl Write,
    is_stopped: &dyn Fn() -> bool,
) -> Result<Written> {
    let photos = Photos { files: &arguments.files, reader, is_stopped };
    match arguments.format() {
        EncodingFormat::Json => write_json(photos, out),
        EncodingFormat::Csv => write_csv(photos, out),
        EncodingFormat::Npy => write_npy(photos, out),
    }
}

/// The photos to encode.
#[derive(Clone, Copy)]
struct Photos<'p> {
    files: &'p [PathBuf],
    reader: &'p FaceReader,
    is_stopped: &'p dyn Fn() -> bool,
}

fn write_json(photos: Photos<'_>, out: &mut impl Write) -> Result<Written> {
    each(photos, |file, faces| {
        match faces {
            Ok(faces) => {
                for face in &faces {
                    let file = PathRow::new("file", file);
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

fn write_csv(photos: Photos<'_>, out: &mut impl Write) -> Result<Written> {
    let mut csv = csv::Writer::from_writer(out);
    let columns = (0..facenet::network::ENCODING_LENGTH).map(|i| format!("e{i}"));
    csv.write_record(std::iter::once("file".to_owned()).chain(columns))?;
    let written = each(photos, |file, faces| {
        for face in faces.into_iter().flatten() {
            let numbers = face.encoding.values().iter().map(f32::to_string);
            csv.write_record(std::iter::once(file.display().to_string()).chain(numbers))?;
        }
        Ok(())
    })?;
    csv.flush()?;
    Ok(written)
}

/// Writes all rows or none: a missing row would shift the others.
fn write_npy(photos: Photos<'_>, out: &mut impl Write) -> Result<Written> {
    let mut rows = Vec::new();
    let written = each(photos, |_, faces| {
        for face in faces.into_iter().flatten() {
            rows.extend_from_slice(face.encoding.values());
        }
        Ok(())
    })?;
    if written.status != ExitStatus::Match {
        bail!("nothing was written: an .npy file needs a face in every photo");
    }
    let columns = facenet::network::ENCODING_LENGTH as u64;
    let shape = [rows.len() as u64 / columns, columns];
    let mut npy = npyz::WriteOptions::new().default_dtype().shape(&shape).writer(out).begin_nd()?;
    npy.extend(rows)?;
    npy.finish()?;
    Ok(written)
}

/// Encodes the files in order. An error is reported and does not stop the others.
fn each(
    Photos { files, reader, is_stopped }: Photos<'_>,
    mut take: impl FnMut(&Path, Result<Vec<Face>>) -> Result<()>,
) -> Result<Written> {
    let bar = progress::bar(files.len(), "encoding");
    let (mut photos, mut worst) = (0, ExitStatus::Match);
    for (file, faces) in files.iter().zip(reader.read_all(files, &bar)) {
        if let Err(error) = &faces {
            bar.suspend(|| warn(format_args!("left out: {error:#}")));
            worst = worst.worse(exit_status_of(error));
        }
        take(file, faces).with_context(|| escaped(&file.display().to_string()))?;
        photos += 1;
        if is_stopped() {
            break;
        }
    }
    bar.finish_and_clear();
    Ok(Written { photos, status: worst })
}
