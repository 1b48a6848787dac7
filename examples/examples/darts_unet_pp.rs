//! DARTS-UNet++: a nested U-Net in which every link between cells has a weight.
//!
//! Paper: HAL-03343944, sections 4.2 and 5.3, equation 13; the nested U-Net is that of Zhou et
//! al., UNet++, 2018 (arXiv 1807.10165).
//!
//! Expect: entropies of operations and links after every epoch, the paths whose mean log-
//! likelihood is three deviations above the mean (or the best one, with a note), the cells, and
//! the table of three networks that were trained equally long: the one found, one with random
//! cells and links, a U-Net. Without a folder the images are 64 tiles of cell nuclei, and the
//! numbers say that the program works.
//! Run time: under a minute on 2 cores; with a folder, as long as its images and the epochs take.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example darts_unet_pp -- \
//!     [FOLDER] [--crop SIDE] [--epochs N] [--training N] [--out DIRECTORY]
//! ```

use std::error::Error;

use dartloom::presets;

fn main() -> Result<(), Box<dyn Error>> {
    dartloom_examples::masks::run(presets::darts_unet_pp())
}
