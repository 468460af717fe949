//! Cold starts: the time from the start of a process to its first answer, and its peak
//! memory.
//!
//! Ours is a whole `facenet encode --aligned`, which decodes a small image file and prints
//! the encoding; the others load the network and answer one image that is given as numbers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use facenet::network::INPUT_SIZE;
use faces::{
    DecodeLimits, Detector, FaceChoice, NetworkDetector, NetworkOptions, Photo, choose_one,
    crop_face,
};

use super::agreement::{TOLERANCE, largest_difference, write};
use super::contender::Contender;
use super::rounds::{Case, Time, bar};

/// Measured starts, after one warm-up start.
const STARTS: usize = 7;

/// The medians of an engine's starts.
#[derive(Clone, Debug)]
pub(super) struct Start {
    pub(super) name: String,
    pub(super) ms: f64,
    pub(super) mib: f64,
}

/// Measures all engines in turn.
pub(super) fn measure(contenders: &[Contender], folder: &Path, root: &Path) -> Result<Vec<Start>> {
    let crop = Crop::new(folder, &root.join("assets/photos/obama-portrait.jpg"))?;
    let contenders: Vec<_> = contenders.iter().filter(|engine| engine.starts_cold()).collect();
    let commands: Vec<_> = contenders.iter().map(|engine| crop.command(engine)).collect();
    crop.compare(&contenders)?;
    let bar = bar((STARTS + 1) * commands.len())?;
    bar.set_message("cold starts");
    let mut runs = vec![(Vec::new(), Vec::new()); commands.len()];
    for start in 0..=STARTS {
        for (command, (ms, mib)) in commands.iter().zip(&mut runs) {
            let run = once(command)?;
            if start > 0 {
                ms.push(run.0);
                mib.push(run.1);
            }
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let start = |(contender, (ms, mib)): (&&Contender, _)| Start {
        name: contender.name.clone(),
        ms: Time::of(ms).median,
        mib: Time::of(mib).median,
    };
    Ok(contenders.iter().zip(runs).map(start).collect())
}

/// Milliseconds and MiB of one start, measured by a small process (`once.rs`).
fn once(command: &Command) -> Result<(f64, f64)> {
    let mut small = Command::new(std::env::current_exe()?);
    small.args(["bench", "once"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => small.env(name, value),
            None => small.env_remove(name),
        };
    }
    let ended = small.output()?;
    ensure!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr).trim());
    let run: serde_json::Value = serde_json::from_slice(&ended.stdout)?;
    run["ms"].as_f64().zip(run["mib"].as_f64()).context("no figures were printed")
}

/// One face crop, as an image file and as numbers.
struct Crop {
    image: PathBuf,
    numbers: PathBuf,
}

impl Crop {
    fn new(folder: &Path, photo: &Path) -> Result<Self> {
        let photo = Photo::open(photo, &DecodeLimits::default())?;
        let boxes = NetworkDetector::embedded(NetworkOptions::default())?.detect(&photo);
        let face = choose_one(&boxes, &photo, FaceChoice::Only)?;
        let size = INPUT_SIZE as u32;
        let values = crop_face(&photo, &face);
        let image = image::RgbImage::from_fn(size, size, |x, y| {
            let value = |c| (255.0 * values[[c, y as usize, x as usize]]).round() as u8;
            image::Rgb([value(0), value(1), value(2)])
        });
        let crop = Self { image: folder.join("face.png"), numbers: folder.join("face.f32") };
        image.save(&crop.image)?;
        // The values that the decoder reads from the rounded image.
        let rounded = values.mapv(|value| (255.0 * value).round() / 255.0);
        write(&crop.numbers, rounded.iter())?;
        Ok(crop)
    }

    /// The command that encodes the crop once.
    fn command(&self, contender: &Contender) -> Command {
        if contender.is_ours() {
            let mut command = contender.bare();
            command.args(["encode", "--aligned"]).arg(&self.image);
            return command;
        }
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        contender.command(Case { threads, batch: 1 }, 0.0, &self.numbers)
    }

    /// Checks that all engines give the face the same encoding.
    fn compare(&self, contenders: &[&Contender]) -> Result<()> {
        let answer = self.numbers.with_extension("answer");
        let mut ours = Vec::new();
        for contender in contenders {
            let (name, mut command) = (&contender.name, self.command(contender));
            if contender.is_ours() {
                let row: serde_json::Value = serde_json::from_slice(&command.output()?.stdout)
                    .with_context(|| format!("{name} printed no encoding"))?;
                let values = row["encoding"].as_array().context("no encoding")?;
                ours = values.iter().filter_map(|v| Some(v.as_f64()? as f32)).collect();
                continue;
            }
            // Removes the answer of the previous engine, which would agree.
            let _ = fs::remove_file(&answer);
            command.arg("--output").arg(&answer).output()?;
            let difference = largest_difference(&answer, &ours)?;
            ensure!(
                difference <= TOLERANCE,
                "the face's encoding by {name} differs from ours by {difference:.1e}, expected \
                 {TOLERANCE:.0e} at most"
            );
        }
        Ok(())
    }
}
