//! Where the bytes of a store lie: a file, its lock, and the file that takes its place.
//!
//! Behind a trait because the tests put storage here that fails.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use redb::backends::FileBackend;
use tempfile::NamedTempFile;

use crate::StoreError;
use crate::backend::{Overlay, Shelf};
use crate::store::Access;

/// How long to wait for another process that is about to be done.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

/// The first bytes of a file that redb wrote.
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";

/// How files end that were to take the place of another.
const PARTIAL: &str = ".partial";

/// Storage with a second one beside it that can take its place.
pub(crate) trait Place: Debug + Send + Sync {
    /// Fresh storage beside the present one.
    fn beside(&mut self) -> io::Result<Shelf>;

    /// Puts what is beside, which is complete and synced, in the place of the present
    /// one: at any time one or the other is there.
    fn replace(&mut self) -> io::Result<()>;

    /// Makes sure that a crash does not undo the [`replace`](Self::replace).
    fn settle(&mut self) -> io::Result<()>;
}

/// A file.
#[derive(Debug)]
pub(crate) struct FilePlace {
    path: PathBuf,
    beside: Option<NamedTempFile>,
}

impl FilePlace {
    /// Opens and locks the file, which is created to be written.
    pub(crate) fn open(path: &Path, access: Access) -> Result<(Self, Shelf), StoreError> {
        let file = locked(path, access)?;
        check_magic(path, &file)?;
        let io = |source| StoreError::Io { file: path.to_path_buf(), doing: "open it", source };
        let backend = FileBackend::new(file).map_err(|error| match error {
            redb::DatabaseError::Storage(redb::StorageError::Io(error)) => io(error),
            other => io(io::Error::other(other)),
        })?;
        let shelf = match access {
            Access::Write => Shelf(Box::new(backend)),
            Access::Read => Shelf(Box::new(Overlay::new(Box::new(backend)).map_err(io)?)),
        };
        let place = Self { path: path.to_path_buf(), beside: None };
        if access == Access::Write {
            place.sweep();
        }
        Ok((place, shelf))
    }

    fn folder(&self) -> &Path {
        folder_of(&self.path)
    }

    fn partial_prefix(&self) -> String {
        format!(".{}.", self.path.file_name().unwrap_or_default().to_string_lossy())
    }

    /// Removes what a process left that was killed before its file took our place. The
    /// lock is ours, so nobody is writing one now.
    fn sweep(&self) {
        let (prefix, Ok(entries)) = (self.partial_prefix(), fs::read_dir(self.folder())) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(&prefix) && name.ends_with(PARTIAL) {
                // If it cannot be removed now, the next to write tries again.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

impl Place for FilePlace {
    fn beside(&mut self) -> io::Result<Shelf> {
        // Ours alone to read, as `tempfile` makes them.
        let file = tempfile::Builder::new()
            .prefix(&self.partial_prefix())
            .suffix(PARTIAL)
            .tempfile_in(self.folder())?;
        file.as_file().try_lock()?;
        let backend = FileBackend::new(file.as_file().try_clone()?).map_err(io::Error::other)?;
        self.beside = Some(file);
        Ok(Shelf(Box::new(backend)))
    }

    fn replace(&mut self) -> io::Result<()> {
        let Some(file) = self.beside.take() else {
            return Err(io::Error::other("there is no file to take the place"));
        };
        file.persist(&self.path)?;
        Ok(())
    }

    fn settle(&mut self) -> io::Result<()> {
        sync_folder(self.folder())
    }
}

/// Opens the file and waits for its lock.
fn locked(path: &Path, access: Access) -> Result<File, StoreError> {
    let begin = Instant::now();
    loop {
        let file = open(path, access)?;
        let lock = match access {
            Access::Write => file.try_lock(),
            Access::Read => file.try_lock_shared(),
        };
        match lock {
            Ok(()) if is_at(path, &file) => return Ok(file),
            // Another file took its place while we waited.
            Ok(()) => continue,
            Err(TryLockError::WouldBlock) if begin.elapsed() < PATIENCE => {
                std::thread::sleep(PAUSE);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse { file: path.to_path_buf() });
            }
            Err(TryLockError::Error(source)) => {
                return Err(StoreError::Io { file: path.to_path_buf(), doing: "lock it", source });
            }
        }
    }
}

fn open(path: &Path, access: Access) -> Result<File, StoreError> {
    let io = |doing| move |source| StoreError::Io { file: path.to_path_buf(), doing, source };
    // What is neither a file nor missing, such as a FIFO, would block or worse.
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            let found = if metadata.is_dir() { "a folder" } else { "no regular file" };
            return Err(StoreError::NotAStore {
                file: path.to_path_buf(),
                found: found.to_owned(),
            });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => match access {
            Access::Read => return Err(StoreError::Missing { file: path.to_path_buf() }),
            Access::Write => {
                fs::create_dir_all(folder_of(path)).map_err(io("create its folder"))?;
            }
        },
        Err(error) => return Err(io("open it")(error)),
        Ok(_) => {}
    }
    let mut options = OpenOptions::new();
    options.read(true);
    if access == Access::Write {
        options.write(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let file = options.open(path).map_err(io("open it"))?;
    if access == Access::Write {
        sync_folder(folder_of(path)).map_err(io("create it"))?;
    }
    Ok(file)
}

/// Whether the path still leads to this file.
#[cfg(unix)]
fn is_at(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (fs::metadata(path), file.metadata()) {
        (Ok(there), Ok(here)) => (there.dev(), there.ino()) == (here.dev(), here.ino()),
        _ => false,
    }
}

/// Elsewhere, a file that is open cannot be replaced.
#[cfg(not(unix))]
fn is_at(_: &Path, _: &File) -> bool {
    true
}

/// A file of something else is told from a damaged one.
fn check_magic(path: &Path, mut file: &File) -> Result<(), StoreError> {
    let mut start = Vec::new();
    let read = (|| {
        file.seek(SeekFrom::Start(0))?;
        file.take(MAGIC.len() as u64).read_to_end(&mut start)?;
        file.seek(SeekFrom::Start(0))
    })();
    match read {
        Ok(_) if start == MAGIC || start.is_empty() => Ok(()),
        Ok(_) => Err(StoreError::NotAStore {
            file: path.to_path_buf(),
            found: format!("a file that begins with \"{}\"", start.escape_ascii()),
        }),
        Err(source) => Err(StoreError::Io { file: path.to_path_buf(), doing: "read it", source }),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Writes a folder's list of names to disk, where the system can.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
