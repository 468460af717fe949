//! Converts arguments into the options of the crate `training`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use facenet::triplet::Reduction;
use facenet::weights::Weights;
use faces::{DecodeLimits, FaceAligner, NetworkDetector, NetworkOptions};
use training::dataset::{Pack, Pairs};
use training::{
    AlignedPhotos, AugmentationOptions, Budget, FacesInPhotos, FolderOptions, FolderSource,
    HeldOut, Initial, JoinedSource, Loss, MarginOptions, OptimizerOptions, PackSource,
    RateSchedule, Sampling, Source, TrainingOptions,
};

use crate::arguments::{LossKind, OptimizerKind, ScheduleKind, Train};

/// Default number of held-out people.
const HELD_OUT: usize = 100;

/// The images to train on.
pub(super) fn source(arguments: &Train) -> Result<Arc<dyn Source>> {
    let mut sources = Vec::new();
    for folder in &arguments.data {
        sources.push(one_source(arguments, folder)?);
    }
    match <[_; 1]>::try_from(sources) {
        Ok([only]) => Ok(only),
        Err(several) => Ok(Arc::new(JoinedSource::new(several)?)),
    }
}

fn one_source(arguments: &Train, folder: &Path) -> Result<Arc<dyn Source>> {
    if folder.join("pack.json").exists() {
        return Ok(Arc::new(PackSource::new(Pack::open(folder)?)?));
    }
    let options = FolderOptions::default();
    let limits = DecodeLimits::default();
    Ok(if arguments.aligned {
        Arc::new(FolderSource::open(folder, AlignedPhotos { limits }, options)?)
    } else {
        let (detector, aligner) =
            (NetworkDetector::embedded(NetworkOptions::default())?, FaceAligner::embedded()?);
        let faces = FacesInPhotos { detector, aligner, choice: arguments.face, limits };
        Arc::new(FolderSource::open(folder, faces, options)?)
    })
}

/// The list of pairs to measure on, if the user named one.
pub(super) fn measure(arguments: &Train) -> Result<Option<HeldOut>> {
    let (Some(pairs), Some(images)) = (&arguments.measure_pairs, &arguments.measure_images) else {
        return Ok(None);
    };
    let images = PackSource::new(Pack::open(images)?)?;
    Ok(Some(HeldOut::pairs(images, &Pairs::read(pairs)?)?))
}

/// The budget, if the user chose one.
pub(super) fn budget(arguments: &Train) -> Option<Budget> {
    let steps = arguments.steps.map(Budget::Steps);
    let epochs = arguments.epochs.map(Budget::Epochs);
    steps.or(epochs).or(arguments.minutes.map(Budget::Minutes))
}

/// The initial weights and all other options.
pub(super) fn options(
    arguments: &Train,
    source: &dyn Source,
    measures_elsewhere: bool,
) -> Result<(Initial, TrainingOptions)> {
    let loss = arguments.loss.unwrap_or(match source.has_targets() {
        true => LossKind::Distillation,
        false => LossKind::Triplet,
    });
    refuse_options_of_another_loss(arguments, loss)?;
    let defaults = match loss {
        LossKind::Distillation => TrainingOptions::distillation(),
        LossKind::Triplet => TrainingOptions::triplet(),
    };
    let held_out = arguments.held_out.unwrap_or_else(|| match measures_elsewhere {
        true => 0,
        false => held_out_default(source),
    });
    let augmentation = match arguments.no_augmentation {
        true => AugmentationOptions::none(),
        false => AugmentationOptions::default(),
    };
    let initial = initial(arguments, loss)?;
    // Batches of few people are a biased sample of faces: the running statistics of the
    // initial weights are better.
    let momentum = match (loss, &initial) {
        (LossKind::Triplet, Initial::Weights(_)) => 0.0,
        _ => defaults.statistics_momentum,
    };
    let options = TrainingOptions {
        variant: arguments.variant,
        seed: arguments.seed,
        precision: arguments.precision.unwrap_or(defaults.precision),
        loss: with_loss_arguments(arguments, defaults.loss),
        sampling: with_batch_arguments(arguments, defaults.sampling),
        augmentation,
        optimizer: arguments.optimizer.map_or(defaults.optimizer, optimizer),
        learning_rate: arguments.learning_rate.unwrap_or(defaults.learning_rate),
        schedule: schedule(arguments, defaults.schedule),
        weight_decay: arguments.weight_decay.unwrap_or(defaults.weight_decay),
        clip_norm: arguments.clip_norm.or(defaults.clip_norm),
        statistics_momentum: arguments.statistics_momentum.unwrap_or(momentum),
        budget: budget(arguments).unwrap_or(defaults.budget),
        average_decay: arguments.average.unwrap_or(defaults.average_decay),
        center_share: arguments.center_share.unwrap_or(defaults.center_share),
        held_out_people: held_out,
    };
    Ok((initial, options))
}

