//! What scores are asked with.

use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::Args;
use dartloom::data::{Batch, Dataset as _, InMemory, cifar};
use dartloom::search::zero_cost::{
    ZeroCostError, ZeroCostScore, by_name, dataset_batch, names, random_batch,
};
use dartloom::space::{Build, Shape};
use dartloom::train::Noise;

use crate::error::CliError;

/// Zero-cost scores say something of a network before it is trained. Exit code 1 when no score says
/// anything.
#[derive(Debug, Args)]
pub(crate) struct ScoreArguments {
    /// A published name, a file in JSON, RON or Python text, or an architecture string of
    /// NAS-Bench-201 (`|nor_conv_3x3~0|+...`) or NAS-Bench-Macro (`01221102`).
    #[arg(value_name = "GENOTYPE", required_unless_present = "space", conflicts_with = "space")]
    pub(crate) genotype: Option<String>,
    /// Score the supernet of a space, all operations weighed alike.
    #[arg(long, value_name = "NAME|FILE", long_help = crate::spaces::HELP)]
    pub(crate) space: Option<String>,
    /// Cells; what the genotype was made for when left out, or 20 where any number will do.
    #[arg(long, value_name = "L")]
    pub(crate) layers: Option<usize>,
    #[command(flatten)]
    pub(crate) probe: ProbeArguments,
    /// One line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which scores, on what images, how often.
#[derive(Debug, Args)]
pub(crate) struct ProbeArguments {
    /// The scores; all when left out.
    #[arg(
        long,
        value_name = "NAME,...",
        value_delimiter = ',',
        value_parser = clap::builder::PossibleValuesParser::new(names())
    )]
    scores: Vec<String>,
    /// Initialisations, seeds 0 to K-1, whose scores are averaged.
    #[arg(long, value_name = "K", default_value_t = 1)]
    seeds: u64,
    /// Images of a batch.
    #[arg(long, value_name = "B", default_value_t = 32)]
    batch: usize,
    /// Directory of CIFAR files with the images; standard normal values when left out.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Base channels; 32 for architectures of NAS-Bench-Macro and 16 for all others when left out.
    #[arg(long, value_name = "C")]
    pub(crate) channels: Option<usize>,
    /// Classes.
    #[arg(long, value_name = "N", default_value_t = 10)]
    classes: usize,
    /// Shape of an image.
    #[arg(long, value_name = "CxHxW", default_value = "3x32x32")]
    input: Shape,
}

/// Everything that scores need but a network.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) scores: Vec<Box<dyn ZeroCostScore>>,
    pub(crate) build: Build,
    images: Option<InMemory>,
    seeds: u64,
    pub(crate) batch: usize,
}

/// Base channels of NAS-Bench-201, and of everything that has none of its own.
const CHANNELS: usize = 16;

impl ProbeArguments {
    /// The training images of a directory.
    fn images(&self, directory: &Path) -> Result<InMemory, CliError> {
        let read = cifar::load_dir(directory);
        let images = read.map_err(|error| CliError::content(directory, error))?.train;
        let shape = images.shape();
        let found = Shape::new(shape.channels, shape.height, shape.width);
        if found == self.input {
            return Ok(images);
        }
        let (option, expected) = ("--input", "the shape of the images in --data");
        Err(CliError::OptionValue {
            option,
            expected,
            found: format!("{} for {found}", self.input),
        })
    }

    /// Scores, images and sizes.
    pub(crate) fn resolve(&self) -> Result<Probe, CliError> {
        for (option, found) in [("--batch", self.batch as u64), ("--seeds", self.seeds)] {
            if found == 0 {
                let (expected, found) = ("at least 1", found.to_string());
                return Err(CliError::OptionValue { option, expected, found });
            }
        }
        let known = || names().into_iter().map(str::to_owned).collect();
        let chosen: Vec<String> =
            if self.scores.is_empty() { known() } else { self.scores.clone() };
        let scores = chosen.iter().map(|name| by_name(name)).collect::<Result<_, _>>();
        let build = Build::new(self.channels.unwrap_or(CHANNELS), self.classes, self.input);
        let images = self.data.as_deref().map(|directory| self.images(directory)).transpose()?;
        let scores = scores.map_err(CliError::input)?;
        Ok(Probe { scores, build, images, seeds: self.seeds, batch: self.batch })
    }
}

impl Probe {
    pub(crate) fn seeds(&self) -> Range<u64> {
        0..self.seeds
    }

    /// Images of a seed.
    pub(crate) fn draw(&self, noise: Noise) -> Result<Batch, ZeroCostError> {
        match &self.images {
            Some(images) => dataset_batch(images, self.batch, noise),
            None => random_batch(self.build, self.batch, noise),
        }
    }
}
