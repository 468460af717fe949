//! Checks that all engines compute the same encodings, before their speed is compared.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use autograd::Random;
use facenet::engine::Engine;
use facenet::network::{ENCODING_LENGTH, INPUT_CHANNELS, INPUT_SIZE};
use ndarray::{Array4, ArrayView4, Axis};

use super::contender::Contender;
use super::rounds::Case;

/// Largest allowed difference between a value of another engine and ours.
pub(super) const TOLERANCE: f32 = 1e-4;

/// Random images, in memory and in the file that the other engines read.
pub(super) struct Inputs {
    values: Array4<f32>,
    pub(super) path: PathBuf,
}

impl Inputs {
    /// Creates the images, the same in every run.
    pub(super) fn new(count: usize, folder: &Path) -> Result<Self> {
        let mut random = Random::new(1);
        let shape = (count, INPUT_CHANNELS, INPUT_SIZE, INPUT_SIZE);
        let values = Array4::from_shape_simple_fn(shape, || random.uniform() as f32);
        let path = folder.join("images.f32");
        write(&path, values.iter())?;
        Ok(Self { values, path })
    }

    /// The first image, as a batch.
    pub(super) fn first(&self) -> ArrayView4<'_, f32> {
        self.values.slice_axis(Axis(0), (..1).into())
    }
}

/// Writes values as little-endian f32.
pub(super) fn write<'a>(path: &Path, values: impl Iterator<Item = &'a f32>) -> Result<()> {
    let bytes: Vec<_> = values.flat_map(|value| value.to_le_bytes()).collect();
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// The largest difference of each engine's answer from ours; ours itself is 0.
///
/// # Errors
/// If one differs by more than [`TOLERANCE`], or fails.
pub(super) fn check(
    engine: &Engine,
    contenders: &[Contender],
    images: &Inputs,
) -> Result<Vec<f32>> {
    let (batch, ..) = images.values.dim();
    let mut ours = vec![0.0; batch * ENCODING_LENGTH];
    engine.encode_into(images.values.view(), &mut ours)?;
    let answer = images.path.with_extension("answer");
    let difference = |contender: &Contender| {
        if contender.is_ours() {
            return Ok(0.0);
        }
        let mut command = contender.command(Case { threads: 2, batch }, 0.0, &images.path);
        let ended = command.arg("--output").arg(&answer).output()?;
        let words = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.success(), "{} failed: {}", contender.name, words.trim());
        let difference = largest_difference(&answer, &ours)?;
        let name = &contender.name;
        ensure!(
            difference <= TOLERANCE,
            "{name} differs from ours by {difference:.1e}, expected {TOLERANCE:.0e} at most"
        );
        eprintln!("{name} agrees with ours within {difference:.1e}");
        Ok(difference)
    };
    contenders.iter().map(difference).collect()
}

/// The largest difference between the values in a file and the expected ones.
pub(super) fn largest_difference(path: &Path, expected: &[f32]) -> Result<f32> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let (values, expected_bytes) = (bytes.chunks_exact(4), 4 * expected.len());
    let found = bytes.len();
    ensure!(found == expected_bytes, "expected {expected_bytes} bytes of answer, found {found}");
    let differences = values.zip(expected).map(|(bytes, value)| {
        (f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) - value).abs()
    });
    // `max` would ignore a NaN.
    Ok(differences.fold(0.0, |most, next| if next <= most || most.is_nan() { most } else { next }))
}

#[cfg(test)]
mod tests {
    use super::{largest_difference, write};

    #[test]
    fn the_largest_difference_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("answer");
        write(&path, [1.0, 2.0, 3.5].iter()).expect("a file");
        assert_eq!(largest_difference(&path, &[1.0, 2.0, 3.5]).expect("values"), 0.0);
        assert_eq!(largest_difference(&path, &[1.0, 4.0, 3.0]).expect("values"), 2.0);
        assert!(largest_difference(&path, &[1.0, 2.0]).is_err());
        write(&path, [f32::NAN, 2.0].iter()).expect("a file");
        assert!(largest_difference(&path, &[1.0, 2.0]).expect("values").is_nan());
    }
}
