//! A synthetic image and a sample of what NumPy makes of it at each stage.
//!
//! `happyhouse.txt` and `openface.txt` were made in f64 from the shipped weights;
//! README.md beside them says how. A line is
//! `stage C×H×W sum norm index:value index:value …`.

use std::collections::HashMap;
use std::path::Path;

use ndarray::Array4;

/// What is known of a stage's output.
pub(crate) struct Sample {
    pub(crate) shape: Vec<usize>,
    pub(crate) sum: f64,
    pub(crate) norm: f64,
    pub(crate) values: Vec<(usize, f32)>,
}

/// The image: three waves of color, no face.
pub(crate) fn image() -> Array4<f32> {
    Array4::from_shape_fn((1, 3, 96, 96), |(_, c, y, x)| {
        let (c, y, x) = (c as f64, y as f64, x as f64);
        let wave = (0.11 * x + 0.7 * c).sin() * (0.07 * y - 0.3 * c).cos();
        let ripple = (0.013 * x * y / (1.0 + c)).sin();
        (0.5 + 0.35 * wave + 0.15 * ripple) as f32
    })
}

/// The samples of a variant by stage.
pub(crate) fn load(variant: &str) -> HashMap<String, Sample> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{variant}.txt"));
    let text = std::fs::read_to_string(&path).unwrap();
    text.lines()
        .map(|line| {
            let mut words = line.split(' ');
            let mut next = || words.next().unwrap();
            let (stage, shape, sum, norm) = (next(), next(), next(), next());
            let values = words.map(|word| {
                let (index, value) = word.split_once(':').unwrap();
                (index.parse().unwrap(), value.parse().unwrap())
            });
            let sample = Sample {
                shape: shape.split('×').map(|axis| axis.parse().unwrap()).collect(),
                sum: sum.parse().unwrap(),
                norm: norm.parse().unwrap(),
                values: values.collect(),
            };
            (stage.to_owned(), sample)
        })
        .collect()
}
