//! Views with a fixed number of axes, as `tensor::reference` takes them.

use ndarray::{ArrayView, ArrayView1, ArrayView2, ArrayView4, ArrayViewD, Dimension};

fn fixed<'a, D: Dimension>(view: &ArrayViewD<'a, f64>) -> ArrayView<'a, f64, D> {
    view.clone().into_dimensionality().expect("the case has that many axes")
}

pub(crate) fn one<'a>(view: &ArrayViewD<'a, f64>) -> ArrayView1<'a, f64> {
    fixed(view)
}

pub(crate) fn two<'a>(view: &ArrayViewD<'a, f64>) -> ArrayView2<'a, f64> {
    fixed(view)
}

pub(crate) fn four<'a>(view: &ArrayViewD<'a, f64>) -> ArrayView4<'a, f64> {
    fixed(view)
}
