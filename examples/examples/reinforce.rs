//! A recurrent controller that learns which architectures to propose.
//!
//! Paper: Zoph and Le, *Neural Architecture Search with Reinforcement Learning*, ICLR 2017 (arXiv
//! 1611.01578).
//!
//! Expect: accuracies of candidates by quarter of the search, which rise when the controller
//! learns, and the best architecture. A few dozen candidates teach a controller little; on tables,
//! where candidates cost nothing, it needs hundreds (`nasbench201_random_vs_evolution`).
//! Run time: half a minute on 2 cores.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example reinforce -- [--candidates N]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::explore::{Trial, Unique, best, explore};
use dartloom::prelude::*;
use dartloom::record::statistics::mean;
use dartloom::search::{Reinforce, ReinforceConfig};
use dartloom_examples::candidates::Candidates;

fn main() -> Result<(), Box<dyn Error>> {
    let mut number = 48;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--candidates" => {
                number = arguments.next().ok_or("--candidates needs a number")?.parse()?;
            }
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    let candidates = Candidates::new()?;
    let images = candidates.images()?;
    let config = ReinforceConfig::default();
    let controller = Reinforce::new(candidates.domain(), config, Noise::new(0))?;
    let mut training = candidates.training(&images);
    let trials = explore(&mut Unique::new(controller), &mut training, number)?;
    for (index, quarter) in trials.chunks(trials.len().div_ceil(4).max(1)).enumerate() {
        let qualities = quarter.iter().filter_map(|trial: &Trial| trial.outcome.quality());
        let mean = mean(&qualities.collect::<Vec<_>>()).unwrap_or(f64::NAN);
        println!("quarter {}: {:.2} % right in the mean", index + 1, 100.0 * mean);
    }
    let Some(best) = best(&trials) else { return Err("no candidate could be measured".into()) };
    println!("best: {}, {}", best.outcome, best.proposal.genotype.to_text()?);
    Ok(())
}
