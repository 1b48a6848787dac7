//! Masks: cells in the shape of a U-Net, searched with DARTS, against a U-Net by hand.
//!
//! Paper: the search is that of Liu, Simonyan and Yang, *DARTS: Differentiable Architecture
//! Search*, ICLR 2019 (arXiv 1806.09055); the U-Net that of Ronneberger, Fischer and Brox, MICCAI
//! 2015. The sizes are ours.
//!
//! Expect: the epochs of all parts, one table with the network that was found, the one of random
//! search at equal cost and the U-Net, and the scores of the first by class. Without a folder the
//! images are 64 tiles of cell nuclei, and the numbers say that the program works.
//! Run time: under a minute on 2 cores; with a folder, as long as its images and `--epochs` take.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example segmentation -- \
//!     [DIRECTORY] [--images FOLDER] [--crop SIDE] [--epochs N]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;

use dartloom::data::images::recognise;
use dartloom::data::{ConfiguredTransform, CropConfig, DataSets, TargetSpec, nuclei};
use dartloom::prelude::*;
use dartloom::presets::{self, Scale};
use dartloom::space::hand_made::UNet;
use dartloom::task::Segmentation;
use dartloom::train::Schedule;
use dartloom::verdict::{Baseline, RandomConfig, RetrainConfig};

/// The words of the command line.
struct Asked {
    directory: String,
    images: Option<String>,
    crop: Option<usize>,
    epochs: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Asked { directory, images, crop, epochs } = asked()?;
    let data: DataSets = match images {
        Some(folder) => {
            let mut files = recognise(folder.as_ref())?;
            files.crops = crop.map(|side| CropConfig::new(side, side));
            files.open()?.into_sets()?
        }
        None => nuclei().into(),
    };
    let TargetSpec::Mask { classes, ignore } = data.train.targets() else {
        return Err("expected images with masks".into());
    };
    let task = Segmentation::new(classes, ignore)?.with_dice(1.0)?;

    // Two cells down, two cells up, and an answer for every pixel.
    let space = Space::unet(OpSet::builtin("S")?, 2, 2, Stem::cifar(2))?;
    let registry = Registry::standard()?;
    let mut method = presets::darts().scaled(Scale::Small);
    (method.search.epochs, method.search.batch) = (epochs.div_ceil(4), 8);
    (method.search.crop_padding, method.search.flip) = (0, true);
    let found = MethodParts {
        key: "darts".to_owned(),
        name: "DARTS".to_owned(),
        space: &space,
        choices: method.choices_in(&space)?,
        decoder: &method.decoder,
        channels: 4,
        partial: 1,
        split: method.split,
        search: method.search.clone(),
        rules: Vec::new(),
    };
    let fit = FitConfig {
        epochs,
        batch: 8,
        rate: Schedule::Cosine { from: 0.05, to: 0.0 },
        drop_path: 0.0,
        auxiliary: 0.0,
        crop_padding: 0,
        flip: true,
        cutout: 0,
        transforms: vec![ConfiguredTransform::FlipVertical],
        ..FitConfig::default()
    };
    let few = FitConfig { epochs: epochs.div_ceil(8), ..fit.clone() };
    let config = ComparisonConfig {
        random: RandomConfig { top: 2, fit: few },
        retrain: RetrainConfig { channels: 8, layers: 4, fit },
        baseline: Some(Baseline::UNet(UNet { base: 8, depth: None })),
        seeds: vec![0],
    };
    let comparison = Comparison::on(&task, &*data.train, &*data.test, &registry);
    let comparison = comparison.with_config(config).method(found);
    let dir = RunDir::open(directory)?;
    let mut lines = Lines::new(std::io::stdout());
    let Some(report) = comparison.run(&dir, &mut lines)? else { return Ok(()) };
    println!("{report}");

    let network = comparison.network(&dir, 0, "darts")?;
    let network = match &data.normalization {
        Some(constants) => network.with_normalization(constants.clone())?,
        None => network,
    };
    for (score, value) in network.evaluate(&*data.test, &task)?.scores.iter() {
        println!("{score}: {value:.4}");
    }
    let path = dir.file("network.safetensors");
    network.save(&path)?;
    println!("network: {}", path.display());
    Ok(())
}

fn asked() -> Result<Asked, Box<dyn Error>> {
    let directory = "runs/examples/segmentation".to_owned();
    let mut asked = Asked { directory, images: None, crop: None, epochs: 8 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--images" => asked.images = Some(value()?),
            "--crop" => asked.crop = Some(value()?.parse()?),
            "--epochs" => asked.epochs = value()?.parse()?,
            flag if flag.starts_with('-') => return Err(format!("unknown flag {flag}").into()),
            _ => asked.directory = word,
        }
    }
    Ok(asked)
}
