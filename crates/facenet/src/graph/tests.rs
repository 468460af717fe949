//! The graph against the engine, and its gradients against central differences.

use autograd::gradcheck::GradientCheck;
use autograd::{Random, Tape, Var};
use ndarray::Array4;

use super::Mode;
use crate::engine::Engine;
use crate::model::Model;
use crate::network::{Architecture, Variant};
use crate::weights::Weights;

/// Smooth colors, different in each image.
fn images(count: usize) -> Array4<f64> {
    let mut random = Random::new(9);
    let waves: Vec<[f64; 4]> =
        (0..3 * count).map(|_| [(); 4].map(|()| 0.02 + 0.2 * random.uniform())).collect();
    Array4::from_shape_fn((count, 3, 96, 96), |(i, c, y, x)| {
        let [a, b, p, q] = waves[3 * i + c];
        let (x, y) = (x as f64, y as f64);
        0.5 + 0.3 * (a * x + 30.0 * p).sin() * (b * y).cos() + 0.15 * (q * (x + y)).sin()
    })
}

fn embedded(variant: Variant) -> (Weights, Model<f32>) {
    let weights = Weights::embedded().unwrap();
    let model = Model::from_weights(variant, &weights, 0.0);
    (weights, model)
}

#[test]
fn evaluation_mode_agrees_with_the_engine() {
    let batch = images(3).mapv(|value| value as f32);
    for variant in Variant::ALL {
        let (weights, model) = embedded(variant);
        let expected = Engine::new(variant, &weights).trace(batch.view(), &mut |_, _| ()).unwrap();
        let tape = Tape::new();
        let leaves = model.parameters().leaves(&tape);
        let batch = tape.constant(batch.clone());
        let found = tape.no_grad(|| model.evaluate(&leaves, &batch));
        assert!(tape.is_empty());
        let off =
            (&found.output().value() - &expected).mapv(f32::abs).into_iter().fold(0.0, f32::max);
        assert!(off < 1e-5, "{variant}: off by {off}");
    }
}

#[test]
fn weights_go_in_and_come_out() {
    let (weights, model) = embedded(Variant::HappyHouse);
    assert_eq!(model.weights().unwrap().first_difference(&weights), None);
    assert_eq!(model.parameters().len(), 113);
    let wide = Model::<f64>::from_weights(Variant::HappyHouse, &weights, 0.0);
    assert_eq!(wide.weights().unwrap().first_difference(&weights), None);
}

#[test]
fn random_weights_depend_on_the_seed_only() {
    let hash =
        |seed| Model::<f32>::random(Variant::HappyHouse, seed, 0.0).weights().unwrap().hash();
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
}

