//! DARTOpti: a search that starts at ResNet-18, written as cells.
//!
//! Paper: Heuillet, Nasser, Arioui and Tabia, *D-DARTS: Distributed Differentiable Architecture Search*
//! (arXiv 2108.09306), section 4.4 and equations 11 to 13.
//!
//! Expect: a supernet that is ResNet-18 to begin with (its operations weigh nearly 1, all others nearly
//! nothing), and how far the search has moved from it, in the paper's distance (one operation of one edge
//! is 1/12; the paper, after 50 epochs of CIFAR-10: 0.084) and in one that tells positions apart. A few
//! epochs on digits move little: the paper's rate needs thousands of steps to cross from 10 to 0, so
//! logits move ten times as fast here and start at 1 and -1 beside it.
//! Run time: under a minute on 2 cores.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example darts_opti -- [DIRECTORY]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::decode::Encoding;
use dartloom::presets::darts_opti;
use dartloom::space::distance::{Frame, OpScores, PositionDistance, SetDistance};
use dartloom::space::{Genotype, Space};
use dartloom_examples::digits;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1);
    let directory = directory.unwrap_or_else(|| "runs/examples/darts-opti".to_owned());
    let network = Genotype::published("ResNet18")?;
    println!("from ResNet-18: {}", network.to_text()?);
    let method = digits::small(darts_opti()?, 4);
    let space = method.space()?;
    report(&space, &network, &digits::search(&method, &format!("{directory}/paper"))?)?;

    // A start that a few epochs can leave: weights of 0.73 and 0.27.
    println!("the same from logits of 1 and -1");
    let near = Encoding { listed: 1.0, other: -1.0 }.logits(&space, &network)?;
    let choices = method.choices.clone().with_start(near);
    report(&space, &network, &digits::search_with(&method, choices, &format!("{directory}/near"))?)
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
