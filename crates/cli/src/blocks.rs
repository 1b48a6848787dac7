//! `dartloom blocks`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use dartloom_engine::blocks::{BlocksConfig, Reduced, reduce};
use dartloom_engine::experiment::{Chosen, Plan, load};
use dartloom_engine::output::check_new;

use crate::error::CliError;
use crate::output;
use crate::say::say;

/// Ranks the blocks of a network laid out by hand by how likely a search is to change them, and
/// writes an experiment file that searches the most promising ones alone.
///
/// The experiment has a method with `inside`. It is searched for a few epochs; the score of a block
/// is the entropy of its choice times the size of the gradient of the loss by its logits.
/// `dartloom run FILE` runs the file. Exit codes: 0 done, 1 failure, 2 bad usage or input.
#[derive(Debug, Args)]
pub(crate) struct BlocksArguments {
    /// The experiment.
    #[arg(value_name = "EXPERIMENT.ron")]
    experiment: PathBuf,
    /// Blocks that are kept.
    #[arg(long, value_name = "K", default_value_t = BlocksConfig::default().keep)]
    keep: usize,
    /// Epochs before blocks are ranked; in the first half of them weights alone are trained.
    #[arg(long, value_name = "N", default_value_t = BlocksConfig::default().epochs)]
    epochs: usize,
    /// Batches of validation images that gradients are means over.
    #[arg(long, value_name = "B", default_value_t = BlocksConfig::default().batches)]
    batches: usize,
    /// The file; stdout when left out.
    #[arg(long, value_name = "FILE.ron")]
    out: Option<PathBuf>,
    /// Replace a file that is there.
    #[arg(long, requires = "out")]
    overwrite: bool,
}

/// Ranks blocks, and writes or prints the reduced experiment.
pub(crate) fn run(arguments: &BlocksArguments) -> Result<ExitCode, CliError> {
    let BlocksArguments { experiment: file, keep, epochs, batches, out, overwrite } = arguments;
    if let Some(out) = out {
        if *overwrite {
            output::check_place(out)?
        } else {
            check_new(out)?
        }
        output::check_apart(out, [file.as_path()])?;
    }
    let experiment = load(file, &Chosen::default())?;
    let plan = Plan::new(experiment, &file.display().to_string())?;
    let config = BlocksConfig { keep: *keep, epochs: *epochs, batches: *batches };
    let Some(reduced) = reduce(&plan, config, || dartloom::record::Flow::Continue)? else {
        return Ok(ExitCode::FAILURE);
    };
    told(&reduced, *keep);
    match out {
        Some(out) => {
            output::write(out, &reduced.text)?;
            let file: &Path = out;
            say!("{}: `dartloom run {}` runs it", file.display(), file.display());
        }
        None => output::print(&reduced.text)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Says the ranks.
fn told(reduced: &Reduced, keep: usize) {
    for (place, rank) in reduced.ranks.iter().enumerate() {
        let kept = if place < keep { "*" } else { " " };
        say!(
            "{kept} {:24} score {:.3e}, entropy {:.3}, gradient {:.3e}",
            rank.block,
            rank.score,
            rank.entropy,
            rank.gradient
        );
    }
}
