//! Chooses the images of each batch.

use std::collections::HashSet;

use super::Sampling;
use crate::Error;
use crate::people::People;
use crate::random::{self, Purpose, choose};
use crate::source::Source;

/// A function from a batch's number to its images. Clones agree.
#[derive(Clone, Debug)]
pub(in super::super) struct Sampler {
    seed: u64,
    kind: Kind,
    order: Order,
}

#[derive(Clone, Debug)]
enum Kind {
    Images { images: Vec<usize>, batch: usize },
    People { groups: Vec<Vec<usize>>, batch: usize, each: usize },
}

impl Sampler {
    /// Over all images of `source` but those `held_out`.
    ///
    /// # Errors
    /// When there are no images, or fewer than two people for batches of people.
    pub(in super::super) fn new(
        source: &dyn Source,
        held_out: &HashSet<usize>,
        sampling: Sampling,
        seed: u64,
    ) -> Result<Self, Error> {
        let (kind, count) = match sampling {
            Sampling::Images { images: batch } => {
                let images: Vec<_> =
                    (0..source.len()).filter(|index| !held_out.contains(index)).collect();
                let count = images.len();
                if count == 0 {
                    return Err(Error::NoImages);
                }
                (Kind::Images { images, batch: batch.min(count) }, count)
            }
            Sampling::People { people: batch, images: each } => {
                let People { mut groups, single } = People::of(source);
                // A person is held out with all images or none.
                groups.retain(|group| !held_out.contains(&group[0]));
                let count = groups.len();
                if count < 2 {
                    return Err(Error::NoPairs { found: count, single: single.len() });
                }
                (Kind::People { groups, batch: batch.min(count), each }, count)
            }
        };
        Ok(Self { seed, kind, order: Order { seed, count, known: None } })
    }

    /// Batches in an epoch.
    pub(in super::super) fn batches_per_epoch(&self) -> f64 {
        match &self.kind {
            Kind::Images { images, batch } => images.len() as f64 / *batch as f64,
            Kind::People { groups, batch, .. } => (groups.len() / batch) as f64,
        }
    }

    /// The images of batch `number`, from 0.
    pub(in super::super) fn batch(&mut self, number: u64) -> Vec<usize> {
        let Self { seed, kind, order } = self;
        match kind {
            // Epochs follow each other without a gap: a batch may have images of
            // the end of one and the beginning of the next.
            Kind::Images { images, batch } => {
                let (count, size) = (images.len() as u64, *batch as u64);
                let places = number * size..(number + 1) * size;
                let image = |place| {
                    let item = order.of(place / count)[(place % count) as usize];
                    images[item as usize]
                };
                places.map(image).collect()
            }
            // No person may be in a batch twice, so it is of one epoch. Who is left
            // over at the end has a chance in the next.
            Kind::People { groups, batch, each } => {
                let per_epoch = (groups.len() / *batch) as u64;
                let (epoch, place) = (number / per_epoch, (number % per_epoch) as usize);
                let people = &order.of(epoch)[place * *batch..][..*batch];
                let mut chosen = Vec::with_capacity(*batch * *each);
                for (slot, &person) in people.iter().enumerate() {
                    let mut group = groups[person as usize].clone();
                    let mut random = random::at(*seed, Purpose::Choice, [number, slot as u64]);
                    choose(&mut random, &mut group, *each);
                    group.truncate(*each);
                    chosen.extend(group);
                }
                chosen
            }
        }
    }
}

/// The random order of each epoch. The last one asked for is remembered.
#[derive(Clone, Debug)]
struct Order {
    seed: u64,
    count: usize,
    known: Option<(u64, Vec<u32>)>,
}

impl Order {
    fn of(&mut self, epoch: u64) -> &[u32] {
        let known = self.known.take().filter(|(of, _)| *of == epoch);
        let (_, order) = self.known.insert(known.unwrap_or_else(|| {
            let mut order: Vec<u32> = (0..self.count as u32).collect();
            random::at(self.seed, Purpose::Order, [epoch, 0]).shuffle(&mut order);
            (epoch, order)
        }));
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Canvas, SourceError};

