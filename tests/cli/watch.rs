//! `facenet watch -`: who comes and goes in a stream.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use e2e::{Ended, facenet, portrait, run};
use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use tempfile::TempDir;

/// Frames a second of the films.
const RATE: u32 = 10;

/// A wall with these people before it, each with the middle of the portrait, as a camera sees
/// them: moved a little from frame to frame, now and then blurred, and noisy.
fn frame(people: &[(&str, u32)], number: u32) -> Vec<u8> {
    let mut frame = RgbImage::from_pixel(640, 360, Rgb([92, 101, 110]));
    for (photo, x) in people {
        let photo = image::open(portrait(photo)).unwrap().into_rgb8();
        let width = 340 * photo.width() / photo.height();
        let photo = imageops::resize(&photo, width, 340, FilterType::Triangle);
        let shift = [0, 3, 7, 11, 8, 4][number as usize % 6];
        imageops::overlay(&mut frame, &photo, i64::from(x + shift), i64::from(10 + shift / 2));
    }
    if number % 5 == 3 {
        frame = imageops::fast_blur(&frame, 2.5);
    }
    // The same noise in each run.
    let mut state = number.wrapping_mul(2_654_435_761).wrapping_add(1);
    for value in frame.as_flat_samples_mut().samples.iter_mut() {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        *value = value.saturating_add((state % 13) as u8).saturating_sub(6);
    }
    let mut jpeg = std::io::Cursor::new(Vec::new());
    frame.write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
    jpeg.into_inner()
}

fn frames(people: &[(&str, u32)], count: u32) -> Vec<Vec<u8>> {
    (0..count).map(|number| frame(people, number)).collect()
}

/// Long enough for everybody to have gone.
fn nobody() -> Vec<Vec<u8>> {
    vec![frame(&[], 0); 3 * RATE as usize]
}

/// Barack Obama under a name that a shell would obey, and Joe Biden.
const NAME: &str = "$(touch pwned); `touch pwned` \"&'";

struct Setup {
    folder: TempDir,
}

impl Setup {
    fn new() -> Self {
        let setup = Self { folder: tempfile::tempdir().unwrap() };
        for (name, photo) in [(NAME, "obama-portrait.jpg"), ("joe", "biden-portrait.jpg")] {
            let mut enroll = facenet();
            enroll.args(["enroll", name]).arg(portrait(photo)).arg("--db").arg(setup.store());
            run(&mut enroll).with_code(0);
        }
        setup
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("people.redb")
    }

    fn watch(&self, arguments: &[&str]) -> Command {
        let mut watch = facenet();
        watch.args(["watch", "-", "--db"]).arg(self.store()).args(arguments);
        watch.current_dir(self.folder.path());
        watch
    }

    /// Watches a film to its end.
    fn film(&self, arguments: &[&str], stream: &[u8]) -> Ended {
        let file = self.folder.path().join("film.mjpeg");
        fs::write(&file, stream).unwrap();
        let mut watch = self.watch(&["--film", &RATE.to_string()]);
        watch.args(arguments).stdin(fs::File::open(file).unwrap());
        run(&mut watch)
    }
}

