//! Arguments of `facenet train`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use facenet::network::Variant;
use facenet::triplet::Mining;
use faces::FaceChoice;
use tensor::Precision;

/// Options that a checkpoint contains, so that --resume refuses them.
const CHECKPOINT_OPTIONS: [&str; 25] = [
    "loss",
    "start",
    "variant",
    "optimizer",
    "learning_rate",
    "schedule",
    "warm_up",
    "weight_decay",
    "clip_norm",
    "batch",
    "people",
    "images",
    "mining",
    "margin",
    "sum",
    "seed",
    "no_augmentation",
    "held_out",
    "similarity_weight",
    "step_every",
    "statistics_momentum",
    "average",
    "center_share",
    "margin_softmax",
    "fit_last_layer",
];

/// Train the network, from scratch or from weights.
///
/// DATA is a pack of face crops, or a folder with a folder of photos per person. The
/// training writes to OUTPUT: checkpoints, weights (which --weights takes),
/// metrics.jsonl, metrics.csv and loss.svg. Ctrl-C saves a checkpoint and ends;
/// --resume continues from the last one.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("budget").args(["epochs", "steps", "minutes"]))]
pub(crate) struct Train {
    /// Pack of face crops, or folder with a folder of photos per person; may be
    /// repeated, and the same number or name in two data sets means two people
    #[arg(long, value_name = "DIR", required = true)]
    pub(crate) data: Vec<PathBuf>,
    /// Folder for the results
    #[arg(long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Continue from the last checkpoint in OUTPUT; only the budget and the precision may
    /// change
    #[arg(long, conflicts_with_all = CHECKPOINT_OPTIONS)]
    pub(crate) resume: bool,

    /// Loss function [default: distillation if the pack has a teacher's encodings, else
    /// triplet]
    #[arg(long, value_enum)]
    pub(crate) loss: Option<LossKind>,
    /// Initial weights: random, shipped, or a folder [default: random with
    /// distillation, shipped with triplet]
    #[arg(long, value_name = "WEIGHTS")]
    pub(crate) start: Option<String>,
    /// happyhouse or openface
    #[arg(long, default_value_t = Variant::HappyHouse)]
    pub(crate) variant: Variant,
    /// Seed of all random numbers: the same seed gives the same weights
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,

    /// Precision of convolutions' products: f32, or bf16, which is faster on processors with
    /// AVX-512 BF16; sums and weights are f32 [default: f32, or the checkpoint's]
    #[arg(long, value_name = "f32|bf16")]
    pub(crate) precision: Option<Precision>,

