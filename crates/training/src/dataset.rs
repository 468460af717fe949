//! Labeled images on disk, and the lists that say which of them to compare.
//!
//! Training and evaluation read the same few forms, so they live here, apart
//! from both and from the decoding of images: this module hands out bytes and
//! names, checks all it can check without decoding, and never writes.
//!
//! | form | type | when |
//! | --- | --- | --- |
//! | `jpeg-pack-1` or `image-pack-2` folder: many small image files in one | [`Pack`] | tens of thousands of prepared crops |
//! | folder of photos, one folder a person or all in one | [`PhotoTree`] | a user's own images, LFW as published |
//! | LFW's `pairs.txt`, or a plain list of pairs | [`Pairs`] | verification tests |

mod error;
mod manifest;
mod names;
mod pack;
mod pairs;
mod text_file;
mod tree;

pub use error::DatasetError;
pub use pack::{Pack, Target};
pub use pairs::{Pair, Pairs};
pub use tree::{LeftOut, Listing, Photo, PhotoTree, person_in_name};
