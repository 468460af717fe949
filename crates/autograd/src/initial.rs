//! Initial values of parameters.

use ndarray::{Array, ArrayD, IxDyn};
use tensor::Element;

use crate::Random;

/// Normal values with variance `2 / inputs`, for weights before a ReLU (He et al.,
/// "Delving deep into rectifiers", 2015, eq. 10).
///
/// # Shapes
/// O × I for dense layers, O × C × KH × KW for convolutions: `inputs` is the product
/// of all axes but the first.
///
/// # Panics
/// If `shape` has no axes or there are no inputs.
pub fn he_normal<T: Element>(shape: &[usize], random: &mut Random) -> ArrayD<T> {
    let [_, inputs] = fans("he_normal", shape);
    let deviation = (2.0 / inputs as f64).sqrt();
    Array::from_shape_simple_fn(IxDyn(shape), || T::from_f64(deviation * random.normal()))
}

/// Uniform values within `±√(6 / (inputs + outputs))`, for weights without a ReLU after
/// them (Glorot and Bengio, "Understanding the difficulty of training deep feedforward
/// neural networks", 2010, eq. 16).
///
/// # Shapes
/// As [`he_normal`]; `outputs` is the first axis times the kernel's.
///
/// # Panics
/// If `shape` has no axes or there are no inputs.
pub fn glorot_uniform<T: Element>(shape: &[usize], random: &mut Random) -> ArrayD<T> {
    let limit = (6.0 / fans("glorot_uniform", shape).iter().sum::<usize>() as f64).sqrt();
    Array::from_shape_simple_fn(IxDyn(shape), || {
        T::from_f64(limit * (2.0 * random.uniform() - 1.0))
    })
}

/// The numbers of outputs and inputs that a weight of this shape connects.
fn fans(name: &str, shape: &[usize]) -> [usize; 2] {
    let Some((first, others)) = shape.split_first() else {
        panic!("{name}: the shape of a weight has axes, this one has none")
    };
    let inputs: usize = others.iter().product();
    assert!(inputs > 0, "{name}: no inputs in shape {shape:?}");
    let kernel: usize = others.iter().skip(1).product();
    [first * kernel, inputs]
}
