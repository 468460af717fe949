//! Figures on the shared LFW pack that need no network.

use biometrics::evaluation::{Comparison, Report, ReportOptions, pixels};
use faces::Window;
use ndarray::Array3;
use rayon::prelude::*;
use training::dataset::{Pack, Pairs};

/// The window of an image at 96×96, bilinear, borders repeated.
fn crop(image: &image::RgbImage, window: Window) -> Array3<f32> {
    let (width, height) = image.dimensions();
    // For each of 96 places: the pixel before, the one after, the share of it.
    let places = |start: f64, length: f64, side: u32| -> Vec<(usize, usize, f32)> {
        let last = side as usize - 1;
        let place = |i: usize| {
            let place = start + (i as f64 + 0.5) * length / 96.0 - 0.5;
            let place = place.clamp(0.0, last as f64);
            (place as usize, (place as usize + 1).min(last), place.fract() as f32)
        };
        (0..96).map(place).collect()
    };
    let columns = places(window.x, window.width, width);
    let rows = places(window.y, window.height, height);
    let (values, row) = (image.as_raw(), 3 * width as usize);
    Array3::from_shape_fn((3, 96, 96), |(c, y, x)| {
        let ((y0, y1, fy), (x0, x1, fx)) = (rows[y], columns[x]);
        let value = |y, x| f32::from(values[y * row + 3 * x + c]);
        let upper = value(y0, x0) * (1.0 - fx) + value(y0, x1) * fx;
        let lower = value(y1, x0) * (1.0 - fx) + value(y1, x1) * fx;
        (upper * (1.0 - fy) + lower * fy) / 255.0
    })
}

/// The published figure of the naive baseline is 60.7 %.
#[test]
fn pixels_hardly_tell_faces_apart() {
    let Some(folder) = test_support::reference("lfw") else { return };
    let pairs = Pairs::read(folder.join("pairs.txt")).unwrap();
    let pack = Pack::open(folder).unwrap();
    let window = pack.window().unwrap();
    let face = |name: &str| {
        let index = pack.index_of(name).unwrap_or_else(|| panic!("{name} is in no pack"));
        let bytes = pack.image(index).unwrap();
        crop(&image::load_from_memory(&bytes).unwrap().into_rgb8(), window)
    };
    let comparisons: Vec<Comparison> = pairs
        .pairs
        .par_iter()
        .map(|pair| Comparison {
            distance: Some(pixels::distance(&face(&pair.a), &face(&pair.b)).unwrap()),
            same: pair.same,
            fold: pair.fold,
        })
        .collect();
    let report = Report::new(&comparisons, &ReportOptions::default()).unwrap();
    assert!((report.accuracy - 0.607).abs() < 0.0015, "accuracy {}", report.accuracy);
    assert_eq!((report.pairs, report.failures, report.folds.len()), (6000, 0, 10));
}
