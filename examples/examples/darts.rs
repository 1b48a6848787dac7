//! DARTS: architecture logits by gradient descent on validation loss, network weights on training
//! loss.
//!
//! Paper: Liu, Simonyan and Yang, *DARTS: Differentiable Architecture Search*, ICLR 2019 (arXiv
//! 1806.09055), algorithm 1; `--order 2` looks one weight step ahead (equations 6 to 8).
//!
//! Expect: each epoch's losses, then the genotype, and what is lost when the relaxed weights become
//! a decision (the discretisation gap). A run of the same numbers in the
//! same directory goes on from its checkpoint, so a second run only shows the result.
//! Run time: under half a minute at order 1, under a minute at order 2, on 2 cores.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example darts -- \
//!     [DIRECTORY] [--order 1|2] [--epochs N]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::prelude::*;
use dartloom::search::{BilevelConfig, Order};
use dartloom::task::Classification;
use dartloom::train::{Outcome, Schedule};

fn main() -> Result<(), Box<dyn Error>> {
    let mut directory = "runs/examples/darts".to_owned();
    let mut order = Order::First;
    let mut epochs: usize = 3;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--order" => match arguments.next().as_deref() {
                Some("1") => order = Order::First,
                Some("2") => order = Order::Second,
                other => return Err(format!("--order is 1 or 2, found {other:?}").into()),
            },
            "--epochs" => epochs = arguments.next().ok_or("--epochs needs a number")?.parse()?,
            flag if flag.starts_with('-') => return Err(format!("unknown flag {flag}").into()),
            _ => directory = argument,
        }
    }

    // The paper's space and rates, shrunk from 8 cells of 4 nodes to 3 of 2, and faster to move.
    let space = Space::darts(OpSet::builtin("O_base")?, 3, 2, Stem::cifar(3))?;
    let bilevel = BilevelConfig {
        order,
        rate: Schedule::Cosine { from: 0.05, to: 0.001 },
        arch_rate: Schedule::Constant(3e-3),
        ..BilevelConfig::default()
    };
    let config = SearchConfig {
        epochs,
        batch: 64,
        bilevel,
        crop_padding: 1,
        flip: false,
        ..SearchConfig::default()
    };

    let digits = digits();
    let noise = Noise::new(0);
    let data = Split::Halves.parts(&digits.train, noise.child("split").seed())?;
    let registry = Registry::standard()?;
    let input = Shape::new(1, 8, 8);
    let parts = SearchParts {
        space: &space,
        registry: &registry,
        choices: Choices::of(Softmax::default()),
        decoder: &TopK::darts(),
        build: Build::new(4, 10, input),
        data: &data,
        task: &Classification::new(10)?,
    };
    let mut search = SupernetSearch::new("search", parts, config, noise)?;

    let dir = RunDir::open(directory)?;
    // Named after what the search is: other numbers begin another one.
    let kept = dir.inside(&search.identity()?.digest()?)?;
    let start = std::time::Instant::now();
    let clock = || start.elapsed().as_secs_f64();
    let mut observer = Lines::new(std::io::stdout()).with_clock(&clock);
    let outcome = drive(&mut search, &mut Session::new(&mut observer).saved_in(&kept))?;
    if outcome != Outcome::Finished {
        return Ok(());
    }

    let decoded = search.architecture()?;
    println!("decoded: {}", decoded.genotype.to_text()?);
    let gap = search.gap(&decoded.genotype)?;
    println!("validation loss {:.3} relaxed, {:.3} hard", gap.relaxed_loss, gap.hard_loss);
    println!("discretisation gap {:+.3}", gap.loss());
    dir.write("weights.json", search.table(epochs)?.to_json()?.as_bytes())?;
    dir.write("genotype.json", decoded.genotype.to_json()?.as_bytes())?;
    println!("drawing: {}", dir.write("cell.dot", decoded.genotype.to_dot().as_bytes())?.display());
    Ok(())
}
