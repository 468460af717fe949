//! The detector's losses, as functions on the tape. Each is a sum; the trainer divides it.

use autograd::Var;
use ndarray::{Array2, ArrayView2, Axis, Ix1, Ix2, IxDyn, arr0};
use tensor::Element;

/// Quality focal loss: `Σ w (σ - y)² H(σ, y)` with `σ` the sigmoid of the logit, `y` the
/// quality of the cell's box, 0 where there is no face, and `H` the cross-entropy `-y ln σ -
/// (1 - y) ln (1 - σ)` (Li et al., "Generalized focal loss", 2020, equation 5, β = 2).
///
/// # Shapes
/// `logits`: N. Returns a number.
///
/// # Panics
/// If the lengths differ.
pub(super) fn quality_focal<T: Element>(logits: &Var<T>, targets: &[T], weights: &[T]) -> Var<T> {
    let n = logits.shape().iter().product::<usize>();
    assert_eq!(logits.shape(), [n], "quality_focal: one axis expected");
    assert_eq!([targets.len(), weights.len()], [n; 2], "quality_focal: {n} logits");
    let shared = logits.shared().into_dimensionality::<Ix1>().expect("checked above");
    let mut total = T::zero();
    let mut slopes = ndarray::Array1::<T>::zeros(n);
    for (((&z, &y), &w), slope) in shared.iter().zip(targets).zip(weights).zip(&mut slopes) {
        // ln(1 + e^-|z|) does not overflow.
        let small = (-z.abs()).exp();
        let one = T::one();
        let sigmoid = if z > T::zero() { one / (one + small) } else { small / (one + small) };
        let cross_entropy = (one + small).ln() + if z > T::zero() { z } else { T::zero() } - y * z;
        let off = sigmoid - y;
        total += w * off * off * cross_entropy;
        let two = T::from_f64(2.0);
        *slope = w * off * (two * sigmoid * (one - sigmoid) * cross_entropy + off * off);
    }
    Var::record(&[logits], arr0(total), move |gradient, parents| {
        parents.add(0, slopes * gradient[IxDyn(&[])]);
    })
}

/// Generalized IoU loss: `Σ w (1 - IoU + (C - U) / C)` with `U` the area of the union and `C`
/// that of the smallest box round both (Rezatofighi et al., "Generalized intersection over
/// union", 2019). Both boxes are given by their sides' distances from a point inside both.
///
/// # Shapes
/// `logs`: N × 4, logarithms of the distances left, top, right, bottom. `targets`: N × 4,
/// the distances themselves, positive. Returns a number.
///
/// # Panics
/// If the shapes differ.
pub(super) fn giou<T: Element>(logs: &Var<T>, targets: ArrayView2<'_, T>, weights: &[T]) -> Var<T> {
    let n = weights.len();
    assert_eq!(logs.shape(), [n, 4], "giou: {n} weights");
    assert_eq!(targets.dim(), (n, 4), "giou: {n} weights");
    let shared = logs.shared().into_dimensionality::<Ix2>().expect("checked above");
    let mut total = T::zero();
    let mut slopes = Array2::<T>::zeros((n, 4));
    for (row, &w) in weights.iter().enumerate() {
        let p: [T; 4] = std::array::from_fn(|i| shared[[row, i]].exp());
        let t: [T; 4] = std::array::from_fn(|i| targets[[row, i]]);
        let Terms { loss, slopes: found } = giou_of(p, t);
        total += w * loss;
        for i in 0..4 {
            // The derivative of the exponential is itself.
            slopes[[row, i]] = w * found[i] * p[i];
        }
    }
    Var::record(&[logs], arr0(total), move |gradient, parents| {
        parents.add(0, slopes * gradient[IxDyn(&[])]);
    })
}

/// The loss of one box and its derivative by the four distances.
struct Terms<T> {
    loss: T,
    slopes: [T; 4],
}

