//! Learning from another network's encodings.

use autograd::Var;
use tensor::Element;

/// `mean(1 - s·t) + weight · mean((S Sᵀ - T Tᵀ)²)`: the cosine to the teacher's
/// encoding of each picture, and the match of all pairwise cosines of the batch
/// (relational knowledge distillation, Park et al., 2019, with cosines in place of
/// distances and a square in place of Huber's function).
///
/// The first part says where each face lies; the second how faces lie to each
/// other, which is what recognition uses. Derivative by the chain rule, defined
/// everywhere.
///
/// # Shapes
/// Students and targets: `(n, d)`, rows of unit length, n at least 1. Returns a
/// number.
///
/// # Panics
/// If the shapes differ or there are no rows.
#[must_use]
pub fn distillation<T: Element>(students: &Var<T>, targets: &Var<T>, weight: f64) -> Var<T> {
    assert_eq!(students.shape(), targets.shape(), "distillation: students and targets");
    let &[n, _] = students.shape() else {
        panic!("distillation: encodings have shape {:?}, two axes expected", students.shape());
    };
    assert!(n > 0, "distillation: no encodings");
    let cosines = (students * targets).sum().mul_scalar(T::from_f64(1.0 / n as f64));
    let similarity = |x: &Var<T>| x.matmul(&x.transpose());
    let mismatch = similarity(students).sub(&similarity(targets)).square().mean();
    // 1 - cosine + weight · mismatch.
    mismatch.mul_scalar(T::from_f64(weight)).sub(&cosines).add_scalar(T::one())
}

#[cfg(test)]
mod tests {
    use autograd::Tape;
    use autograd::gradcheck::{assert_gradient, points::distinct};
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn gradients_agree_with_differences() {
        for n in [1, 4] {
            assert_gradient(&[distinct(&[n, 5], 3), distinct(&[n, 5], 4)], |x| {
                let [students, targets] = [&x[0], &x[1]].map(|x| x.l2_normalize(1e-12));
                distillation(&students, &targets, 8.0)
            });
        }
    }

    fn loss(students: Array2<f64>, targets: Array2<f64>, weight: f64) -> f64 {
        let tape = Tape::new();
        distillation(&tape.parameter(students), &tape.constant(targets), weight).item()
    }

    #[test]
    fn values_by_hand() {
        let (students, targets) = (array![[1.0, 0.0], [0.0, 1.0]], array![[1.0, 0.0], [0.6, 0.8]]);
        // Cosines 1 and 0.8; the off-diagonal similarities are 0 and 0.6, two of four.
        assert!((loss(students.clone(), targets.clone(), 0.0) - 0.1).abs() < 1e-15);
        assert!((loss(students.clone(), targets, 8.0) - (0.1 + 8.0 * 0.18)).abs() < 1e-15);
        assert_eq!(loss(students.clone(), students, 8.0), 0.0);
    }

    /// All pictures alike, as at the end of a collapse.
    #[test]
    fn equal_encodings_are_finite() {
        let equal = Array2::from_elem((3, 4), 0.5);
        assert!(loss(equal.clone(), equal, 8.0).abs() < 1e-15);
    }
}
