//! The engine tract.

use anyhow::{Context, Result};
use clap::Parser;
use peers::Arguments;
use tract_linalg::multithread::{Executor, set_default_executor};
use tract_onnx::prelude::*;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.threads > 1 {
        set_default_executor(Executor::multithread(arguments.threads));
    }
    let shape = [arguments.batch, 3, 96, 96];
    let plan = tract_onnx::onnx()
        .model_for_path(&arguments.model)?
        .with_input_fact(0, f32::fact(shape).into())?
        .into_optimized()?
        .into_runnable()?;
    let images: TValue = Tensor::from_shape(&shape, &arguments.values()?)?.into();
    arguments.measure(|| {
        let answer = plan.run(tvec!(images.clone()))?;
        let answer = answer[0].to_plain_array_view::<f32>()?;
        Ok(answer.as_slice().context("the answer is not contiguous")?.to_vec())
    })
}