fn giou_of<T: Element>(p: [T; 4], t: [T; 4]) -> Terms<T> {
    let least = |a: T, b: T| if a < b { a } else { b };
    let most = |a: T, b: T| if a < b { b } else { a };
    // Distances of two sides of an axis add up to a length; axis 0 has sides 0 and 2.
    let length = |of: &dyn Fn(usize) -> T, axis: usize| of(axis) + of(axis + 2);
    let (inside, around) = (|i: usize| least(p[i], t[i]), |i: usize| most(p[i], t[i]));
    let common = [0, 1].map(|axis| length(&inside, axis));
    let hull = [0, 1].map(|axis| length(&around, axis));
    let own = [0, 1].map(|axis| length(&|i| p[i], axis));
    let target = [0, 1].map(|axis| length(&|i| t[i], axis));
    let (i, c) = (common[0] * common[1], hull[0] * hull[1]);
    let u = own[0] * own[1] + target[0] * target[1] - i;
    let two = T::from_f64(2.0);
    let loss = two - i / u - u / c;
    let slopes = std::array::from_fn(|side| {
        let other = 1 - side % 2;
        let is_within = p[side] < t[side];
        let by_i = if is_within { common[other] } else { T::zero() };
        let by_c = if is_within { T::zero() } else { hull[other] };
        let by_u = own[other] - by_i;
        (i * by_u - u * by_i) / (u * u) + (u * by_c - c * by_u) / (c * c)
    });
    Terms { loss, slopes }
}

/// Intersection over union of two boxes, by their sides' distances from a point inside both.
pub(super) fn iou(p: [f32; 4], t: [f32; 4]) -> f32 {
    let common = (p[0].min(t[0]) + p[2].min(t[2])) * (p[1].min(t[1]) + p[3].min(t[3]));
    let all = (p[0] + p[2]) * (p[1] + p[3]) + (t[0] + t[2]) * (t[1] + t[3]) - common;
    if all > 0.0 { common / all } else { 0.0 }
}

/// Negative log likelihood of Laplace's distribution: `Σ w (mean |x - t| / (s b) + ln b)` over
/// the coordinates of a face, without the constant `ln 2`. `s` is the face's size, so that
/// `b` is in units of it (Kendall and Gal, "What uncertainties do we need in Bayesian deep
/// learning for computer vision?", 2017, with Laplace's distribution for Gauss's).
///
/// # Shapes
/// `rows`: N × (K + 1), coordinates and the logarithm of b. `targets`: N × K. Returns a
/// number. Derivative where a coordinate is exact: 0.
///
/// # Panics
/// If the shapes differ.
pub(super) fn laplace<T: Element>(
    rows: &Var<T>,
    targets: ArrayView2<'_, T>,
    sizes: &[T],
    weights: &[T],
) -> Var<T> {
    let (n, k) = targets.dim();
    assert_eq!(rows.shape(), [n, k + 1], "laplace: {n} × {k} targets");
    assert_eq!([sizes.len(), weights.len()], [n; 2], "laplace: {n} rows");
    let shared = rows.shared().into_dimensionality::<Ix2>().expect("checked above");
    let share = T::from_f64(1.0 / k as f64);
    let mut total = T::zero();
    let mut slopes = Array2::<T>::zeros((n, k + 1));
    for (row, mut slopes) in slopes.axis_iter_mut(Axis(0)).enumerate() {
        let (log, w) = (shared[[row, k]], weights[row]);
        let factor = share / (sizes[row] * log.exp());
        let mut error = T::zero();
        for i in 0..k {
            let off = shared[[row, i]] - targets[[row, i]];
            error += off.abs();
            let sign = if off > T::zero() {
                T::one()
            } else if off < T::zero() {
                -T::one()
            } else {
                T::zero()
            };
            slopes[i] = w * factor * sign;
        }
        total += w * (factor * error + log);
        slopes[k] = w * (T::one() - factor * error);
    }
    Var::record(&[rows], arr0(total), move |gradient, parents| {
        parents.add(0, slopes * gradient[IxDyn(&[])]);
    })
}

#[cfg(test)]
mod tests {
    use autograd::gradcheck::assert_operator;
    use autograd::gradcheck::points::{between, distinct};
    use ndarray::{ArrayD, arr0};

    use super::*;

    fn number(value: f64) -> ArrayD<f64> {
        arr0(value).into_dyn()
    }

    fn matrix(points: ArrayD<f64>) -> Array2<f64> {
        points.into_dimensionality().unwrap()
    }

    #[test]
    fn quality_focal_is_its_formula() {
        let logits = between(&[40], -6.0, 6.0, 1);
        let targets: Vec<f64> = between(&[40], 0.0, 1.0, 2).into_iter().collect();
        let targets: Vec<f64> =
            targets.iter().enumerate().map(|(i, t)| if i % 3 == 0 { *t } else { 0.0 }).collect();
        let weights: Vec<f64> = between(&[40], 0.0, 2.0, 3).into_iter().collect();
        assert_operator(
            &[logits],
            |x| quality_focal(&x[0], &targets, &weights),
            |x| {
                let terms = x[0].iter().zip(&targets).zip(&weights).map(|((z, y), w)| {
                    let sigmoid = 1.0 / (1.0 + (-z).exp());
                    let entropy = -y * sigmoid.ln() - (1.0 - y) * (1.0 - sigmoid).ln();
                    w * (sigmoid - y).powi(2) * entropy
                });
                number(terms.sum())
            },
        );
    }

