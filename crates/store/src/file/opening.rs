//! Opening the file of a store: created if need be, locked, and recognized.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::{Access, Error};

/// How long to wait for another process to release its lock, and how often to try.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
const LOCK_RETRY: Duration = Duration::from_millis(20);

/// The first bytes of a file that redb wrote.
const MAGIC: &[u8] = b"redb\x1a\x0a\xa9\x0d\x0a";

/// Opens the file and waits for its lock; returns it with its path, without symbolic links.
pub(super) fn open_locked(path: &Path, access: Access) -> Result<(File, PathBuf), Error> {
    let begin = Instant::now();
    loop {
        let file = open(path, access)?;
        let real = fs::canonicalize(path).map_err(|source| io_error(path, "open it", source))?;
        let lock = match access {
            Access::Write => file.try_lock(),
            Access::Read => file.try_lock_shared(),
        };
        let failed = |source| io_error(path, "lock it", source);
        match lock {
            Ok(()) => {
                let own = file.metadata().map_err(failed)?;
                if fs::metadata(&real).is_ok_and(|found| is_same(&found, &own)) {
                    return Ok((file, real));
                }
                // Another file replaced it in the meantime.
            }
            Err(TryLockError::WouldBlock) if begin.elapsed() < LOCK_TIMEOUT => {
                std::thread::sleep(LOCK_RETRY);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(Error::InUse { at: path.display().to_string() });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
}

fn open(path: &Path, access: Access) -> Result<File, Error> {
    let failed = |action| move |source| io_error(path, action, source);
    let exists = match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => true,
        // Opening what is not a regular file, such as a FIFO, could block or do worse.
        Ok(metadata) => {
            let found = if metadata.is_dir() { "a folder" } else { "no regular file" };
            return Err(not_a_store(path, found));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(io_error(path, "open it", error)),
    };
    if !exists && access == Access::Read {
        return Err(Error::Missing { at: path.display().to_string() });
    }
    let mut options = OpenOptions::new();
    options.read(true);
    if access == Access::Write {
        options.write(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    if !exists {
        fs::create_dir_all(directory_of(path)).map_err(failed("create its folder"))?;
    }
    let file = options.open(path).map_err(failed("open it"))?;
    if !exists {
        // A link that led nowhere leads to the new file by now.
        let real = fs::canonicalize(path).map_err(failed("create it"))?;
        sync_directory(directory_of(&real)).map_err(failed("create it"))?;
    }
    Ok(file)
}

#[cfg(unix)]
pub(super) fn is_same(found: &Metadata, own: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (found.dev(), found.ino()) == (own.dev(), own.ino())
}

/// On other systems, an open file cannot be replaced.
#[cfg(not(unix))]
pub(super) fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}

#[cfg(unix)]
pub(super) fn has_other_names(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|metadata| metadata.nlink() > 1)
}

#[cfg(not(unix))]
pub(super) fn has_other_names(_: &File) -> bool {
    false
}

/// Distinguishes a file of another kind from a damaged store.
pub(super) fn check_magic(path: &Path, mut file: &File) -> Result<(), Error> {
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

pub(super) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    }
}

/// Writes a directory's list of names to disk, where the system can.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

fn io_error(path: &Path, action: &'static str, source: io::Error) -> Error {
    Error::io(path.display().to_string(), action, source)
}

fn not_a_store(path: &Path, found: &str) -> Error {
    Error::NotAStore { at: path.display().to_string(), found: found.to_owned() }
}
