//! The server as programs and browsers meet it: the real binary, over real sockets.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
#![allow(clippy::print_stdout, reason = "figures, and what is skipped, are told")]

mod abuse;
mod interface;
mod load;
mod page;
mod webdriver;
