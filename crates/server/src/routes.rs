//! What can be asked: about faces, about people, and about the server.

mod faces;
mod people;
mod status;

pub(crate) use faces::{encode, recognize, verify};
pub(crate) use people::{enroll, list, remove, show};
pub(crate) use status::{access, description, health, metrics, ready};
