//! `facenet watch`: recognizes the people of each photo that appears in a folder, or of a stream.
//!
//! The folder is polled, which works on any file system, network file systems included. A
//! photo is read once its size and its time of change are the same in two polls, so that a
//! camera can write it slowly; and again after it was written again under its name.

mod feed;
mod frames;
mod hooks;
mod stream;
mod visits;

use std::collections::HashMap;
use std::ffi::OsStr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use biometrics::policy::GalleryThreshold;
use facenet::gallery::Gallery;
use facenet::matching::names_in_photo;
use faces::Face;
use report::{ErrorRow, Identity, RecognitionRow};
use store::Access;
use training::dataset::{Photo, PhotoTree};

use crate::arguments::Watch;
use crate::decision::{identification, warn_if_extrapolating, with_known_rate};
use crate::face_reader::{FaceReader, load};
use crate::output::{Output, note, warn};
use crate::{ExitStatus, enrolled};

/// Milliseconds between two polls, unless the user says otherwise.
const INTERVAL: usize = 500;

/// The people that faces are compared with, and how.
struct SearchSpace<'g> {
    gallery: &'g Gallery,
    threshold: GalleryThreshold,
    /// How many of the nearest people are listed.
    top: usize,
}

/// Fingerprint that differs when a file's content changes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Version {
    size: u64,
    changed: Option<SystemTime>,
    /// The file's number on its disk: another file may have taken its name.
    number: u64,
}

/// The state of a file of the folder.
#[derive(Clone, Copy, Debug, PartialEq)]
enum FileState {
    /// Its fingerprint at the last poll.
    Growing(Version),
    /// Processed, as it was then.
    Done(Version),
}

/// Endings that programs give to files until they are complete.
const UNFINISHED: [&str; 5] = ["tmp", "part", "partial", "crdownload", "download"];

pub(crate) fn run(arguments: &Watch, output: &mut Output) -> Result<ExitStatus> {
    enrolled::expect_exact(&arguments.store, "watch compares with all people, in memory")?;
    let choice = &arguments.store.model;
    let model = load(choice)?;
    let policy = identification(&arguments.admission, &model)?;
    let is_stream = arguments.folder.as_os_str() == "-";
    let location = match is_stream {
        true => stream::location(arguments)?,
        false => arguments.faces.location(),
    };
    expect_fitting(arguments, is_stream)?;
    let reader = FaceReader::new(choice, &model, location)?.with_limits(arguments.faces.limits());
    let gallery = enrolled::open(&arguments.store, &model, Access::Read)?.gallery()?;
    let (people, faces) = (gallery.len(), gallery.faces());
    warn_if_extrapolating(&policy, faces);
    let threshold = with_known_rate(policy.among(people, faces)?, &policy, &gallery)?;
    let search = SearchSpace { gallery: &gallery, threshold, top: arguments.top.get() };
    let (stop, stopped) = channel();
    ctrlc::set_handler(move || {
        // Sending fails only if the command has ended already.
        let _ = stop.send(());
    })
    .context("cannot listen for Ctrl-C")?;
    if is_stream {
        let same = policy.verification().threshold();
        return stream::run(arguments, &reader, &search, same, &stopped, output);
    }
    let mut states = HashMap::new();
    if !arguments.existing {
        let before = files(arguments)?.into_iter();
        states.extend(before.map(|(file, version)| (file, FileState::Done(version))));
    }
    note(format_args!("watching {}; stop with Ctrl-C", arguments.folder.display()));
    let pause =
        Duration::from_millis(arguments.interval.map_or(INTERVAL, NonZeroUsize::get) as u64);
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

/// Refuses options that would do nothing.
fn expect_fitting(arguments: &Watch, is_stream: bool) -> Result<()> {
    let Watch { existing, interval, film, on_known, on_stranger, .. } = arguments;
    let of_folder = [("--existing", *existing), ("--interval", interval.is_some())];
    let of_stream = [
        ("--film", film.is_some()),
        ("--on-known", on_known.is_some()),
        ("--on-stranger", on_stranger.is_some()),
        ("--least-frames", arguments.least_frames.is_some()),
        ("--gone-after", arguments.gone_after.is_some()),
    ];
    let given = |options: &[(&'static str, bool)]| {
        options.iter().find(|(_, is_given)| *is_given).map(|(option, _)| *option)
    };
    match is_stream {
        true => given(&of_folder).map_or(Ok(()), |option| bail!("{option} is for a folder")),
        false => given(&of_stream)
            .map_or(Ok(()), |option| bail!("{option} is for a stream: facenet watch -")),
    }
}

/// The files in the folder, with their versions.
fn files(arguments: &Watch) -> Result<Vec<(PathBuf, Version)>> {
    let files = PhotoTree::open(&arguments.folder)?.files()?.into_iter();
    let is_finished = |path: &Path| {
        let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
        !UNFINISHED.iter().any(|unfinished| ending.eq_ignore_ascii_case(unfinished))
    };
    let finished = files.filter(|file| is_finished(&file.path));
    // A file may have been removed since the folder was listed.
    let with_version = |file: Photo| version(&file.path).map(|version| (file.path, version));
    Ok(finished.filter_map(with_version).collect())
}

/// The version of a regular file.
fn version(path: &Path) -> Option<Version> {
    let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let number = 0;
    Some(Version { size: metadata.len(), changed: metadata.modified().ok(), number })
}

/// The new files that are complete, and those that were written again.
fn ready(arguments: &Watch, states: &mut HashMap<PathBuf, FileState>) -> Result<Vec<PathBuf>> {
    let files = files(arguments)?;
    let mut ready = Vec::new();
    let mut now = HashMap::with_capacity(files.len());
    for (file, version) in files {
        let state = match states.get(&file) {
            Some(FileState::Done(before)) if *before == version => FileState::Done(version),
            Some(FileState::Growing(before)) if *before == version && version.size > 0 => {
                ready.push(file.clone());
                FileState::Done(version)
            }
            _ => FileState::Growing(version),
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
            let &SearchSpace { gallery, threshold, top } = search;
            let depth = faces.len().max(top);
            let recognize =
                |face: &Face| gallery.recognize(&face.encoding, threshold.threshold, depth);
            let recognitions: Vec<_> = faces.iter().map(recognize).collect();
            let names = names_in_photo(&recognitions);
            for ((face, recognition), name) in faces.iter().zip(&recognitions).zip(names) {
                let answer = Identity { recognition, name, top };
                output.json(&RecognitionRow::new(file, face, answer, threshold, 0))?;
            }
        }
        Err(error) => {
            output.json(&ErrorRow::of_probe(file, &error))?;
            warn(format_args!("{error:#}"));
        }
    }
    Ok(())
}
