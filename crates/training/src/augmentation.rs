//! Changes to a picture each time it is shown, so that the network learns the
//! person and not the photo.
//!
//! A [`Recipe`] is drawn first, all its numbers at once and always the same
//! number of them, then carried out. So the picture depends on the seed and the
//! recipe's ranges only, and switching one change off leaves the others as they
//! were. In order:
//!
//! | change | file |
//! | --- | --- |
//! | shift, scale, rotation, mirroring: one resampling from the canvas | `augmentation/warp.rs` |
//! | blur: fewer pixels, then 96 again | `augmentation/blur.rs` |
//! | grey, brightness, colour | `augmentation/colour.rs` |
//! | an erased patch | `augmentation/erasing.rs` |
//!
//! Values outside 0..1 are clamped at the end. Without changes the result is the
//! window of the canvas, as evaluation sees it.

mod blur;
mod colour;
mod erasing;
mod options;
mod warp;

use facenet::network::INPUT_SIZE;
use tensor::Random;

use super::random::between;
use super::source::Canvas;

pub use options::AugmentationOptions;

use colour::Colour;
use erasing::Patch;
use warp::{Similarity, warp};

/// Values of one picture.
pub(super) const PICTURE: usize = 3 * warp::PLANE;

/// The changes to one picture.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Recipe {
    similarity: Similarity,
    /// Pixels a side in between.
    blur: Option<usize>,
    colour: Colour,
    patch: Option<Patch>,
}

impl Recipe {
    /// No changes.
    pub(super) const NONE: Self = Self {
        similarity: Similarity::IDENTITY,
        blur: None,
        colour: Colour { grey: false, gains: [1.0; 3] },
        patch: None,
    };

    /// Draws the changes to one picture.
    pub(super) fn draw(options: &AugmentationOptions, random: &mut Random) -> Self {
        let &AugmentationOptions { shift, scale, rotation, mirror, .. } = options;
        let similarity = Similarity {
            shift: [between(random, -shift, shift), between(random, -shift, shift)],
            scale: between(random, -scale, scale).exp(),
            rotation: (rotation * random.normal()).to_radians(),
            mirror: random.uniform() < mirror,
        };
        let &AugmentationOptions { blur, blur_size: [least, most], .. } = options;
        let blurred = random.uniform() < blur;
        let size = least + random.below(most - least + 1);
        let &AugmentationOptions { grey, brightness: [dark, bright], colour, .. } = options;
        let grey = random.uniform() < grey;
        let brightness = between(random, dark, bright);
        let gains =
            [(); 3].map(|()| (brightness * (1.0 + between(random, -colour, colour))) as f32);
        let erased = random.uniform() < options.erase;
        let patch = Patch::draw(options.erase_size, random);
        Self {
            similarity,
            blur: blurred.then_some(size),
            colour: Colour { grey, gains },
            patch: erased.then_some(patch),
        }
    }

    /// Makes the network's input: three planes of 96×96 values in 0..1.
    ///
    /// # Panics
    /// If `output` has not [`PICTURE`] values.
    pub(super) fn carry_out(&self, canvas: &Canvas, output: &mut [f32]) {
        self.warp(canvas, output);
        if let Some(size) = self.blur {
            blur::blur(output, size);
        }
        self.colour.apply(output);
        if let Some(patch) = &self.patch {
            patch.erase(output);
        }
        for value in output {
            *value = value.clamp(0.0, 1.0);
        }
    }

    fn warp(&self, canvas: &Canvas, output: &mut [f32]) {
        let Canvas { picture, window } = canvas;
        warp(picture, *window, self.similarity, output);
    }
}

/// Side of the input, for sizes that are given as a share of it.
const SIDE: f64 = INPUT_SIZE as f64;

#[cfg(test)]
mod tests {
    use faces::Window;
    use image::{Rgb, RgbImage};

    use super::*;
    use crate::random::{self, Purpose};

    fn canvas() -> Canvas {
        let picture = RgbImage::from_fn(112, 112, |x, y| {
            Rgb([(2 * x) as u8, (x * y / 50) as u8, 200 - (x / 2 + y) as u8])
        });
        Canvas { picture, window: Window { x: 11.8, y: 11.8, width: 88.4, height: 88.4 } }
    }

    fn draw(options: &AugmentationOptions, place: u64) -> Recipe {
        Recipe::draw(options, &mut random::at(5, Purpose::Augmentation, [0, place]))
    }

    fn picture(recipe: &Recipe) -> Vec<f32> {
        let mut output = vec![f32::NAN; PICTURE];
        recipe.carry_out(&canvas(), &mut output);
        output
    }

    #[test]
    fn without_changes_the_window_is_left() {
        let none = draw(&AugmentationOptions::none(), 0);
        assert_eq!(none, Recipe::NONE);
        let mut window = vec![0.0; PICTURE];
        none.warp(&canvas(), &mut window);
        assert_eq!(picture(&none), window);
    }

    #[test]
    fn recipes_keep_to_their_ranges_and_frequencies() {
        const COUNT: u32 = 4000;
        let options = AugmentationOptions::default();
        let (mut mirrored, mut blurred, mut grey, mut erased) = (0, 0, 0, 0);
        let mut turns = 0.0;
        for place in 0..COUNT {
            let Recipe { similarity, blur, colour, patch } = draw(&options, place.into());
            assert!(similarity.shift.iter().all(|shift| shift.abs() <= 6.0));
            assert!(similarity.scale.ln().abs() <= 0.15 + 1e-12);
            assert!(colour.gains.iter().all(|gain| (0.64..1.41).contains(gain)));
            assert!(blur.is_none_or(|size| (24..=64).contains(&size)));
            turns += similarity.rotation.to_degrees().powi(2);
            mirrored += u32::from(similarity.mirror);
            blurred += u32::from(blur.is_some());
            grey += u32::from(colour.grey);
            erased += u32::from(patch.is_some());
        }
        let deviation = (turns / f64::from(COUNT)).sqrt();
        assert!((deviation - 6.0).abs() < 0.35, "{deviation} degrees");
        for (count, share) in [(mirrored, 0.5), (blurred, 0.15), (grey, 0.12), (erased, 0.1)] {
            let found = f64::from(count) / f64::from(COUNT);
            // Five standard errors.
            assert!((found - share).abs() < 0.04, "{found}, expected {share}");
        }
    }

    #[test]
    fn switching_one_change_off_leaves_the_others() {
        let all = AugmentationOptions { blur: 1.0, grey: 1.0, erase: 1.0, ..Default::default() };
        let with = draw(&all, 7);
        let without = draw(&AugmentationOptions { blur: 0.0, grey: 0.0, ..all }, 7);
        assert!(with.blur.is_some() && with.colour.grey);
        assert!(without.blur.is_none() && !without.colour.grey);
        assert_eq!((with.similarity, with.patch), (without.similarity, without.patch));
        assert_eq!(with.colour.gains, without.colour.gains);
    }

    #[test]
    fn pictures_stay_in_range_and_differ() {
        let options = AugmentationOptions {
            brightness: [0.1, 3.0],
            blur: 0.5,
            grey: 0.3,
            erase: 0.5,
            ..Default::default()
        };
        let pictures: Vec<_> = (0..20).map(|place| picture(&draw(&options, place))).collect();
        for (i, one) in pictures.iter().enumerate() {
            assert!(one.iter().all(|value| (0.0..=1.0).contains(value)));
            assert!(pictures[..i].iter().all(|other| other != one));
        }
        assert_eq!(picture(&draw(&options, 3)), pictures[3]);
    }
}
