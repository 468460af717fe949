//! Standard input as frames, read by a thread of its own.
//!
//! A camera does not wait: of its frames only the latest is kept until somebody takes it, and
//! those that nobody took are counted. A film waits, so none of its frames is left out.

use std::io::{self, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Error, Result};

use super::frames::Splitter;

/// Bytes that are read at a time.
const PIECE: usize = 64 << 10;

/// A frame of a stream.
#[derive(Debug)]
pub(super) struct Frame {
    /// A JPEG file.
    pub(super) jpeg: Vec<u8>,
    /// Its number in the stream, from 0.
    pub(super) number: u64,
    /// When it was taken: when it came, or of a film, as many frames after its beginning.
    pub(super) time: SystemTime,
}

/// What waiting for a frame gave.
#[derive(Debug)]
pub(super) enum Next {
    Frame(Frame),
    /// None came in time.
    Nothing,
    /// The stream is over.
    End,
}

/// How frames come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// When they come; who is too slow misses some.
    Camera,
    /// One after another, with so many a second.
    Film(f64),
}

#[derive(Debug, Default)]
struct State {
    waiting: Option<Frame>,
    end: Option<Result<()>>,
    missed: u64,
    broken: usize,
}

/// The frames of a stream.
#[derive(Debug, Default)]
pub(super) struct Feed {
    state: Mutex<State>,
    changed: Condvar,
}

impl Feed {
    /// Begins to read the stream.
    pub(super) fn start(stream: impl Read + Send + 'static, pace: Pace) -> Arc<Self> {
        let feed = Arc::new(Self::default());
        let filled = Arc::clone(&feed);
        std::thread::spawn(move || {
            let end = filled.fill(stream, pace);
            filled.state().end = Some(end);
            filled.changed.notify_all();
        });
        feed
    }

    /// The next frame; waits for it, but not for longer than `patience`.
    ///
    /// # Errors
    /// When the stream cannot be read, or has no frames.
    pub(super) fn next(&self, patience: Duration) -> Result<Next> {
        let nothing = |state: &mut State| state.waiting.is_none() && state.end.is_none();
        let waited = self.changed.wait_timeout_while(self.state(), patience, nothing);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        let next = match (state.waiting.take(), state.end.take()) {
            (Some(frame), end) => {
                state.end = end;
                Next::Frame(frame)
            }
            (None, Some(end)) => {
                state.end = Some(Ok(()));
                end?;
                Next::End
            }
            (None, None) => Next::Nothing,
        };
        drop(state);
        self.changed.notify_all();
        Ok(next)
    }

    /// How many frames nobody took in time, and how many were broken.
    pub(super) fn left_out(&self) -> (u64, usize) {
        let state = self.state();
        (state.missed, state.broken)
    }

    fn fill(&self, mut stream: impl Read, pace: Pace) -> Result<()> {
        let begin = SystemTime::now();
        let mut splitter = Splitter::new();
        let mut piece = vec![0; PIECE];
        let mut number = 0;
        loop {
            let length = match stream.read(&mut piece) {
                Ok(0) => break,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::new(error).context("cannot read standard input")),
            };
            let bytes = piece.get(..length).context("a read beyond its buffer")?;
            splitter.push(bytes, |jpeg| {
                let time = match pace {
                    Pace::Camera => SystemTime::now(),
                    Pace::Film(rate) => begin + Duration::from_secs_f64(number as f64 / rate),
                };
                self.offer(Frame { jpeg, number, time }, pace);
                number += 1;
            })?;
            self.state().broken = splitter.broken();
        }
        Ok(splitter.finish()?)
    }

    fn offer(&self, frame: Frame, pace: Pace) {
        let mut state = self.state();
        if matches!(pace, Pace::Film(_)) {
            let is_full = |state: &mut State| state.waiting.is_some();
            let waited = self.changed.wait_while(state, is_full);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.missed += u64::from(state.waiting.is_some());
        state.waiting = Some(frame);
        drop(state);
        self.changed.notify_all();
    }

    // Each change is whole, so that of a thread that panicked is, too.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: [u8; 9] = [0xff, 0xd8, 0xff, 0xda, 0, 2, 5, 0xff, 0xd9];

    fn numbers(feed: &Feed, pause: Duration) -> Vec<u64> {
        let mut numbers = Vec::new();
        loop {
            match feed.next(Duration::from_secs(10)).unwrap() {
                Next::Frame(frame) => numbers.push(frame.number),
                Next::Nothing => panic!("no frame came"),
                Next::End => return numbers,
            }
            std::thread::sleep(pause);
        }
    }

    #[test]
    fn a_slow_reader_misses_frames_of_a_camera_and_none_of_a_film() {
        let stream = || io::Cursor::new(FRAME.repeat(50));
        let film = Feed::start(stream(), Pace::Film(25.0));
        assert_eq!(numbers(&film, Duration::from_millis(1)), (0..50).collect::<Vec<_>>());
        assert_eq!(film.left_out(), (0, 0));
        let camera = Feed::start(stream(), Pace::Camera);
        // All have come by now.
        while camera.state().end.is_none() {
            std::thread::yield_now();
        }
        assert_eq!(numbers(&camera, Duration::ZERO), [49]);
        assert_eq!(camera.left_out(), (49, 0));
    }

    #[test]
    fn a_films_time_is_that_of_its_frames() {
        let feed = Feed::start(io::Cursor::new(FRAME.repeat(3)), Pace::Film(4.0));
        let time = || match feed.next(Duration::from_secs(10)).unwrap() {
            Next::Frame(frame) => frame.time,
            other => panic!("{other:?}"),
        };
        let [first, second] = [time(), time()];
        assert_eq!(second.duration_since(first).unwrap(), Duration::from_millis(250));
    }

    #[test]
    fn an_empty_stream_is_an_error_once() {
        let feed = Feed::start(io::empty(), Pace::Camera);
        let error = feed.next(Duration::from_secs(10)).unwrap_err();
        assert!(error.to_string().contains("expected JPEG frames"), "{error}");
        assert!(matches!(feed.next(Duration::ZERO).unwrap(), Next::End));
    }
}