    /// Image i shows person `self.0[i]`.
    struct Labels(Vec<u32>);

    impl Source for Labels {
        fn len(&self) -> usize {
            self.0.len()
        }
        fn identity(&self, index: usize) -> u32 {
            self.0[index]
        }
        fn name(&self, index: usize) -> String {
            index.to_string()
        }
        fn canvas(&self, _: usize) -> Result<Canvas, SourceError> {
            unreachable!("a sampler decodes nothing")
        }
    }

    fn sampler(labels: &[u32], held_out: &[usize], sampling: Sampling) -> Sampler {
        let held_out = held_out.iter().copied().collect();
        Sampler::new(&Labels(labels.to_vec()), &held_out, sampling, 1).unwrap()
    }

    #[test]
    fn every_image_comes_once_an_epoch() {
        let mut sampler = sampler(&[0; 21], &[5], Sampling::Images { images: 8 });
        assert_eq!(sampler.batches_per_epoch(), 2.5);
        let stream: Vec<_> = (0..5).flat_map(|number| sampler.batch(number)).collect();
        assert_eq!(stream.len(), 40);
        let expected: Vec<_> = (0..21).filter(|&index| index != 5).collect();
        let [first, second] = [&stream[..20], &stream[20..]].map(<[usize]>::to_vec);
        assert_ne!(first, second);
        for mut epoch in [first, second] {
            epoch.sort_unstable();
            assert_eq!(epoch, expected);
        }
        assert_eq!(sampler.batch(1), stream[8..16], "in any order of asking");
    }

    #[test]
    fn batches_larger_than_the_set_are_the_set() {
        let mut sampler = sampler(&[0; 3], &[], Sampling::Images { images: 128 });
        let mut batch = sampler.batch(9);
        batch.sort_unstable();
        assert_eq!(batch, [0, 1, 2]);
    }

    #[test]
    fn people_come_once_an_epoch_with_different_images() {
        // Person p has p images, 0 to 6.
        let labels: Vec<u32> = (0..7).flat_map(|p| std::iter::repeat_n(p, p as usize)).collect();
        let sampling = Sampling::People { people: 2, images: 3 };
        let mut sampler = sampler(&labels, &[], sampling);
        // Five people of two images or more, two a batch.
        assert_eq!(sampler.batches_per_epoch(), 2.0);
        let mut shown = HashSet::new();
        for epoch in 0..60 {
            let mut seen = HashSet::new();
            for number in [2 * epoch, 2 * epoch + 1] {
                let batch = sampler.batch(number);
                let distinct: HashSet<_> = batch.iter().copied().collect();
                assert_eq!(distinct.len(), batch.len());
                for person in batch.chunk_by(|&a, &b| labels[a] == labels[b]) {
                    let label = labels[person[0]];
                    assert_eq!(person.len(), label.min(3) as usize);
                    assert!(seen.insert(label), "person {label} twice in epoch {epoch}");
                }
                shown.extend(distinct);
            }
            assert_eq!(seen.len(), 4);
        }
        // All but the only image of person 1.
        assert_eq!(shown.len(), labels.len() - 1);
    }

    #[test]
    fn too_few_people_are_an_error() {
        let new = |labels: &[u32], held_out: &[usize]| {
            let held_out = held_out.iter().copied().collect();
            let sampling = Sampling::People { people: 8, images: 4 };
            Sampler::new(&Labels(labels.to_vec()), &held_out, sampling, 1)
        };
        assert!(matches!(new(&[1, 1, 2, 3, 4], &[]), Err(Error::NoPairs { found: 1, single: 3 })));
        assert!(matches!(new(&[1, 1, 2, 2], &[0, 1]), Err(Error::NoPairs { found: 1, single: 0 })));
        assert_eq!(new(&[1, 1, 2, 2], &[]).unwrap().batch(3).len(), 4);
    }
}
