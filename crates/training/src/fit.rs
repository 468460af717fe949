//! Fits the last layer to a teacher's encodings by ridge regression.
//!
//! Starting from weights that were trained for other targets means good features and a
//! last layer that means nothing. The layer that gives the smallest squared error on these
//! features has a closed form: `W = (XᵀX + λI)⁻¹ XᵀT` for centered features X and targets T
//! (Hoerl and Kennard, 1970), `b = mean(T) - W mean(X)`. A minute of this saves training
//! many.

use autograd::Tape;
use facenet::model::Model;
use facenet::network::Architecture;
use ndarray::{Array1, Array2, Axis, Ix2, Slice};

use super::Error;
use super::batches::Batch;

/// The ridge as a share of the features' mean variance.
const RIDGE: f64 = 1e-3;
/// The stage whose mean over the plane is what the last layer reads.
const LAST_STAGE: &str = "inception_5b";

/// Replaces the dense layer by the one that fits the batches' targets best. The other
/// layers are in evaluation mode.
///
/// # Errors
/// When there are fewer images than features, a batch has no targets, or the network has
/// no such layer.
pub(super) fn fit_last_layer(
    model: &mut Model,
    batches: impl Iterator<Item = Batch>,
) -> Result<(), Error> {
    let refuse = |reason: String| Err(Error::Fit { reason });
    if !matches!(model.architecture(), Architecture::FaceNet(_)) {
        return refuse("only the face network ends in a dense layer over a mean".into());
    }
    let tape = Tape::new();
    let mut moments: Option<Moments> = None;
    for Batch { images, targets, .. } in batches {
        let Some(targets) = targets else { return Err(Error::NoTargets) };
        if targets.is_empty() {
            continue;
        }
        let features = features(model, &tape, images);
        let targets = targets.mapv(f64::from);
        moments
            .get_or_insert_with(|| Moments::zeros(features.ncols(), targets.ncols()))
            .add(&features, &targets);
    }
    let Some(moments) = moments else { return refuse("there is no image".into()) };
    let (count, width) = (moments.count, moments.feature_sum.len());
    if count <= width as f64 {
        return refuse(format!("{width} features need more images than {count}"));
    }
    let Some((weight, bias)) = moments.solve() else {
        return refuse("the features are linearly dependent".into());
    };
    let rounded = |value: f64| value as f32;
    model.parameters_mut().set("dense_w", weight.mapv(rounded))?;
    model.parameters_mut().set("dense_b", bias.mapv(rounded))?;
    Ok(())
}

/// What the last layer reads, a row an image.
fn features(model: &Model, tape: &Tape<f32>, images: ndarray::Array4<f32>) -> Array2<f64> {
    let leaves = model.parameters().leaves(tape);
    let pass = model.evaluate(&leaves, &tape.constant(images));
    let stage = pass.stages.iter().find(|(name, _)| *name == LAST_STAGE);
    let Some((_, stage)) = stage else { unreachable!("the face network has {LAST_STAGE}") };
    let mean = stage.value().mapv(f64::from).mean_axis(Axis(3)).and_then(|x| x.mean_axis(Axis(2)));
    tape.clear();
    match mean.map(|mean| mean.into_dimensionality::<Ix2>()) {
        Some(Ok(mean)) => mean,
        _ => unreachable!("a stage has four axes and no empty plane"),
    }
}

/// Sums over images of what the regression needs.
struct Moments {
    count: f64,
    feature_sum: Array1<f64>,
    target_sum: Array1<f64>,
    /// XᵀX and XᵀT, not centered.
    products: Array2<f64>,
    cross: Array2<f64>,
}

impl Moments {
    fn zeros(features: usize, targets: usize) -> Self {
        Self {
            count: 0.0,
            feature_sum: Array1::zeros(features),
            target_sum: Array1::zeros(targets),
            products: Array2::zeros((features, features)),
            cross: Array2::zeros((features, targets)),
        }
    }

    fn add(&mut self, features: &Array2<f64>, targets: &Array2<f64>) {
        self.count += features.nrows() as f64;
        self.feature_sum += &features.sum_axis(Axis(0));
        self.target_sum += &targets.sum_axis(Axis(0));
        self.products += &features.t().dot(features);
        self.cross += &features.t().dot(targets);
    }

