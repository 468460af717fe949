//! How much pictures are changed.

use serde::{Deserialize, Serialize};

use super::super::error::OptionsError;

/// Ranges and probabilities of the changes. The default is the recipe that the
/// shipped weights were made with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AugmentationOptions {
    /// Furthest shift to each side, in pixels of the network's input; uniform.
    pub shift: f64,
    /// Largest change of size to each side, as a natural logarithm; uniform.
    pub scale: f64,
    /// Standard deviation of the rotation in degrees.
    pub rotation: f64,
    /// Probability that left and right are exchanged.
    pub mirror: f64,
    /// Factor on all values, from and to; uniform.
    pub brightness: [f64; 2],
    /// Largest change of each colour's factor to each side; uniform.
    pub colour: f64,
    /// Probability of a blur.
    pub blur: f64,
    /// Pixels a side to which a blurred picture is shrunk before it is enlarged
    /// again, from and to; uniform.
    pub blur_size: [usize; 2],
    /// Probability that the colours are taken away.
    pub grey: f64,
    /// Probability that a patch is painted over.
    pub erase: f64,
    /// Width and height of that patch as a share of the picture's side, from and
    /// to; each uniform.
    pub erase_size: [f64; 2],
}

impl Default for AugmentationOptions {
    fn default() -> Self {
        Self {
            shift: 6.0,
            scale: 0.15,
            rotation: 6.0,
            mirror: 0.5,
            brightness: [0.7, 1.3],
            colour: 0.08,
            blur: 0.15,
            blur_size: [24, 64],
            grey: 0.12,
            erase: 0.1,
            erase_size: [0.1, 0.4],
        }
    }
}

impl AugmentationOptions {
    /// No change at all.
    pub fn none() -> Self {
        Self {
            shift: 0.0,
            scale: 0.0,
            rotation: 0.0,
            mirror: 0.0,
            brightness: [1.0; 2],
            colour: 0.0,
            blur: 0.0,
            grey: 0.0,
            erase: 0.0,
            ..Self::default()
        }
    }

    /// Checks every range.
    ///
    /// # Errors
    /// Names the first option that is out of range.
    pub(in super::super) fn check(&self) -> Result<(), OptionsError> {
        let Self { blur_size: [least, most], .. } = *self;
        let [dark, bright] = self.brightness;
        let [small, large] = self.erase_size;
        for (option, value, limit, expected) in [
            ("augmentation.shift", self.shift, 96.0, "0 to 96 pixels"),
            ("augmentation.scale", self.scale, 2.0, "0 to 2"),
            ("augmentation.rotation", self.rotation, 180.0, "0 to 180 degrees"),
            ("augmentation.mirror", self.mirror, 1.0, "0 to 1"),
            ("augmentation.colour", self.colour, 1.0, "0 to 1"),
            ("augmentation.blur", self.blur, 1.0, "0 to 1"),
            ("augmentation.grey", self.grey, 1.0, "0 to 1"),
            ("augmentation.erase", self.erase, 1.0, "0 to 1"),
        ] {
            OptionsError::check(option, value, expected, (0.0..=limit).contains(&value))?;
        }
        OptionsError::check(
            "augmentation.brightness",
            format!("{dark} to {bright}"),
            "a range within 0 to 10",
            0.0 <= dark && dark <= bright && bright <= 10.0,
        )?;
        OptionsError::check(
            "augmentation.blur_size",
            format!("{least} to {most}"),
            "a range within 1 to 96 pixels",
            1 <= least && least <= most && most <= 96,
        )?;
        OptionsError::check(
            "augmentation.erase_size",
            format!("{small} to {large}"),
            "a range within 0 to 1",
            0.0 <= small && small <= large && large <= 1.0,
        )
    }
}
