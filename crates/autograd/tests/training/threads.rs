//! The same bits with one thread as with many.

use autograd::optimizer::{AdamW, Algorithm, Muon, Optimizer};
use autograd::{ParameterGroup, Parameters, Random, Tape, Var, initial};
use ndarray::{Array1, Array4};
use tensor::ops::{Conv2dOptions, Pool2dOptions};
use tensor::{Level, Padding2d, Precision};

/// Two steps of a small network whose arrays are large enough for several threads.
fn train(algorithm: Algorithm) -> Vec<u32> {
    let mut random = Random::new(1);
    let mut parameters = Parameters::<f32>::new();
    let group = parameters.add_group(ParameterGroup { weight_decay: 0.1, ..Default::default() });
    for (name, shape) in [("a", [32, 3, 3, 3]), ("b", [64, 32, 3, 3])] {
        parameters.insert(name, initial::he_normal(&shape, &mut random), group).expect("new");
        let channels = shape[0];
        let [scale, shift] = ["scale", "shift"].map(|part| format!("{name}_{part}"));
        parameters.insert(&scale, Array1::ones(channels), group).expect("new");
        parameters.insert(&shift, Array1::zeros(channels), group).expect("new");
    }
    let mut optimizer = Optimizer::new(algorithm, &parameters);
    for _ in 0..2 {
        let input = Array4::from_shape_simple_fn((6, 3, 20, 20), || random.normal() as f32);
        let tape = Tape::new();
        let leaves = parameters.leaves(&tape);
        let unit = |x: &Var<f32>, name: &str| {
            let options = Conv2dOptions { padding: Padding2d::same(1), ..Default::default() };
            let [scale, shift] = ["scale", "shift"].map(|part| format!("{name}_{part}"));
            let x = x.conv2d(&leaves[name], None, options);
            x.batch_norm_relu_train(&leaves[scale.as_str()], &leaves[shift.as_str()], 1e-5).0
        };
        let x = unit(&tape.constant(input), "a");
        let joined = Var::concat_channels(&[
            &x.max_pool2d(Pool2dOptions::square(2, 2)),
            &x.average_pool2d(Pool2dOptions::square(2, 2)),
        ]);
        let y = unit(&x, "b");
        let y = &y * &y;
        let loss = &y.mean() + &joined.square().mean();
        let mut gradients = leaves.collect(loss.backward()).expect("all have one");
        gradients.clip_norm(0.1);
        optimizer.step(&mut parameters, &gradients, 0.01);
    }
    parameters
        .iter()
        .flat_map(|(_, value)| value.iter().map(|it| it.to_bits()).collect::<Vec<_>>())
        .collect()
}

#[test]
fn give_the_same_bits() {
    let muon = |precision| Muon { precision, ..Muon::default() }.into();
    let mut algorithms = vec![AdamW::default().into(), muon(Precision::F32)];
    if Precision::Bf16.is_available_at(Level::best()) {
        algorithms.push(muon(Precision::Bf16));
    }
    let mut results: Vec<Vec<u32>> = Vec::new();
    for algorithm in algorithms {
        let [one, four] = [1, 4].map(|threads| {
            let pool =
                rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| train(algorithm))
        });
        assert_eq!(one, four, "{algorithm:?}");
        assert!(!results.contains(&one), "{algorithm:?} is as another");
        results.push(one);
    }
}
