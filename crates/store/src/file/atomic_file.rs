//! The file of a store, which is replaced as a whole by a rename.
//!
//! [`ReplaceableFile`] is a trait because the tests implement it with storage that fails.

use std::fmt::Debug;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use tempfile::NamedTempFile;

use super::mounts::is_mount_point;
use super::opening::{
    check_magic, directory_of, has_other_names, is_same, open_locked, sync_directory,
};
use super::overlay::{BoxedStorage, Overlay};
use crate::error::is_no_space;
use crate::{Access, Error};

/// Suffix of staging files that were not renamed yet.
const STAGING_SUFFIX: &str = ".partial";

/// State of the path of an open file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum AtPath {
    /// The same file.
    Same,
    /// Another file: a restored backup, or what a synchronization tool wrote.
    Other,
    /// No file, or an empty one.
    Nothing,
}

/// Storage that new storage can replace as a whole.
pub(super) trait ReplaceableFile: Debug + Send + Sync {
    /// The present storage.
    fn storage(&self) -> io::Result<BoxedStorage>;

    /// Whether another program replaced or removed the file.
    fn at_path(&self) -> io::Result<AtPath>;

    /// Opens the other file that is at the path by now.
    fn open_other(&self) -> Result<Box<dyn ReplaceableFile>, Error>;

    /// Creates empty storage beside the present one.
    fn staging(&mut self) -> io::Result<BoxedStorage>;

    /// Removes the staging storage, if there is any.
    fn discard_staging(&mut self);

    /// Replaces the present storage by the staging one, which is complete and synced. At any
    /// time one of the two is there.
    fn commit(&mut self) -> io::Result<()>;

    /// Makes the [`commit`](Self::commit) survive a crash.
    fn sync_directory(&mut self) -> io::Result<()>;

    /// A warning for the user.
    fn warning(&self) -> Option<&'static str> {
        None
    }
}

/// A file on disk.
#[derive(Debug)]
pub(super) struct AtomicFile {
    /// Without symbolic links: a link that is replaced would leave the file itself.
    path: PathBuf,
    access: Access,
    /// Its lock belongs to this process as long as any handle of it is open.
    file: File,
    staging: Option<NamedTempFile>,
}

impl AtomicFile {
    /// Opens and locks the file. For writing it is created if it does not exist, and has to
    /// be replaceable, since nobody could be removed from it otherwise.
    pub(super) fn open(path: &Path, access: Access) -> Result<Self, Error> {
        let (file, path) = open_locked(path, access)?;
        check_magic(&path, &file)?;
        let file = Self { path, access, file, staging: None };
        if access == Access::Write {
            file.remove_stale_staging();
            file.check_replaceable()?;
        }
        Ok(file)
    }

    fn directory(&self) -> &Path {
        directory_of(&self.path)
    }

    fn new_staging(&self) -> io::Result<NamedTempFile> {
        // `tempfile` creates it readable by its owner only.
        tempfile::Builder::new()
            .prefix(&self.staging_prefix())
            .suffix(STAGING_SUFFIX)
            .tempfile_in(self.directory())
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

    /// Checks that another file can be renamed over this one.
    fn check_replaceable(&self) -> Result<(), Error> {
        let refused =
            |reason| Err(Error::NotReplaceable { at: self.path.display().to_string(), reason });
        match self.new_staging() {
            Err(error) if !is_no_space(&error) => {
                return refused(format!("its folder cannot be written ({error})"));
            }
            _ => {}
        }
        if is_mount_point(&self.path) {
            return refused("it is mounted by itself; mount its folder instead".to_owned());
        }
        Ok(())
    }
}

impl ReplaceableFile for AtomicFile {
    fn storage(&self) -> io::Result<BoxedStorage> {
        let backend = FileBackend::new(self.file.try_clone()?).map_err(io::Error::other)?;
        Ok(match self.access {
            Access::Write => BoxedStorage(Box::new(backend)),
            Access::Read => BoxedStorage(Box::new(Overlay::new(Box::new(backend))?)),
        })
    }

    fn at_path(&self) -> io::Result<AtPath> {
        match fs::metadata(&self.path) {
            // A reader keeps what it has opened.
            _ if self.access == Access::Read => Ok(AtPath::Same),
            Ok(found) if is_same(&found, &self.file.metadata()?) => Ok(AtPath::Same),
            Ok(found) if found.is_file() && found.len() == 0 => Ok(AtPath::Nothing),
            Ok(_) => Ok(AtPath::Other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(AtPath::Nothing),
            Err(error) => Err(error),
        }
    }

    fn open_other(&self) -> Result<Box<dyn ReplaceableFile>, Error> {
        Ok(Box::new(Self::open(&self.path, self.access)?))
    }

    fn staging(&mut self) -> io::Result<BoxedStorage> {
        let file = self.new_staging()?;
        file.as_file().try_lock()?;
        let backend = FileBackend::new(file.as_file().try_clone()?).map_err(io::Error::other)?;
        self.staging = Some(file);
        Ok(BoxedStorage(Box::new(backend)))
    }

    fn discard_staging(&mut self) {
        // If it cannot be removed now, the next process that opens the store for writing
        // tries again.
        self.staging = None;
    }

    fn commit(&mut self) -> io::Result<()> {
        let Some(staging) = self.staging.take() else {
            return Err(io::Error::other("there is no staging file"));
        };
        self.file = staging.persist(&self.path)?;
        Ok(())
    }

    fn sync_directory(&mut self) -> io::Result<()> {
        sync_directory(self.directory())
    }

    fn warning(&self) -> Option<&'static str> {
        has_other_names(&self.file).then_some(
            "this file has another name (a hard link), under which people stay who are removed \
             here",
        )
    }
}
