//! One training step against PyTorch's, computed in f64 from the same weights.

use std::collections::HashMap;
use std::path::Path;

use autograd::{ParameterGradients, Tape};
use facenet::model::{Forward, Model};
use facenet::network::{TensorRole, Variant, tensor_table};
use facenet::triplet::{MARGIN, Reduction, Triplet, batch_loss};
use facenet::weights::Weights;
use ndarray::ArrayD;

use crate::npz;

/// Loss and gradients agree this well, relative to the tensor's largest.
const TOLERANCE: f64 = 1e-3;

/// L2 norm and sum of the gradient of every tensor.
fn table(path: &Path) -> HashMap<String, [f64; 2]> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("tensor,gradient_l2_norm,gradient_sum"));
    let row = |line: &str| {
        let cells: Vec<_> = line.split(',').collect();
        (cells[0].to_owned(), [1, 2].map(|cell: usize| cells[cell].parse().unwrap()))
    };
    lines.map(row).collect()
}

/// Loss, encodings and gradients of the reference's step.
fn step(model: &Model, batch: &ArrayD<f64>) -> (f64, ArrayD<f64>, ParameterGradients<f32>) {
    let tape = Tape::new();
    let leaves = model.parameters().leaves(&tape);
    let batch = tape.constant(batch.mapv(|value| value as f32));
    let Forward { output: encodings, moments, .. } = model.train(&leaves, &batch);
    assert_eq!(moments.len(), 37);
    let triplets: Vec<_> =
        (0..4).map(|i| Triplet { anchor: i, positive: i + 4, negative: i + 8 }).collect();
    let loss = batch_loss(&encodings, &triplets, MARGIN, Reduction::Sum);
    let values = encodings.value().mapv(f64::from);
    (loss.item().into(), values, leaves.collect(loss.backward()))
}

#[test]
fn loss_and_gradients_agree_with_the_reference() {
    let Some(folder) = assets::reference("reference") else { return };
    let arrays = npz::read(&folder.join("step.npz"));
    let table = table(&folder.join("step.csv"));
    let weights = Weights::embedded().unwrap();
    let model = Model::from_weights(Variant::HappyHouse, &weights, 0.0);

    let (loss, encodings, gradients) = step(&model, &arrays["batch"]);

    let expected = arrays["loss"].sum();
    assert!((loss - expected).abs() < TOLERANCE * expected, "loss {loss}, expected {expected}");
    let off = (&encodings - &arrays["embedding"]).mapv(f64::abs);
    let off = off.into_iter().fold(0.0, f64::max);
    assert!(off < 1e-4, "encodings are off by {off}");

    let (mut compared, mut exact) = (0, 0);
    for spec in tensor_table().iter().filter(|spec| !spec.role.is_running_statistic()) {
        let name = &spec.name;
        let [norm, sum] = table[name];
        let Some(gradient) = gradients.get(name) else {
            // The bias of a convolution before batch-norm.
            assert_eq!(spec.role, TensorRole::Bias, "{name} has no gradient");
            assert!(norm < 1e-12, "{name} should have a gradient of norm {norm}");
            continue;
        };
        let gradient = gradient.mapv(f64::from);
        let found = gradient.mapv(|g| g * g).sum().sqrt();
        assert!((found - norm).abs() < TOLERANCE * norm, "{name}: norm {found}, expected {norm}");
        // Terms of a sum may cancel: relative to what they could sum up to.
        let scale = norm * (spec.len() as f64).sqrt();
        let found = gradient.sum();
        assert!((found - sum).abs() < TOLERANCE * scale, "{name}: sum {found}, expected {sum}");
        if let Some(expected) = arrays.get(&format!("grad_{name}")) {
            let off = (&gradient - expected).mapv(|d| d * d).sum().sqrt();
            assert!(off < TOLERANCE * norm, "{name}: off by {} of its norm", off / norm);
            exact += 1;
        }
        compared += 1;
    }
    // All but the 37 biases; of them those small enough to be in the archive.
    assert_eq!((compared, table.len()), (113, 150));
    assert!(exact >= 70, "{exact} tensors were compared value by value");
}
