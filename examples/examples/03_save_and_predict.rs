//! A network that a search has found: trained, saved, loaded and asked.
//!
//! Paper: the search is that of Liu, Simonyan and Yang, *DARTS: Differentiable Architecture
//! Search*, ICLR 2019 (arXiv 1806.09055), at sizes of ours.
//!
//! Expect: the epochs of a search and of a training, the genotype, and how many of the test digits
//! the loaded network gets right.
//! Run time: under a minute on 2 cores.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example 03_save_and_predict -- [DIRECTORY]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::prelude::*;
use dartloom::presets::{self, Scale};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1);
    let dir =
        RunDir::open(directory.unwrap_or_else(|| "runs/examples/03_save_and_predict".to_owned()))?;
    let digits = digits();
    let mut method = presets::darts().scaled(Scale::Small);
    method.search.epochs = 2;
    let study = Study::new(method, &digits.train)?;

    let mut lines = Lines::new(std::io::stdout());
    let Some(found) = study.search(&mut Session::new(&mut lines))? else { return Ok(()) };
    println!("{}", found.genotype.to_text()?);
    let mut sizes = Scale::Small.comparison().retrain;
    sizes.fit.epochs = 3;
    let trained = study.train(&found.genotype, &sizes, &mut Session::new(&mut lines))?;
    let Some(network) = trained else { return Ok(()) };
    let path = dir.file("digits.safetensors");
    network.with_normalization(digits.train.normalization().clone())?.save(&path)?;

    let network = Trained::load(&path, &Registry::standard()?)?;
    let prediction = network.predict(&network.images(digits.test.pixels())?)?;
    let Answer::Classes(classes) = prediction.answer else {
        return Err("digits have classes".into());
    };
    let right = classes.iter().zip(digits.test.labels()).filter(|(found, label)| found == label);
    println!("{} of {} test digits are right: {}", right.count(), classes.len(), path.display());
    Ok(())
}
