//! Several labels of an image: DARTS as a study of chest X-rays ran it, by binary cross-entropy.
//!
//! Paper: Emanuel, Laasri, Randle and Zhuang, *Investigating Differentiable Neural Architecture
//! Search*, Harvard capstone, fall 2019: weights by Adam 0.001, logits by Adam 0.01. The sizes are
//! ours.
//!
//! Expect: the epochs of a search and of a training, the genotype, and cross-entropy and areas
//! under the curve on the test images beside those of the usual labels. Here the labels of an image
//! are properties of the number that it shows.
//! Run time: under a minute on 2 cores.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example multi_label -- [DIRECTORY]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::data::{DataError, InMemory, Splits, TargetSpec, Targets, digits};
use dartloom::prelude::*;
use dartloom::presets::chest_xray;
use dartloom_examples::studies;

/// Each label, and the digits that have it.
const LABELS: [(&str, &[u32]); 3] =
    [("even", &[0, 2, 4, 6, 8]), ("above four", &[5, 6, 7, 8, 9]), ("has a loop", &[0, 6, 8, 9])];

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1);
    let directory = directory.unwrap_or_else(|| "runs/examples/multi_label".to_owned());
    let Splits { train, test } = digits();
    let data = Splits { train: labelled(&train)?, test: labelled(&test)? };
    println!("labels: {}", LABELS.map(|(name, _)| name).join(", "));
    studies::run(chest_xray(), &data, &directory)
}

/// The same images, each with its labels.
fn labelled(digits: &InMemory) -> Result<InMemory, DataError> {
    let has = |digit: &u32| LABELS.map(|(_, all)| f32::from(u8::from(all.contains(digit))));
    let labels = digits.labels().iter().flat_map(has).collect();
    let pixels = digits.pixels().to_vec();
    let constants = digits.normalization().clone();
    let targets = Targets::Numbers(labels);
    let spec = TargetSpec::Labels(LABELS.len());
    InMemory::with_targets(digits.shape(), spec, pixels, targets, constants)
}
