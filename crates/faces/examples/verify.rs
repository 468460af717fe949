//! Are two photos of one person?
//!
//! `cargo run -p faces --example verify -- A.jpg B.jpg`; without arguments two portraits of
//! the repository are compared.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::error::Error;
use std::path::PathBuf;

use facenet::Threshold;
use faces::FacePipeline;

fn main() -> Result<(), Box<dyn Error>> {
    let photos: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [a, b] = match photos.try_into() {
        Ok(photos) => photos,
        Err(_) => ["obama-portrait.jpg", "obama-speech.jpg"].map(|f| assets::folder().join(f)),
    };

    let pipeline = FacePipeline::embedded()?;
    // At the default threshold one stranger in a thousand is taken for the person.
    let answer = pipeline.verify(&a, &b, Threshold::DEFAULT)?;

    let verdict = if answer.same { "the same person" } else { "different people" };
    println!("{} and {}: {verdict}", a.display(), b.display());
    println!("distance {:.4}, threshold {}", answer.distance, answer.threshold);
    Ok(())
}
