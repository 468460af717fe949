//! `facenet watch`: who is in each photo that comes into a folder?
//!
//! The folder is looked through again and again, which works on any file system, on
//! another machine's too. A photo is read once its size has not changed between two
//! looks, so that a camera can take its time to write it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Context, Result};
use biometrics::policy::GalleryThreshold;
use facenet::gallery::Gallery;
use store::Access;
use training::dataset::PhotoTree;

use crate::arguments::Watch;
use crate::commands::recognize::{FaultRow, json};
use crate::decision::{identification, warn_if_extrapolating};
use crate::face_reader::{FaceReader, load};
use crate::output::{Output, note, warn};
use crate::{Outcome, enrolled};

/// Who is recognised, and when.
struct Door<'g> {
    gallery: &'g Gallery,
    threshold: GalleryThreshold,
}

/// What is known of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Seen {
    /// So large at the last look.
    Growing(u64),
    /// Answered for.
    Done,
}

pub(crate) fn run(arguments: &Watch, output: &mut Output) -> Result<Outcome> {
    enrolled::expect_exact(&arguments.store, "watch compares with everybody, in memory")?;
    let choice = &arguments.store.model;
    let model = load(choice)?;
    let policy = identification(&arguments.admission, &model)?;
    let reader = FaceReader::new(choice, &model, arguments.faces.location())?;
    let gallery = enrolled::open(&arguments.store, &model, Access::Read)?.gallery()?;
    let (people, faces) = (gallery.len(), gallery.faces());
    warn_if_extrapolating(&policy, faces);
    let door = Door { gallery: &gallery, threshold: policy.among(people, faces) };
    let (stop, stopped) = channel();
    ctrlc::set_handler(move || {
        // If nobody listens, this is over already.
        let _ = stop.send(());
    })
    .context("cannot listen for Ctrl-C")?;
    let mut seen = HashMap::new();
    if !arguments.existing {
        seen.extend(files(arguments)?.into_iter().map(|(file, _)| (file, Seen::Done)));
    }
    note(format_args!("watching {}; Ctrl-C ends it", arguments.folder.display()));
    let pause = Duration::from_millis(arguments.interval.get() as u64);
    loop {
        for file in ready(arguments, &mut seen)? {
            answer(arguments, &reader, &door, &file, output)?;
            output.flush()?;
        }
        if stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
            return Ok(Outcome::Yes);
        }
    }
}

/// The photos in the folder, with their sizes.
fn files(arguments: &Watch) -> Result<Vec<(PathBuf, u64)>> {
    let photos = PhotoTree::open(&arguments.folder)?.photos()?;
    // One that is gone by now is none.
    let size = |path: PathBuf| Some((std::fs::metadata(&path).ok()?.len(), path));
    let sized = photos.into_iter().filter_map(|photo| size(photo.path));
    Ok(sized.map(|(size, path)| (path, size)).collect())
}

/// The photos that came and are complete.
fn ready(arguments: &Watch, seen: &mut HashMap<PathBuf, Seen>) -> Result<Vec<PathBuf>> {
    let files = files(arguments)?;
    let mut ready = Vec::new();
    let mut now = HashMap::with_capacity(files.len());
    for (file, size) in files {
        let state = match seen.get(&file) {
            Some(Seen::Done) => Seen::Done,
            Some(Seen::Growing(before)) if *before == size && size > 0 => {
                ready.push(file.clone());
                Seen::Done
            }
            _ => Seen::Growing(size),
        };
        now.insert(file, state);
    }
    // A file that was removed may come again.
    *seen = now;
    Ok(ready)
}

fn answer(
    arguments: &Watch,
    reader: &FaceReader,
    door: &Door<'_>,
    file: &Path,
    output: &mut Output,
) -> Result<()> {
    match reader.read(file) {
        Ok(faces) => {
            for face in &faces {
                let (threshold, top) = (door.threshold.threshold, arguments.top.get());
                let answer = door.gallery.recognize(&face.encoding, threshold, top);
                output.json(&json(file, face, &answer, door.threshold, 0))?;
            }
        }
        Err(error) => {
            let probe = file.display().to_string();
            output.json(&FaultRow { probe, error: format!("{error:#}") })?;
            warn(format_args!("{error:#}"));
        }
    }
    Ok(())
}
