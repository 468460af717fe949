//! Optimizers against trajectories that a NumPy script computed from the formulas.
//!
//! The loss is `Σ (a x² / 2 + exp x) + (Σ b)² (1 + Σ x²)`, the learning rate goes along a
//! cosine, `x` decays by 0.1 and `b` learns at half the rate.

use autograd::optimizer::{Adam, AdamW, Algorithm, Muon, Optimizer, Sgd};
use autograd::{ParameterGroup, Parameters, Schedule, Tape};
use ndarray::{Array4, array};
use tensor::Element;

/// `x` then `b` after these many steps.
type Trajectory = [(u64, [f64; 6]); 3];

/// Greatest distance from the trajectory.
fn distance<T: Element>(
    algorithm: impl Into<Algorithm>,
    clip: Option<f64>,
    trajectory: Trajectory,
) -> f64 {
    let number = T::from_f64;
    let mut parameters = Parameters::<T>::new();
    let decayed = parameters.add_group(ParameterGroup { weight_decay: 0.1, ..Default::default() });
    let slow = parameters.add_group(ParameterGroup { rate_factor: 0.5, ..Default::default() });
    let x = array![0.7, -1.2, 0.1, 2.0].mapv(number);
    parameters.insert("x", x, decayed).expect("the first");
    parameters.insert("b", array![-0.4, 0.9].mapv(number), slow).expect("another name");
    let a = array![1.0, 0.3, 2.0, 0.5].mapv(number);
    let schedule = Schedule::Cosine { peak: 0.05, floor: 0.001, warm_up: 3, steps: 15 };
    let mut optimizer = Optimizer::new(algorithm, &parameters);
    let mut distance = 0.0_f64;
    for step in 0..20 {
        let tape = Tape::new();
        let leaves = parameters.leaves(&tape);
        let (x, b) = (&leaves["x"], &leaves["b"]);
        let own = &(&(&tape.constant(a.clone()) * &x.square()) * number(0.5)) + &x.exp();
        let joint = &b.sum().square() * &(&x.square().sum() + number(1.0));
        let loss = &own.sum() + &joint;
        let mut gradients = leaves.collect(loss.backward()).expect("all have one");
        if let Some(clip) = clip {
            gradients.clip_norm(clip);
        }
        optimizer.step(&mut parameters, &gradients, schedule.rate(step));
        for (_, expected) in trajectory.iter().filter(|(after, _)| *after == step + 1) {
            let values =
                parameters.iter().flat_map(|(_, value)| value.iter().copied().collect::<Vec<_>>());
            for (value, expected) in values.zip(expected) {
                distance = distance.max((value.into_f64() - expected).abs());
            }
        }
    }
    distance
}

#[track_caller]
fn check(algorithm: impl Into<Algorithm>, clip: Option<f64>, trajectory: Trajectory) {
    let algorithm = algorithm.into();
    let precise = distance::<f64>(algorithm, clip, trajectory);
    assert!(precise < 1e-13, "off by {precise:e} in f64");
    let rounded = distance::<f32>(algorithm, clip, trajectory);
    assert!(rounded < 1e-5, "off by {rounded:e} in f32");
    assert!(rounded > 0.0, "f32 cannot be exact: was anything compared?");
}

#[rustfmt::skip]
#[test]
fn plain_descent() {
    check(Sgd { momentum: 0.0, nesterov: false }, None, [
        (1, [0.6477707882088254, -1.18701990353187, 0.07724715136540587, 1.8401823983511558, -0.45783333333333337, 0.8421666666666667]),
        (2, [0.553931105304779, -1.1696747979265025, 0.0350688600076029, 1.5753347071257993, -0.5375294828441003, 0.7624705171558999]),
        (20, [-0.046523320643963, -1.1095449279988325, -0.22527725413098418, 0.34725912498634914, -0.6451153338302964, 0.6548846661697038]),
    ]);
}

#[rustfmt::skip]
#[test]
fn descent_with_momentum() {
    check(Sgd::default(), None, [
        (1, [0.6477707882088254, -1.18701990353187, 0.07724715136540587, 1.8401823983511558, -0.45783333333333337, 0.8421666666666667]),
        (2, [0.4599185240806647, -1.1463106242838685, -0.005886267534666534, 1.28766302415788, -0.6416294828441003, 0.6583705171558998]),
        (20, [-0.949895608609988, -0.26979671054573273, -0.34981396562555755, -2.399476243685594, -0.7412640589175779, 0.558735941082422]),
    ]);
}

