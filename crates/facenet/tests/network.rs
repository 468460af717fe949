//! The whole network against other implementations in f64, stage by stage.
//!
//! The reference is `golden/`: a synthetic image and a sample of each stage's values by NumPy.
//! A failure names the first stage that is off.

#![allow(clippy::unwrap_used, reason = "tests panic to fail")]

mod golden;

use std::fs;
use std::path::Path;

use facenet::engine::{Engine, EngineOptions, Looks};
use facenet::gallery::mean_template;
use facenet::network::Variant;
use facenet::weights::Weights;
use ndarray::{Array4, ArrayView4, Axis};
use tensor::Level;
use tensor::inference::Precision;

/// Largest absolute difference allowed at any stage.
const TOLERANCE: f32 = 1e-4;

/// What the network has to say on the way, in this order.
const STAGES: [&str; 11] = [
    "conv1",
    "pool1",
    "conv3",
    "pool3",
    "inception_3a",
    "inception_3b",
    "inception_3c",
    "inception_4a",
    "inception_4e",
    "inception_5a",
    "inception_5b",
];

/// Both networks with the kernels of every level that this machine has.
fn engines() -> impl Iterator<Item = (Variant, String, Engine)> {
    let weights = Weights::embedded().unwrap();
    Level::available().flat_map(move |level| {
        let engine = |variant| Engine::at_level(variant, &weights, level);
        Variant::ALL.map(|variant| (variant, format!("{variant}, {level}"), engine(variant)))
    })
}

/// Every stage's output for `batch`, the encodings last as `embedding`.
fn trace(engine: &Engine, batch: ArrayView4<'_, f32>) -> Vec<(&'static str, Array4<f32>)> {
    let mut stages = Vec::new();
    let rows =
        engine.trace(batch, &mut |name, value| stages.push((name, value.to_owned()))).unwrap();
    let (m, n) = rows.dim();
    stages.push(("embedding", rows.into_shape_with_order((m, n, 1, 1)).unwrap()));
    let names: Vec<_> = stages.iter().map(|(name, _)| *name).collect();
    assert_eq!(names[..11], STAGES);
    stages
}

/// A `.npy` file of f32 or f64 with up to four axes, missing ones of length 1
/// put at the end.
fn npy(path: &Path) -> Array4<f32> {
    let file = fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let npy = npyz::NpyFile::new(std::io::BufReader::new(file)).unwrap();
    let mut axes: Vec<_> = npy.shape().iter().map(|&axis| axis as usize).collect();
    axes.resize(4, 1);
    let shape = (axes[0], axes[1], axes[2], axes[3]);
    let values = match npy.try_data::<f32>() {
        Ok(values) => values.map(Result::unwrap).collect(),
        Err(npy) => npy.data::<f64>().unwrap().map(|value| value.unwrap() as f32).collect(),
    };
    Array4::from_shape_vec(shape, values).unwrap()
}

#[test]
fn every_stage_matches_the_sample_in_the_repository() {
    for (variant, which, engine) in engines() {
        let expected = golden::load(variant.name());
        for (name, value) in trace(&engine, golden::image().view()) {
            let sample = &expected[name];
            assert_eq!(value.shape()[1..], sample.shape, "{which} {name}: shape");
            let flat = value.as_slice().unwrap();
            for &(index, expected) in &sample.values {
                let found = flat[index];
                assert!(
                    (found - expected).abs() <= TOLERANCE,
                    "{which} {name}: value {index} is {found}, NumPy has {expected}"
                );
            }
            let sum: f64 = flat.iter().map(|&v| f64::from(v)).sum();
            let norm = flat.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
            let slack = f64::from(TOLERANCE) * flat.len() as f64;
            assert!((sum - sample.sum).abs() <= slack, "{which} {name}: sum {sum}");
            assert!(
                (norm - sample.norm).abs() <= 1e-4 * sample.norm,
                "{which} {name}: norm {norm}, NumPy has {}",
                sample.norm
            );
        }
    }
}

#[test]
fn triplet_loss_is_the_one_the_notebook_prints() {
    let Some(folder) = test_support::reference("reference") else { return };
    let [a, p, n] = ["a", "p", "n"].map(|which| {
        let rows: Array4<f32> = npy(&folder.join(format!("triplet_{which}.npy")));
        let (m, d, _, _) = rows.dim();
        rows.into_shape_with_order((m, d)).unwrap()
    });
    let loss = facenet::triplet::loss(a.view(), p.view(), n.view(), facenet::triplet::MARGIN);
    assert_eq!(format!("{loss:.3}"), "528.143");
}

