//! Small trainings on drawn faces.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::options::DetectorOptions;
use super::super::synthetic;
use super::*;
use crate::Budget;
use crate::checkpoint::Checkpoint;
use crate::trainer::Interval;

fn pictures(folder: &Path) -> Arc<Pictures> {
    synthetic::write_pack(folder, 20, 5);
    Arc::new(Pictures::open(&[folder.to_path_buf()]).unwrap())
}

fn options(steps: u64) -> DetectorOptions {
    let budget = Budget::Steps(steps);
    DetectorOptions { budget, batch: 4, side: 64, seed: 3, ..DetectorOptions::default() }
}

fn quiet() -> RunOptions {
    RunOptions { measure: None, checkpoint: None, ..RunOptions::default() }
}

/// Losses of every step.
fn go(trainer: &mut DetectorTrainer, options: &RunOptions) -> Vec<[f64; 3]> {
    let mut losses = Vec::new();
    let stop = AtomicBool::new(false);
    let outcome = trainer.run(options, 4, &stop, &mut |event| {
        if let DetectorEvent::Step(step) = event {
            losses.push([step.score_loss, step.box_loss, step.landmark_loss]);
        }
    });
    assert_eq!(outcome.unwrap(), Outcome::Finished);
    losses
}

#[test]
fn all_three_losses_fall() {
    let folder = tempfile::tempdir().unwrap();
    let options = DetectorOptions { learning_rate: 4e-3, ..options(60) };
    let mut trainer = DetectorTrainer::new(pictures(folder.path()), None, options).unwrap();
    let losses = go(&mut trainer, &quiet());
    let mean = |part: usize, steps: &[[f64; 3]]| {
        steps.iter().map(|losses| losses[part]).sum::<f64>() / steps.len() as f64
    };
    for part in 0..3 {
        let (first, last) = (mean(part, &losses[..10]), mean(part, &losses[50..]));
        assert!(
            last < 0.97 * first || last < first - 0.05,
            "loss {part} went from {first} to {last}"
        );
    }
}

#[test]
fn threads_and_interruptions_change_no_bit() {
    let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let pictures = pictures(folder.path());
    let mut whole = DetectorTrainer::new(Arc::clone(&pictures), None, options(4)).unwrap();
    let losses = go(&mut whole, &quiet());

    let mut first = DetectorTrainer::new(Arc::clone(&pictures), None, options(4)).unwrap();
    let saving = RunOptions {
        loading_threads: 3,
        checkpoint: Some(Interval::Steps(100)),
        folder: Some(kept.path().to_path_buf()),
        ..quiet()
    };
    let (stop, taken) = (AtomicBool::new(false), Mutex::new(0));
    let outcome = first.run(&saving, 4, &stop, &mut |event| {
        if let DetectorEvent::Step(_) = event {
            *taken.lock().unwrap() += 1;
            stop.store(*taken.lock().unwrap() == 2, Ordering::Relaxed);
        }
    });
    assert_eq!((outcome.unwrap(), first.step()), (Outcome::Stopped, 2));

    let checkpoint = Checkpoint::of_detector(kept.path()).unwrap();
    assert_eq!(checkpoint.step(), 2);
    let mut resumed = DetectorTrainer::resume(Arc::clone(&pictures), checkpoint).unwrap();
    assert_eq!(go(&mut resumed, &quiet()), losses[2..]);
    let [a, b] = [&resumed, &whole].map(|trainer| trainer.weights().unwrap());
    assert_eq!(a.first_difference(&b), None);

    let other = tempfile::tempdir().unwrap();
    synthetic::write_pack(other.path(), 21, 5);
    let others = Arc::new(Pictures::open(&[other.path().to_path_buf()]).unwrap());
    let checkpoint = Checkpoint::of_detector(kept.path()).unwrap();
    let refused = DetectorTrainer::resume(others, checkpoint).map(|_| ()).unwrap_err();
    assert!(matches!(refused, Error::OtherImages { expected: 20, found: 21 }));
    let refused = Checkpoint::read(kept.path()).unwrap_err().to_string();
    assert!(refused.contains("detector-training-1"), "{refused}");
}

#[test]
fn measures_are_taken_and_say_the_same_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut trainer = DetectorTrainer::new(pictures(folder.path()), None, options(2)).unwrap();
    let (stop, mut measured) = (AtomicBool::new(false), Vec::new());
    let run = RunOptions { measure: Some(Interval::Time(Duration::from_secs(3600))), ..quiet() };
    let outcome = trainer.run(&run, 3, &stop, &mut |event| {
        if let DetectorEvent::Measured(measure) = event {
            measured.push(measure.clone());
        }
    });
    assert_eq!(outcome.unwrap(), Outcome::Finished);
    let [measure] = &measured[..] else { panic!("one measure at the end") };
    assert_eq!(*measure, trainer.measure(3));
    assert!(measure.conditions.iter().any(|condition| condition.faces == 3));
    assert!(measure.conditions.iter().all(|condition| condition.recall <= 1.0));
}

#[test]
fn pictures_that_cannot_be_read_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = pictures(folder.path());
    // The first picture's file is damaged, not its length.
    let images = folder.path().join("images.bin");
    let mut bytes = std::fs::read(&images).unwrap();
    bytes[..64].fill(0);
    std::fs::write(&images, bytes).unwrap();
    let mut trainer = DetectorTrainer::new(pictures, None, options(8)).unwrap();
    go(&mut trainer, &quiet());
    assert_eq!(trainer.skipped().unreadable.iter().copied().collect::<Vec<_>>(), [0]);
}
