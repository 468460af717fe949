//! `bench engine`: compares our engine with OpenVINO, ONNX Runtime, rten and tract.
//!
//! All run the same network with the same weights. Every measurement is a process of its
//! own, and the engines take turns, so that other load on the machine affects all of them.
//! Losses are printed like wins.

mod agreement;
mod cold;
mod contender;
pub(super) mod machine;
pub(super) mod once;
mod page;
pub(super) mod rounds;

use std::env;
use std::path::{Path, PathBuf};

use agreement::Inputs;
use anyhow::{Context, Result, ensure};
use facenet::engine::Engine;
use facenet::network::Variant;
use facenet::weights::Weights;
use machine::Machine;
use page::Results;
use rounds::Case;
use tensor::level::{Level, peak_gflops};

/// Compare our engine with OpenVINO, ONNX Runtime, rten and tract, and write a section of
/// docs/benchmarks.md.
///
/// The machine should be idle otherwise. Engines that are not installed are skipped with a
/// notice.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Python with openvino, onnxruntime and numpy
    #[arg(long, value_name = "PATH", default_value = "python3")]
    python: PathBuf,
    /// The network as ONNX, with the weights of this repository [default:
    /// reference/happyhouse.onnx in FACENET_SHARED, or in ../shared]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Page to write
    #[arg(long, value_name = "FILE", default_value = "docs/benchmarks.md")]
    output: PathBuf,
    /// Numbers of threads
    #[arg(long, value_delimiter = ',', default_value = "1,2",
          value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Vec<u16>,
    /// Images per pass
    #[arg(long, value_delimiter = ',', default_value = "1,32",
          value_parser = clap::value_parser!(u16).range(1..=1024))]
    batch: Vec<u16>,
    /// Turns per engine
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Seconds per turn
    #[arg(long, default_value_t = 0.8)]
    seconds: f64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let seconds = arguments.seconds;
    ensure!(seconds > 0.0 && seconds <= 3600.0, "--seconds: expected 0 to 3600, found {seconds}");
    let root = root();
    let model = model(arguments.model.as_deref(), root)?;
    let machine = Machine::now();
    let contenders = contender::all(root, &arguments.python, &model)?;
    let cases = cases(arguments);

    let most = cases.iter().map(|case| case.batch).max().unwrap_or(1);
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let images = Inputs::new(most, folder.path())?;
    let level = Level::best();
    let engine = Engine::at_level(Variant::HappyHouse, &Weights::embedded()?, level);
    let differences = agreement::check(&engine, &contenders, &images)?;
    let operations: usize =
        engine.profile(images.first(), 1)?.iter().map(|step| step.operations).sum();

    let peak = peak_gflops(level);
    let cold = cold::measure(&contenders, folder.path(), root)?;
    let times = rounds::run(&contenders, &cases, arguments.rounds.into(), seconds, &images.path)?;
    let profile = contenders[0].profile(seconds)?;

    let results = Results {
        machine,
        level,
        peak,
        operations,
        rounds: arguments.rounds.into(),
        seconds,
        contenders,
        differences,
        cases,
        times,
        cold,
        profile,
    };
    let path = root.join(&arguments.output);
    page::write(&path, &results.section()).with_context(|| path.display().to_string())?;
    println!("{}", results.section());
    eprintln!("wrote {}", path.display());
    Ok(())
}

/// Every number of threads with every batch size.
fn cases(arguments: &Arguments) -> Vec<Case> {
    let with = |&threads: &u16| {
        arguments
            .batch
            .iter()
            .map(move |&batch| Case { threads: threads.into(), batch: batch.into() })
    };
    arguments.threads.iter().flat_map(with).collect()
}

/// The root of the repository.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

fn model(named: Option<&Path>, root: &Path) -> Result<PathBuf> {
    let shared = || env::var_os("FACENET_SHARED").map_or(root.join("../shared"), PathBuf::from);
    let path = named.map_or_else(|| shared().join("reference/happyhouse.onnx"), Path::to_path_buf);
    ensure!(
        path.is_file(),
        "there is no {}: name the network as ONNX with --model FILE",
        path.display()
    );
    Ok(path.canonicalize()?)
}
