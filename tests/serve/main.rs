//! Tests of the server: the real binary over real sockets, and its page in a browser.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
#![allow(clippy::print_stdout, reason = "prints figures")]

mod abuse;
mod access;
mod discipline;
mod enrollment;
mod events;
mod films;
mod hints;
mod interface;
mod live;
mod load;
mod page;
mod photos;
mod proxy;
mod webdriver;
