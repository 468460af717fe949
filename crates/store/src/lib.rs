//! Where enrolled people are kept: one file, ours alone to read, that survives a crash; or
//! a database.
//!
//! [`facenet::gallery`] finds people; this crate remembers them. Separate because a
//! library that matches faces should open no file, and because what is written here is
//! biometric data, whose keeping has rules of its own:
//!
//! * The file is created for its owner only (0600).
//! * Whoever is removed, renamed or replaced is gone from the file, every byte: the file
//!   is written anew and put in the place of the old one.
//! * Templates are of one model: network, weights, and the way in which faces are cut out.
//!   A file made with another is refused, because numbers of two models can be compared but
//!   mean nothing.
//! * A change is on the disk when the call returns, or did not happen.
//!
//! ```text
//! Store ─► Keeper ─┬─► file.rs ─► redb: tables about, people, templates, photos
//!                  │      └─► place.rs: the file, its lock, the one that takes its place
//!                  └─► postgres.rs ─► a database that several machines share
//! ```
//!
//! The database is an optional feature, `postgres`; `docs/postgres.md` says which of these
//! promises it keeps, and how.
//!
//! # Example
//! ```
//! use facenet::{gallery::{FACE_FRAMING, PersonName}, matching::Encoding};
//! use store::{Access, Enrolment, Location, Model, Store};
//!
//! let folder = tempfile::tempdir()?;
//! let model = Model { variant: "happyhouse".into(), weights_sha256: "ab".repeat(32),
//!                     framing: FACE_FRAMING.into() };
//! let file = Location::File(folder.path().join("people.redb"));
//! let mut store = Store::open(&file, &model, Access::Write)?;
//! let face = Encoding::new((0..128).map(|i| if i == 0 { 1.0 } else { 0.0 }))?;
//! let kian = PersonName::new("kian")?;
//! store.enroll(&kian, &Enrolment { templates: vec![face.into()], ..Enrolment::default() })?;
//! assert_eq!(store.gallery()?.names(), [kian]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod backend;
mod error;
#[cfg(test)]
mod faults;
mod file;
mod keeper;
mod location;
mod person;
mod place;
#[cfg(feature = "postgres")]
mod postgres;
mod record;
mod searched;
mod store;
mod tables;

pub use error::{ChangeError, StoreError};
pub use location::{Database, Location, Search};
pub use person::{Enrolment, Model, NewTemplate, Person, Summary, Template};
pub use searched::Searched;
pub use store::{Access, Store};
