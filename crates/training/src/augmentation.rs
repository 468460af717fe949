//! Changes to an image each time it is shown, so that the network learns the
//! person and not the photo.
//!
//! A [`Augmentation`] is drawn first, all its numbers at once and always the same
//! number of them, then carried out. So the image depends on the seed and the
//! augmentation's ranges only, and switching one change off leaves the others as they
//! were. In order:
//!
//! | change | file |
//! | --- | --- |
//! | shift, scale, rotation, mirroring: one resampling from the canvas | `augmentation/jitter.rs` |
//! | blur: fewer pixels, then 96 again | `augmentation/blur.rs` |
//! | gray, brightness, color | `augmentation/color.rs` |
//! | an erased patch | `augmentation/erasing.rs` |
//!
//! Values outside 0..1 are clamped at the end. Without changes the result is the
//! window of the canvas, as evaluation sees it.

mod blur;
mod color;
mod erasing;
mod jitter;
mod options;

use tensor::Random;

use super::random::between;
use super::source::Canvas;

pub use options::AugmentationOptions;

use color::Color;
use erasing::Patch;
use jitter::{Jitter, resample};

/// Values of one image.
pub(super) const IMAGE: usize = 3 * jitter::PLANE;

/// The changes to one image.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Augmentation {
    jitter: Jitter,
    /// Pixels a side in between.
    blur: Option<usize>,
    color: Color,
    patch: Option<Patch>,
}

impl Augmentation {
    /// No changes.
    pub(super) const NONE: Self = Self {
        jitter: Jitter::IDENTITY,
        blur: None,
        color: Color { gray: false, gains: [1.0; 3] },
        patch: None,
    };

    /// Draws the changes to one image.
    pub(super) fn draw(options: &AugmentationOptions, random: &mut Random) -> Self {
        let &AugmentationOptions { shift, scale, rotation, mirror, .. } = options;
        let jitter = Jitter {
            shift: [between(random, -shift, shift), between(random, -shift, shift)],
            scale: between(random, -scale, scale).exp(),
            rotation: (rotation * random.normal()).to_radians(),
            mirror: random.uniform() < mirror,
        };
        let &AugmentationOptions { blur, blur_size: [least, most], .. } = options;
        let blurred = random.uniform() < blur;
        let size = least + random.below(most - least + 1);
        let &AugmentationOptions { gray, brightness: [dark, bright], color, .. } = options;
        let gray = random.uniform() < gray;
        let brightness = between(random, dark, bright);
        let gains = [(); 3].map(|()| (brightness * (1.0 + between(random, -color, color))) as f32);
        let erased = random.uniform() < options.erase;
        let patch = Patch::draw(options.erase_size, random);
        Self {
            jitter,
            blur: blurred.then_some(size),
            color: Color { gray, gains },
            patch: erased.then_some(patch),
        }
    }

    /// Makes the network's input: three planes of 96×96 values in 0..1.
    ///
    /// # Panics
    /// If `output` has not [`IMAGE`] values.
    pub(super) fn apply(&self, canvas: &Canvas, output: &mut [f32]) {
        self.warp(canvas, output);
        if let Some(size) = self.blur {
            blur::blur(output, size);
        }
        self.color.apply(output);
        if let Some(patch) = &self.patch {
            patch.erase(output);
        }
        for value in output {
            *value = value.clamp(0.0, 1.0);
        }
    }

    fn warp(&self, canvas: &Canvas, output: &mut [f32]) {
        let Canvas { image, window } = canvas;
        resample(image, *window, self.jitter, output);
    }
}

#[cfg(test)]
mod tests {
    use faces::Window;
    use image::{Rgb, RgbImage};

    use super::*;
    use crate::random::{self, Purpose};

    fn canvas() -> Canvas {
        let image = RgbImage::from_fn(112, 112, |x, y| {
            Rgb([(2 * x) as u8, (x * y / 50) as u8, 200 - (x / 2 + y) as u8])
        });
        Canvas { image, window: Window { x: 11.8, y: 11.8, width: 88.4, height: 88.4 } }
    }

    fn draw(options: &AugmentationOptions, place: u64) -> Augmentation {
        Augmentation::draw(options, &mut random::at(5, Purpose::Augmentation, [0, place]))
    }

    fn image(augmentation: &Augmentation) -> Vec<f32> {
        let mut output = vec![f32::NAN; IMAGE];
        augmentation.apply(&canvas(), &mut output);
        output
    }

    #[test]
    fn without_changes_the_window_is_left() {
        let none = draw(&AugmentationOptions::none(), 0);
        assert_eq!(none, Augmentation::NONE);
        let mut window = vec![0.0; IMAGE];
        none.warp(&canvas(), &mut window);
        assert_eq!(image(&none), window);
    }

    #[test]
    fn recipes_keep_to_their_ranges_and_frequencies() {
        const COUNT: u32 = 4000;
        let options = AugmentationOptions::default();
        let (mut mirrored, mut blurred, mut gray, mut erased) = (0, 0, 0, 0);
        let mut turns = 0.0;
        for place in 0..COUNT {
            let Augmentation { jitter, blur, color, patch } = draw(&options, place.into());
            assert!(jitter.shift.iter().all(|shift| shift.abs() <= 6.0));
            assert!(jitter.scale.ln().abs() <= 0.15 + 1e-12);
            assert!(color.gains.iter().all(|gain| (0.64..1.41).contains(gain)));
            assert!(blur.is_none_or(|size| (24..=64).contains(&size)));
            turns += jitter.rotation.to_degrees().powi(2);
            mirrored += u32::from(jitter.mirror);
            blurred += u32::from(blur.is_some());
            gray += u32::from(color.gray);
            erased += u32::from(patch.is_some());
        }
        let deviation = (turns / f64::from(COUNT)).sqrt();
        assert!((deviation - 6.0).abs() < 0.35, "{deviation} degrees");
        for (count, share) in [(mirrored, 0.5), (blurred, 0.15), (gray, 0.12), (erased, 0.1)] {
            let found = f64::from(count) / f64::from(COUNT);
            // Five standard errors.
            assert!((found - share).abs() < 0.04, "{found}, expected {share}");
        }
    }

    #[test]
    fn switching_one_change_off_leaves_the_others() {
        let all = AugmentationOptions { blur: 1.0, gray: 1.0, erase: 1.0, ..Default::default() };
        let with = draw(&all, 7);
        let without = draw(&AugmentationOptions { blur: 0.0, gray: 0.0, ..all }, 7);
        assert!(with.blur.is_some() && with.color.gray);
        assert!(without.blur.is_none() && !without.color.gray);
        assert_eq!((with.jitter, with.patch), (without.jitter, without.patch));
        assert_eq!(with.color.gains, without.color.gains);
    }

    #[test]
    fn images_stay_in_range_and_differ() {
        let options = AugmentationOptions {
            brightness: [0.1, 3.0],
            blur: 0.5,
            gray: 0.3,
            erase: 0.5,
            ..Default::default()
        };
        let images: Vec<_> = (0..20).map(|place| image(&draw(&options, place))).collect();
        for (i, one) in images.iter().enumerate() {
            assert!(one.iter().all(|value| (0.0..=1.0).contains(value)));
            assert!(images[..i].iter().all(|other| other != one));
        }
        assert_eq!(image(&draw(&options, 3)), images[3]);
    }
}
