//! Reads pictures, changes them and puts them together.

use std::sync::Arc;

use facenet::network::{ENCODING_LENGTH, INPUT_CHANNELS, INPUT_SIZE};
use ndarray::{Array2, Array4};

use super::{Batch, Sampler, Unreadable};
use crate::augmentation::{AugmentationOptions, PICTURE, Recipe};
use crate::random::{self, Purpose};
use crate::source::Source;

/// Makes batches by number. Clones make the same ones.
#[derive(Clone)]
pub(in super::super) struct Kitchen {
    pub(in super::super) source: Arc<dyn Source>,
    pub(in super::super) sampler: Sampler,
    pub(in super::super) augmentation: AugmentationOptions,
    pub(in super::super) seed: u64,
}

impl Kitchen {
    /// Batch `number`, from 0.
    pub(in super::super) fn batch(&mut self, number: u64) -> Batch {
        let chosen = self.sampler.batch(number);
        let recipe = |place: usize| {
            let place = [number, place as u64];
            Recipe::draw(
                &self.augmentation,
                &mut random::at(self.seed, Purpose::Augmentation, place),
            )
        };
        prepare(self.source.as_ref(), &chosen, recipe)
    }
}

/// Puts the pictures `chosen` together, the one at each place by its recipe.
/// Those that cannot be read are left out.
pub(in super::super) fn prepare(
    source: &dyn Source,
    chosen: &[usize],
    recipe: impl Fn(usize) -> Recipe,
) -> Batch {
    let mut pixels = vec![0.0; chosen.len() * PICTURE];
    let mut identities = Vec::with_capacity(chosen.len());
    let mut targets = Vec::new();
    let mut unreadable = Vec::new();
    for (place, &index) in chosen.iter().enumerate() {
        match source.canvas(index) {
            Ok(canvas) => {
                let start = identities.len() * PICTURE;
                recipe(place).carry_out(&canvas, &mut pixels[start..start + PICTURE]);
                identities.push(source.identity(index));
                targets.extend(source.target(index).into_iter().flatten());
            }
            Err(error) => {
                let (name, reason) = (source.name(index), error.to_string());
                unreadable.push(Unreadable { index, name, reason });
            }
        }
    }
    let count = identities.len();
    pixels.truncate(count * PICTURE);
    let shape = (count, INPUT_CHANNELS, INPUT_SIZE, INPUT_SIZE);
    let Ok(pictures) = Array4::from_shape_vec(shape, pixels) else {
        unreachable!("{count} pictures of {PICTURE} values")
    };
    let targets = source.has_targets().then(|| {
        let values = targets.len();
        match Array2::from_shape_vec((count, ENCODING_LENGTH), targets) {
            Ok(targets) => targets,
            Err(_) => panic!("a source with targets gave {values} values for {count} pictures"),
        }
    });
    Batch { pictures, identities, targets, unreadable }
}
