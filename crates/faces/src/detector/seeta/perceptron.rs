//! The later levels' stages: small networks of dense layers on [`surf`] features.

use super::grey::Grey;
use super::surf::{self, Gradients};

/// Dense layers, ReLU between them, a logistic function after the last.
#[derive(Debug)]
pub(super) struct Perceptron {
    /// Numbers of the patches whose features go in.
    pub(super) features: Vec<usize>,
    /// Scores above it may be faces.
    pub(super) threshold: f32,
    pub(super) layers: Vec<Layer>,
}

/// A row of `inputs` weights for each output.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) inputs: usize,
    pub(super) weights: Vec<f32>,
    pub(super) biases: Vec<f32>,
}

/// What a stage says about a window that may be a face.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict {
    pub(super) score: f32,
    /// By how much of its side the window should move, right and down, and grow.
    pub(super) correction: [f32; 3],
}

impl Perceptron {
    /// Looks at a window.
    pub(super) fn judge(&self, window: &Grey) -> Option<Verdict> {
        let gradients = Gradients::of(window);
        let mut values = Vec::with_capacity(self.features.len() * surf::LENGTH);
        for &number in &self.features {
            gradients.feature(&surf::patches()[number], &mut values);
        }
        for (number, layer) in self.layers.iter().enumerate() {
            let is_last = number + 1 == self.layers.len();
            let rows = layer.weights.chunks_exact(layer.inputs).zip(&layer.biases);
            values = rows
                .map(|(weights, bias)| {
                    let sum = dot(weights, &values) + bias;
                    if is_last { 1.0 / (1.0 + (-sum).exp()) } else { sum.max(0.0) }
                })
                .collect();
        }
        let [score, right, down, larger] = values[..] else { return None };
        let correction = [right, down, larger].map(|v| 2.0 * v - 1.0);
        (score > self.threshold).then_some(Verdict { score, correction })
    }
}

/// The sum of products, in eight sums side by side so that it can be computed at once.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; 8];
    let (a_parts, a_rest) = a.as_chunks::<8>();
    let (b_parts, b_rest) = b.as_chunks::<8>();
    for (a, b) in a_parts.iter().zip(b_parts) {
        for k in 0..8 {
            sums[k] += a[k] * b[k];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}
