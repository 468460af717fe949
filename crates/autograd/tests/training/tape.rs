//! The rules of the tape: accumulation, constants, what is freed and when.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};

use autograd::gradcheck::points::random;
use autograd::{Tape, Var};
use ndarray::{ArrayD, arr0, array};
use tensor::Padding2d;
use tensor::ops::{Conv2dOptions, Pool2dOptions};

#[test]
fn gradients_of_shared_values_add_up() {
    let tape = Tape::new();
    let x = tape.parameter(arr0(3.0));
    let shared = &x * &x;
    // x² · x² + x² + x, so 4 x³ + 2 x + 1.
    let loss = &(&(&shared * &shared) + &shared) + &x;
    assert_eq!(loss.backward().get(&x), Some(&arr0(108.0 + 6.0 + 1.0).into_dyn()));
}

#[test]
fn a_value_that_leads_nowhere_adds_nothing() {
    let tape = Tape::new();
    let x = tape.parameter(arr0(3.0));
    let early = x.exp();
    let loss = x.square();
    let late = &loss + &early;
    let gradients = loss.backward();
    assert_eq!(gradients.get(&x), Some(&arr0(6.0).into_dyn()));
    assert!(tape.is_empty(), "{tape:?}");
    assert_eq!(late.item(), 9.0 + 3.0_f64.exp());
}

#[test]
fn constants_and_other_parameters_get_no_gradient() {
    let tape = Tape::new();
    let [x, unused] = [1.0, 2.0].map(|value| tape.parameter(arr0(value)));
    let constant = tape.constant(arr0(3.0));
    let other_tape = Tape::new();
    let elsewhere = other_tape.parameter(arr0(4.0));
    let mut gradients = (&x * &constant).backward();
    assert_eq!(gradients.len(), 1);
    for variable in [&unused, &constant, &elsewhere] {
        assert_eq!(gradients.get(variable), None);
    }
    assert_eq!(gradients.take(&x), Some(arr0(3.0).into_dyn()));
    assert_eq!(gradients.take(&x), None);
    assert!(gradients.is_empty());
}

#[test]
fn a_parameter_or_constant_can_be_differentiated_itself() {
    let tape = Tape::new();
    let x = tape.parameter(arr0(5.0));
    assert_eq!(x.backward().get(&x), Some(&arr0(1.0).into_dyn()));
    assert!(tape.constant(arr0(5.0)).backward().is_empty());
}

#[test]
fn operators_on_constants_are_not_recorded() {
    let tape = Tape::new();
    let constant = tape.constant(array![1.0, 2.0]);
    let result = constant.exp().sum();
    assert!(tape.is_empty() && !result.requires_gradient());
}

#[test]
fn detached_values_let_no_gradient_through() {
    let tape = Tape::new();
    let x = tape.parameter(arr0(3.0));
    let y = x.square();
    let loss = &y.detach() * &x;
    assert_eq!(loss.item(), 27.0);
    assert_eq!(loss.backward().get(&x), Some(&arr0(9.0).into_dyn()));
}

#[test]
fn nothing_is_recorded_without_gradients_even_nested_or_after_a_panic() {
    let tape = Tape::new();
    let x = tape.parameter(arr0(3.0));
    let y = tape.no_grad(|| {
        tape.no_grad(|| assert!(!x.requires_gradient()));
        x.square()
    });
    assert!(tape.is_empty() && !y.requires_gradient());
    let panicked = catch_unwind(AssertUnwindSafe(|| tape.no_grad(|| panic!("on purpose"))));
    assert!(panicked.is_err() && tape.is_recording());
    let loss = &y * &x;
    assert_eq!(loss.backward().get(&x), Some(&arr0(9.0).into_dyn()));
}

#[test]
fn a_long_tape_neither_walks_nor_drops_by_recursion() {
    let tape = Tape::new();
    let x = tape.parameter(arr0(1.0_f32));
    let mut y = x.clone();
    for _ in 0..200_000 {
        y = y.add_scalar(1.0);
    }
    assert_eq!(tape.len(), 200_000);
    assert_eq!(y.backward().get(&x), Some(&arr0(1.0).into_dyn()));
    let mut y = x.clone();
    for _ in 0..200_000 {
        y = y.add_scalar(1.0);
    }
    drop((tape, x, y));
}

