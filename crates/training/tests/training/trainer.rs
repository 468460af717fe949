//! The trainer: it learns, obeys its options, and leaves out
//! what is bad.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use facenet::triplet::{Mining, Reduction};
use facenet::weights::Weights;
use training::{
    AugmentationOptions, Budget, Error, Event, Initial, Interval, Loss, OptimizerOptions, Outcome,
    RateSchedule, RunOptions, Sampling, Source, Trainer, TrainingOptions,
};

use crate::made;

/// Three steps of distillation on four images each, all augmented.
pub(crate) fn short() -> TrainingOptions {
    TrainingOptions {
        sampling: Sampling::Images { images: 4 },
        schedule: RateSchedule::Cosine { warm_up: 1, floor: 0.0 },
        clip_norm: Some(1.0),
        budget: Budget::Steps(4),
        seed: 3,
        ..TrainingOptions::distillation()
    }
}

/// As quick to learn as can be.
pub(crate) fn eager(loss: Loss, sampling: Sampling, steps: u64) -> TrainingOptions {
    TrainingOptions {
        loss,
        sampling,
        augmentation: AugmentationOptions::none(),
        optimizer: OptimizerOptions::adam(),
        learning_rate: 1e-3,
        schedule: RateSchedule::Constant,
        weight_decay: 0.0,
        budget: Budget::Steps(steps),
        ..TrainingOptions::distillation()
    }
}

pub(crate) fn quiet() -> RunOptions {
    RunOptions { measure: None, checkpoint: None, ..RunOptions::default() }
}

pub(crate) fn go(trainer: &mut Trainer, options: &RunOptions) -> Result<Vec<Option<f64>>, Error> {
    let mut losses = Vec::new();
    let outcome = trainer.run(options, &AtomicBool::new(false), &mut |event| {
        if let Event::Step(metrics) = event {
            assert!(metrics.images_per_second.is_finite() && metrics.waiting >= 0.0);
            losses.push(metrics.loss);
        }
    })?;
    assert_eq!(outcome, Outcome::Finished);
    Ok(losses)
}

pub(crate) fn train(source: Arc<dyn Source>, options: TrainingOptions) -> (Trainer, Vec<f64>) {
    let mut trainer = Trainer::new(source, Initial::Random, options).unwrap();
    let losses = go(&mut trainer, &quiet()).unwrap();
    (trainer, losses.into_iter().flatten().collect())
}

#[test]
fn it_learns_by_heart_from_a_teacher() {
    let folder = made::pack(2);
    let options = eager(Loss::distillation(), Sampling::Images { images: 6 }, 12);
    let (trainer, losses) = train(made::source(folder.path()), options);
    assert_eq!((losses.len(), trainer.step(), trainer.epoch()), (12, 12, 12.0));
    let (first, last) = (losses[0], losses[11]);
    assert!(last < 0.1 * first, "the loss went from {first} to {last}");
}

#[test]
fn it_learns_by_heart_from_triplets() {
    let folder = made::pack(3);
    let loss = Loss::Triplet { margin: 0.2, reduction: Reduction::Mean, mining: Mining::All };
    let sampling = Sampling::People { people: 3, images: 3 };
    let (_, losses) = train(made::source(folder.path()), eager(loss, sampling, 12));
    let (first, last) = (losses[0], losses[11]);
    assert!(first > 0.02 && last < 0.1 * first, "the loss went from {first} to {last}");
}

#[test]
fn weights_to_begin_with_are_kept_at_a_learning_rate_of_zero() {
    let folder = made::pack(2);
    let weights = Weights::embedded().unwrap();
    let options = TrainingOptions {
        learning_rate: 0.0,
        budget: Budget::Steps(1),
        variant: facenet::network::Variant::OpenFace,
        ..short()
    };
    let initial = Initial::Weights(Box::new(weights.clone()));
    let mut trainer = Trainer::new(made::source(folder.path()), initial, options).unwrap();
    go(&mut trainer, &quiet()).unwrap();
    // Batch-norm's statistics take a hundredth of the batch.
    let trained = trainer.weights().unwrap();
    let (changed, _) = trained.first_difference(&weights).unwrap();
    assert_eq!(changed.name, "bn1_m");
    let moved = &trained.tensor("bn1_m") - &weights.tensor("bn1_m");
    assert!(moved.iter().all(|moved| moved.abs() < 0.02), "{moved}");
}

