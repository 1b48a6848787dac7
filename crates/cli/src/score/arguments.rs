//! Arguments of scores.

use std::ffi::OsString;
use std::fmt::Display;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::Args;
use dartloom::data::{Batch, Dataset as _, InMemory, TargetSpec, cifar};
use dartloom::noise::Noise;
use dartloom::score::zero_cost::{
    Reads, Subject, ZeroCostError, ZeroCostScore, by_name, dataset_batch, memory, names,
    random_batch,
};
use dartloom::space::{Build, Shape};
use dartloom::task::{Task, usual};

use dartloom_engine::room;

use crate::error::CliError;
use crate::option::{self, different, within};

/// Zero-cost scores say something of a network before it is trained. Exit code 1 when no score says
/// anything.
#[derive(Debug, Args)]
pub(crate) struct ScoreArguments {
    /// A published name, a file in JSON, RON or Python text, or an architecture string of
    /// NAS-Bench-201 (`|nor_conv_3x3~0|+...`) or NAS-Bench-Macro (`01221102`).
    #[arg(value_name = "GENOTYPE", required_unless_present = "space", conflicts_with = "space")]
    pub(crate) genotype: Option<OsString>,
    /// Score the supernet of a space, all operations weighed alike.
    #[arg(long, value_name = "NAME|FILE", long_help = dartloom_engine::spaces::HELP)]
    pub(crate) space: Option<OsString>,
    /// Cells; what the genotype was made for when left out, or 20 where any number will do.
    #[arg(long, value_name = "L")]
    pub(crate) layers: Option<usize>,
    #[command(flatten)]
    pub(crate) probe: ProbeArguments,
    /// One line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The scores, their images and their repetitions.
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
    /// Images of a batch; 32 when left out.
    #[arg(long, value_name = "B")]
    batch: Option<usize>,
    /// Directory of CIFAR files with the images; standard normal values when left out.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Base channels; 32 for architectures of NAS-Bench-Macro and 16 for all others when left out.
    #[arg(long, value_name = "C")]
    pub(crate) channels: Option<usize>,
    /// Classes; those of --data, or 10, when left out.
    #[arg(long, value_name = "N")]
    classes: Option<usize>,
    /// Shape of an image; that of --data, or 3x32x32, when left out.
    #[arg(long, value_name = "CxHxW")]
    input: Option<Shape>,
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
const CLASSES: usize = 10;
const INPUT: Shape = Shape::new(3, 32, 32);
const BATCH: usize = 32;

impl ProbeArguments {
    /// Scores, images and sizes.
    pub(crate) fn resolve(&self) -> Result<Probe, CliError> {
        let batch = self.batch.unwrap_or(BATCH);
        within("--batch", batch as u64, (1, u64::MAX))?;
        within("--seeds", self.seeds, (1, u64::MAX))?;
        let scores = self.scores()?;
        let images = self.data.as_deref().map(images).transpose()?;
        let (classes, input) = match &images {
            Some(images) => {
                let (classes, input) = sizes(images)?;
                let classes = of_data("--classes", self.classes, classes)?;
                let input = of_data("--input", self.input, input)?;
                within("--batch", batch as u64, (1, images.len() as u64))?;
                (classes, input)
            }
            None => (self.classes.unwrap_or(CLASSES), self.input.unwrap_or(INPUT)),
        };
        option::classes(classes)?;
        let build = Build::new(self.channels.unwrap_or(CHANNELS), classes, input);
        Ok(Probe { scores, build, images, seeds: self.seeds, batch })
    }

    fn scores(&self) -> Result<Vec<Box<dyn ZeroCostScore>>, CliError> {
        different("--scores", &self.scores)?;
        let known = || names().into_iter().map(str::to_owned).collect();
        let chosen: Vec<String> =
            if self.scores.is_empty() { known() } else { self.scores.clone() };
        let scores = chosen.iter().map(|name| by_name(name)).collect::<Result<Vec<_>, _>>();
        let scores = scores.map_err(CliError::input)?;
        if self.batch.is_some() && scores.iter().all(|score| score.reads() == Reads::Shape) {
            let subject = format!("{}, which reads no batch", self.scores.join(", "));
            return Err(CliError::NoEffect { option: "--batch", subject, hint: "" });
        }
        Ok(scores)
    }
}

/// The training images of a directory.
fn images(directory: &Path) -> Result<InMemory, CliError> {
    let read = cifar::load_dir(directory);
    Ok(read.map_err(|error| CliError::content(directory, error))?.train)
}

/// Classes and shape of images.
fn sizes(images: &InMemory) -> Result<(usize, Shape), CliError> {
    let shape = images.shape();
    let input = Shape::new(shape.channels, shape.height, shape.width);
    match images.targets() {
        TargetSpec::Class { classes } => Ok((classes, input)),
        other => Err(CliError::OptionValue {
            option: "--data",
            expected: "images of classes",
            found: format!("{other:?}"),
        }),
    }
}

/// A value of the data's, which an option may repeat and not contradict.
fn of_data<T: PartialEq + Display>(
    option: &'static str,
    asked: Option<T>,
    own: T,
) -> Result<T, CliError> {
    match asked {
        Some(asked) if asked != own => {
            let expected = "what the images in --data have";
            let found = format!("{asked} for {own}");
            Err(CliError::OptionValue { option, expected, found })
        }
        _ => Ok(own),
    }
}

impl Probe {
    pub(crate) fn seeds(&self) -> Range<u64> {
        0..self.seeds
    }

    /// The targets of images that are drawn.
    fn drawn(&self) -> TargetSpec {
        TargetSpec::Class { classes: self.build.outputs.channels() }
    }

    /// The task of the images; a classification where they are drawn.
    pub(crate) fn task(&self) -> Result<Box<dyn Task>, CliError> {
        let targets = self.images.as_ref().map_or(self.drawn(), |images| images.targets());
        usual(targets).map_err(CliError::input)
    }

    /// Images of a seed.
    pub(crate) fn draw(&self, noise: Noise) -> Result<Batch, ZeroCostError> {
        match &self.images {
            Some(images) => dataset_batch(images, self.batch, noise),
            None => random_batch(self.build, self.drawn(), self.batch, noise),
        }
    }

    /// Refuses a network that one of the scores needs more memory for than there is.
    pub(crate) fn admit(&self, subject: &Subject<'_>) -> Result<(), CliError> {
        for score in &self.scores {
            let needs = |batch| memory(&**score, subject, batch).map(|found| found.total());
            needs(self.batch).map_err(CliError::input)?;
            let what = || format!("{} on batches of {}", score.name(), self.batch);
            room::admit(what, self.batch, |batch| needs(batch).ok())?;
        }
        Ok(())
    }
}