#[rustfmt::skip]
#[test]
fn descent_with_momentum_and_clipped_gradients() {
    check(Sgd::default(), Some(0.8), [
        (1, [0.6959165052452675, -1.1973727877505944, 0.0985431506797743, 1.9877278699801688, -0.403303593478974, 0.8966964065210261]),
        (2, [0.6803551347278453, -1.1874120183714372, 0.09297902431471702, 1.941067479557529, -0.4158267143954652, 0.8841732856045349]),
        (20, [0.11236906868307249, -0.933215874464387, -0.13538278524991204, 0.49958992831852544, -0.6908941228523133, 0.6091058771476867]),
    ]);
}

#[rustfmt::skip]
#[test]
fn descent_with_momentum_of_nesterov() {
    check(Sgd { nesterov: true, ..Sgd::default() }, None, [
        (1, [0.6007644975967682, -1.175337816710553, 0.056769587594271156, 1.696346556867196, -0.5098833333333334, 0.7901166666666667]),
        (2, [0.35283486029385036, -1.1323954157074678, -0.05523783655359907, 1.010687874860043, -0.703373649033742, 0.596626350966258]),
        (20, [-0.9750588793837404, -0.6580238833261969, -0.39852551757424426, -2.406513739954317, -0.6557292185013477, 0.6442707814986525]),
    ]);
}

#[rustfmt::skip]
#[test]
fn adam() {
    check(Adam { beta2: 0.99, ..Adam::default() }, None, [
        (1, [0.6833333333865177, -1.1833333335473362, 0.08333333345541817, 1.9833333333507142, -0.40833333332132565, 0.8916666666786743]),
        (2, [0.6500240817666847, -1.1500879495128533, 0.05004798824788857, 1.9500191406404952, -0.42497305073232905, 0.8750269492676709]),
        (20, [0.27804107545484963, -0.8456021012366974, -0.2933109770732399, 1.5746943111527554, -0.5966236872887346, 0.7033763127112652]),
    ]);
}

#[rustfmt::skip]
#[test]
fn adamw() {
    check(AdamW { beta2: 0.99, ..AdamW::default() }, None, [
        (1, [0.6821666667210662, -1.1813333335863163, 0.08316666678965237, 1.9800000000177511, -0.40833333332132565, 0.8916666666786743]),
        (2, [0.6465849623423622, -1.144173990900724, 0.049603542652847436, 1.9400890392735173, -0.424971257754376, 0.875028742245624]),
        (20, [0.2572992329469731, -0.8373285043371135, -0.29144380244740675, 1.4996459369497475, -0.5957065685494888, 0.704293431450511]),
    ]);
}