#[test]
fn bad_data_is_counted_and_left_out() {
    let folder = made::pack(3);
    // One image of person 0 is damaged in its header.
    let path = folder.path().join("images.bin");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[..20].fill(0);
    std::fs::write(&path, bytes).unwrap();
    // Person 2 has one image, and two more are somebody else's.
    let identities = [0, 0, 0, 1, 1, 1, 2, 3, 4];
    std::fs::write(folder.path().join("identity.npy"), made::npy(&[9], &identities)).unwrap();

    let loss = Loss::Triplet { margin: 0.2, reduction: Reduction::Sum, mining: Mining::Hardest };
    let options = eager(loss, Sampling::People { people: 2, images: 3 }, 2);
    let (trainer, losses) = train(made::source(folder.path()), options);
    assert_eq!(losses.len(), 2);
    let skipped = trainer.skipped();
    assert_eq!(skipped.unreadable.iter().collect::<Vec<_>>(), [&0]);
    assert!(skipped.examples[0].name.starts_with("image 0 of "), "{:?}", skipped.examples);
    assert_eq!((skipped.single, skipped.batches_without_triplet), (3, 0));
}

#[test]
fn batches_without_a_triplet_are_counted() {
    let folder = made::pack(1);
    let options = eager(Loss::triplet(), Sampling::Images { images: 3 }, 2);
    let (trainer, losses) = train(made::source(folder.path()), options);
    assert_eq!((losses.len(), trainer.skipped().batches_without_triplet), (0, 2));
}

#[test]
fn a_source_without_a_readable_image_is_an_error() {
    let folder = made::pack(2);
    let path = folder.path().join("images.bin");
    let length = std::fs::metadata(&path).unwrap().len();
    std::fs::write(&path, vec![0; length as usize]).unwrap();
    let options = TrainingOptions { budget: Budget::Minutes(60.0), ..short() };
    let mut trainer = Trainer::new(made::source(folder.path()), Initial::Random, options).unwrap();
    let error = go(&mut trainer, &quiet()).unwrap_err();
    assert!(matches!(error, Error::NothingReadable { images: 6, .. }), "{error}");
}

#[test]
fn what_cannot_be_trained_is_said_at_once() {
    let folder = made::pack(2);
    let new = |options| Trainer::new(made::source(folder.path()), Initial::Random, options).err();
    let message = |options| new(options).unwrap().to_string();

    let options = TrainingOptions { held_out_people: 4, ..short() };
    assert!(matches!(new(options), Some(Error::HeldOut { asked: 4, found: 2 })));
    let text = message(TrainingOptions { learning_rate: f64::NAN, ..short() });
    assert_eq!(text, "option learning_rate: expected 0 to 10, found NaN");
    let augmentation = AugmentationOptions { blur_size: [9, 8], ..Default::default() };
    let text = message(TrainingOptions { augmentation, ..short() });
    assert!(text.contains("augmentation.blur_size") && text.contains("9 to 8"), "{text}");

    std::fs::remove_file(folder.path().join("target.npy")).unwrap();
    assert!(matches!(new(short()), Some(Error::NoTargets)));
    let identities = [0, 0, 0, 1, 2, 3];
    std::fs::write(folder.path().join("identity.npy"), made::npy(&[6], &identities)).unwrap();
    let error = new(TrainingOptions::triplet());
    assert!(matches!(error, Some(Error::NoPairs { found: 1, single: 3 })));
}

#[test]
fn a_learning_rate_beyond_reason_ends_with_an_error_not_with_nan() {
    let folder = made::pack(2);
    let options = TrainingOptions {
        optimizer: OptimizerOptions::sgd(),
        weight_decay: 10.0,
        learning_rate: 10.0,
        clip_norm: None,
        budget: Budget::Steps(100),
        ..eager(Loss::distillation(), Sampling::Images { images: 2 }, 100)
    };
    let mut trainer = Trainer::new(made::source(folder.path()), Initial::Random, options).unwrap();
    let error = go(&mut trainer, &quiet()).unwrap_err();
    assert!(matches!(error, Error::Diverged { .. }), "{error}");
}

#[test]
fn held_out_people_are_measured_and_not_trained_on() {
    let folder = made::pack(8);
    let options = TrainingOptions { held_out_people: 4, budget: Budget::Epochs(1.0), ..short() };
    let source = made::source(folder.path());
    let mut trainer = Trainer::new(source, Initial::Random, options).unwrap();
    let mut measured = Vec::new();
    let run = RunOptions { measure: Some(Interval::Steps(2)), ..quiet() };
    trainer
        .run(&run, &AtomicBool::new(false), &mut |event| {
            if let Event::HeldOut(metrics) = event {
                measured.push(metrics.clone());
            }
        })
        .unwrap();
    // Four of eight people are left: twelve images, three batches.
    assert_eq!(trainer.step(), 3);
    assert_eq!(measured.iter().map(|metrics| metrics.step).collect::<Vec<_>>(), [2, 3]);
    for metrics in measured {
        // Three pairs of each, as many of others.
        assert_eq!((metrics.pairs, metrics.failures), (24, 0));
        assert!(metrics.accuracy >= 0.4 && metrics.teacher.is_some());
    }
}
