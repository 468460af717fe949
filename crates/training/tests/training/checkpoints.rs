//! Checkpoints that are cut, changed, half-written or of other images.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use tempfile::TempDir;
use training::{
    Budget, Checkpoint, Error, Initial, Interval, RunOptions, Sampling, Trainer, TrainingOptions,
};

use crate::made;

/// Trains `steps` more steps from where `trainer` is, a checkpoint after each.
fn run(trainer: &mut Trainer, folder: &Path) {
    let options = RunOptions {
        checkpoint: Some(Interval::Steps(1)),
        folder: Some(folder.to_path_buf()),
        measure: None,
        ..RunOptions::default()
    };
    trainer.run(&options, &AtomicBool::new(false), &mut |_| ()).unwrap();
}

fn trained(steps: u64) -> (TempDir, TempDir) {
    let (pack, kept) = (made::pack(2), tempfile::tempdir().unwrap());
    let options = TrainingOptions {
        sampling: Sampling::Images { images: 2 },
        budget: Budget::Steps(steps),
        ..TrainingOptions::distillation()
    };
    let mut trainer = Trainer::new(made::source(pack.path()), Initial::Random, options).unwrap();
    run(&mut trainer, kept.path());
    (pack, kept)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn two_are_kept_and_what_was_half_written_is_taken_away() {
    let (pack, kept) = trained(3);
    assert_eq!(names(kept.path()), ["step-0000000002", "step-0000000003"]);
    // A run that was killed while it wrote, and somebody's notes.
    let partial = kept.path().join("step-0000000004.partial");
    fs::create_dir_all(partial.join("weights")).unwrap();
    fs::write(kept.path().join("notes.txt"), "mine").unwrap();

    let mut checkpoint = Checkpoint::read(kept.path()).unwrap();
    assert_eq!(checkpoint.step(), 3);
    assert_eq!(checkpoint.path.file_name().unwrap(), "step-0000000003");
    checkpoint.options.budget = Budget::Steps(4);
    let mut trainer = Trainer::resume(made::source(pack.path()), checkpoint).unwrap();
    run(&mut trainer, kept.path());
    assert_eq!(names(kept.path()), ["notes.txt", "step-0000000003", "step-0000000004"]);
    // One by its own folder.
    assert_eq!(Checkpoint::read(&kept.path().join("step-0000000003")).unwrap().step(), 3);
}

#[test]
fn other_images_are_refused() {
    let (_pack, kept) = trained(1);
    let resume = |source| {
        Trainer::resume(source, Checkpoint::read(kept.path()).unwrap()).err().unwrap().to_string()
    };
    let larger = made::pack(3);
    let text = resume(made::source(larger.path()));
    assert_eq!(text, "the checkpoint was trained on 6 images, these are 9");
    let same_size = made::pack(2);
    let identities = [0, 0, 0, 1, 1, 2];
    fs::write(same_size.path().join("identity.npy"), made::npy(&[6], &identities)).unwrap();
    let text = resume(made::source(same_size.path()));
    assert_eq!(text, "the checkpoint was trained on 6 images, these are 6 others");
}

#[test]
fn damage_is_named() {
    let (_pack, kept) = trained(1);
    let folder = kept.path().join("step-0000000001");
    let fails = |name: &str, change: &dyn Fn(&mut Vec<u8>)| -> String {
        let path: PathBuf = folder.join(name);
        let good = fs::read(&path).unwrap();
        let mut bytes = good.clone();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let error = Checkpoint::read(kept.path()).unwrap_err();
        fs::write(&path, good).unwrap();
        let file = Path::new(name).file_stem().unwrap().to_str().unwrap();
        let text = error.to_string();
        assert!(text.contains(file) || text.contains("weights"), "{name}: {text}");
        text
    };
    let replace = |from: &'static str, to: &'static str| {
        move |bytes: &mut Vec<u8>| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            assert!(text.contains(from), "{from}");
            *bytes = text.replacen(from, to, 1).into_bytes();
        }
    };
    fails("state.json", &|bytes| bytes.truncate(100));
    fails("state.json", &|bytes| bytes.clear());
    let text = fails("state.json", &replace("facenet-training-2", "facenet-training-3"));
    assert!(text.contains("facenet-training-3"), "{text}");
    fails("state.json", &replace("\"seed\"", "\"seeds\""));
    for cut in [0, 1, 100, 127, 128, 129, 5000] {
        fails("optimizer.npy", &|bytes| bytes.truncate(cut));
    }
    fails("optimizer.npy", &|bytes| bytes.push(0));
    let text = fails("optimizer.npy", &|bytes| bytes[200] ^= 1);
    assert!(text.contains("hash"), "{text}");
    let text = fails("weights/dense_w.npy", &|bytes| bytes[200] ^= 1);
    assert!(text.contains("hash"), "{text}");
    Checkpoint::read(kept.path()).unwrap();
}

/// An option out of range in an edited file, and shapes that overflow.
#[test]
fn a_state_that_lies_is_an_error() {
    let (pack, kept) = trained(1);
    let path = kept.path().join("step-0000000001/state.json");
    let good: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let read = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut state = good.clone();
        change(&mut state);
        fs::write(&path, state.to_string()).unwrap();
        Checkpoint::read(kept.path())
    };
    let error = read(&|state| state["options"]["learning_rate"] = 100.into()).unwrap_err();
    assert!(matches!(error, Error::Options(_)), "{error}");
    let error = read(&|state| state["position"]["seconds"] = (-1).into()).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
    let error = read(&|state| {
        state["optimizer"]["tensors"][0][1] = serde_json::json!([1_u64 << 40, 1_u64 << 40]);
    });
    assert!(matches!(error, Err(Error::Damaged { .. })));
    // Another optimizer's name goes as far as the optimizer.
    let checkpoint = read(&|state| state["optimizer"]["algorithm"] = "sgd".into()).unwrap();
    let error = Trainer::resume(made::source(pack.path()), checkpoint).err().unwrap();
    assert!(matches!(error, Error::Optimizer(_)), "{error}");
}

#[test]
fn an_empty_folder_is_no_checkpoint() {
    let kept = tempfile::tempdir().unwrap();
    let error = Checkpoint::read(kept.path()).unwrap_err();
    assert!(matches!(error, Error::NoCheckpoint { .. }), "{error}");
    let error = Checkpoint::read(&kept.path().join("none")).unwrap_err();
    assert!(matches!(error, Error::File(_)), "{error}");
}
