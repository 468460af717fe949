//! Frames of a stream: JPEG files one after another, as `ffmpeg -f mjpeg` writes them, or as
//! cameras send them, each with a few lines before it (`multipart/x-mixed-replace`).
//!
//! A frame ends where its own markers say so, not at the first bytes that look like an end: a
//! thumbnail inside it has such bytes, too. What is between frames is passed over, a frame in
//! which another one begins was cut and is left out, and so is one that does not end.

/// The longest frame in bytes.
const LONGEST_FRAME: usize = 16 << 20;

/// Bytes without a frame after which a stream is none of pictures.
const LONGEST_GAP: usize = 64 << 20;

/// How many beginnings are tried within what was looked through in vain. A frame that was cut may
/// hold a thumbnail and hide the next one's beginning; a stream made to cost time has thousands.
const TRIES: usize = 16;

/// Second bytes of markers.
const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;

/// What follows in the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Expecting {
    /// A frame's first byte.
    #[default]
    Start,
    /// A marker's first byte, at this position of the frame.
    Marker(usize),
    /// A byte that ends compressed data, from this position on.
    EndOfData(usize),
}

/// A stream in which no frame was found.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "standard input: expected JPEG frames, as of `ffmpeg -i … -f mjpeg -`, found none in {bytes} bytes"
)]
pub(super) struct NoFrames {
    bytes: usize,
}

/// Cuts a stream into frames.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    /// What was not decided yet, from `begin` on: the beginning of a frame, or a byte that may be
    /// one's. What is before `begin` is done with, and removed when it is worth the move.
    pending: Vec<u8>,
    begin: usize,
    /// How far frames that were given up were followed, as a position in `pending`.
    farthest: usize,
    /// How many that began before `farthest` were given up.
    tries: usize,
    expecting: Expecting,
    /// Bytes since the last whole frame.
    gap: usize,
    /// Frames that were cut, too long or damaged.
    broken: usize,
    whole: usize,
    /// Bytes and markers that were looked at.
    #[cfg(test)]
    steps: usize,
}

impl Splitter {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// How many frames were left out because they were cut, damaged, or too long.
    pub(super) fn broken(&self) -> usize {
        self.broken
    }

