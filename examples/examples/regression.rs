//! Values of images: DARTS as a study of graphene sheets ran it, by squared errors and R².
//!
//! Paper: Emanuel, Laasri, Randle and Zhuang, *Investigating Differentiable Neural Architecture
//! Search*, Harvard capstone, fall 2019: weights by Adam 0.001, logits by Adam 0.01. The sizes are
//! ours.
//!
//! Expect: the epochs of a search and of a training, the genotype, and R² and errors on the test
//! images beside those of the mean value. Here the value of an image is the number that it shows.
//! Run time: under a minute on 2 cores.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example regression -- [DIRECTORY]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::data::{DataError, InMemory, Splits, TargetSpec, Targets, digits};
use dartloom::prelude::*;
use dartloom::presets::graphene;
use dartloom_examples::studies;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1);
    let directory = directory.unwrap_or_else(|| "runs/examples/regression".to_owned());
    let Splits { train, test } = digits();
    let data = Splits { train: valued(&train)?, test: valued(&test)? };
    studies::run(graphene(), &data, &directory)
}

/// The same images, each with its number as a value.
fn valued(digits: &InMemory) -> Result<InMemory, DataError> {
    let numbers = digits.labels().iter().map(|&digit| digit as f32).collect();
    let pixels = digits.pixels().to_vec();
    let constants = digits.normalization().clone();
    let targets = Targets::Numbers(numbers);
    InMemory::with_targets(digits.shape(), TargetSpec::Values(1), pixels, targets, constants)
}
