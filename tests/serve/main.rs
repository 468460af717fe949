//! The server as programs and browsers meet it: the real binary, over real sockets.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod abuse;
mod interface;
mod load;
mod page;
mod webdriver;
