//! Training, from the outside: one step against the reference, the trainer, its
//! data. One binary, so that it links once.

#![allow(clippy::unwrap_used, reason = "set-up of tests may unwrap like tests")]

#[path = "training/checkpoints.rs"]
mod checkpoints;
#[path = "training/folders.rs"]
mod folders;
#[path = "training/made.rs"]
mod made;
#[path = "training/reproducible.rs"]
mod reproducible;
#[path = "training/step.rs"]
mod step;
#[path = "training/targets.rs"]
mod targets;
#[path = "training/trainer.rs"]
mod trainer;