    /// Weight `(targets, features)` and bias; `None` where the system has no solution.
    fn solve(self) -> Option<(Array2<f64>, Array1<f64>)> {
        let Self { count, feature_sum, target_sum, mut products, mut cross } = self;
        let mean = &feature_sum / count;
        let target_mean = &target_sum / count;
        let outer = |a: &Array1<f64>, b: &Array1<f64>| {
            a.view().insert_axis(Axis(1)).dot(&b.view().insert_axis(Axis(0)))
        };
        products -= &(outer(&mean, &mean) * count);
        cross -= &(outer(&mean, &target_mean) * count);
        let ridge = RIDGE * products.diag().sum() / mean.len() as f64;
        products.diag_mut().mapv_inplace(|value| value + ridge);
        let lower = cholesky(products)?;
        let weight = solve_cholesky(&lower, cross).reversed_axes();
        let bias = &target_mean - &weight.dot(&mean);
        Some((weight, bias))
    }
}

/// The lower triangle L of a positive definite matrix with `L Lᵀ = a`, row by row (Golub
/// and Van Loan, Matrix Computations, 4.2); `None` where `a` is not positive definite.
fn cholesky(mut a: Array2<f64>) -> Option<Array2<f64>> {
    for i in 0..a.nrows() {
        for j in 0..=i {
            let (left, right) = (a.row(i), a.row(j));
            let before = Slice::from(..j);
            let known = left.slice_axis(Axis(0), before).dot(&right.slice_axis(Axis(0), before));
            let rest = a[[i, j]] - known;
            a[[i, j]] = if i > j {
                rest / a[[j, j]]
            } else if rest > 0.0 {
                rest.sqrt()
            } else {
                return None;
            };
        }
    }
    Some(a)
}

/// Solves `L Lᵀ x = b` for every column of `b`.
fn solve_cholesky(lower: &Array2<f64>, mut b: Array2<f64>) -> Array2<f64> {
    let (n, rows) = (lower.nrows(), Axis(0));
    for i in 0..n {
        let before = Slice::from(..i);
        let known = lower.row(i).slice_axis(rows, before).dot(&b.slice_axis(rows, before));
        b.row_mut(i).zip_mut_with(&known, |value, known| *value = (*value - known) / lower[[i, i]]);
    }
    for i in (0..n).rev() {
        let after = Slice::from(i + 1..);
        let known = lower.column(i).slice_axis(rows, after).dot(&b.slice_axis(rows, after));
        b.row_mut(i).zip_mut_with(&known, |value, known| *value = (*value - known) / lower[[i, i]]);
    }
    b
}

#[cfg(test)]
mod tests {
    use autograd::gradcheck::points::distinct;

    use super::*;

    fn matrix(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
        distinct(&[rows, columns], seed).into_dimensionality().unwrap()
    }

    #[test]
    fn a_linear_relation_is_found() {
        let (weight, bias) = (matrix(3, 7, 1), matrix(1, 3, 2).row(0).to_owned());
        let features = matrix(60, 7, 3);
        let targets = features.dot(&weight.t()) + &bias;
        let mut moments = Moments::zeros(7, 3);
        for (x, t) in
            features.axis_chunks_iter(Axis(0), 11).zip(targets.axis_chunks_iter(Axis(0), 11))
        {
            moments.add(&x.to_owned(), &t.to_owned());
        }
        let (found, shift) = moments.solve().unwrap();
        // The ridge takes about a thousandth away.
        assert!((&found - &weight).iter().all(|d| d.abs() < 5e-3), "{found} {weight}");
        let errors = features.dot(&found.t()) + &shift - &targets;
        assert!(errors.iter().all(|error| error.abs() < 5e-3));
        assert!(errors.mean_axis(Axis(0)).unwrap().iter().all(|mean| mean.abs() < 1e-12));
    }

    #[test]
    fn a_factor_multiplies_back_and_an_indefinite_matrix_has_none() {
        let half = matrix(6, 6, 5);
        let a = half.dot(&half.t()) + Array2::<f64>::eye(6);
        let mut lower = cholesky(a.clone()).unwrap();
        let x = solve_cholesky(&lower, a.dot(&matrix(6, 2, 4)));
        assert!((x - matrix(6, 2, 4)).iter().all(|d| d.abs() < 1e-10));
        ndarray::Zip::indexed(&mut lower).for_each(|(i, j), value| {
            if j > i {
                *value = 0.0;
            }
        });
        assert!((lower.dot(&lower.t()) - &a).iter().all(|d| d.abs() < 1e-12));
        assert_eq!(cholesky(-a), None);
    }
}