    /// Train for this many passes over all images (or people)
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) epochs: Option<f64>,
    /// Train for this many batches
    #[arg(long)]
    pub(crate) steps: Option<u64>,
    /// Train for this many minutes
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) minutes: Option<f64>,

    /// Images per batch, with distillation
    #[arg(long, value_name = "N")]
    pub(crate) batch: Option<usize>,
    /// People per batch, with triplets
    #[arg(long, value_name = "N")]
    pub(crate) people: Option<usize>,
    /// Images of each person in a batch, with triplets
    #[arg(long, value_name = "N", alias = "pictures")]
    pub(crate) images: Option<usize>,
    /// Triplets of a batch to train on: all, hardest or semi-hard
    #[arg(long, value_parser = mining)]
    pub(crate) mining: Option<Mining>,
    /// Margin between the squared distances to the positive and to the negative
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) margin: Option<f64>,
    /// Sum the triplets' losses, as the notebook does, instead of their mean
    #[arg(long)]
    pub(crate) sum: bool,
    /// Weight of the loss of pairwise similarities, with distillation
    #[arg(long, allow_negative_numbers = true, value_name = "W")]
    pub(crate) similarity_weight: Option<f64>,

    /// How far targets are moved toward their person's mean, 0 to 1, with distillation
    /// [default: 0.5]
    #[arg(long, allow_negative_numbers = true, value_name = "SHARE")]
    pub(crate) center_share: Option<f64>,
    /// Weight of a margin softmax against people's means that is added to
    /// distillation; for the last part of a training
    #[arg(long, allow_negative_numbers = true, value_name = "W")]
    pub(crate) margin_softmax: Option<f64>,
    /// Fit the last layer to the targets of this many images before the first step,
    /// with distillation from weights that were trained for other targets
    #[arg(long, value_name = "IMAGES", requires = "start")]
    pub(crate) fit_last_layer: Option<usize>,

    /// Optimizer
    #[arg(long, value_enum, alias = "optimiser")]
    pub(crate) optimizer: Option<OptimizerKind>,
    /// The highest learning rate
    #[arg(long, allow_negative_numbers = true, value_name = "RATE")]
    pub(crate) learning_rate: Option<f64>,
    /// Schedule of the learning rate
    #[arg(long, value_enum)]
    pub(crate) schedule: Option<ScheduleKind>,
    /// Steps of rising learning rate at the start, with cosine
    #[arg(long, value_name = "STEPS")]
    pub(crate) warm_up: Option<u64>,
    /// Steps between two reductions of the learning rate, with step
    #[arg(long, value_name = "STEPS", default_value_t = 1000)]
    pub(crate) step_every: u64,
    /// Weight decay of the kernels
    #[arg(long, allow_negative_numbers = true, value_name = "W")]
    pub(crate) weight_decay: Option<f64>,
    /// Scale gradients with a larger norm down to this norm
    #[arg(long, allow_negative_numbers = true, value_name = "LENGTH")]
    pub(crate) clip_norm: Option<f64>,
    /// Share of a batch in batch-norm's running statistics; 0 keeps them unchanged
    /// [default: 0.01; 0 with triplets from weights]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    pub(crate) statistics_momentum: Option<f64>,
    /// Decay of the weights' moving average, which is what is measured and saved; 0
    /// for none [default: 0.999; 0 with triplets]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    pub(crate) average: Option<f64>,
    /// Train on unchanged images, without augmentation
    #[arg(long)]
    pub(crate) no_augmentation: bool,

    /// People to measure on and not to train on [default: 100, or a tenth if there are
    /// few]
    #[arg(long, value_name = "PEOPLE")]
    pub(crate) held_out: Option<usize>,
    /// Measure on the pairs of this list instead, with --measure-images
    #[arg(long, value_name = "FILE", requires = "measure_images")]
    pub(crate) measure_pairs: Option<PathBuf>,
    /// The pack with the images of --measure-pairs
    #[arg(long, value_name = "PACK", requires = "measure_pairs")]
    pub(crate) measure_images: Option<PathBuf>,
    /// Steps between two measurements
    #[arg(long, value_name = "STEPS", default_value_t = 500)]
    pub(crate) measure_every: u64,
    /// Seconds between two checkpoints
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub(crate) checkpoint_every: u64,

    /// Photos of people's folders are face crops: resize them without detection
    #[arg(long)]
    pub(crate) aligned: bool,
    /// Which face to use if a photo has several
    #[arg(long, value_name = "CHOICE", default_value = "only")]
    pub(crate) face: FaceChoice,
    /// Print one JSON object at the end
    #[arg(long)]
    pub(crate) json: bool,
}

/// The loss function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LossKind {
    /// The distance to a teacher's encodings
    Distillation,
    /// Triplets of two images of one person and one of another
    Triplet,
}

/// The optimizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OptimizerKind {
    /// Adam with decoupled weight decay
    Adamw,
    /// Adam
    Adam,
    /// Gradient descent with momentum
    Sgd,
    /// Momentum with orthogonal steps for kernels, AdamW for scales and shifts
    Muon,
}

/// The schedule of the learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScheduleKind {
    /// Rises linearly, then falls along half a cosine wave
    Cosine,
    /// Constant
    Constant,
    /// Falls to a tenth every --step-every steps
    Step,
}

fn mining(text: &str) -> Result<Mining, String> {
    match text {
        "all" => Ok(Mining::All),
        "hardest" => Ok(Mining::Hardest),
        "semi-hard" => Ok(Mining::SemiHard),
        _ => Err("expected all, hardest or semi-hard".into()),
    }
}
