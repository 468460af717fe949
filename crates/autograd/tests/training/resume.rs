//! Training that is interrupted, saved and resumed ends with the same bits.

use autograd::optimizer::{Adam, AdamW, Algorithm, Optimizer, OptimizerState, Sgd};
use autograd::{Error, ParameterGroup, Parameters, Random, Tape, initial};
use ndarray::ArrayD;

fn parameters() -> Parameters<f32> {
    let mut parameters = Parameters::new();
    let mut random = Random::new(1);
    let weights = parameters.add_group(ParameterGroup { weight_decay: 0.1, ..Default::default() });
    for (name, shape) in [("first", [20, 8]), ("second", [3, 20])] {
        parameters.insert(name, initial::he_normal(&shape, &mut random), weights).expect("new");
    }
    parameters
}

fn train(parameters: &mut Parameters<f32>, optimizer: &mut Optimizer<f32>, random: &mut Random) {
    for _ in 0..10 {
        let input = ArrayD::from_shape_simple_fn(vec![16, 8], || random.normal() as f32);
        let labels: Vec<usize> = (0..16).map(|_| random.below(3)).collect();
        let tape = Tape::new();
        let leaves = parameters.leaves(&tape);
        let hidden = tape.constant(input).dense(&leaves["first"], None).relu();
        let loss = hidden.dense(&leaves["second"], None).softmax_cross_entropy(&labels);
        let gradients = leaves.collect(loss.backward()).expect("all have one");
        optimizer.step(parameters, &gradients, 0.01);
    }
}

fn bits(parameters: &Parameters<f32>) -> Vec<u32> {
    parameters
        .iter()
        .flat_map(|(_, value)| value.iter().map(|it| it.to_bits()).collect::<Vec<_>>())
        .collect()
}

#[test]
fn to_the_same_bits() {
    let algorithms: [Algorithm; 3] =
        [Sgd::default().into(), Adam::default().into(), AdamW::default().into()];
    for algorithm in algorithms {
        let mut whole = parameters();
        let mut optimizer = Optimizer::new(algorithm, &whole);
        let mut random = Random::new(2);
        train(&mut whole, &mut optimizer, &mut random);

        let mut resumed = parameters();
        for (name, value) in whole.iter() {
            resumed.set(name, value.to_owned()).expect("the same parameters");
        }
        let state: OptimizerState<f32> = optimizer.state();
        let mut second = Optimizer::new(algorithm, &resumed);
        second.restore(state.clone()).expect("the same parameters");
        assert_eq!(second.state(), state);
        let mut random_again = Random::new(random.state());

        let halfway = bits(&whole);
        train(&mut whole, &mut optimizer, &mut random);
        train(&mut resumed, &mut second, &mut random_again);
        assert_ne!(bits(&whole), halfway);
        assert_eq!(bits(&whole), bits(&resumed), "{}", algorithm.name());

        // The state does matter.
        let mut forgetful = Optimizer::new(algorithm, &resumed);
        train(&mut resumed, &mut forgetful, &mut random_again);
        train(&mut whole, &mut optimizer, &mut random);
        assert_ne!(bits(&whole), bits(&resumed), "{}", algorithm.name());
    }
}

#[test]
fn a_state_that_does_not_fit_is_refused_and_changes_nothing() {
    let parameters = parameters();
    let mut optimizer = Optimizer::new(Adam::default(), &parameters);
    let before = optimizer.state();
    let mut refused = |change: fn(&mut OptimizerState<f32>)| {
        let mut state = before.clone();
        state.updates.insert("first".into(), 9);
        change(&mut state);
        let error = optimizer.restore(state).expect_err("it does not fit");
        assert_eq!(optimizer.state(), before);
        error
    };
    let error = refused(|state| state.algorithm = "sgd".into());
    assert_eq!(error, Error::StateAlgorithm { expected: "adam", found: "sgd".into() });
    let error = refused(|state| {
        state.updates.remove("second");
    });
    assert_eq!(error, Error::MissingState { name: "second".into() });
    let error = refused(|state| {
        state.tensors.remove("second.first_moment");
    });
    assert_eq!(error, Error::MissingState { name: "second.first_moment".into() });
    let error = refused(|state| {
        state.tensors.insert("third.first_moment".into(), ArrayD::zeros(vec![1]));
    });
    assert_eq!(error, Error::UnexpectedState { name: "third.first_moment".into() });
    let error = refused(|state| {
        state.tensors.insert("first.second_moment".into(), ArrayD::zeros(vec![8, 20]));
    });
    assert_eq!(
        error.to_string(),
        "first.second_moment of the optimizer's state should have shape [20, 8], found [8, 20]"
    );
}