#[test]
fn leaves_stay_in_use_from_walk_to_walk() {
    let tape = Tape::new();
    let x = tape.parameter(arr0(2.0));
    for power in 1..4 {
        let mut loss = x.clone();
        for _ in 1..power {
            loss = &loss * &x;
        }
        let slope = f64::from(power) * 2.0_f64.powi(power - 1);
        assert_eq!(loss.backward().get(&x), Some(&arr0(slope).into_dyn()));
    }
}

#[test]
fn a_cleared_tape_holds_nothing_and_goes_on() {
    let tape = Tape::new();
    let x = tape.parameter(arr0(3.0));
    let token = Rc::new(());
    let watch = Rc::downgrade(&token);
    let skipped = holding(&x, token, || panic!("cleared before any walk"));
    tape.clear();
    assert!(tape.is_empty() && watch.upgrade().is_none());
    assert_eq!(skipped.item(), 3.0);
    assert_eq!(x.square().backward().get(&x), Some(&arr0(6.0).into_dyn()));
}

#[test]
#[should_panic(expected = "the output of step 0, which an earlier `backward` has freed")]
fn a_freed_value_cannot_be_used_again() {
    let tape = Tape::new();
    let x = tape.parameter(arr0(2.0));
    let y = x.square();
    let _gradients = y.backward();
    let _ = &y + &x;
}

#[test]
#[should_panic(expected = "the output of step 0, which an earlier `backward` has freed")]
fn a_freed_value_cannot_be_differentiated_again() {
    let tape = Tape::new();
    let y = tape.parameter(arr0(2.0)).square();
    let _gradients = y.backward();
    let _gradients = y.backward();
}

#[test]
#[should_panic(expected = "backward: the value has shape [2], a single number expected")]
fn only_a_number_has_a_gradient_of_its_own() {
    let _gradients = Tape::new().parameter(array![1.0, 2.0]).backward();
}

#[test]
#[should_panic(expected = "inputs 0 and 1 are on different tapes")]
fn tapes_do_not_mix() {
    let _ = Tape::new().parameter(arr0(1.0)).add(&Tape::new().parameter(arr0(1.0)));
}

#[test]
#[should_panic(expected = "the gradient of input 0 is [3], the input [2]")]
fn an_operator_with_a_gradient_of_the_wrong_shape_is_stopped() {
    let tape = Tape::new();
    let x = tape.parameter(array![1.0, 2.0]);
    let y = Var::record(&[&x], arr0(0.0), |_, parents| parents.add(0, array![1.0, 2.0, 3.0]));
    let _gradients = y.backward();
}

/// The identity; its backward function owns `token` and calls `look`.
fn holding(x: &Var<f64>, token: Rc<()>, look: impl FnOnce() + 'static) -> Var<f64> {
    Var::record(&[x], x.shared(), move |gradient, parents| {
        look();
        drop(token);
        parents.add(0, gradient);
    })
}

#[test]
fn what_a_step_keeps_is_freed_before_the_step_before_it_runs() {
    let tape = Tape::new();
    let x = tape.parameter(arr0(1.0));
    let tokens = [Rc::new(()), Rc::new(())];
    let later: Weak<()> = Rc::downgrade(&tokens[1]);
    let [first, second] = tokens;
    let y = holding(&x, first, move || assert!(later.upgrade().is_none(), "still held"));
    let loss = holding(&y, second, || ());
    assert_eq!(loss.backward().len(), 1);
}

#[test]
fn steps_that_the_value_does_not_need_are_freed_too() {
    let tape = Tape::new();
    let x = tape.parameter(arr0(1.0));
    let token = Rc::new(());
    let watch = Rc::downgrade(&token);
    let _unused = holding(&x, token, || panic!("its output leads nowhere"));
    let loss = x.square();
    assert_eq!(loss.backward().len(), 1);
    assert!(watch.upgrade().is_none());
}

