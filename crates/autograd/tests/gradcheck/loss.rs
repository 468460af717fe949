//! softmax, softmax_cross_entropy.

use autograd::Tape;
use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::between;
use ndarray::{ArrayD, ArrayViewD, Axis, arr0, array};
use proptest::prelude::*;

use crate::config;
use crate::fixed::two;

#[track_caller]
fn check_cross_entropy(k: usize, labels: &[usize]) {
    assert_operator(
        &[between(&[labels.len(), k], -2.0, 2.0, 1)],
        |x| x[0].softmax_cross_entropy(labels),
        |x| {
            let scores = two(&x[0]);
            let terms = scores.rows().into_iter().zip(labels).map(|(row, label)| {
                let powers = row.mapv(f64::exp);
                -(powers[*label] / powers.sum()).ln()
            });
            arr0(terms.sum::<f64>() / labels.len() as f64).into_dyn()
        },
    );
}

fn softmax(scores: &ArrayViewD<'_, f64>) -> ArrayD<f64> {
    let powers = scores.mapv(f64::exp);
    &powers / &powers.sum_axis(Axis(1)).insert_axis(Axis(1))
}

#[track_caller]
fn check_softmax(n: usize, k: usize) {
    assert_operator(&[between(&[n, k], -2.0, 2.0, 1)], |x| x[0].softmax(), |x| softmax(&x[0]));
}

#[test]
fn cases() {
    check_softmax(1, 1);
    check_softmax(1, 5);
    check_softmax(4, 3);
    check_cross_entropy(1, &[0]);
    check_cross_entropy(2, &[1]);
    check_cross_entropy(3, &[2, 0, 2, 1]);
}

proptest! {
    #![proptest_config(config(10))]
    #[test]
    fn shapes(
        k in 1..6_usize,
        labels in proptest::collection::vec(any::<proptest::sample::Index>(), 1..5),
    ) {
        check_softmax(labels.len(), k);
        check_cross_entropy(k, &labels.iter().map(|label| label.index(k)).collect::<Vec<_>>());
    }
}

#[test]
fn equals_the_logarithm_of_the_softmax() {
    let tape = Tape::new();
    let x = tape.parameter(between(&[2, 3], -2.0, 2.0, 1));
    let fused = x.softmax_cross_entropy(&[2, 0]);
    let picked = x.softmax().reshape(&[6]).select_rows(&[2, 3]);
    let parts = -&picked.ln().mean();
    assert!((fused.item() - parts.item()).abs() < 1e-15);
    let fused = fused.backward();
    let x2 = tape.parameter(x.value().to_owned());
    let picked = x2.softmax().reshape(&[6]).select_rows(&[2, 3]);
    let parts = (-&picked.ln().mean()).backward();
    let (Some(fused), Some(parts)) = (fused.get(&x), parts.get(&x2)) else {
        panic!("both depend on the scores")
    };
    assert!((fused - parts).iter().all(|difference| difference.abs() < 1e-15));
}

#[test]
fn great_scores_do_not_overflow_the_cross_entropy() {
    let tape = Tape::new();
    let x = tape.parameter(array![[1e4_f32, -1e4]]);
    let loss = x.softmax_cross_entropy(&[1]);
    assert_eq!(loss.item(), 2e4);
    assert_eq!(loss.backward().get(&x), Some(&array![[1.0, -1.0]].into_dyn()));
}

#[test]
#[should_panic(expected = "softmax_cross_entropy: label 3 of 3 classes")]
fn a_label_too_great_panics() {
    let tape = Tape::<f64>::new();
    let _ = tape.constant(between(&[1, 3], 0.0, 1.0, 1)).softmax_cross_entropy(&[3]);
}

#[test]
#[should_panic(expected = "softmax_cross_entropy: 2 rows of scores, 1 labels")]
fn too_few_labels_panic() {
    let tape = Tape::<f64>::new();
    let _ = tape.constant(between(&[2, 3], 0.0, 1.0, 1)).softmax_cross_entropy(&[0]);
}

#[test]
fn great_scores_do_not_overflow_the_softmax() {
    let tape = Tape::new();
    let x = tape.parameter(array![[1e4, 1e4 - 1e3], [-1e308, -1e308]]);
    assert_eq!(x.softmax().value(), array![[1.0, 0.0], [0.5, 0.5]].into_dyn());
}
