//! Who is on which pictures, and who of them can be used.

use std::collections::BTreeMap;

use super::source::Source;

/// The pictures of each person, in the order of the people's numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct People {
    /// Of the people with two pictures or more.
    pub(super) groups: Vec<Vec<usize>>,
    /// Pictures of people with a single one.
    pub(super) single: Vec<usize>,
}

impl People {
    pub(super) fn of(source: &dyn Source) -> Self {
        let mut by_identity: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for index in 0..source.len() {
            by_identity.entry(source.identity(index)).or_default().push(index);
        }
        let mut people = Self::default();
        for pictures in by_identity.into_values() {
            if let [only] = pictures[..] {
                people.single.push(only);
            } else {
                people.groups.push(pictures);
            }
        }
        people
    }
}
