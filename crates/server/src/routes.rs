//! Handlers of the HTTP routes, by subject.

mod faces;
mod people;
mod status;

pub(crate) use faces::{encode, recognize, verify};
pub(crate) use people::{enroll, list, remove, show};
pub(crate) use status::{access, description, health, metrics, ready};
