//! The engine rten.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use clap::Parser;
use peers::Arguments;
use rten::{ModelOptions, RunOptions, ThreadPool};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let model =
        ModelOptions::with_all_ops().prepack_weights(true).load_file(&arguments.model)?;
    let pool = Arc::new(ThreadPool::with_num_threads(arguments.threads));
    let images = NdTensor::from_data([arguments.batch, 3, 96, 96], arguments.values()?);
    arguments.measure(|| {
        let options = RunOptions::default().with_thread_pool(Some(pool.clone()));
        let answer = model.run_one(images.view().into(), Some(options))?;
        let answer: NdTensor<f32, 2> = answer.try_into().map_err(|e| anyhow!("{e:?}"))?;
        Ok(answer.to_vec())
    })
}
