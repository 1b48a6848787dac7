//! D-DARTS: every cell is searched on its own, and its loss knows what it contributes.
//!
//! Paper: Heuillet, Nasser, Arioui and Tabia, *D-DARTS: Distributed Differentiable Architecture
//! Search* (arXiv 2108.09306), equations 2 to 10.
//!
//! Expect: for every cell what the loss would lose with it, `M = L(all) - L(without it)`, epoch by
//! epoch (the paper: cells help, so it is negative, and they help unequally), then a genotype with
//! a cell of its own at every position, and the same cells in a deeper chain (algorithm 1).
//! Run time: under a minute on 2 cores.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example d_darts -- [DIRECTORY]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::presets::d_darts;
use dartloom::space::{Chain, Repeats};
use dartloom_examples::digits;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1);
    let directory = directory.unwrap_or_else(|| "runs/examples/d-darts".to_owned());
    let genotype = digits::search(&digits::small(d_darts()?, 5), &directory)?;
    let cells = genotype.cells().len();
    let deeper = Chain::deeper(cells, 6, Repeats::InTurn);
    match deeper {
        Ok(positions) => println!("the {cells} cells in a chain of six: {positions:?}"),
        // Algorithm 1 repeats the normal cells of every third, and needs one in each.
        Err(error) => println!("the {cells} cells in a chain of six: {error}"),
    }
    let positions = Chain::deeper(8, 14, Repeats::InTurn)?;
    println!("the paper's 8 cells in a chain of 14: {positions:?}");
    Ok(())
}
