//! Stores of enrolled people: a file that survives a crash, or any other [`Backend`].
//!
//! [`facenet::gallery`] searches people; this crate keeps them. It is separate because a
//! library that compares faces should open no file, and because what is written here is
//! biometric data, which has rules of its own:
//!
//! * Only the file's owner can read it (mode 0600).
//! * A person who is removed, and the old name of one who is renamed, are gone from the file,
//!   every byte: a new file is written and renamed over the old one. An enrollment changes the
//!   file where it lies, so that a note of consent that it replaces may stay in a free page
//!   until the next such change, or [`Store::compact`]. The old file's blocks on the disk are
//!   not erased, nor are snapshots and backups.
//! * All templates are of one model: network, weights, and the way in which faces are cut
//!   out. A file of another model is refused, because the encodings of two models can be
//!   compared but the result means nothing.
//! * A change is durable when its method returns, or did not happen.
//!
//! ```text
//! Store ─► Backend ─┬─► file.rs ─► redb: tables about, people, templates, photos
//!                   │      └─► file/atomic_file.rs: the file, its lock, its replacement
//!                   └─► crate store-postgres: a database that several machines share
//! ```
//!
//! # Example
//! ```
//! use facenet::{gallery::{CROP_VERSION, PersonName}, matching::Encoding};
//! use store::{Access, Enrollment, Model, Store};
//!
//! let directory = tempfile::tempdir()?;
//! let model = Model { variant: "happyhouse".into(), weights_sha256: "ab".repeat(32),
//!                     crop_version: CROP_VERSION.into() };
//! let file = directory.path().join("people.redb");
//! let mut store = Store::open(&file, &model, Access::Write)?;
//! let face = Encoding::new((0..128).map(|i| if i == 0 { 1.0 } else { 0.0 }))?;
//! let kian = PersonName::new("kian")?;
//! store.enroll(&kian, &Enrollment { templates: vec![face.into()], ..Enrollment::default() })?;
//! assert_eq!(store.gallery()?.names(), [kian]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Backend`]: backend::Backend

#![forbid(unsafe_code)]

pub mod backend;
mod error;
mod file;
mod location;
mod people_index;
mod person;
mod store;
mod upkeep;

pub use error::{BoxError, Error};
pub use location::{Access, Location, PostgresAddress, SearchMethod};
pub use people_index::PeopleIndex;
pub use person::{Enrollment, Model, NewTemplate, Person, PersonSummary, Template};
pub use store::Store;
pub use upkeep::UpkeepError;

/// The rows of the file's tables, for the fuzz targets.
#[doc(hidden)]
pub mod record {
    pub use crate::file::record::{PersonRow, TemplateRow};
}