#[test]
fn an_image_encodes_to_the_same_bits_alone_in_a_batch_and_on_any_threads() {
    let image = golden::image();
    // Twenty images, more than a piece, each darker than the one before.
    let batch = Array4::from_shape_fn((20, 3, 96, 96), |(m, c, y, x)| {
        image[[0, c, y, x]] * (1.0 - m as f32 / 40.0)
    });
    let short = EngineOptions { precision: Precision::Bf16, ..EngineOptions::default() };
    let short = short.is_available().then(|| {
        let weights = Weights::embedded().unwrap();
        let engine = Engine::with_options(Variant::HappyHouse, &weights, short);
        (Variant::HappyHouse, "bf16".to_owned(), engine)
    });
    for (_, which, engine) in engines().chain(short) {
        // As it was held against the references, all stages of it.
        let mut rows = Vec::new();
        for image in batch.axis_chunks_iter(Axis(0), 1) {
            let (_, embedding) = trace(&engine, image).pop().unwrap();
            rows.extend(embedding);
        }
        for threads in 1..=3 {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            for images in [20, 1] {
                let mut found = vec![0.0; rows.len()];
                let row = rows.len() / 20;
                pool.install(|| {
                    let chunks = batch.axis_chunks_iter(Axis(0), images);
                    for (batch, found) in chunks.zip(found.chunks_mut(images * row)) {
                        engine.encode_into(batch, found).unwrap();
                    }
                });
                assert_eq!(found, rows, "{which}, {threads} threads, {images} images at once");
            }
        }
    }
}

#[test]
fn an_image_and_its_mirror_image_have_one_encoding_from_two_looks() {
    let weights = Weights::embedded().unwrap();
    let [one, two] = [Looks::One, Looks::Two].map(|looks| {
        let options = EngineOptions { looks, ..EngineOptions::default() };
        Engine::with_options(Variant::HappyHouse, &weights, options)
    });
    let image = golden::image();
    let mut mirrored = image.clone();
    mirrored.invert_axis(Axis(3));
    let encode =
        |engine: &Engine, image: &Array4<f32>| engine.encode(image.view()).unwrap().remove(0);
    assert_eq!(encode(&two, &image), encode(&two, &mirrored));
    let [a, b] = [encode(&one, &image), encode(&one, &mirrored)];
    assert_ne!(a, b);
    let mean = mean_template(&[a, b]).unwrap();
    assert!(encode(&two, &image).distance(&mean) < 1e-6);
}

#[test]
fn bf16_comes_close_to_f32() {
    let options = EngineOptions { precision: Precision::Bf16, ..EngineOptions::default() };
    if !options.is_available() {
        test_support::skipped("this machine does not multiply bf16 numbers");
        return;
    }
    let weights = Weights::embedded().unwrap();
    let image = golden::image();
    let [exact, short] = [EngineOptions::default(), options].map(|options| {
        let engine = Engine::with_options(Variant::HappyHouse, &weights, options);
        engine.encode_one(image.index_axis(Axis(0), 0)).unwrap()
    });
    let off = exact.distance(&short);
    assert!(off > 0.0 && off < 0.03, "the encodings are {off} apart");
}

#[test]
fn what_is_no_image_is_refused() {
    use facenet::engine::EncodeError;
    let engine = Engine::new(Variant::HappyHouse, &Weights::embedded().unwrap());
    let refuse = |batch: Array4<f32>| engine.encode(batch.view()).unwrap_err();
    let square = |value| Array4::from_elem((2, 3, 96, 96), value);

    assert_eq!(refuse(Array4::zeros((1, 96, 96, 3))), EncodeError::Shape { found: [1, 96, 96, 3] });
    assert_eq!(refuse(square(255.0)), EncodeError::Range { image: 0, found: 255.0 });
    let mut one_bad = square(0.5);
    one_bad[[1, 2, 50, 3]] = f32::NAN;
    assert!(matches!(refuse(one_bad), EncodeError::Range { image: 1, .. }));
    assert_eq!(engine.encode(Array4::zeros((0, 3, 96, 96)).view()), Ok(vec![]));
}
