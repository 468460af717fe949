//! Named parameters, their leaves and gradients.

use autograd::optimizer::{Optimizer, Sgd};
use autograd::{Error, ParameterGradients, ParameterGroup, Parameters, Tape};
use ndarray::{ArrayD, array};

fn two() -> Parameters<f64> {
    let mut parameters = Parameters::new();
    let group = parameters.add_group(ParameterGroup::default());
    parameters.insert("weight", array![[3.0, 0.0], [0.0, 4.0]], group).expect("the first");
    parameters.insert("bias", array![12.0], group).expect("another name");
    parameters
}

/// The gradients of `(Σ weight² + Σ bias²) / 2`: the parameters themselves.
fn gradients(parameters: &Parameters<f64>) -> ParameterGradients<f64> {
    let tape = Tape::new();
    let leaves = parameters.leaves(&tape);
    let squares = &leaves["weight"].square().sum() + &leaves["bias"].square().sum();
    let loss = &squares * 0.5;
    leaves.collect(loss.backward()).expect("both have one")
}

#[test]
fn are_found_by_name_and_listed_in_order() {
    let parameters = two();
    assert_eq!([parameters.len(), parameters.value_count()], [2, 5]);
    let names: Vec<_> = parameters.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["weight", "bias"]);
    assert_eq!(parameters.get("bias"), Some(array![12.0].into_dyn().view()));
    assert_eq!(parameters.get("scale"), None);
}

#[test]
fn refuse_what_does_not_fit() {
    let mut parameters = two();
    let group = parameters.add_group(ParameterGroup::default());
    let error = parameters.insert("bias", array![1.0], group);
    assert_eq!(error, Err(Error::DuplicateParameter { name: "bias".into() }));
    let error = parameters.set("scale", array![1.0]);
    assert_eq!(error, Err(Error::UnknownParameter { name: "scale".into() }));
    let error = parameters.set("bias", array![[1.0], [2.0]]).expect_err("another shape");
    assert_eq!(error.to_string(), "parameter bias has shape [1], found [2, 1]");
    parameters.set("bias", array![7.0]).expect("the same shape");
    assert_eq!(parameters.get("bias"), Some(array![7.0].into_dyn().view()));
}

#[test]
fn approach_others_of_the_same_names() {
    let mut parameters = two();
    let mut others = two();
    others.set("weight", array![[5.0, 2.0], [0.0, 4.0]]).expect("the same shape");
    others.set("bias", array![0.0]).expect("the same shape");
    let kept = parameters.clone();
    parameters.approach(&others, 0.25);
    let expected = array![[3.5, 0.5], [0.0, 4.0]].into_dyn();
    assert_eq!(parameters.get("weight"), Some(expected.view()));
    assert_eq!(parameters.get("bias"), Some(array![9.0].into_dyn().view()));
    assert_eq!(kept.get("bias"), Some(array![12.0].into_dyn().view()), "a copy stays");
}

#[test]
#[should_panic(expected = "approach: 2 parameters, 0 to approach")]
fn do_not_approach_what_is_another_network() {
    two().approach(&Parameters::new(), 0.5);
}

#[test]
#[should_panic(expected = "there is no parameter scale")]
fn a_leaf_that_is_not_there_panics_with_its_name() {
    let parameters = two();
    let _ = &parameters.leaves(&Tape::new())["scale"];
}

#[test]
fn share_their_values_with_their_leaves_and_change_in_place() {
    let mut parameters = two();
    let place = |parameters: &Parameters<f64>| parameters.get("weight").map(|it| it.as_ptr());
    let before = place(&parameters);
    let tape = Tape::new();
    assert_eq!(Some(parameters.leaves(&tape)["weight"].value().as_ptr()), before);
    let gradients = gradients(&parameters);
    let mut optimizer = Optimizer::new(Sgd::default(), &parameters);
    optimizer.step(&mut parameters, &gradients, 0.1);
    assert_eq!(place(&parameters), before);
}

#[test]
fn a_leaf_still_held_keeps_its_value() {
    let mut parameters = two();
    let held = parameters.leaves(&Tape::new())["bias"].clone();
    let gradients = gradients(&parameters);
    let mut optimizer = Optimizer::new(Sgd::default(), &parameters);
    optimizer.step(&mut parameters, &gradients, 0.5);
    assert_eq!(held.value(), array![12.0].into_dyn());
    assert_eq!(parameters.get("bias"), Some(array![6.0].into_dyn().view()));
}

