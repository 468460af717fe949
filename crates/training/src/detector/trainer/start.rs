//! How a training begins, and begins again.

use std::path::PathBuf;
use std::sync::Arc;

use autograd::Optimizer;
use facenet::model::Model;
use facenet::network::Architecture;
use facenet::weights::Weights;

use super::super::options::DetectorOptions;
use super::super::pictures::Pictures;
use super::super::scene::Composer;
use super::DetectorTrainer;
use crate::Error;
use crate::checkpoint::Checkpoint;
use crate::position::Position;
use crate::skipped::Skipped;

impl DetectorTrainer {
    /// A training that has yet to begin, from these weights or random ones.
    ///
    /// # Errors
    /// When an option is out of range, or there is no face to train on.
    ///
    /// # Panics
    /// If the weights are another network's.
    pub fn new(
        pictures: Arc<Pictures>,
        initial: Option<&Weights>,
        options: DetectorOptions,
    ) -> Result<Self, Error> {
        options.check()?;
        let DetectorOptions { seed, weight_decay, statistics_momentum, .. } = options;
        let (network, mut position) = (Architecture::Detector, Position::default());
        let model = match initial {
            None => Model::random(network, seed, weight_decay),
            Some(weights) => {
                // As if there had been batches enough for the final momentum.
                position.absorbed = (1.0 / statistics_momentum).ceil().min(1e15) as u64;
                Model::from_weights(network, weights, weight_decay)
            }
        };
        let average = (options.average_decay > 0.0).then(|| model.clone());
        Self::assemble(pictures, model, average, options, position, Skipped::default())
    }

    /// Goes on from a checkpoint, to the same bits as if it had not been interrupted.
    ///
    /// # Errors
    /// When the pictures are others than before, or as [`new`](Self::new).
    pub fn resume(
        pictures: Arc<Pictures>,
        checkpoint: Checkpoint<DetectorOptions>,
    ) -> Result<Self, Error> {
        let Checkpoint { options, weights, average, position, images, skipped, .. } = checkpoint;
        let optimizer = checkpoint.optimizer;
        options.check()?;
        let found = pictures.fingerprint();
        if found != images {
            let (expected, found) = (images.count, found.count);
            return Err(Error::OtherImages { expected, found });
        }
        let decay = options.weight_decay;
        let model = |weights| Model::from_weights(Architecture::Detector, weights, decay);
        let (model, average) = (model(&weights), average.as_ref().map(model));
        let mut trainer = Self::assemble(pictures, model, average, options, position, skipped)?;
        trainer.optimizer.restore(optimizer)?;
        Ok(trainer)
    }

    fn assemble(
        pictures: Arc<Pictures>,
        model: Model,
        average: Option<Model>,
        options: DetectorOptions,
        position: Position,
        skipped: Skipped,
    ) -> Result<Self, Error> {
        pictures.check()?;
        let composer = |held_out| Composer::new(Arc::clone(&pictures), options.side, held_out);
        let (composer, held_out) = (composer(false), composer(true));
        let optimizer = Optimizer::new(options.algorithm(), model.parameters());
        Ok(Self {
            options,
            pictures,
            composer,
            held_out,
            model,
            average,
            optimizer,
            position,
            skipped,
        })
    }

    /// All that is needed to go on from here.
    ///
    /// # Errors
    /// When training has diverged.
    pub fn checkpoint(&self) -> Result<Checkpoint<DetectorOptions>, Error> {
        Ok(Checkpoint {
            path: PathBuf::new(),
            options: self.options.clone(),
            weights: self.model.weights()?,
            average: self.average.as_ref().map(Model::weights).transpose()?,
            position: self.position,
            images: self.pictures.fingerprint(),
            skipped: self.skipped.clone(),
            optimizer: self.optimizer.state(),
        })
    }
}
