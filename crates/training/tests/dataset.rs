//! Packs, lists of pairs and folders of photos, read from disk. One binary, so that it links
//! once.

#![allow(clippy::unwrap_used, reason = "set-up of tests may unwrap like tests")]

#[path = "dataset/lists.rs"]
mod lists;
#[path = "dataset/pack.rs"]
mod pack;