    #[test]
    fn quality_focal_survives_any_logit() {
        let tape = autograd::Tape::<f32>::new();
        let logits = tape.parameter(ndarray::array![-1e4_f32, 1e4, 0.0, 88.0]);
        let loss = quality_focal(&logits, &[0.0, 1.0, 1.0, 0.0], &[1.0; 4]);
        // The last is sure of a face where there is none.
        assert!((loss.item() - (88.0 + 0.25 * 2.0_f32.ln())).abs() < 1e-3, "{}", loss.item());
        let slopes = loss.backward().get(&logits).unwrap().to_owned();
        assert!(slopes.iter().all(|slope| slope.is_finite()), "{slopes}");
        assert_eq!([slopes[0], slopes[1]], [0.0; 2]);
    }

    #[test]
    fn giou_is_its_formula() {
        let logs = distinct(&[12, 4], 4);
        let targets = matrix(between(&[12, 4], 0.3, 3.0, 5));
        let weights: Vec<f64> = between(&[12], 0.0, 2.0, 6).into_iter().collect();
        let area = |b: [f64; 4]| (b[2] - b[0]).max(0.0) * (b[3] - b[1]).max(0.0);
        assert_operator(
            &[logs],
            |x| giou(&x[0], targets.view(), &weights),
            |x| {
                let terms =
                    weights.iter().enumerate().map(|(row, w)| {
                        let sides = |d: [f64; 4]| [-d[0], -d[1], d[2], d[3]];
                        let p = sides(std::array::from_fn(|i| x[0][[row, i]].exp()));
                        let t = sides(std::array::from_fn(|i| targets[[row, i]]));
                        let inner: [f64; 4] = std::array::from_fn(|i| {
                            if i < 2 { p[i].max(t[i]) } else { p[i].min(t[i]) }
                        });
                        let outer: [f64; 4] = std::array::from_fn(|i| {
                            if i < 2 { p[i].min(t[i]) } else { p[i].max(t[i]) }
                        });
                        let union = area(p) + area(t) - area(inner);
                        w * (1.0 - area(inner) / union + (area(outer) - union) / area(outer))
                    });
                number(terms.sum())
            },
        );
    }

    #[test]
    fn the_same_box_has_no_loss_and_an_overlap_of_one() {
        let box_ = [1.5_f32, 0.5, 2.0, 4.0];
        assert_eq!(iou(box_, box_), 1.0);
        assert_eq!(giou_of(box_, box_).loss, 0.0);
        assert!((iou([1.0; 4], [2.0; 4]) - 0.25).abs() < 1e-6);
    }

    #[test]
    fn laplace_is_its_formula() {
        let rows = distinct(&[9, 11], 7);
        let targets = matrix(between(&[9, 10], -3.0, 3.0, 8));
        let sizes: Vec<f64> = between(&[9], 0.5, 4.0, 9).into_iter().collect();
        let weights: Vec<f64> = between(&[9], 0.0, 2.0, 10).into_iter().collect();
        assert_operator(
            &[rows],
            |x| laplace(&x[0], targets.view(), &sizes, &weights),
            |x| {
                let terms = (0..9).map(|row| {
                    let b = x[0][[row, 10]].exp() * sizes[row];
                    let nll = (0..10).map(|i| {
                        let off = (x[0][[row, i]] - targets[[row, i]]).abs();
                        off / b + (2.0 * b).ln() - (2.0 * sizes[row]).ln()
                    });
                    weights[row] * nll.sum::<f64>() / 10.0
                });
                number(terms.sum())
            },
        );
    }

    #[test]
    fn laplace_is_least_where_the_scale_is_the_mean_error() {
        let tape = autograd::Tape::<f64>::new();
        let row = ndarray::array![[0.5, -0.5, (0.5_f64 / 2.0).ln()]];
        let rows = tape.parameter(row);
        let loss = laplace(&rows, ndarray::array![[0.0, 0.0]].view(), &[2.0], &[1.0]);
        let slopes = loss.backward().get(&rows).unwrap().to_owned();
        assert!(slopes[[0, 2]].abs() < 1e-12, "{slopes}");
    }
}
