//! Training: data sets of faces, and the training of the networks' weights.
//!
//! ```text
//! source ──► batches ──────────────► trainer ◄──► checkpoint
//! pack or    chosen, decoded,         step: model on the tape, loss, optimizer
//! folder     changed, on threads      ──► metrics, held-out measure, weights
//! ```
//!
//! | part | what it is |
//! | --- | --- |
//! | [`Source`]: [`PackSource`], [`FolderSource`] | numbered images of numbered people |
//! | [`AugmentationOptions`], [`Sampling`] | how images are changed and put together |
//! | [`dataset`] | labeled images on disk |
//! | [`Loss`]: triplets, [`distillation()`], [`margin_softmax()`] | what is made small |
//! | [`Trainer`] with [`TrainingOptions`] and [`RunOptions`] | the loop |
//! | [`HeldOut`] | how well unseen faces are distinguished meanwhile |
//! | [`Checkpoint`] | a training on disk |
//! | [`landmarks`] | training of the landmark network |
//! | [`detector`] | training of the network that finds faces |
//! | [`visibility`] | training of the network that tells what of a face can be seen |
//!
//! Training is a function of its options, its images and the weights to begin
//! with: the same bits come out with any number of threads, and when it was
//! interrupted and resumed. Bad images are [counted](Skipped), not fatal.
//!
//! ```no_run
//! use std::sync::{Arc, atomic::AtomicBool};
//!
//! use training::dataset::Pack;
//! use training::{
//!     Budget, Event, Initial, PackSource, RunOptions, Trainer, TrainingOptions,
//! };
//!
//! let source = Arc::new(PackSource::new(Pack::open("faces")?)?);
//! let options =
//!     TrainingOptions { budget: Budget::Minutes(20.0), ..TrainingOptions::distillation() };
//! let mut trainer = Trainer::new(source, Initial::Random, options)?;
//! let stop = AtomicBool::new(false);
//! trainer.run(&RunOptions::default(), &stop, &mut |event| {
//!     if let Event::Step(metrics) = event {
//!         println!("{:?}", metrics.loss);
//!     }
//! })?;
//! trainer.weights()?.save_npy_folder("trained".as_ref())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod augmentation;
mod batches;
mod centers;
mod checkpoint;
pub mod dataset;
pub mod detector;
mod error;
mod fit;
mod held_out;
pub mod landmarks;
mod losses;
mod people;
mod position;
mod random;
mod skipped;
mod small_network;
mod source;
mod trainer;
pub mod visibility;

pub use augmentation::AugmentationOptions;
pub use batches::Sampling;
pub use checkpoint::Checkpoint;
pub use error::{Error, OptionsError};
pub use held_out::{HeldOut, HeldOutMetrics, HeldOutPair};
pub use losses::{Loss, MarginOptions, distillation, margin_softmax};
pub use skipped::{Skipped, SkippedImage};
pub use source::{
    AlignedPhotos, Canvas, FacesInPhotos, FolderOptions, FolderSource, JoinedSource, PackSource,
    PhotoReader, Source, SourceError,
};
pub use trainer::{
    Budget, Event, Initial, Interval, OptimizerOptions, Outcome, RateSchedule, RunOptions,
    StepMetrics, Trainer, TrainingOptions, TripletCount,
};
