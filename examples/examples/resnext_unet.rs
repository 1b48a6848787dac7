//! ResNeXt-UNet: a U-Net whose blocks are towers of searched operations beside a residual.
//!
//! Paper: HAL-03343944, sections 4.2 and 5.1: exponentiated gradient, one in eight channels
//! through the operations. The U-Net is that of Ronneberger, Fischer and Brox, MICCAI 2015; the
//! block that of Xie et al., CVPR 2017.
//!
//! Expect: the entropy of operations after every epoch (no link has a weight), the one cell that
//! was found, and the table of three networks that were trained equally long: the one found, a
//! random one of the space, a U-Net. Without a folder the images are 64 tiles of cell nuclei, and
//! the numbers say that the program works.
//! Run time: under a minute on 2 cores; with a folder, as long as its images and the epochs take.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example resnext_unet -- \
//!     [FOLDER] [--crop SIDE] [--epochs N] [--training N] [--out DIRECTORY]
//! ```

use std::error::Error;

use dartloom::presets;

fn main() -> Result<(), Box<dyn Error>> {
    dartloom_examples::masks::run(presets::resnext_unet())
}
