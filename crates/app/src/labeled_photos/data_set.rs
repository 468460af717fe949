//! Where labeled photos lie: in a pack, or in the files of a folder.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use faces::{FaceLocator, Photo};
use training::dataset::{Pack, PhotoTree};

/// A data set.
pub(super) enum DataSet {
    Pack(Box<Pack>),
    Tree(PhotoTree),
}

/// One photo's location in it.
pub(super) enum Location {
    InPack(usize),
    File(PathBuf),
}

impl DataSet {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        Ok(if folder.join("pack.json").exists() {
            Self::Pack(Box::new(Pack::open(folder)?))
        } else {
            Self::Tree(PhotoTree::open(folder)?)
        })
    }

    pub(super) fn location(&self, name: &str) -> Result<Location> {
        match self {
            Self::Tree(tree) => Ok(Location::File(tree.resolve(name)?)),
            Self::Pack(pack) => pack.index_of(name).map(Location::InPack).ok_or_else(|| {
                anyhow!(
                    "the pack {} has no image {name:?}; if it contains only the first folds, \
                     pass --folds N",
                    pack.folder().display()
                )
            }),
        }
    }

    pub(super) fn photo(
        &self,
        name: &str,
        location: &Location,
        locator: &FaceLocator,
    ) -> Result<Photo> {
        Ok(match (self, location) {
            (Self::Pack(pack), Location::InPack(index)) => {
                locator.decode(&pack.image(*index)?, name)?
            }
            (_, Location::File(path)) => locator.open(path)?,
            (Self::Tree(_), Location::InPack(_)) => bail!("{name} is not in a pack"),
        })
    }
}
