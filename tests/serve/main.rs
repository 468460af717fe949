//! Tests of the server: the real binary over real sockets, and its page in a browser.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
#![allow(clippy::print_stdout, reason = "prints figures")]

mod abuse;
mod access;
mod enrollment;
mod hints;
mod interface;
mod load;
mod page;
mod proxy;
mod webdriver;
