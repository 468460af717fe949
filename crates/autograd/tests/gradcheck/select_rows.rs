//! `select_rows`.

use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::random;
use ndarray::Axis;
use proptest::prelude::*;

#[track_caller]
fn check(shape: &[usize], rows: &[usize]) {
    assert_operator(
        &[random(shape, 1)],
        |x| x[0].select_rows(rows).square(),
        |x| x[0].select(Axis(0), rows).mapv(|value| value * value),
    );
}

#[test]
fn cases() {
    check(&[4], &[2, 0]);
    check(&[4, 3], &[3, 3, 0, 3]);
    check(&[1, 3], &[0]);
    check(&[3, 2, 2], &[1, 2]);
    check(&[3, 2], &[]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn rows(
        shape in proptest::collection::vec(1..4_usize, 1..4),
        rows in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6),
    ) {
        let rows: Vec<usize> = rows.iter().map(|row| row.index(shape[0])).collect();
        check(&shape, &rows);
    }
}

#[test]
#[should_panic(expected = "select_rows: row 4 of 4")]
fn a_row_that_is_not_there_panics() {
    check(&[4, 3], &[0, 4]);
}