#[test]
fn the_first_gradient_is_moved_and_not_copied() {
    let tape = Tape::new();
    let x = tape.parameter(ArrayD::<f32>::zeros(vec![4, 6]));
    let y = x.add_scalar(1.0).reshape(&[24]).add_scalar(2.0).reshape(&[2, 12]);
    let seed = ArrayD::ones(vec![2, 12]);
    let place = seed.as_ptr();
    let mut gradients = y.backward_from(seed);
    let gradient = gradients.take(&x).expect("it depends on x");
    assert_eq!(gradient.as_ptr(), place);
}

#[test]
fn a_parameter_and_what_views_it_share_memory() {
    let tape = Tape::new();
    let values = ndarray::Array2::<f32>::zeros((4, 6));
    let place = values.as_ptr();
    let x = tape.parameter(values);
    let views = [x.reshape(&[24]), x.transpose(), x.flatten(), x.slice_axis(0, 0..2), x.detach()];
    for view in views {
        assert_eq!(view.value().as_ptr(), place);
    }
}

#[test]
fn arithmetic_reads_like_arithmetic() {
    let tape = Tape::new();
    let [a, b] = [6.0, 4.0].map(|value| tape.parameter(arr0(value)));
    let value = &(&(&(&a + &b) - 1.0) * &(&a / &b)) + 0.5;
    assert_eq!(value.item(), 9.0 * 1.5 + 0.5);
    assert_eq!((&-&value / 2.0).item(), -7.0);
}

/// A step that uses every operator which writes into memory of earlier steps.
fn step(tape: &Tape<f32>, batch: usize) -> Vec<u32> {
    let values = |shape: &[usize], seed| random(shape, seed).mapv(|value| value as f32);
    let x = tape.parameter(values(&[batch, 2, 6, 6], 1));
    let weight = tape.parameter(values(&[3, 2, 3, 3], 2));
    let [scale, shift] = [3, 4].map(|seed| tape.parameter(values(&[3], seed)));
    let y = x.conv2d(&weight, None, Conv2dOptions::default());
    let (y, _) = y.batch_norm_relu_train(&scale, &shift, 1e-3);
    let pool = Pool2dOptions::square(2, 2);
    let pools = [y.max_pool2d(pool), y.average_pool2d(pool), y.l2_pool2d(pool)];
    let joined = Var::concat_channels(&[&pools[0], &pools[1], &pools[2]]);
    let loss = joined.pad2d(Padding2d::same(1)).square().sum();
    let without = tape.no_grad(|| y.max_pool2d(pool).sum());
    let mut gradients = loss.backward();
    let leaves = [&x, &weight, &scale, &shift].map(|leaf| gradients.take(leaf).expect("used"));
    let values = leaves.iter().flatten().copied().chain([loss.item(), without.item()]);
    values.map(f32::to_bits).collect()
}

#[test]
fn memory_of_earlier_steps_changes_no_bit() {
    let expected = [3, 5].map(|batch| step(&Tape::new(), batch));
    let tape = Tape::new();
    for _ in 0..3 {
        assert_eq!(step(&tape, 3), expected[0]);
        assert_eq!(step(&tape, 5), expected[1]);
        assert_eq!(step(&tape, 5), expected[1]);
    }
}

#[test]
fn memory_of_an_earlier_step_is_used_again_but_not_while_someone_holds_it() {
    let tape = Tape::new();
    let weight = tape.parameter(random(&[3, 2, 3, 3], 1));
    let x = tape.constant(random(&[2, 2, 6, 6], 2));
    let forward = || x.conv2d(&weight, None, Conv2dOptions::default());
    let place = |y: &Var<f64>| y.value().as_ptr();
    let first = forward();
    let held = first.shared();
    let values = held.to_owned();
    let _gradients = first.sum().backward();
    let of_first = place(&first);
    drop(first);
    let second = forward();
    assert_ne!(place(&second), of_first, "someone holds it");
    assert_eq!(held, values);
    let _gradients = second.sum().backward();
    drop((second, held));
    // The backward pass has freed more memory of that size.
    let later = [(); 4].map(|()| forward());
    assert!(later.iter().any(|it| place(it) == of_first), "no one holds it any more");
}