    /// Takes the next bytes of the stream and passes on the frames that they complete.
    ///
    /// # Errors
    /// When the stream has had no frame for too long, or what takes them fails.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(Vec<u8>),
    ) -> Result<(), NoFrames> {
        self.pending.extend_from_slice(bytes);
        self.gap += bytes.len();
        loop {
            while let Some(frame) = self.next() {
                self.gap = self.rest().len();
                self.whole += 1;
                take(frame);
            }
            if self.rest().len() <= LONGEST_FRAME {
                break;
            }
            // It does not end. Another may begin within it.
            match self.expecting {
                Expecting::Start => break,
                Expecting::Marker(at) | Expecting::EndOfData(at) => self.give_up(at),
            }
        }
        // Only when more is done with than is left, so that each byte is moved once at most.
        if self.begin >= self.pending.len() / 2 {
            self.pending.drain(..self.begin);
            self.farthest = self.farthest.saturating_sub(self.begin);
            self.begin = 0;
        }
        if self.gap > LONGEST_GAP { Err(NoFrames { bytes: self.gap }) } else { Ok(()) }
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// When there was no frame in it at all.
    pub(super) fn finish(&self) -> Result<(), NoFrames> {
        if self.whole == 0 { Err(NoFrames { bytes: self.gap }) } else { Ok(()) }
    }

    /// What was not decided yet.
    fn rest(&self) -> &[u8] {
        self.pending.get(self.begin..).unwrap_or_default()
    }

    /// The next whole frame; nothing until more of the stream is there.
    fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            self.count(1);
            match self.expecting {
                Expecting::Start => self.find_start()?,
                Expecting::Marker(at) => {
                    let marker = self.rest().get(at..at + 2)?;
                    match *marker {
                        // Markers may be filled up with this byte.
                        [0xff, 0xff] => self.expecting = Expecting::Marker(at + 1),
                        [0xff, END] => return self.cut(at + 2),
                        [0xff, START] => self.leave_out(at),
                        // Without content: restarts, and one for experiments.
                        [0xff, 0x01 | 0xd0..=0xd7] => self.expecting = Expecting::Marker(at + 2),
                        [0xff, kind @ 0xc0..=0xff] => {
                            let length = self.rest().get(at + 2..at + 4)?;
                            let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
                            match (length, kind) {
                                (..2, _) => self.give_up(at),
                                (_, SCAN) => {
                                    self.expecting = Expecting::EndOfData(at + 2 + length);
                                }
                                _ => self.expecting = Expecting::Marker(at + 2 + length),
                            }
                        }
                        _ => self.give_up(at),
                    }
                }
                Expecting::EndOfData(at) => {
                    let rest = self.rest().get(at..).unwrap_or_default();
                    let is_end = |pair: &[u8]| {
                        pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff)
                    };
                    let end = rest.windows(2).position(is_end);
                    // Its last byte may be a marker's first.
                    let seen = end.unwrap_or(rest.len().saturating_sub(1));
                    self.count(seen);
                    if end.is_none() {
                        self.expecting = Expecting::EndOfData(at + seen);
                        return None;
                    }
                    self.expecting = Expecting::Marker(at + seen);
                }
            }
        }
    }

    /// Passes over what is no beginning of a frame.
    fn find_start(&mut self) -> Option<()> {
        let is_start = |three: &[u8]| three == [0xff, START, 0xff];
        let found = self.rest().windows(3).position(is_start);
        let passed = found.unwrap_or(self.rest().len().saturating_sub(2));
        self.count(passed);
        self.begin += passed;
        found?;
        if self.begin >= self.farthest {
            self.tries = 0;
        }
        self.expecting = Expecting::Marker(2);
        Some(())
    }

    /// Takes a frame of this length out of what is pending.
    fn cut(&mut self, length: usize) -> Option<Vec<u8>> {
        let frame = self.rest().get(..length)?.to_vec();
        self.begin += length;
        self.expecting = Expecting::Start;
        Some(frame)
    }

    /// Gives up a frame that was followed to this position. Another may begin within it; after
    /// too many in vain, the next one is looked for behind all that was looked through.
    fn give_up(&mut self, at: usize) {
        self.farthest = self.farthest.max(self.begin + at).min(self.pending.len());
        self.tries += 1;
        let is_enough = self.tries > TRIES;
        self.leave_out(if is_enough { self.farthest.saturating_sub(self.begin).max(2) } else { 2 });
    }

    /// Leaves a frame out, and looks for the next one from this position on.
    fn leave_out(&mut self, from: usize) {
        self.broken += 1;
        self.begin += from;
        self.expecting = Expecting::Start;
    }

    /// Lets tests see how much work a stream makes.
    fn count(&mut self, steps: usize) {
        #[cfg(test)]
        {
            self.steps += steps;
        }
        #[cfg(not(test))]
        let _ = steps;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame with a thumbnail inside, a restart and a stuffed byte in its data.
    fn frame(number: u8) -> Vec<u8> {
        let thumbnail = [0xff, 0xd8, 0xff, 0xd9, 0, number];
        let mut frame = vec![0xff, 0xd8, 0xff, 0xe1, 0, 8];
        frame.extend(thumbnail);
        frame.extend([0xff, 0xff, 0xda, 0, 4, 1, 2]);
        frame.extend([number, 0xff, 0x00, 9, 0xff, 0xd3, 7]);
        // A second scan, and the end.
        frame.extend([0xff, 0xda, 0, 2, 5, 0xff, 0xd9]);
        frame
    }

    fn split(stream: &[u8], piece: usize) -> (Vec<Vec<u8>>, Splitter) {
        let (mut splitter, mut frames) = (Splitter::new(), Vec::new());
        for bytes in stream.chunks(piece) {
            splitter.push(bytes, |frame| frames.push(frame)).unwrap();
        }
        (frames, splitter)
    }

    #[test]
    fn frames_are_found_however_the_stream_is_cut() {
        let stream: Vec<u8> = (0..5).flat_map(frame).collect();
        for piece in [1, 2, 3, 7, 30, 1000] {
            let (frames, splitter) = split(&stream, piece);
            assert_eq!(frames, (0..5).map(frame).collect::<Vec<_>>(), "pieces of {piece}");
            assert_eq!(splitter.broken(), 0);
            assert!(splitter.rest().len() < 3);
        }
    }

    #[test]
    fn what_a_camera_sends_between_frames_is_passed_over() {
        let part = |number| {
            let head = b"\r\n--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 31\r\n\r\n";
            [head.as_slice(), &frame(number)].concat()
        };
        let stream: Vec<u8> = (0..3).flat_map(part).collect();
        assert_eq!(split(&stream, 11).0, [frame(0), frame(1), frame(2)]);
        let noise = [0xff, 0xff, 0xd8, 0, 0xff, 0xd9, 0xff, 0xd8];
        assert_eq!(split(&[&noise, frame(4).as_slice()].concat(), 3).0, [frame(4)]);
    }

    #[test]
    fn a_frame_that_was_cut_costs_no_other_one() {
        let whole = frame(1);
        // In its data, after its data's length, before any.
        for length in [whole.len() - 2, whole.len() - 6, 20, 3] {
            let stream = [&whole[..length], &frame(2), &frame(3)].concat();
            let (frames, splitter) = split(&stream, 1000);
            assert_eq!(frames.last(), Some(&frame(3)), "cut after {length}");
            assert!(splitter.broken() >= 1, "cut after {length}");
            assert!(!frames.contains(&whole));
        }
        let (frames, _) = split(&[&whole[..whole.len() - 2], &frame(2)].concat(), 1000);
        assert_eq!(frames, [frame(2)], "the cut is noticed at once in compressed data");
    }

    #[test]
    fn a_frame_without_an_end_takes_no_memory() {
        let mut splitter = Splitter::new();
        let mut frames = 0;
        let begin = [0xff, 0xd8, 0xff, 0xda, 0, 2];
        splitter.push(&begin, |_| frames += 1).unwrap();
        let data = vec![7; 1 << 20];
        for _ in 0..20 {
            splitter.push(&data, |_| frames += 1).unwrap();
            assert!(splitter.pending.len() <= LONGEST_FRAME);
        }
        assert_eq!((frames, splitter.broken()), (0, 1));
        splitter.push(&frame(1), |_| frames += 1).unwrap();
        assert_eq!(frames, 1);
    }

    /// Each of many beginnings leads through the same long chain of markers.
    #[test]
    fn a_stream_that_is_made_to_cost_time_costs_little() {
        // Segments whose content looks like a beginning, and a damaged marker at their end.
        let chain = [0xff, 0xe0, 0, 4, 0xff, 0xd8].repeat(40_000);
        let damaged = [&[0xff, 0xd8], chain.as_slice(), &[0; 8]].concat();
        // Longer than a frame may be.
        let segment = [&[0xff, 0xe0, 0, 64], [0; 60].as_slice(), &[0xff, 0xd8]].concat();
        let endless = [&[0xff, 0xd8], segment.repeat(270_000).as_slice()].concat();
        let begins = [0xff, 0xd8].repeat(200_000);
        for stream in [damaged.clone(), damaged.repeat(4), endless, begins] {
            let (frames, splitter) = split(&[&stream, frame(1).as_slice()].concat(), 64 << 10);
            let most = 2 * (TRIES + 2) * stream.len();
            assert!(splitter.steps < most, "{} steps, at most {most}", splitter.steps);
            assert!(splitter.broken() > 0);
            assert!(frames.len() <= 1);
        }
        let (frames, _) = split(&[&damaged, frame(1).as_slice()].concat(), 64 << 10);
        assert_eq!(frames, [frame(1)], "what follows is found");
    }

    #[test]
    fn a_stream_of_something_else_is_an_error() {
        let mut splitter = Splitter::new();
        let zeros = vec![0; 1 << 20];
        let pushed = (0..=64).try_for_each(|_| splitter.push(&zeros, |_| {}));
        assert_eq!(pushed, Err(NoFrames { bytes: 65 << 20 }));
        assert!(Splitter::new().finish().is_err());
        assert!(split(&frame(0), 9).1.finish().is_ok());
    }
}
