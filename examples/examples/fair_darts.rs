//! FairDARTS: operations do not compete; a sigmoid weighs each one independently.
//!
//! Paper: Chu et al., *Fair DARTS: Eliminating Unfair Advantages in Differentiable Architecture
//! Search*, ECCV 2020 (arXiv 1911.12126), equations 2 to 4.
//!
//! Expect: weights that the zero-one loss pushes to 0 or 1, and a genotype of what weighs the
//! threshold or more (0.85 in the paper, after 50 epochs; lower here, after a few), with notes on
//! nodes that lost every edge.
//! Run time: under half a minute on 2 cores.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example fair_darts -- [DIRECTORY]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::decode::{Linked, SparseThreshold};
use dartloom::presets::fair_darts;
use dartloom_examples::digits;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1);
    let directory = directory.unwrap_or_else(|| "runs/examples/fair-darts".to_owned());
    let mut method = digits::small(fair_darts()?, 5);
    // Five epochs move a weight from one half to about 0.6, not to 0.85.
    let rule = SparseThreshold { threshold: 0.55, ..SparseThreshold::default() };
    method.decoder = Linked::cells(rule);
    digits::search(&method, &directory)?;
    Ok(())
}
