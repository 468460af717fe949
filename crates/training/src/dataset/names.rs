//! `names.txt`: the file name of each picture of a pack, one a line.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;

use super::error::abridged;
use super::{DatasetError, regular_file};

/// Longest name in bytes, that of common file systems.
const NAME_LIMIT: usize = 255;

/// Names in the order of the pictures, and the way back.
#[derive(Clone, Debug)]
pub(super) struct Names {
    names: Vec<String>,
    places: HashMap<String, usize>,
}

impl Names {
    /// Reads `images` names, all different.
    pub(super) fn read(path: &Path, images: usize) -> Result<Self, DatasetError> {
        // Two more bytes for the line's end.
        let limit = (images as u64).saturating_mul(NAME_LIMIT as u64 + 2).saturating_add(3);
        let text = regular_file::read_text(path, limit)?;
        let found = text.lines().count();
        if found != images {
            return Err(DatasetError::NameCount {
                path: path.to_path_buf(),
                expected: images,
                found,
            });
        }

        let mut names = Vec::with_capacity(images);
        let mut places = HashMap::with_capacity(images);
        for (place, name) in text.lines().enumerate() {
            let line = place + 1;
            if !is_plain(name) {
                let found = abridged(name);
                return Err(DatasetError::Name { path: path.to_path_buf(), line, found });
            }
            match places.entry(name.to_owned()) {
                Entry::Vacant(free) => free.insert(place),
                Entry::Occupied(taken) => {
                    return Err(DatasetError::NameTwice {
                        path: path.to_path_buf(),
                        line,
                        first: taken.get() + 1,
                        name: name.to_owned(),
                    });
                }
            };
            names.push(name.to_owned());
        }
        Ok(Self { names, places })
    }

    /// The name of picture `image`.
    pub(super) fn name(&self, image: usize) -> Option<&str> {
        self.names.get(image).map(String::as_str)
    }

    /// The picture called `name`.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }
}

/// Whether `name` names a file and no way to another folder.
fn is_plain(name: &str) -> bool {
    (1..=NAME_LIMIT).contains(&name.len())
        && !name.chars().any(|c| c.is_control() || c == '/' || c == '\\')
        && !matches!(name, "." | "..")
}
