//! Recognition over HTTP, with a web page for people: the server behind `facenet serve`.
//!
//! ```text
//! connections ─► guard ─► body ─► workers ─► pipeline ─► service
//! bounded,       Host,    bounded one a core, decode,     gallery in memory,
//! idle closed    Origin,  bytes   a bounded   find,       store on disk
//!                token            queue       encode
//! ```
//!
//! What comes from outside is bounded at each step: connections, time, bytes of all
//! bodies together, pixels, requests that wait. Beyond a bound the answer is an error
//! of HTTP and the next request is served. Uploads stay in memory; the log tells
//! neither names nor numbers of people.
//!
//! This is the only crate that listens on a socket. It knows nothing of the command line: the
//! program converts its arguments into [`Options`] and prints what is to be printed.
//!
//! # Example
//! ```no_run
//! use biometrics::LoadedModel;
//! use biometrics::policy::{IdentificationOptions, IdentificationPolicy};
//! use facenet::gallery::CROP_VERSION;
//! use facenet::network::Variant;
//! use server::{Options, Server};
//! use store::{Access, Model, Store};
//!
//! let loaded = LoadedModel::embedded(Variant::HappyHouse)?;
//! let calibration = loaded.calibration().cloned();
//! let policy = IdentificationPolicy::new(calibration, &IdentificationOptions::default())?;
//! let model = Model { variant: "happyhouse".into(), weights_sha256: loaded.hash().into(),
//!                     crop_version: CROP_VERSION.into() };
//! let store = Store::open("people.redb".as_ref(), &model, Access::Write)?;
//! let pipeline = faces::FacePipeline::embedded()?;
//! let server = Server::bind(pipeline, policy, store, Options::default())?;
//! println!("http://{}/", server.address());
//! server.serve();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod api_error;
mod audit;
mod body;
mod claims;
mod client;
mod connections;
mod decisions;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod guard;
mod kept_gallery;
mod metrics;
mod options;
mod page;
mod query;
mod responses;
mod router;
mod routes;
mod server;
mod service;
mod state;
#[cfg(test)]
mod tests;
mod workers;

pub use error::Error;
pub use options::{Limits, Options, Token, TokenError};
pub use server::Server;