/// A pass keeps the statistics of the batch, its bias included.
#[test]
fn statistics_are_those_of_the_batch() {
    let (_, mut model) = embedded(Variant::HappyHouse);
    let tape = Tape::new();
    let leaves = model.parameters().leaves(&tape);
    let batch = tape.constant(images(2).mapv(|value| value as f32));
    let moments = tape.no_grad(|| model.train(&leaves, &batch)).moments;
    drop(leaves);
    assert_eq!(moments.len(), 37);
    assert_eq!(moments[0].batch_norm, "bn1");
    // By hand for the first channel of conv1.
    let kernel = model.parameters().get("conv1_w").unwrap().to_owned();
    let bias = model.biases["conv1"][0];
    let padded = tensor::ops::pad2d(
        batch.value().into_dimensionality().unwrap(),
        tensor::Padding2d::same(3),
    );
    let mut values = Vec::new();
    for i in 0..2 {
        for y in 0..48 {
            for x in 0..48 {
                let mut sum = 0.0;
                for c in 0..3 {
                    for v in 0..7 {
                        for u in 0..7 {
                            let pixel = padded[[i, c, 2 * y + v, 2 * x + u]];
                            sum += f64::from(pixel * kernel[[0, c, v, u]]);
                        }
                    }
                }
                values.push(sum + f64::from(bias));
            }
        }
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let close = |found: f32, expected: f64| (f64::from(found) - expected).abs() < 1e-4;
    let found = &moments[0].moments;
    assert!(close(found.mean[0], mean), "{} for {mean}", found.mean[0]);
    assert!(close(found.variance[0], variance), "{} for {variance}", found.variance[0]);

    let before = model.statistics["bn1"].mean[0];
    model.absorb(&moments, 0.25);
    let after = 0.75 * f64::from(before) + 0.25 * mean;
    assert!(close(model.statistics["bn1"].mean[0], after));
}

/// The tensors whose gradients a check moves: those whose name begins so.
fn check(variant: Variant, prefixes: &[&str], output: Option<&str>) {
    let weights = Weights::embedded().unwrap();
    let model = Model::<f64>::from_weights(variant, &weights, 0.0);
    let (mut names, mut inputs) = (Vec::new(), Vec::new());
    for (name, value) in model.parameters().iter() {
        if prefixes.iter().any(|prefix| name.starts_with(prefix)) {
            names.push(name.to_owned());
            inputs.push(value.to_owned());
        }
    }
    assert!(!names.is_empty(), "{prefixes:?}");
    let batch = images(2);
    let function = |moved: &[Var<f64>]| {
        let tape = moved[0].tape();
        let parameter = |name: &str| match names.iter().position(|moved| moved == name) {
            Some(place) => moved[place].clone(),
            None => tape.constant(model.parameters().get(name).unwrap().to_owned()),
        };
        let batch = tape.constant(batch.clone());
        let pass = model.pass(&parameter, &batch, Mode::Training);
        match output {
            None => pass.output().clone(),
            Some(stage) => pass.stages.iter().find(|(name, _)| *name == stage).unwrap().1.clone(),
        }
    };
    // Small enough that hardly a ReLU or maximum changes sides.
    let check = GradientCheck { step: 1e-6, ..GradientCheck::default() };
    let agreement = check.run_along(1, &inputs, function);
    if let Err(error) = agreement {
        panic!("{variant}, {prefixes:?} to {output:?}: {error}");
    }
}

/// Every Inception block: from the tensors of the block before, through that
/// block's input, and its own, to its output.
#[test]
fn gradients_of_every_block_agree_with_differences() {
    let blocks = ["conv3", "inception_3a", "inception_3b", "inception_3c", "inception_4a"];
    let blocks = [&blocks[..], &["inception_4e", "inception_5a", "inception_5b"]].concat();
    for pair in blocks.windows(2) {
        check(Variant::HappyHouse, pair, Some(pair[1]));
    }
}

#[test]
fn gradients_of_the_whole_network_agree_with_differences() {
    for variant in Variant::ALL {
        check(variant, &[""], None);
    }
}

/// Sums of squares of all three outputs, through every block of the detector.
#[test]
fn gradients_of_the_detector_agree_with_differences() {
    let model = Model::<f64>::random(Architecture::Detector, 5, 0.0);
    let (names, inputs): (Vec<_>, Vec<_>) =
        model.parameters().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).unzip();
    let batch = images(2);
    let function = |moved: &[Var<f64>]| {
        let parameter = |name: &str| {
            let place = names.iter().position(|moved| moved == name);
            moved[place.expect("all are moved")].clone()
        };
        let batch = moved[0].tape().constant(batch.clone());
        let outputs = model.pass(&parameter, &batch, Mode::Training).outputs;
        let sums: Vec<_> = outputs.iter().map(|output| output.square().sum()).collect();
        sums[0].add(&sums[1]).add(&sums[2])
    };
    let check = GradientCheck { step: 1e-6, ..GradientCheck::default() };
    if let Err(error) = check.run_along(1, &inputs, function) {
        panic!("{error}");
    }
}

#[test]
fn an_untrained_detector_sees_few_faces() {
    let model = Model::<f32>::random(Architecture::Detector, 5, 0.0);
    let tape = Tape::new();
    let leaves = model.parameters().leaves(&tape);
    let batch = tape.constant(images(2).mapv(|value| value as f32));
    let forward = tape.no_grad(|| model.train(&leaves, &batch));
    assert_eq!(forward.moments.len(), 34);
    for (output, side) in forward.outputs.iter().zip([12, 6, 3]) {
        assert_eq!(output.shape(), [2, 16, side, side]);
        let scores = output.slice_axis(1, 0..1);
        assert!(scores.value().iter().all(|score| (-6.0..-3.0).contains(score)));
    }
}

#[test]
#[should_panic(expected = "expected images of shape (n, 3, 320, 320), found [1, 3, 64, 40]")]
fn an_image_whose_sides_are_no_multiples_panics() {
    let model = Model::<f32>::random(Architecture::Detector, 5, 0.0);
    let tape = Tape::new();
    let leaves = model.parameters().leaves(&tape);
    model.train(&leaves, &tape.constant(Array4::<f32>::zeros((1, 3, 64, 40))));
}
