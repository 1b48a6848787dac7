//! PC-DARTS: operations see a quarter of the channels, and edges are weighed as well.
//!
//! Paper: Xu et al., *PC-DARTS: Partial Channel Connections for Memory-Efficient Architecture
//! Search*, ICLR 2020 (arXiv 1907.05737), equations 2 to 5.
//!
//! Expect: the memory that one search step needs with all channels and with a quarter of them (the
//! paper: a quarter, so batches can be four times larger), epochs, the weights of the edges, and a
//! genotype decoded from the product of both weights.
//! Run time: under half a minute on 2 cores.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example pc_darts -- [DIRECTORY]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::net::memory;
use dartloom::prelude::*;
use dartloom::presets::{Method, pc_darts};
use dartloom_examples::digits;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1);
    let directory = directory.unwrap_or_else(|| "runs/examples/pc-darts".to_owned());
    let method = digits::small(pc_darts(), 6);
    let part = memory(&method, method.partial)?;
    let whole = memory(&method, 1)?;
    println!("a step on 64 digits needs {part} MiB, with all channels {whole} MiB");

    digits::search(&method, &directory)?;
    Ok(())
}

/// MiB of a process that searches.
fn memory(method: &Method, partial: usize) -> Result<u64, Box<dyn Error>> {
    let space = method.space()?;
    let registry = Registry::standard()?;
    let build = Build { partial, ..Build::new(method.channels, 10, Shape::new(1, 8, 8)) };
    let plan = Blueprint::supernet(&space, build)?;
    let logits = method.choices.logits(&plan);
    let work = method.search.bilevel.workload(method.search.batch, logits, 1);
    // The process itself is the same in both cases.
    Ok(memory::predict(&plan, &registry, &work)?.tensors() >> 20)
}
