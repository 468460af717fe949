//! Several sources as one.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Canvas, Source, SourceError, check_not_empty};
use crate::Error;
use crate::dataset::Target;

/// The images of several sources, one after the other. The same number in two sources
/// means two people.
pub struct JoinedSource {
    sources: Vec<Arc<dyn Source>>,
    /// Where each source begins, and the number of all images.
    starts: Vec<usize>,
    identities: Vec<u32>,
}

impl JoinedSource {
    /// Joins sources in this order.
    ///
    /// # Errors
    /// When they have no image, or some have targets and others none.
    pub fn new(sources: Vec<Arc<dyn Source>>) -> Result<Self, Error> {
        if let Some(odd) = sources.iter().position(|s| s.has_targets() != sources[0].has_targets())
        {
            return Err(Error::MixedTargets { first: odd - 1, second: odd });
        }
        let mut starts = vec![0];
        let mut identities = Vec::new();
        let mut numbers = HashMap::new();
        for (place, source) in sources.iter().enumerate() {
            for index in 0..source.len() {
                let next = numbers.len() as u32;
                identities.push(*numbers.entry((place, source.identity(index))).or_insert(next));
            }
            starts.push(identities.len());
        }
        let joined = Self { sources, starts, identities };
        check_not_empty(&joined)?;
        Ok(joined)
    }

    /// The source of image `index`, and the image's number there.
    fn locate(&self, index: usize) -> (&dyn Source, usize) {
        let place = self.starts.partition_point(|&start| start <= index) - 1;
        (self.sources[place].as_ref(), index - self.starts[place])
    }
}

impl Source for JoinedSource {
    fn len(&self) -> usize {
        self.identities.len()
    }

    fn identity(&self, index: usize) -> u32 {
        self.identities[index]
    }

    fn name(&self, index: usize) -> String {
        let (source, index) = self.locate(index);
        source.name(index)
    }

    fn file_name(&self, index: usize) -> String {
        let (source, index) = self.locate(index);
        source.file_name(index)
    }

    fn canvas(&self, index: usize) -> Result<Canvas, SourceError> {
        let (source, index) = self.locate(index);
        source.canvas(index)
    }

    fn has_targets(&self) -> bool {
        self.sources.iter().all(|source| source.has_targets())
    }

    fn target(&self, index: usize) -> Option<Target> {
        let (source, index) = self.locate(index);
        source.target(index)
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    /// Image i shows person `people[i]`, in a gray of its own.
    struct Grays {
        people: Vec<u32>,
        has_targets: bool,
    }

    impl Source for Grays {
        fn len(&self) -> usize {
            self.people.len()
        }
        fn identity(&self, index: usize) -> u32 {
            self.people[index]
        }
        fn name(&self, index: usize) -> String {
            format!("gray {index}")
        }
        fn canvas(&self, index: usize) -> Result<Canvas, SourceError> {
            let gray = (10 * self.people.len() + index) as u8;
            Canvas::whole(RgbImage::from_pixel(8, 8, Rgb([gray; 3])))
        }
        fn has_targets(&self) -> bool {
            self.has_targets
        }
    }

    fn source(people: &[u32], has_targets: bool) -> Arc<dyn Source> {
        Arc::new(Grays { people: people.to_vec(), has_targets })
    }

    #[test]
    fn images_follow_each_other_and_people_stay_apart() {
        let parts = [&[7, 7, 9][..], &[], &[7, 8], &[9]].map(|people| source(people, false));
        let joined = JoinedSource::new(parts.to_vec()).unwrap();
        let identities: Vec<_> = (0..joined.len()).map(|index| joined.identity(index)).collect();
        assert_eq!(identities, [0, 0, 1, 2, 3, 4]);
        let gray = |index| joined.canvas(index).unwrap().image.get_pixel(0, 0).0[0];
        assert_eq!([0, 1, 2, 3, 4, 5].map(gray), [30, 31, 32, 20, 21, 10]);
        assert_eq!(joined.name(4), "gray 1");
    }

    #[test]
    fn some_targets_are_refused() {
        let parts = vec![source(&[1], true), source(&[1], true), source(&[2], false)];
        let error = JoinedSource::new(parts).err().unwrap().to_string();
        assert!(error.contains("number 2") && error.contains("number 3"), "{error}");
        assert!(matches!(JoinedSource::new(Vec::new()), Err(Error::NoImages)));
    }
}