/// A wide matrix that decays and a kernel that is a tall one, with the loss
/// `Σ a x² / 2 + exp x`, against a Python script's trajectory.
#[rustfmt::skip]
#[test]
fn muon() {
    let trajectory: [(u64, [f64; 12]); 3] = [
        (1, [0.694325932573805, -1.183464230788741, 0.09432777722236148, 1.979172198816786, -0.40189673545447485, 0.891917830476716, 0.291465789788067, -0.7906258820173638, 1.089517190737097, 0.49312259623957905, -0.594717561410282, 0.18561052649133644]),
        (2, [0.688417377719148, -1.1663478180252476, 0.08915254296128178, 1.9585453241676867, -0.40403130150889927, 0.8837026016243539, 0.28289933459153316, -0.7812045717474968, 1.079040494313306, 0.48622338208111654, -0.5894233332993934, 0.17121371584960685]),
        (20, [0.5456016182811256, -0.8357592594630178, 0.07541119626682936, 1.620354578151783, -0.4575800828558155, 0.713662913334209, 0.13478904383576684, -0.6261063289076546, 0.8908399538193007, 0.36233404490467586, -0.5050083599590589, -0.0633828215846268]),
    ];
    let mut parameters = Parameters::<f64>::new();
    let decayed = parameters.add_group(ParameterGroup { weight_decay: 0.1, ..Default::default() });
    let plain = parameters.add_group(ParameterGroup::default());
    let matrix = array![[0.7, -1.2, 0.1], [2.0, -0.4, 0.9]];
    parameters.insert("matrix", matrix, decayed).expect("the first");
    let kernel = Array4::from_shape_vec((3, 2, 1, 1), vec![0.3, -0.8, 1.1, 0.5, -0.6, 0.2]);
    parameters.insert("kernel", kernel.expect("six values"), plain).expect("another name");
    let a = array![[1.0, 0.3, 2.0], [0.5, 0.7, 1.5]];
    let mut optimizer = Optimizer::new(Muon::default(), &parameters);
    let mut compared = 0;
    for step in 0..20 {
        let tape = Tape::new();
        let leaves = parameters.leaves(&tape);
        let (matrix, kernel) = (&leaves["matrix"], &leaves["kernel"]);
        let wide = &(&(&tape.constant(a.clone()) * &matrix.square()) * 0.5) + &matrix.exp();
        let tall = &(&kernel.square() * 0.5) + &kernel.exp();
        let loss = &wide.sum() + &tall.sum();
        let gradients = leaves.collect(loss.backward()).expect("all have one");
        optimizer.step(&mut parameters, &gradients, 0.05);
        for (_, expected) in trajectory.iter().filter(|(after, _)| *after == step + 1) {
            let values: Vec<f64> =
                parameters.iter().flat_map(|(_, value)| value.iter().copied().collect::<Vec<_>>()).collect();
            assert_eq!(values.len(), expected.len());
            for (value, expected) in values.iter().zip(expected) {
                assert!((value - expected).abs() < 1e-12, "step {step}: {value} for {expected}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 36);
}

/// A vector, which has no directions to balance, is left to AdamW; a gradient of zeros moves
/// nothing; and the state goes on to the same bits.
#[test]
fn muon_of_vectors_of_zeros_and_restored() {
    let start = |algorithm: Algorithm| {
        let mut parameters = Parameters::<f32>::new();
        let group = parameters.add_group(ParameterGroup::default());
        parameters.insert("vector", array![0.5_f32, -2.0, 3.0], group).expect("the first");
        parameters.insert("still", array![[1.0_f32, 2.0], [3.0, 4.0]], group).expect("another");
        let optimizer = Optimizer::new(algorithm, &parameters);
        (parameters, optimizer)
    };
    let step = |parameters: &mut Parameters<f32>, optimizer: &mut Optimizer<f32>| {
        let tape = Tape::new();
        let leaves = parameters.leaves(&tape);
        let loss = &leaves["vector"].square().sum() + &(&leaves["still"] * 0.0).sum();
        let gradients = leaves.collect(loss.backward()).expect("all have one");
        optimizer.step(parameters, &gradients, 0.01);
    };
    let (mut ours, mut muon) = start(Muon::default().into());
    let (mut other, mut adamw) = start(AdamW::default().into());
    for _ in 0..3 {
        step(&mut ours, &mut muon);
        step(&mut other, &mut adamw);
    }
    assert_eq!(ours.get("vector"), other.get("vector"));
    assert_eq!(ours.get("still"), Some(array![[1.0_f32, 2.0], [3.0, 4.0]].view().into_dyn()));
    let mut restored = Optimizer::new(Muon::default(), &ours);
    restored.restore(muon.state()).expect("its own state");
    let mut copy = ours.clone();
    step(&mut ours, &mut muon);
    step(&mut copy, &mut restored);
    assert_eq!(ours.get("vector"), copy.get("vector"));
    assert_ne!(ours.get("vector"), other.get("vector"));
}

/// After a gradient come thousands of zeros: the momentum becomes too small to divide by.
#[test]
fn muon_of_a_momentum_that_fades_away() {
    let mut parameters = Parameters::<f32>::new();
    let group = parameters.add_group(ParameterGroup::default());
    parameters.insert("matrix", array![[1.0_f32, 2.0], [3.0, 4.0]], group).expect("the first");
    let mut optimizer = Optimizer::new(Muon::default(), &parameters);
    for step in 0..2500 {
        let tape = Tape::new();
        let leaves = parameters.leaves(&tape);
        let factor = if step == 0 { 1.0 } else { 0.0 };
        let loss = (&leaves["matrix"] * factor).sum();
        let gradients = leaves.collect(loss.backward()).expect("it has one");
        optimizer.step(&mut parameters, &gradients, 1e-3);
    }
    let matrix = parameters.get("matrix").expect("it is there");
    assert!(matrix.iter().all(|value| value.is_finite()), "{matrix}");
}