#[test]
fn a_column_major_value_and_gradient_are_taken_as_they_read() {
    let mut parameters = Parameters::new();
    let group = parameters.add_group(ParameterGroup::default());
    let value = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    parameters.insert("weight", value.t().to_owned().reversed_axes(), group).expect("the first");
    let tape = Tape::new();
    let leaves = parameters.leaves(&tape);
    let factors = tape.constant(array![[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]);
    let loss = (&leaves["weight"].transpose() * &factors).sum();
    let gradients = leaves.collect(loss.backward()).expect("it has one");
    let mut optimizer = Optimizer::new(Sgd::default(), &parameters);
    optimizer.step(&mut parameters, &gradients, 1.0);
    assert_eq!(parameters.get("weight"), Some(ArrayD::zeros(vec![2, 3]).view()));
}

#[test]
fn a_parameter_without_gradient_is_an_error_that_names_it() {
    let parameters = two();
    let tape = Tape::new();
    let collect = |without: Option<&[&str]>| {
        let leaves = parameters.leaves(&tape);
        let gradients = leaves["bias"].sum().backward();
        match without {
            None => leaves.collect(gradients),
            Some(names) => leaves.collect_except(gradients, names),
        }
    };
    let error = |name: &str, found: Result<_, Error>| {
        let error = found.map(|_: ParameterGradients<f64>| ()).expect_err("it should be refused");
        assert!(error.to_string().contains(name), "{error}");
        error
    };
    let missing = error("weight", collect(None));
    assert_eq!(missing, Error::NoGradient { name: "weight".into() });
    let present = error("bias", collect(Some(&["weight", "bias"])));
    assert_eq!(present, Error::UnexpectedGradient { name: "bias".into() });
    let unknown = error("scale", collect(Some(&["weight", "scale"])));
    assert_eq!(unknown, Error::UnknownParameter { name: "scale".into() });
    assert!(collect(Some(&["weight"])).is_ok());
}

#[test]
fn a_parameter_without_gradient_stays_as_it_is() {
    let mut parameters = two();
    let tape = Tape::new();
    let leaves = parameters.leaves(&tape);
    let loss = leaves["bias"].sum();
    let gradients = leaves.collect_except(loss.backward(), &["weight"]).expect("weight has none");
    assert_eq!(gradients.get("weight"), None);
    assert_eq!(gradients.iter().filter(|(_, gradient)| gradient.is_some()).count(), 1);
    let mut optimizer = Optimizer::new(Sgd::default(), &parameters);
    let before = optimizer.state();
    optimizer.step(&mut parameters, &gradients, 0.1);
    assert_eq!(parameters.get("weight"), two().get("weight"));
    let after = optimizer.state();
    assert_eq!(before.tensors["weight.velocity"], after.tensors["weight.velocity"]);
    assert_eq!([after.updates["weight"], after.updates["bias"]], [0, 1]);
}

#[test]
fn gradients_are_clipped_by_their_common_norm() {
    let parameters = two();
    // √(3² + 4² + 12²) = 13.
    let mut gradients = gradients(&parameters);
    assert_eq!(gradients.norm(), 13.0);
    assert_eq!(gradients.clip_norm(13.0), 13.0);
    assert_eq!(gradients.get("bias"), Some(&array![12.0].into_dyn()));
    assert_eq!(gradients.clip_norm(6.5), 13.0);
    assert_eq!(gradients.get("bias"), Some(&array![6.0].into_dyn()));
    assert_eq!(gradients.get("weight"), Some(&array![[1.5, 0.0], [0.0, 2.0]].into_dyn()));
}

#[test]
fn a_norm_that_is_not_finite_is_reported_and_changes_nothing() {
    let mut parameters = two();
    parameters.set("bias", array![f64::NAN]).expect("the same shape");
    let mut gradients = gradients(&parameters);
    assert!(gradients.clip_norm(1.0).is_nan());
    assert_eq!(gradients.get("weight"), Some(&array![[3.0, 0.0], [0.0, 4.0]].into_dyn()));
}

#[test]
#[should_panic(expected = "step: 2 parameters and 2 gradients, the optimizer has 0")]
fn an_optimizer_of_other_parameters_panics() {
    let mut parameters = two();
    let gradients = gradients(&parameters);
    Optimizer::new(Sgd::default(), &Parameters::new()).step(&mut parameters, &gradients, 0.1);
}

#[test]
#[should_panic(expected = "step: the learning rate is NaN")]
fn a_learning_rate_of_nan_panics() {
    let mut parameters = two();
    let gradients = gradients(&parameters);
    Optimizer::new(Sgd::default(), &parameters).step(&mut parameters, &gradients, f64::NAN);
}
