//! Auto-DeepLab: one cell on every transition of a lattice, and a path through it.
//!
//! Paper: Liu, Chen, Schroff, Adam, Hua, Yuille and Fei-Fei, *Auto-DeepLab*, CVPR 2019 (arXiv
//! 1901.02985), equations 6 and 7.
//!
//! Expect: entropies of operations and links after every epoch, the path that the algorithm of
//! Viterbi finds, the cell, and the table of three networks that were trained equally long: the
//! one found, one with a random cell and random links, a U-Net. Without a folder the images are
//! 64 tiles of cell nuclei and the lattice has two levels; the numbers say that the program
//! works.
//! Run time: under a minute on 2 cores; with a folder, as long as its images and the epochs take.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example auto_deeplab -- \
//!     [FOLDER] [--crop SIDE] [--epochs N] [--training N] [--out DIRECTORY]
//! ```

use std::error::Error;

use dartloom::presets;

fn main() -> Result<(), Box<dyn Error>> {
    dartloom_examples::masks::run(presets::auto_deeplab())
}
