//! DARTS-UNet: reduction cells on the way down, normal cells on the way up.
//!
//! Paper: HAL-03343944, sections 4.2 and 5.2: weights of edges, exponentiated gradient, two edges
//! a node.
//!
//! Expect: the entropy of operations after every epoch (no link has a weight), both cells, and
//! the table of three networks that were trained equally long: the one found, a random one of the
//! space, a U-Net. Without a folder the images are 64 tiles of cell nuclei, and the numbers say
//! that the program works.
//! Run time: under a minute on 2 cores; with a folder, as long as its images and the epochs take.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example darts_unet -- \
//!     [FOLDER] [--crop SIDE] [--epochs N] [--training N] [--out DIRECTORY]
//! ```

use std::error::Error;

use dartloom::presets;

fn main() -> Result<(), Box<dyn Error>> {
    dartloom_examples::masks::run(presets::darts_unet())
}
