//! Training steps with the triplet loss, spelled out: forward, loss, backward, update.
//!
//! `cargo run -p training --example train_step` takes ten steps on four portraits of the
//! repository, of which the first two show one person. The trainer of this crate does the
//! same with batches, augmentation, schedules and checkpoints round it.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::error::Error;

use autograd::Tape;
use autograd::optimizer::{Adam, Optimizer};
use facenet::model::{Forward, Model};
use facenet::triplet::{MARGIN, Mining, Reduction, batch_loss, mine, squared_distances};
use facenet::{Variant, Weights};
use faces::{FaceLocation, FaceLocator};
use ndarray::{Axis, Ix2};

fn main() -> Result<(), Box<dyn Error>> {
    // A batch: four face crops of 96×96 pixels, and who is on each.
    let locator = FaceLocator::new(FaceLocation::default())?;
    let mut crops = Vec::new();
    for portrait in &assets::PORTRAITS {
        let photo = locator.decode(portrait.bytes, portrait.file)?;
        crops.extend(locator.locate(&photo)?);
    }
    let crops: Vec<_> = crops.iter().map(|crop| crop.pixels.view()).collect();
    let (images, people) = (ndarray::stack(Axis(0), &crops)?, [0, 0, 1, 2]);

    let mut model = Model::<f32>::from_weights(Variant::HappyHouse, &Weights::embedded()?, 0.0);
    let mut optimizer = Optimizer::new(Adam::default(), model.parameters());
    let tape = Tape::new();
    for step in 1..=10 {
        // Forward: images to encodings, points on the unit sphere.
        let leaves = model.parameters().leaves(&tape);
        let Forward { mut outputs, moments, .. } =
            model.train(&leaves, &tape.constant(images.clone()));
        let output = outputs.remove(0);

        // Loss: two images of one person shall be nearer to each other than to anybody else,
        // by a margin. Mining chooses the triplets (anchor, positive, negative) to learn from.
        let distances = squared_distances(output.value().into_dimensionality::<Ix2>()?);
        let triplets = mine(Mining::All, distances.view(), &people, MARGIN);
        let loss = batch_loss(&output, &triplets, MARGIN, Reduction::Mean);
        println!("step {step:2}: loss {:.4}", loss.item());

        // Backward: the gradient of the loss by every parameter.
        let gradients = leaves.collect(loss.backward())?;

        // Update: a step against the gradient; batch-norm averages what it saw.
        model.update(&mut optimizer, &gradients, 1e-4);
        model.absorb(&moments, 0.01);
    }
    Ok(())
}
