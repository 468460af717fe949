//! One training step against PyTorch's, computed in f64 from the same weights
//! (`tests/golden/make_step.py`).

use std::collections::HashMap;
use std::path::Path;

use autograd::{ParameterGradients, Tape};
use facenet::model::{Forward, Model};
use facenet::network::{TensorRole, Variant, tensor_table};
use facenet::triplet::{MARGIN, Reduction, Triplet, batch_loss};
use facenet::weights::Weights;
use ndarray::Array4;

/// In f64, loss and gradients agree this well, relative to the tensor's norm: the file has nine
/// digits.
const TOLERANCE: f64 = 1e-7;

/// What PyTorch found of one gradient.
struct Sample {
    norm: f64,
    sum: f64,
    values: Vec<(usize, f64)>,
}

/// The loss, and a sample of every tensor's gradient.
fn expected() -> (f64, HashMap<String, Sample>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/step.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let loss = lines.next().unwrap().strip_prefix("loss ").unwrap().parse().unwrap();
    let sample = |line: &str| {
        let mut words = line.split(' ');
        let mut next = || words.next().unwrap();
        let (name, norm, sum) = (next().to_owned(), next(), next());
        let (norm, sum) = (norm.parse().unwrap(), sum.parse().unwrap());
        let values = words.map(|word| {
            let (index, value) = word.split_once(':').unwrap();
            (index.parse().unwrap(), value.parse().unwrap())
        });
        (name, Sample { norm, sum, values: values.collect() })
    };
    (loss, lines.map(sample).collect())
}

/// Waves of color, their phases by the image's number, as in `make_step.py`.
fn batch() -> Array4<f32> {
    Array4::from_shape_fn((12, 3, 96, 96), |(m, c, y, x)| {
        let (m, c, y, x) = (m as f64, c as f64, y as f64, x as f64);
        let wave = (0.11 * x + 0.7 * c + 0.9 * m).sin() * ((0.05 + 0.004 * m) * y - 0.3 * c).cos();
        let ripple = (0.013 * x * y / (1.0 + c) + m).sin();
        (0.5 + 0.3 * wave + 0.15 * ripple) as f32
    })
}

/// Loss and gradients of the step.
fn step(model: &Model<f64>) -> (f64, ParameterGradients<f64>) {
    let tape = Tape::new();
    let leaves = model.parameters().leaves(&tape);
    let batch = tape.constant(batch().mapv(f64::from));
    let Forward { mut outputs, moments, .. } = model.train(&leaves, &batch);
    let encodings = outputs.remove(0);
    assert_eq!(moments.len(), 37);
    let triplets: Vec<_> =
        (0..4).map(|i| Triplet { anchor: i, positive: i + 4, negative: i + 8 }).collect();
    let loss = batch_loss(&encodings, &triplets, MARGIN, Reduction::Sum);
    (loss.item(), leaves.collect(loss.backward()).unwrap())
}

#[test]
fn loss_and_gradients_agree_with_pytorch() {
    let (expected_loss, samples) = expected();
    let weights = Weights::embedded().unwrap();
    let model = Model::from_weights(Variant::HappyHouse, &weights, 0.0);

    let (loss, gradients) = step(&model);

    let off = (loss - expected_loss).abs();
    assert!(off < TOLERANCE * expected_loss, "loss {loss}, expected {expected_loss}");
    let mut compared = 0;
    for spec in tensor_table().iter().filter(|spec| !spec.role.is_running_statistic()) {
        let name = &spec.name;
        let Sample { norm, sum, ref values } = samples[name];
        let Some(gradient) = gradients.get(name) else {
            // The bias of a convolution before batch-norm.
            assert_eq!(spec.role, TensorRole::Bias, "{name} has no gradient");
            assert!(norm < 1e-10, "{name} should have a gradient of norm {norm}");
            continue;
        };
        let gradient: Vec<f64> = gradient.iter().copied().collect();
        let found = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        assert!((found - norm).abs() < TOLERANCE * norm, "{name}: norm {found}, expected {norm}");
        // Terms of a sum may cancel: relative to what they could sum up to.
        let scale = norm * (spec.len() as f64).sqrt();
        let found: f64 = gradient.iter().sum();
        assert!((found - sum).abs() < TOLERANCE * scale, "{name}: sum {found}, expected {sum}");
        for &(index, expected) in values {
            let off = (gradient[index] - expected).abs();
            assert!(off < TOLERANCE * norm, "{name}: value {index} is off by {off}, norm {norm}");
        }
        compared += 1;
    }
    // All but the 37 biases.
    assert_eq!((compared, samples.len()), (113, 150));
}
