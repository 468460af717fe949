//! Images by person, and the people who can be used.

use std::collections::BTreeMap;

use super::source::Source;

/// The images of each person, in the order of the people's numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct People {
    /// Images of the people with two images or more.
    pub(super) groups: Vec<Vec<usize>>,
    /// Images of people with a single one.
    pub(super) single: Vec<usize>,
}

impl People {
    pub(super) fn of(source: &dyn Source) -> Self {
        let mut by_identity: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for index in 0..source.len() {
            by_identity.entry(source.identity(index)).or_default().push(index);
        }
        let mut people = Self::default();
        for images in by_identity.into_values() {
            if let [only] = images[..] {
                people.single.push(only);
            } else {
                people.groups.push(images);
            }
        }
        people
    }
}
