//! A published architecture as text, as a drawing and as numbers.
//!
//! Paper: Liu, Simonyan and Yang, *DARTS: Differentiable Architecture Search*, ICLR 2019 (arXiv
//! 1806.09055), whose second-order cell is `DARTS_V2`. No tensor is made here: a genotype is a
//! value.
//!
//! Expect: the genes of both cells, the parameters and multiply-adds of the network the paper
//! trains on CIFAR-10, and a file `cell.dot` for Graphviz (`dot -Tsvg cell.dot`).
//! Run time: no time at all.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example 01_draw_a_cell -- \
//!     [DIRECTORY] [--genotype NAME]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::record::RunDir;
use dartloom::space::{Blueprint, Build, Cost, Genotype, OpSet, Repeats, Shape, Stem};

/// The network of the paper's CIFAR-10 results.
const LAYERS: usize = 20;
const CHANNELS: usize = 36;

fn main() -> Result<(), Box<dyn Error>> {
    let mut directory = "runs/examples/01_draw_a_cell".to_owned();
    let mut name = "DARTS_V2".to_owned();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--genotype" => name = arguments.next().ok_or("--genotype needs a name")?,
            flag if flag.starts_with('-') => return Err(format!("unknown flag {flag}").into()),
            _ => directory = argument,
        }
    }

    // An unknown name is refused with a list of all known ones.
    let genotype = Genotype::published(&name)?;
    for cell in genotype.cells() {
        println!("{}: nodes {:?} are the output", cell.name, cell.concat);
        for gene in &cell.genes {
            println!("  {} -> {}  {}", gene.from, gene.to, gene.op);
        }
    }
    println!("as its repository prints it:\n  {}", genotype.to_text()?);

    // Genotypes of D-DARTS and DARTOpti have a cell for each position and their own length.
    let layers = genotype.layers().unwrap_or(LAYERS);
    let cost = count(&genotype, layers)?;
    println!("{layers} cells, {CHANNELS} channels, CIFAR-10:");
    println!("  {} parameters, {} multiply-adds", cost.parameters, cost.macs);

    let dir = RunDir::open(directory)?;
    dir.write("genotype.json", genotype.to_json()?.as_bytes())?;
    let drawing = dir.write("cell.dot", genotype.to_dot().as_bytes())?;
    println!("drawing: {}", drawing.display());
    Ok(())
}

/// Counted on the blueprint: the same value that tensors would be built from.
fn count(genotype: &Genotype, layers: usize) -> Result<Cost, Box<dyn Error>> {
    let network = genotype.chain(layers, Stem::cifar(3), None, Repeats::InTurn)?.network()?;
    let input = Shape::new(3, 32, 32);
    let build = Build::new(CHANNELS, 10, input);
    Ok(Blueprint::derived(genotype, &network, &OpSet::builtin("all")?, build)?.cost()?)
}
