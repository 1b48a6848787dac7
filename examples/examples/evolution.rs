//! Regularised evolution whose candidates are trained by processes of their own.
//!
//! Paper: Real et al., *Regularized Evolution for Image Classifier Architecture Search*, AAAI 2019
//! (arXiv 1802.01548); the pool is the Preligens study's Algorithm 1, made safe.
//!
//! Expect: a line for every candidate, then the best. Kill the program, or one of its workers,
//! whenever you like: the same command goes on from the journal, trains nothing twice, and ends
//! with the same architecture. With `--memory 20` every worker may have 20 MiB, which is too
//! little: candidates fail, and the search goes on.
//! Run time: half a minute on 2 cores.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example evolution -- \
//!     [DIRECTORY] [--workers N] [--memory MIB]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::dist::journal::Journal;
use dartloom::dist::worker::serve;
use dartloom::dist::{Launch, LocalConfig, LocalPool};
use dartloom::explore::{
    Budget, EvolutionConfig, Order, Pace, PooledConfig, PooledSearch, RegularisedEvolution, Unique,
    assign, best,
};
use dartloom::prelude::*;
use dartloom_examples::candidates::Candidates;

/// The word by which this program knows that it is a worker.
const WORKER: &str = "--worker";

fn main() -> Result<(), Box<dyn Error>> {
    let mut directory = "runs/examples/evolution".to_owned();
    let mut workers = 1;
    let mut memory = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().ok_or(format!("{argument} needs a number"));
        match argument.as_str() {
            WORKER => return work(),
            "--workers" => workers = number()?.parse()?,
            "--memory" => memory = Some(number()?.parse::<u64>()? << 20),
            flag if flag.starts_with('-') => return Err(format!("unknown flag {flag}").into()),
            _ => directory = argument,
        }
    }
    let candidates = Candidates::new()?;
    let config = EvolutionConfig { population: 8, sample: 4 };
    let evolution = RegularisedEvolution::new(candidates.domain(), config, Noise::new(0))?;
    let launch = Launch::new(std::env::current_exe()?, [WORKER]);
    let mut pool = LocalPool::new(&launch, LocalConfig::new(workers, 1, memory))?;
    let dir = RunDir::open(directory)?;
    let owner = serde_json::json!({ "process": std::process::id() });
    let (mut journal, past) = Journal::open(dir.file("journal.log"), &owner)?;
    let mut search = PooledSearch {
        explorer: &mut Unique::new(evolution),
        pool: &mut pool,
        prepare: &mut |proposal| Ok(assign(proposal)),
        config: PooledConfig {
            pace: Pace::SteadyState(Some(2)),
            order: Order::Submission,
            budget: Budget { evaluations: Some(24), price: None },
        },
        identity: candidates.identity()?,
    };
    let mut told = 0;
    let trials = search.run(&mut journal, &past, &mut |standing| {
        for trial in &standing.trials[told..] {
            println!("candidate {}: {}", trial.proposal.task, trial.outcome);
        }
        told = standing.trials.len();
        Flow::Continue
    })?;
    match trials.as_deref().and_then(best) {
        Some(best) => println!("best: {}, {}", best.outcome, best.proposal.genotype.to_text()?),
        None => println!("no candidate could be measured"),
    }
    Ok(())
}

/// Trains the candidate that the standard input names.
fn work() -> Result<(), Box<dyn Error>> {
    let candidates = Candidates::new()?;
    let images = candidates.images()?;
    let training = candidates.training(&images);
    let code = serve(std::io::stdin(), std::io::stdout(), |task, reporter| {
        training.handle(&task.payload, &mut |value| reporter.progress(value))
    })?;
    if code == std::process::ExitCode::SUCCESS { Ok(()) } else { Err("nobody listened".into()) }
}
