//! The file of a store: opened with a lock, and replaced as a whole by a rename.
//!
//! [`ReplaceableFile`] is a trait because the tests implement it with storage that fails.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use redb::backends::FileBackend;
use tempfile::NamedTempFile;

use super::overlay::{BoxedStorage, Overlay};
use crate::{Access, Error};

/// How long to wait for another process to release its lock, and how often to try.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
const LOCK_RETRY: Duration = Duration::from_millis(20);

/// The first bytes of a file that redb wrote.
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";

/// Suffix of staging files that were not renamed yet.
const STAGING_SUFFIX: &str = ".partial";

/// Storage that new storage can replace as a whole.
pub(crate) trait ReplaceableFile: Debug + Send + Sync {
    /// Creates empty storage beside the present one.
    fn staging(&mut self) -> io::Result<BoxedStorage>;

    /// Replaces the present storage by the staging one, which is complete and synced. At any
    /// time one of the two is there.
    fn commit(&mut self) -> io::Result<()>;

    /// Makes the [`commit`](Self::commit) survive a crash.
    fn sync_directory(&mut self) -> io::Result<()>;
}

/// A file on disk.
#[derive(Debug)]
pub(crate) struct AtomicFile {
    path: PathBuf,
    staging: Option<NamedTempFile>,
}

impl AtomicFile {
    /// Opens and locks the file. For writing it is created if it does not exist.
    pub(crate) fn open(path: &Path, access: Access) -> Result<(Self, BoxedStorage), Error> {
        let file = open_locked(path, access)?;
        check_magic(path, &file)?;
        let failed = |source| io_error(path, "open it", source);
        let backend = FileBackend::new(file).map_err(|error| match error {
            redb::DatabaseError::Storage(redb::StorageError::Io(error)) => failed(error),
            other => failed(io::Error::other(other)),
        })?;
        let storage = match access {
            Access::Write => BoxedStorage(Box::new(backend)),
            Access::Read => {
                BoxedStorage(Box::new(Overlay::new(Box::new(backend)).map_err(failed)?))
            }
        };
        let file = Self { path: path.to_path_buf(), staging: None };
        if access == Access::Write {
            file.remove_stale_staging();
        }
        Ok((file, storage))
    }

    fn directory(&self) -> &Path {
        directory_of(&self.path)
    }

    fn staging_prefix(&self) -> String {
        format!(".{}.", self.path.file_name().unwrap_or_default().to_string_lossy())
    }

    /// Removes the staging files of processes that were killed. This process holds the lock,
    /// so no other is writing one.
    fn remove_stale_staging(&self) {
        let (prefix, Ok(entries)) = (self.staging_prefix(), fs::read_dir(self.directory())) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(&prefix) && name.ends_with(STAGING_SUFFIX) {
                // If this fails, the next process that opens the store for writing tries again.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

impl ReplaceableFile for AtomicFile {
    fn staging(&mut self) -> io::Result<BoxedStorage> {
        // `tempfile` creates it readable by its owner only.
        let file = tempfile::Builder::new()
            .prefix(&self.staging_prefix())
            .suffix(STAGING_SUFFIX)
            .tempfile_in(self.directory())?;
        file.as_file().try_lock()?;
        let backend = FileBackend::new(file.as_file().try_clone()?).map_err(io::Error::other)?;
        self.staging = Some(file);
        Ok(BoxedStorage(Box::new(backend)))
    }

    fn commit(&mut self) -> io::Result<()> {
        let Some(file) = self.staging.take() else {
            return Err(io::Error::other("there is no staging file"));
        };
        file.persist(&self.path)?;
        Ok(())
    }

    fn sync_directory(&mut self) -> io::Result<()> {
        sync_directory(self.directory())
    }
}

/// Opens the file and waits for its lock.
fn open_locked(path: &Path, access: Access) -> Result<File, Error> {
    let begin = Instant::now();
    loop {
        let file = open(path, access)?;
        let lock = match access {
            Access::Write => file.try_lock(),
            Access::Read => file.try_lock_shared(),
        };
        match lock {
            Ok(()) if is_at(path, &file) => return Ok(file),
            // Another file replaced it in the meantime.
            Ok(()) => continue,
            Err(TryLockError::WouldBlock) if begin.elapsed() < LOCK_TIMEOUT => {
                std::thread::sleep(LOCK_RETRY);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(Error::InUse { at: path.display().to_string() });
            }
            Err(TryLockError::Error(source)) => return Err(io_error(path, "lock it", source)),
        }
    }
}

fn open(path: &Path, access: Access) -> Result<File, Error> {
    // Opening what is not a regular file, such as a FIFO, could block or do worse.
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            let found = if metadata.is_dir() { "a folder" } else { "no regular file" };
            return Err(not_a_store(path, found));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => match access {
            Access::Read => return Err(Error::Missing { at: path.display().to_string() }),
            Access::Write => fs::create_dir_all(directory_of(path))
                .map_err(|source| io_error(path, "create its folder", source))?,
        },
        Err(error) => return Err(io_error(path, "open it", error)),
        Ok(_) => {}
    }
    let mut options = OpenOptions::new();
    options.read(true);
    if access == Access::Write {
        options.write(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let file = options.open(path).map_err(|source| io_error(path, "open it", source))?;
    if access == Access::Write {
        sync_directory(directory_of(path)).map_err(|source| io_error(path, "create it", source))?;
    }
    Ok(file)
}

/// Whether the path still leads to this file.
#[cfg(unix)]
fn is_at(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (fs::metadata(path), file.metadata()) {
        (Ok(found), Ok(own)) => (found.dev(), found.ino()) == (own.dev(), own.ino()),
        _ => false,
    }
}

/// On other systems, an open file cannot be replaced.
#[cfg(not(unix))]
fn is_at(_: &Path, _: &File) -> bool {
    true
}

/// Distinguishes a file of another kind from a damaged store.
fn check_magic(path: &Path, mut file: &File) -> Result<(), Error> {
    let mut start = Vec::new();
    let read = (|| {
        file.seek(SeekFrom::Start(0))?;
        file.take(MAGIC.len() as u64).read_to_end(&mut start)?;
        file.seek(SeekFrom::Start(0))
    })();
    match read {
        Ok(_) if start == MAGIC || start.is_empty() => Ok(()),
        Ok(_) => {
            Err(not_a_store(path, &format!("a file that begins with \"{}\"", start.escape_ascii())))
        }
        Err(source) => Err(io_error(path, "read it", source)),
    }
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    }
}

/// Writes a directory's list of names to disk, where the system can.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

fn io_error(path: &Path, action: &'static str, source: io::Error) -> Error {
    Error::Io { at: path.display().to_string(), action, source }
}

fn not_a_store(path: &Path, found: &str) -> Error {
    Error::NotAStore { at: path.display().to_string(), found: found.to_owned() }
}
