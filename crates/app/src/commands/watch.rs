//! `facenet watch`: recognizes the people of each photo that appears in a folder.
//!
//! The folder is polled, which works on any file system, network file systems included. A
//! photo is read once its size is the same in two polls, so that a camera can write it
//! slowly.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Context, Result};
use biometrics::policy::GalleryThreshold;
use facenet::gallery::Gallery;
use report::{ErrorRow, RecognitionRow};
use store::Access;
use training::dataset::PhotoTree;

use crate::arguments::Watch;
use crate::decision::{identification, warn_if_extrapolating};
use crate::face_reader::{FaceReader, load};
use crate::output::{Output, note, warn};
use crate::{ExitStatus, enrolled};

/// The people that faces are compared with, and how.
struct SearchSpace<'g> {
    gallery: &'g Gallery,
    threshold: GalleryThreshold,
    /// How many of the nearest people are listed.
    top: usize,
}

/// The state of a file of the folder.
#[derive(Clone, Copy, Debug, PartialEq)]
enum FileState {
    /// Its size at the last poll.
    Growing(u64),
    /// Processed.
    Done,
}

pub(crate) fn run(arguments: &Watch, output: &mut Output) -> Result<ExitStatus> {
    enrolled::expect_exact(&arguments.store, "watch compares with all people, in memory")?;
    let choice = &arguments.store.model;
    let model = load(choice)?;
    let policy = identification(&arguments.admission, &model)?;
    let reader = FaceReader::new(choice, &model, arguments.faces.location())?;
    let gallery = enrolled::open(&arguments.store, &model, Access::Read)?.gallery()?;
    let (people, faces) = (gallery.len(), gallery.faces());
    warn_if_extrapolating(&policy, faces);
    let threshold = policy.among(people, faces);
    let search = SearchSpace { gallery: &gallery, threshold, top: arguments.top.get() };
    let (stop, stopped) = channel();
    ctrlc::set_handler(move || {
        // Sending fails only if the command has ended already.
        let _ = stop.send(());
    })
    .context("cannot listen for Ctrl-C")?;
    let mut states = HashMap::new();
    if !arguments.existing {
        states.extend(files(arguments)?.into_iter().map(|(file, _)| (file, FileState::Done)));
    }
    note(format_args!("watching {}; stop with Ctrl-C", arguments.folder.display()));
    let pause = Duration::from_millis(arguments.interval.get() as u64);
    loop {
        for file in ready(arguments, &mut states)? {
            identify(&reader, &search, &file, output)?;
            output.flush()?;
        }
        if stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
            return Ok(ExitStatus::Match);
        }
    }
}

/// The photos in the folder, with their sizes.
fn files(arguments: &Watch) -> Result<Vec<(PathBuf, u64)>> {
    let photos = PhotoTree::open(&arguments.folder)?.photos()?;
    // A file may have been removed since the folder was listed.
    let size = |path: PathBuf| Some((std::fs::metadata(&path).ok()?.len(), path));
    let sized = photos.into_iter().filter_map(|photo| size(photo.path));
    Ok(sized.map(|(size, path)| (path, size)).collect())
}

/// The new photos that are complete.
fn ready(arguments: &Watch, states: &mut HashMap<PathBuf, FileState>) -> Result<Vec<PathBuf>> {
    let files = files(arguments)?;
    let mut ready = Vec::new();
    let mut now = HashMap::with_capacity(files.len());
    for (file, size) in files {
        let state = match states.get(&file) {
            Some(FileState::Done) => FileState::Done,
            Some(FileState::Growing(before)) if *before == size && size > 0 => {
                ready.push(file.clone());
                FileState::Done
            }
            _ => FileState::Growing(size),
        };
        now.insert(file, state);
    }
    // Forgets removed files: one that appears again is processed again.
    *states = now;
    Ok(ready)
}

fn identify(
    reader: &FaceReader,
    search: &SearchSpace<'_>,
    file: &Path,
    output: &mut Output,
) -> Result<()> {
    match reader.read(file) {
        Ok(faces) => {
            for face in &faces {
                let &SearchSpace { gallery, threshold, top } = search;
                let recognition = gallery.recognize(&face.encoding, threshold.threshold, top);
                output.json(&RecognitionRow::new(file, face, &recognition, threshold, 0))?;
            }
        }
        Err(error) => {
            output.json(&ErrorRow::of_probe(file, &error))?;
            warn(format_args!("{error:#}"));
        }
    }
    Ok(())
}
