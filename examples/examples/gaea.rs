//! GAEA: architecture weights are the parameters, and move on the simplex by exponentiated
//! gradient.
//!
//! Paper: Li, Khodak, Balcan and Talwalkar, *Geometry-Aware Gradient Algorithms for Neural
//! Architecture Search*, ICLR 2021 (arXiv 2004.07802), algorithm 1.
//!
//! Expect: the mean entropy of the weights, which falls epoch by epoch (the paper: sparse weights
//! lose less when they become a decision), on DARTS' space with one level, then on PC-DARTS' with
//! two.
//! Run time: under a minute on 2 cores.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example gaea -- [DIRECTORY]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::presets::{gaea_erm, gaea_pc_darts};
use dartloom_examples::digits;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1);
    let directory = directory.unwrap_or_else(|| "runs/examples/gaea".to_owned());
    for method in [gaea_erm(), gaea_pc_darts()] {
        let method = digits::small(method, 4);
        println!("{}", method.name);
        digits::search(&method, &format!("{directory}/{}", method.partial))?;
    }
    Ok(())
}
