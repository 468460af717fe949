//! The audit log: one line of JSON for each decision, in a file that only its owner can read.
//!
//! The door works even if its log does not: lines that cannot be written are counted, readiness
//! says so, and the next line that can be written says how many are missing. The file may be
//! renamed or removed at any time, as rotation does: the next line opens it again.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use report::escaped;
use serde::Serialize;

use crate::decisions::now;

/// A file that decisions are appended to.
#[derive(Debug)]
pub(crate) struct AuditLog {
    path: PathBuf,
    state: Mutex<State>,
    is_failing: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    file: Option<File>,
    /// Lines that could not be written since the last one that could.
    lost: u64,
    /// Whether the file ends in half a line. It stays: another process may have appended since.
    is_torn: bool,
}

/// What stands where lines are missing.
#[derive(Serialize)]
struct Lost {
    time: String,
    lost: u64,
}

impl AuditLog {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// When it cannot be opened, is no file, or others can read it.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        let file = Some(open_file(&path)?);
        let state = Mutex::new(State { file, ..State::default() });
        Ok(Self { path, state, is_failing: AtomicBool::new(false) })
    }

    /// Appends a line.
    pub(crate) fn write(&self, line: &impl Serialize) {
        let mut state = self.state();
        let result = state.catch_up(&self.path).and_then(|()| state.append(line));
        self.is_failing.store(result.is_err(), Ordering::Relaxed);
        if let Err(error) = result {
            if state.lost == 0 {
                tracing::error!(error = %escaped(&error.to_string()), "the audit log fails");
            }
            state.lost = state.lost.saturating_add(1);
        }
    }

    /// Opens the file again if it is gone, and says there what is missing.
    pub(crate) fn check(&self) {
        let result = self.state().catch_up(&self.path);
        self.is_failing.store(result.is_err(), Ordering::Relaxed);
    }

    /// Whether it could not be written when it was last needed.
    pub(crate) fn is_failing(&self) -> bool {
        self.is_failing.load(Ordering::Relaxed)
    }

    // A thread that panicked left it as it was before or after a line.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Opens the file again if another is at its path, and says what is missing in it.
    fn catch_up(&mut self, path: &Path) -> io::Result<()> {
        let is_open = self.file.as_ref().is_some_and(|file| is_at(file, path));
        if !is_open {
            // Without a file until there is one, so that no line goes where nobody looks.
            self.file = None;
            self.file = Some(open_file(path)?);
            self.is_torn = false;
        }
        if self.lost > 0 {
            let lost = Lost { time: now(), lost: self.lost };
            self.append(&lost)?;
            self.lost = 0;
            tracing::info!(missing = lost.lost, "the audit log works again");
        }
        Ok(())
    }

    /// Appends a line. Of one that fails, a part may be written; the next one then begins with
    /// the end of that line.
    fn append(&mut self, line: &impl Serialize) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Err(io::ErrorKind::NotFound.into()) };
        let mut bytes = Vec::from(if self.is_torn { "\n" } else { "" });
        serde_json::to_writer(&mut bytes, line)?;
        bytes.push(b'\n');
        let (written, result) = write_counted(file, &bytes);
        if let Some(last) = bytes.get(..written).and_then(<[u8]>::last) {
            self.is_torn = *last != b'\n';
        }
        result
    }
}

/// Writes all bytes, or says how many were written before it failed.
fn write_counted(to: &mut impl Write, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match to.write(rest) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

/// Opens a file to append to.
fn open_file(path: &Path) -> io::Result<File> {
    // To open a pipe would wait for its reader.
    if fs::metadata(path).is_ok_and(|metadata| !is_appendable(&metadata)) {
        return Err(io::Error::other("expected a file"));
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        let metadata = file.metadata()?;
        let mode = std::os::unix::fs::MetadataExt::mode(&metadata) & 0o777;
        if metadata.is_file() && mode & 0o077 != 0 {
            let error = format!("others can read it (mode {mode:03o}, expected 600)");
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, error));
        }
    }
    Ok(file)
}

/// A file, or a device such as a terminal.
fn is_appendable(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    if std::os::unix::fs::FileTypeExt::is_char_device(&metadata.file_type()) {
        return true;
    }
    metadata.is_file()
}

/// Whether the open file is the one at the path.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(named)) = (file.metadata(), fs::metadata(path)) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        open.dev() == named.dev() && open.ino() == named.ino()
    }
    #[cfg(not(unix))]
    {
        open.is_file() == named.is_file()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &Path) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_rotated_or_removed_file_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let [path, old] = ["audit", "audit.1"].map(|name| folder.path().join(name));
        let log = AuditLog::open(path.clone()).unwrap();
        log.write(&1);
        fs::rename(&path, &old).unwrap();
        log.write(&2);
        assert_eq!((lines(&old), lines(&path)), (vec![1.into()], vec![2.into()]));
        fs::remove_file(&path).unwrap();
        log.write(&3);
        assert_eq!(lines(&path), [3]);
        assert!(!log.is_failing());
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        let log = AuditLog::open(path.clone()).unwrap();
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        (0..3).for_each(|_| log.write(&0));
        log.check();
        assert!(log.is_failing());
        fs::remove_dir(&path).unwrap();
        log.check();
        assert!(!log.is_failing(), "it recovers without a decision");
        log.write(&7);
        let lines = lines(&path);
        assert_eq!((&lines[0]["lost"], &lines[1], lines.len()), (&3.into(), &7.into(), 2));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_no_panic() {
        let log = AuditLog::open("/dev/full".into()).unwrap();
        log.write(&0);
        assert!(log.is_failing());
    }

    #[test]
    fn a_torn_line_ends_before_the_next_one() {
        let mut short = [0; 3];
        let (written, result) = write_counted(&mut short.as_mut_slice(), b"12345");
        assert_eq!((written, result.is_err()), (3, true));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        let log = AuditLog::open(path.clone()).unwrap();
        log.write(&1);
        // As a full disk leaves it.
        fs::write(&path, "1\n{\"ti").unwrap();
        log.state().is_torn = true;
        log.write(&2);
        log.write(&3);
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n{\"ti\n2\n3\n");
    }

    #[cfg(unix)]
    #[test]
    fn others_cannot_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit");
        drop(AuditLog::open(path.clone()).unwrap());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = AuditLog::open(path).unwrap_err();
        assert!(error.to_string().contains("mode 640"), "{error}");
        let error = AuditLog::open(folder.path().to_path_buf()).unwrap_err();
        assert!(error.to_string().contains("expected a file"), "{error}");
    }
}
