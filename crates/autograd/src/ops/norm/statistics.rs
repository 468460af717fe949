//! The statistics of batches that batch normalization uses.

use ndarray::{Array1, Zip};
use tensor::Element;

/// Mean and variance of a batch, from which running averages are computed.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchMoments<T> {
    /// Mean of each channel over N, H and W.
    pub mean: Array1<T>,
    /// Variance of each channel, divided by one less than N H W: an unbiased estimate,
    /// unlike the one that normalizes the batch. Zero if N H W is one.
    pub variance: Array1<T>,
}

/// Running mean and variance of each channel over many batches, for evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct RunningStatistics<T> {
    /// Mean of each channel.
    pub mean: Array1<T>,
    /// Variance of each channel.
    pub variance: Array1<T>,
}

impl<T: Element> RunningStatistics<T> {
    /// Mean zero and variance one, before the first batch.
    ///
    /// # Shapes
    /// C values of each.
    #[must_use]
    pub fn new(channels: usize) -> Self {
        Self { mean: Array1::zeros(channels), variance: Array1::ones(channels) }
    }

    /// `running ← (1 - momentum) running + momentum batch`, as PyTorch does by default
    /// with momentum 0.1. (Keras calls `1 - momentum` the momentum.)
    ///
    /// # Panics
    /// If the number of channels differs.
    pub fn update(&mut self, batch: &BatchMoments<T>, momentum: f64) {
        let [keep, take] = [1.0 - momentum, momentum].map(T::from_f64);
        for (running, batch) in
            [(&mut self.mean, &batch.mean), (&mut self.variance, &batch.variance)]
        {
            assert_eq!(
                running.len(),
                batch.len(),
                "RunningStatistics: {} channels, the batch has {}",
                running.len(),
                batch.len()
            );
            Zip::from(running).and(batch).for_each(|running, batch| {
                *running = keep * *running + take * *batch;
            });
        }
    }
}
