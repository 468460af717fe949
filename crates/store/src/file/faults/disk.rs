//! A disk in memory that fails or stops at a chosen step.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;

use crate::Error;
use crate::file::atomic_file::{AtPath, ReplaceableFile};
use crate::file::overlay::BoxedStorage;

/// What happens to the storage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    /// Every step from then on is an error; what was written before is there.
    Fails,
    /// One step is an error.
    FailsOnce,
    /// Every step is an error until the change has returned.
    FailsForAWhile,
    /// The machine stops; the seed decides which unsynced writes reached the disk.
    Stops(u64),
}

#[derive(Debug)]
enum Step {
    Write(u64, Vec<u8>),
    Length(u64),
}

#[derive(Debug, Default)]
struct Contents {
    synced: Vec<u8>,
    since: Vec<Step>,
}

#[derive(Debug, Default)]
pub(super) struct Disk {
    /// The present storage, and the staging storage.
    contents: [Contents; 2],
    /// Whether there is staging storage.
    pub(super) staged: bool,
    /// Whether a stop may still undo the rename.
    renamed: bool,
    pub(super) steps: usize,
    /// At which step what happens.
    pub(super) fault: Option<(usize, Fault)>,
}

impl Contents {
    fn apply(bytes: &mut Vec<u8>, step: &Step) {
        match step {
            Step::Write(at, data) => {
                let end = *at as usize + data.len();
                bytes.resize(bytes.len().max(end), 0);
                bytes[*at as usize..end].copy_from_slice(data);
            }
            Step::Length(len) => bytes.resize(*len as usize, 0),
        }
    }

    /// As a running program reads it.
    fn now(&self) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        self.since.iter().for_each(|step| Self::apply(&mut bytes, step));
        bytes
    }

    fn sync(&mut self) {
        self.synced = self.now();
        self.since.clear();
    }

    /// As the next program reads it after the machine stopped.
    fn after_stop(&mut self, seed: u64) {
        let mut state = seed | 1;
        for step in std::mem::take(&mut self.since) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            match (seed, state % 3, step) {
                // Seed 0 loses every write, 1 none; others are random.
                (0, ..) => {}
                (1, _, step) | (_, 0, step) => Self::apply(&mut self.synced, &step),
                (_, 1, Step::Write(at, data)) => {
                    let half = data[..data.len() / 2].to_vec();
                    Self::apply(&mut self.synced, &Step::Write(at, half));
                }
                _ => {}
            }
        }
    }
}

impl Disk {
    /// Counts a step, and fails if the fault is due.
    fn step(&mut self) -> io::Result<()> {
        self.steps += 1;
        match self.fault {
            Some((at, Fault::FailsOnce)) if self.steps != at => Ok(()),
            Some((at, _)) if self.steps >= at => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }

    /// Prepares what the next start of the program finds.
    pub(super) fn restart(&mut self) {
        if let (true, Some((_, Fault::Stops(seed)))) = (self.renamed, self.fault)
            && seed % 2 == 0
        {
            self.contents.swap(0, 1);
        }
        self.renamed = false;
        for contents in &mut self.contents {
            match self.fault {
                Some((_, Fault::Stops(seed))) => contents.after_stop(seed),
                _ => contents.sync(),
            }
        }
        self.fault = None;
        self.steps = 0;
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Shared(Arc<Mutex<Disk>>);

impl Shared {
    pub(super) fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap()
    }
}

/// One of the disk's two storages; a rename changes which.
#[derive(Debug)]
struct FaultyStorage {
    disk: Shared,
    which: Arc<Mutex<usize>>,
}

impl FaultyStorage {
    fn contents<T>(&self, change: bool, act: impl FnOnce(&mut Contents) -> T) -> io::Result<T> {
        let which = *self.which.lock().unwrap();
        let mut disk = self.disk.disk();
        if change {
            disk.step()?;
        }
        Ok(act(&mut disk.contents[which]))
    }
}

impl StorageBackend for FaultyStorage {
    fn len(&self) -> io::Result<u64> {
        self.contents(false, |contents| contents.now().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let bytes = self.contents(false, |contents| contents.now())?;
        let part = bytes.get(offset as usize..offset as usize + out.len());
        out.copy_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.contents(true, |contents| contents.since.push(Step::Length(len)))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.contents(true, Contents::sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.contents(true, |contents| contents.since.push(Step::Write(offset, data.to_vec())))
    }
}

#[derive(Debug)]
pub(super) struct FaultyFile {
    disk: Shared,
    present: Arc<Mutex<usize>>,
    staging: Option<Arc<Mutex<usize>>>,
}

impl FaultyFile {
    pub(super) fn new(disk: &Shared) -> Self {
        Self { disk: disk.clone(), present: Arc::default(), staging: None }
    }
}

impl ReplaceableFile for FaultyFile {
    fn storage(&self) -> io::Result<BoxedStorage> {
        let (disk, which) = (self.disk.clone(), Arc::clone(&self.present));
        Ok(BoxedStorage(Box::new(FaultyStorage { disk, which })))
    }

    fn at_path(&self) -> io::Result<AtPath> {
        Ok(AtPath::Same)
    }

    fn open_other(&self) -> Result<Box<dyn ReplaceableFile>, Error> {
        Err(Error::FileRemoved { at: "memory".to_owned() })
    }

    fn staging(&mut self) -> io::Result<BoxedStorage> {
        self.disk.disk().step()?;
        self.disk.disk().contents[1] = Contents::default();
        self.disk.disk().staged = true;
        let which = Arc::new(Mutex::new(1));
        self.staging = Some(Arc::clone(&which));
        Ok(BoxedStorage(Box::new(FaultyStorage { disk: self.disk.clone(), which })))
    }

    fn commit(&mut self) -> io::Result<()> {
        self.disk.disk().step()?;
        self.disk.disk().contents.swap(0, 1);
        *self.present.lock().unwrap() = 1;
        if let Some(staging) = self.staging.take() {
            *staging.lock().unwrap() = 0;
            self.present = staging;
        }
        self.disk.disk().renamed = true;
        self.disk.disk().staged = false;
        Ok(())
    }

    fn discard_staging(&mut self) {
        self.staging = None;
        self.disk.disk().staged = false;
    }

    fn sync_directory(&mut self) -> io::Result<()> {
        self.disk.disk().step()?;
        self.disk.disk().renamed = false;
        Ok(())
    }
}