fn text(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

#[test]
fn each_visit_is_one_line_and_one_command() {
    let setup = Setup::new();
    let film = [
        frames(&[("obama-speech.jpg", 200)], 15),
        nobody(),
        frames(&[("collins-portrait.jpg", 200)], 15),
        nobody(),
        frames(&[("biden-portrait.jpg", 200)], 15),
    ];
    let commands = ["--on-known", "--on-stranger"];
    let command = |name: &str| format!("echo \"$FACENET_PERSON\" \"$FACENET_DISTANCE\" >> {name}");
    let [known, stranger] = [command("known"), command("stranger")];
    let arguments = [commands[0], &*known, commands[1], &*stranger];
    let ended = setup.film(&arguments, &film.concat().concat()).with_code(0);
    let visits = ended.json();
    let people: Vec<_> = visits.iter().map(|visit| visit["person"].as_str()).collect();
    assert_eq!(people, [Some(NAME), None, Some("joe")], "{ended}");
    for (visit, begin) in visits.iter().zip([0, 45, 90]) {
        let frames = visit["frames"].as_u64().unwrap();
        assert!((9..=15).contains(&frames), "{visit}");
        let best = visit["best"]["frame"].as_u64().unwrap();
        assert!((begin..begin + 15).contains(&best), "{visit}");
        // Not one of the blurred.
        assert_ne!((best - begin) % 5, 3, "{visit}");
        let [first, last] = ["first", "last"].map(|key| visit[key].as_str().unwrap());
        assert!(first < last && first.ends_with('Z'), "{visit}");
        assert_eq!(visit["people"], 2);
        let same = visit["distance"].as_f64() < visit["threshold"].as_f64();
        assert_eq!(same, visit["person"].is_string(), "{visit}");
    }
    let folder = setup.folder.path();
    let known = text(&folder.join("known"));
    let lines: Vec<_> = known.lines().collect();
    assert!(lines[0].starts_with(NAME) && lines[1].starts_with("joe 0."), "{known}");
    assert_eq!((lines.len(), text(&folder.join("stranger")).lines().count()), (2, 1));
    assert!(!folder.join("pwned").exists(), "a name became a command");
    // Blur and noise move single frames; what decides is nearer than most of them.
    assert!(visits[0]["distance"].as_f64().unwrap() < 0.6, "{ended}");
}

#[test]
fn two_at_once_are_two_visits_whatever_is_between_the_frames() {
    let setup = Setup::new();
    let both = frames(&[("obama-speech.jpg", 20), ("biden-portrait.jpg", 360)], 12);
    let mut stream = Vec::new();
    for (number, frame) in both.iter().enumerate() {
        let length = frame.len();
        stream.extend(
            format!("\r\n--x\r\nContent-Type: image/jpeg\r\nContent-Length: {length}\r\n\r\n")
                .bytes(),
        );
        stream.extend(frame);
        match number {
            // Cut in its data: the next is whole.
            4 => stream.extend(&frame[..length / 2]),
            // Garbage with the signs of a beginning and an end.
            7 => stream.extend(b"\xff\xd8\xff\x00\xff\xd9 garbage \xff\xd8"),
            _ => {}
        }
    }
    let ended = setup.film(&[], &stream).with_code(0);
    let mut people: Vec<_> =
        ended.json().iter().map(|visit| visit["person"].as_str().unwrap().to_owned()).collect();
    people.sort();
    assert_eq!(people, [NAME, "joe"], "{ended}");
    assert!(ended.json().iter().all(|visit| visit["frames"].as_u64() >= Some(8)), "{ended}");
    assert!(ended.stderr.contains("damaged"), "{ended}");
}

#[test]
fn a_camera_is_watched_until_it_ends() {
    let setup = Setup::new();
    let known = setup.folder.path().join("known");
    let arguments = ["--least-frames", "2", "--gone-after", "600", "--on-known", "echo 1 >> known"];
    let mut watch = setup.watch(&arguments);
    watch.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = watch.spawn().unwrap();
    let mut camera = child.stdin.take().unwrap();
    // A slow machine leaves frames out: the camera goes on until somebody is recognized.
    let begin = Instant::now();
    for frame in frames(&[("obama-speech.jpg", 200)], 12).iter().cycle() {
        camera.write_all(frame).unwrap();
        camera.flush().unwrap();
        std::thread::sleep(Duration::from_millis(60));
        if !text(&known).is_empty() {
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(120), "nobody was recognized");
    }
    drop(camera);
    let ended = Ended::from(&child.wait_with_output().unwrap()).with_code(0);
    assert_eq!(ended.json().len(), 1, "{ended}");
    assert_eq!(ended.json()[0]["person"], NAME);
}

#[test]
fn what_is_no_stream_of_pictures_is_said() {
    let setup = Setup::new();
    setup.film(&[], b"no picture at all").with_code(2).with_error(&["JPEG frames", "ffmpeg"]);
    setup.film(&[], b"").with_code(2).with_error(&["JPEG frames"]);
    setup.film(&["--aligned"], b"").with_code(2).with_error(&["--aligned"]);
    setup.film(&["--existing"], b"").with_code(2).with_error(&["--existing"]);
    setup.film(&["--interval", "50"], b"").with_code(2).with_error(&["--interval", "folder"]);
    for option in ["--film", "--least-frames", "--gone-after"] {
        let mut watch = facenet();
        watch.args(["watch", option, "10"]).arg(setup.folder.path());
        let ended = run(watch.arg("--db").arg(setup.store()));
        ended.with_code(2).with_error(&[option, "watch -"]);
    }
    let ended = run(setup.watch(&["--film", "0"]).stdin(Stdio::null()));
    assert!(ended.with_code(2).stderr.contains("0.01 to 10000"));
}
