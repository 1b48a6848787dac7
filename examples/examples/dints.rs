//! DiNTS: links that are on or off independently, and the most probable set that fits together.
//!
//! Paper: He, Yang, Roth, Zhao and Xu, *DiNTS: Differentiable Neural Network Topology Search for
//! 3D Medical Image Segmentation*, CVPR 2021 (arXiv 2103.15954), here in the plane.
//!
//! Expect: entropies of operations and links after every epoch, the feasible topology layer by
//! layer, the operation of every transition that stays, and the table of three networks that were
//! trained equally long: the one found, one with random operations and links, a U-Net. Without a
//! folder the images are 64 tiles of cell nuclei and the lattice has two levels; the numbers say
//! that the program works.
//! Run time: under a minute on 2 cores; with a folder, as long as its images and the epochs take.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example dints -- \
//!     [FOLDER] [--crop SIDE] [--epochs N] [--training N] [--out DIRECTORY]
//! ```

use std::error::Error;

use dartloom::presets;

fn main() -> Result<(), Box<dyn Error>> {
    dartloom_examples::masks::run(presets::dints()?)
}
