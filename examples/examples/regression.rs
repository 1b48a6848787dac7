//! Values of images: DARTS as a study of graphene sheets ran it, by squared errors and R².
//!
//! Paper: Emanuel, Laasri, Randle and Zhuang, *Investigating Differentiable Neural Architecture
//! Search*, Harvard capstone, fall 2019: weights by Adam 0.001, logits by Adam 0.01. The sizes are
//! ours.
//!
//! Expect: the epochs of a search and of a training, the genotype, and R² and errors on the test
//! images beside those of the mean value. Here the value of an image is the number of nuclei in a
//! tile of 64x64 pixels under the microscope; with 48 tiles to learn from, the numbers say that the
//! program works, and nothing about the method.
//! Run time: under a minute on 2 cores.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example regression -- [DIRECTORY]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::data::nuclei_counts;
use dartloom::presets::graphene;
use dartloom_examples::studies::{self, Epochs};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1);
    let directory = directory.unwrap_or_else(|| "runs/examples/regression".to_owned());
    let data = nuclei_counts();
    studies::run(graphene(), &data, Epochs { search: 20, training: 60 }, &directory)
}
