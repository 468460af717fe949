//! Handlers of the HTTP routes, by subject.

mod events;
mod faces;
mod people;
mod photos;
mod status;

pub(crate) use events::events;
pub(crate) use faces::{detect, encode, recognize, verify};
pub(crate) use people::{enroll, list, remove, rename, show};
pub(crate) use photos::{photo, photos, remove_photo};
pub(crate) use status::{access, description, health, metrics, ready};
