//! Standard output for results, standard error for everything else.
//!
//! Text from outside (file names, people's names) is escaped before it is printed, so that
//! it cannot move the cursor or forge a line.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
pub(crate) use report::escaped;
use serde::Serialize;

/// Standard output, buffered, for text or JSON.
pub(crate) struct Output {
    stdout: BufWriter<io::Stdout>,
    json: bool,
}

/// Writes a line of text; takes the arguments of `format!`.
macro_rules! line {
    ($output:expr) => { $output.text(format_args!("")) };
    ($output:expr, $($text:tt)*) => { $output.text(format_args!($($text)*)) };
}
pub(crate) use line;

impl Output {
    /// Creates the output.
    pub(crate) fn stdout(json: bool) -> Self {
        Self { stdout: BufWriter::new(io::stdout()), json }
    }

    /// Whether results are printed as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Writes one line of text; see [`line!`].
    pub(crate) fn text(&mut self, text: fmt::Arguments<'_>) -> io::Result<()> {
        writeln!(self.stdout, "{text}")
    }

    /// Writes one line of JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.stdout, value)?;
        self.stdout.write_all(b"\n")
    }

    /// The stream itself, for commands with a format of their own.
    pub(crate) fn writer(&mut self) -> &mut impl Write {
        &mut self.stdout
    }

    /// Flushes the buffer; reports a full disk.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.stdout.flush()
    }

    /// Prints the error's chain as one line on stderr and, if results are JSON, as a JSON
    /// object on stdout.
    pub(crate) fn error(&mut self, error: &anyhow::Error, exit_code: u8) {
        // A further failure to write cannot be reported.
        if self.json {
            let object =
                serde_json::json!({ "error": format!("{error:#}"), "exit_code": exit_code });
            let _ = self.json(&object).and_then(|()| self.flush());
        }
        notice("error", format_args!("{error:#}"));
    }
}

/// Prints a warning on stderr.
pub(crate) fn warn(text: fmt::Arguments<'_>) {
    notice("warning", text);
}

/// Prints a note on stderr.
pub(crate) fn note(text: fmt::Arguments<'_>) {
    notice("note", text);
}

fn notice(kind: &str, text: fmt::Arguments<'_>) {
    let text = escaped(&text.to_string());
    let _ = writeln!(io::stderr().lock(), "facenet: {kind}: {text}");
}

/// Whether the error is a broken pipe: the reader of stdout closed it.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// Writes a file that only its owner can read, as encodings should be: beside the target, then
/// renamed, so that a run that fails keeps an earlier file.
pub(crate) fn write_private<T>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<T>,
) -> Result<T> {
    let context = || format!("cannot write {}", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut partial =
        tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).with_context(context)?;
    let mut out = BufWriter::new(partial.as_file_mut());
    let written = write(&mut out)?;
    let file = out.into_inner().map_err(|error| error.into_error()).with_context(context)?;
    file.sync_all().with_context(context)?;
    partial.persist(path).with_context(context)?;
    Ok(written)
}

/// The same for work that can be stopped: the file has the name `partial`, in the same folder,
/// while it is written, and keeps it if what was written is not whole.
pub(crate) fn write_private_in_parts<T>(
    path: &Path,
    partial: &Path,
    is_whole: impl FnOnce(&T) -> bool,
    write: impl FnOnce(&mut dyn Write) -> Result<T>,
) -> Result<T> {
    let context = || format!("cannot write {}", partial.display());
    // Not what a link of that name leads to.
    match fs::remove_file(partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(context);
        }
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = BufWriter::new(options.open(partial).with_context(context)?);
    let written = write(&mut out).inspect_err(|_| {
        // A failure to remove the file would hide the error that is reported.
        let _ = fs::remove_file(partial);
    })?;
    let file = out.into_inner().map_err(|error| error.into_error()).with_context(context)?;
    file.sync_all().with_context(context)?;
    if is_whole(&written) {
        let context = || format!("cannot write {}", path.display());
        fs::rename(partial, path).with_context(context)?;
    }
    Ok(written)
}
