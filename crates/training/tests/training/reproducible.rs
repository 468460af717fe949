//! Training gives the same bits however it is run, in every precision of this machine; and
//! what another precision changes.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use tensor::{Level, Precision};
use training::{
    Budget, Checkpoint, Event, Initial, Interval, Loss, Outcome, RunOptions, Sampling, Trainer,
    TrainingOptions,
};

use crate::made;
use crate::trainer::{eager, go, quiet, short, train};

fn precisions() -> impl Iterator<Item = Precision> {
    Precision::ALL.into_iter().filter(|precision| precision.is_available_at(Level::best()))
}

/// Weights and optimizer are the same bits with any number of threads, both of the
/// step and of loading.
#[test]
fn threads_change_nothing() {
    let folder = made::pack(3);
    let hash = |precision, rayon: usize, loading: usize, seed: u64| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(rayon).build().unwrap();
        pool.install(|| {
            let source = made::source(folder.path());
            let options = TrainingOptions { seed, precision, ..short() };
            let mut trainer = Trainer::new(source, Initial::Random, options).unwrap();
            let options = RunOptions { loading_threads: loading, ..quiet() };
            go(&mut trainer, &options).unwrap();
            trainer.weights().unwrap().hash()
        })
    };
    let mut hashes = Vec::new();
    for precision in precisions() {
        let first = hash(precision, 2, 1, 3);
        assert_eq!(first, hash(precision, 2, 1, 3), "{precision}, run twice");
        assert_eq!(first, hash(precision, 1, 3, 3), "{precision}, other threads");
        assert_ne!(first, hash(precision, 2, 1, 4), "{precision}, another seed");
        assert!(!hashes.contains(&first), "{precision} changes nothing");
        hashes.push(first);
    }
}

fn checkpoints(folder: &Path, every: u64) -> RunOptions {
    RunOptions {
        checkpoint: Some(Interval::Steps(every)),
        folder: Some(folder.to_path_buf()),
        ..quiet()
    }
}

#[test]
fn resumed_is_the_same_as_uninterrupted() {
    for precision in precisions() {
        let (folder, kept) = (made::pack(3), tempfile::tempdir().unwrap());
        let source = made::source(folder.path());
        let options = TrainingOptions { precision, ..short() };
        let (whole, losses) = train(source.clone(), options.clone());

        // Stopped from outside after two steps, as by Ctrl-C.
        let mut trainer = Trainer::new(source.clone(), Initial::Random, options.clone()).unwrap();
        let stop = AtomicBool::new(false);
        let (mut before, mut written) = (Vec::new(), Vec::new());
        let outcome = trainer.run(&checkpoints(kept.path(), 1), &stop, &mut |event| match event {
            Event::Step(metrics) => {
                before.push(metrics.loss.unwrap());
                stop.store(before.len() == 2, Ordering::Relaxed);
            }
            Event::Checkpoint { step, path } => {
                assert!(path.join("weights/dense_w.npy").is_file());
                written.push(step);
            }
            _ => {}
        });
        assert_eq!((outcome.unwrap(), before.len()), (Outcome::Stopped, 2));
        assert_eq!(written, [1, 2], "the last state is written once");
        drop(trainer);

        let checkpoint = Checkpoint::read(kept.path()).unwrap();
        assert_eq!((checkpoint.step(), &checkpoint.options), (2, &options));
        let mut resumed = Trainer::resume(source, checkpoint).unwrap();
        let after: Vec<_> = go(&mut resumed, &quiet()).unwrap().into_iter().flatten().collect();
        assert_eq!([before, after].concat(), losses, "{precision}, to the bit");
        let difference = resumed.weights().unwrap();
        assert_eq!(difference.first_difference(&whole.weights().unwrap()), None);
        // The optimizer too, and so every step to come.
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let bytes = |mut trainer: Trainer, folder: &Path| {
            let options = checkpoints(folder, 1);
            trainer.run(&options, &AtomicBool::new(false), &mut |_| ()).unwrap();
            fs::read(folder.join("step-0000000004/optimizer.npy")).unwrap()
        };
        assert_eq!(bytes(resumed, a.path()), bytes(whole, b.path()));
    }
}

/// A checkpoint that was written before there was a choice goes on in f32; any may go on in
/// another precision.
#[test]
fn a_checkpoint_goes_on_in_any_precision() {
    let (folder, kept) = (made::pack(3), tempfile::tempdir().unwrap());
    let source = made::source(folder.path());
    let options = TrainingOptions { budget: Budget::Steps(1), ..short() };
    let mut trainer = Trainer::new(source.clone(), Initial::Random, options).unwrap();
    go(&mut trainer, &checkpoints(kept.path(), 1)).unwrap();
    let path = kept.path().join("step-0000000001/state.json");
    let mut state: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let removed = state["options"].as_object_mut().unwrap().remove("precision");
    assert_eq!(removed, Some("f32".into()));
    fs::write(&path, state.to_string()).unwrap();
    assert_eq!(Checkpoint::read(kept.path()).unwrap().options.precision, Precision::F32);
    for precision in Precision::ALL {
        let mut checkpoint = Checkpoint::read(kept.path()).unwrap();
        checkpoint.options.precision = precision;
        checkpoint.options.budget = Budget::Steps(2);
        match Trainer::resume(source.clone(), checkpoint) {
            Ok(mut trainer) => {
                assert_eq!(go(&mut trainer, &quiet()).unwrap().len(), 1);
                assert!(precision.is_available_at(Level::best()), "{precision}");
            }
            Err(error) => {
                assert!(!precision.is_available_at(Level::best()), "{precision}: {error}");
                let expected = "option precision: expected f32, or bf16 on a machine with \
                                AVX-512 BF16, found bf16";
                assert_eq!(error.to_string(), expected);
            }
        }
    }
}

/// The losses of the first steps are nearer to those in f32 than another seed's are, and
/// what is learned by heart is learned as well.
#[test]
fn losses_in_bf16_are_within_noise_of_f32() {
    if !Precision::Bf16.is_available_at(Level::best()) {
        return;
    }
    let folder = made::pack(2);
    let losses = |precision, seed| {
        let options = eager(Loss::distillation(), Sampling::Images { images: 6 }, 12);
        train(made::source(folder.path()), TrainingOptions { precision, seed, ..options }).1
    };
    let (exact, half) = (losses(Precision::F32, 0), losses(Precision::Bf16, 0));
    let distance = |other: &[f64]| {
        exact.iter().zip(other).map(|(exact, other)| (exact - other).abs()).sum::<f64>()
    };
    let (rounding, noise) = (distance(&half), distance(&losses(Precision::F32, 1)));
    assert!(rounding > 0.0 && rounding < noise, "{rounding} by bf16, {noise} by another seed");
    assert!(half[11] < 0.1 * half[0], "the loss went from {} to {}", half[0], half[11]);
}
