//! The commands of the program, one file each.

pub(crate) mod bench;
pub(crate) mod calibrate;
pub(crate) mod cluster;
pub(crate) mod completions;
pub(crate) mod detect;
pub(crate) mod encode;
pub(crate) mod enroll;
pub(crate) mod evaluate;
pub(crate) mod gallery;
pub(crate) mod model;
pub(crate) mod recognize;
pub(crate) mod serve;
pub(crate) mod train;
pub(crate) mod verify;
pub(crate) mod watch;
