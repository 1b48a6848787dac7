//! DARTOpti: a search that starts at ResNet-18, written as cells.
//!
//! Paper: Heuillet, Nasser, Arioui and Tabia, *D-DARTS: Distributed Differentiable Architecture
//! Search* (arXiv 2108.09306), section 4.4 and equations 11 to 13.
//!
//! Expect: a supernet whose weights say ResNet-18 to begin with, and how far a search moves from
//! it, in the paper's distance (one operation of one edge is 1/12; the paper, after 50 epochs of
//! CIFAR-10: 0.084) and in one that tells positions apart. The paper's start, logits of 10 and -10,
//! needs thousands of steps to be left; the few steps here begin at 1 and -1, weights of 0.73 and
//! 0.27.
//! Run time: under a minute on 2 cores.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example darts_opti -- [DIRECTORY]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::decode::{EdgeThreshold, Encoding, Linked};
use dartloom::presets::darts_opti;
use dartloom::space::distance::{Frame, OpScores, PositionDistance, SetDistance};
use dartloom::space::{Genotype, Space};
use dartloom_examples::digits;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1);
    let directory = directory.unwrap_or_else(|| "runs/examples/darts-opti".to_owned());
    let network = Genotype::published("ResNet18")?;
    println!("from ResNet-18: {}", network.to_text()?);
    let mut method = digits::small(darts_opti()?, 2);
    method.channels = 4;
    let space = method.space()?;
    let near = Encoding { listed: 1.0, other: -1.0 }.logits(&space, &network)?;
    let choices = method.choices.clone().with_start(near);
    // Weights of 0.73 are a decision already.
    method.decoder = Linked::cells(EdgeThreshold { threshold: 0.7, ..EdgeThreshold::default() });
    let found = digits::search_with(&method, choices, &directory)?;
    report(&space, &network, &found)
}

fn report(space: &Space, network: &Genotype, found: &Genotype) -> Result<(), Box<dyn Error>> {
    let cells = space.cells().iter().zip(network.cells());
    let cells = cells.map(|(spec, cell)| spec.genotype(cell.genes.clone())).collect();
    let start = space.genotype(cells)?;
    let sets = SetDistance::official(OpScores::means()).genotypes(&start, found)?;
    let positions = PositionDistance::new(Frame::of_space(space), OpScores::means());
    let position = positions.genotypes(&start, found)?;
    println!(
        "distance from ResNet-18: {:.4} (the paper's), {position:.4} (by position)",
        sets.mean()
    );
    Ok(())
}