/// Refuses options that have no effect with the loss.
fn refuse_options_of_another_loss(arguments: &Train, loss: LossKind) -> Result<()> {
    let of_distillation = [
        ("--batch", arguments.batch.is_some()),
        ("--similarity-weight", arguments.similarity_weight.is_some()),
        ("--center-share", arguments.center_share.is_some()),
        ("--margin-softmax", arguments.margin_softmax.is_some()),
        ("--fit-last-layer", arguments.fit_last_layer.is_some()),
    ];
    let of_triplets = [
        ("--people", arguments.people.is_some()),
        ("--images", arguments.images.is_some()),
        ("--mining", arguments.mining.is_some()),
        ("--margin", arguments.margin.is_some()),
        ("--sum", arguments.sum),
    ];
    let (others, name) = match loss {
        LossKind::Triplet => (&of_distillation[..], "triplet"),
        LossKind::Distillation => (&of_triplets[..], "distillation"),
    };
    match others.iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => bail!("{option} has no effect with the {name} loss"),
        None => Ok(()),
    }
}

fn initial(arguments: &Train, loss: LossKind) -> Result<Initial> {
    let start = arguments.start.as_deref().unwrap_or(match loss {
        LossKind::Distillation => "random",
        LossKind::Triplet => "shipped",
    });
    Ok(match start {
        "random" => Initial::Random,
        "shipped" => Initial::Weights(Box::new(Weights::embedded()?)),
        folder => {
            let loaded = Weights::from_npy_folder(Path::new(folder));
            let context = "--start takes random, shipped or a folder of weights";
            Initial::Weights(Box::new(loaded.context(context)?.weights))
        }
    })
}

fn with_loss_arguments(arguments: &Train, loss: Loss) -> Loss {
    match loss {
        Loss::Triplet { margin, reduction, mining } => Loss::Triplet {
            margin: arguments.margin.unwrap_or(margin),
            reduction: if arguments.sum { Reduction::Sum } else { reduction },
            mining: arguments.mining.unwrap_or(mining),
        },
        Loss::Distillation { similarity_weight, margin } => Loss::Distillation {
            similarity_weight: arguments.similarity_weight.unwrap_or(similarity_weight),
            margin: match arguments.margin_softmax {
                Some(weight) => Some(MarginOptions { weight, ..MarginOptions::default() }),
                None => margin,
            },
        },
    }
}

fn with_batch_arguments(arguments: &Train, sampling: Sampling) -> Sampling {
    match sampling {
        Sampling::Images { images } => {
            Sampling::Images { images: arguments.batch.unwrap_or(images) }
        }
        Sampling::People { people, images } => Sampling::People {
            people: arguments.people.unwrap_or(people),
            images: arguments.images.unwrap_or(images),
        },
    }
}

fn optimizer(kind: OptimizerKind) -> OptimizerOptions {
    match kind {
        OptimizerKind::Adamw => OptimizerOptions::adamw(),
        OptimizerKind::Adam => OptimizerOptions::adam(),
        OptimizerKind::Sgd => OptimizerOptions::sgd(),
        OptimizerKind::Muon => OptimizerOptions::muon(),
    }
}

fn schedule(arguments: &Train, default: RateSchedule) -> RateSchedule {
    let chosen = match arguments.schedule {
        None => default,
        Some(ScheduleKind::Constant) => RateSchedule::Constant,
        Some(ScheduleKind::Cosine) => RateSchedule::Cosine { warm_up: 200, floor: 0.01 },
        Some(ScheduleKind::Step) => RateSchedule::Step { factor: 0.1, every: arguments.step_every },
    };
    match (chosen, arguments.warm_up) {
        (RateSchedule::Cosine { floor, .. }, Some(warm_up)) => {
            RateSchedule::Cosine { warm_up, floor }
        }
        _ => chosen,
    }
}

/// A hundred people, or a tenth if there are few; none if that is fewer than the four that
/// a measurement needs.
fn held_out_default(source: &dyn Source) -> usize {
    let mut images: HashMap<u32, usize> = HashMap::new();
    for index in 0..source.len() {
        *images.entry(source.identity(index)).or_default() += 1;
    }
    let people = images.values().filter(|&&count| count >= 2).count();
    match HELD_OUT.min(people / 10) {
        0..4 => 0,
        count => count,
    }
}
