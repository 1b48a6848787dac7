//! `dartloom export`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use dartloom::onnx::Batch;
use dartloom::verdict::OnnxConfig;
use dartloom_engine::export::export;
use dartloom_engine::output::check_new;

use crate::error::CliError;
use crate::output;
use crate::predict::load;
use crate::say::say;

/// Writes a trained network as an ONNX file of operator set 17, which ONNX Runtime, tract and other
/// runtimes read: `image` goes in, `[N, C, H, W]`, `output` comes out. The model normalises bytes
/// itself where the network knows its normalisation; genotype, normalisation, names of classes and
/// task are in its metadata.
///
/// The name of the file goes to stdout. Exit codes: 0 done, 1 failure, 2 bad usage or input.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// A trained network, such as `models/darts-0.safetensors` in the directory of a run.
    model: PathBuf,
    /// The file.
    #[arg(long, value_name = "FILE.onnx")]
    out: PathBuf,
    /// Replace a file that is there.
    #[arg(long)]
    overwrite: bool,
    /// Make norms a part of the convolutions before them: a smaller and faster model, equal to
    /// rounding.
    #[arg(long)]
    fold_norms: bool,
    /// Put out probabilities in place of logits.
    #[arg(long)]
    probabilities: bool,
    /// Read normalised pixels in place of bytes.
    #[arg(long)]
    no_normalisation: bool,
    /// Put out the last value of every scale in place of the head's, for a detector.
    #[arg(long, conflicts_with = "probabilities")]
    features: bool,
    /// Images in a batch; any number when left out.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    batch: Option<u32>,
}

/// Exports and prints the name of the file.
pub(crate) fn run(arguments: &ExportArguments) -> Result<ExitCode, CliError> {
    let ExportArguments { model, out, overwrite, no_normalisation, .. } = arguments;
    if *overwrite {
        output::check_place(out)?
    } else {
        check_new(out)?
    }
    output::check_apart(out, [model.as_path()])?;
    let network = load(model)?;
    let known = network.normalization().is_some();
    if *no_normalisation && !known {
        let subject = "a network that does not know its normalisation".to_owned();
        return Err(CliError::NoEffect { option: "--no-normalisation", subject, hint: "" });
    }
    let config = OnnxConfig {
        fold_norms: arguments.fold_norms,
        normalization: !no_normalisation,
        probabilities: arguments.probabilities,
        features: arguments.features,
        batch: arguments.batch.map_or(Batch::Any, |images| Batch::Fixed(images as usize)),
    };
    let bytes = export(&network, out, &config)?;
    let reads = if known && !no_normalisation { "bytes" } else { "normalised pixels" };
    say!("{bytes} bytes; the model reads {reads} of {}", network.input());
    output::print(&format!("{}\n", out.display()))?;
    Ok(ExitCode::SUCCESS)
}
