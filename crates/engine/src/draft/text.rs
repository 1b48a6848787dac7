//! The text of a drafted experiment.

use std::fmt::Display;
use std::path::{Path, PathBuf, absolute};

use dartloom::data::images::{FileSplit, ImageFiles};
use dartloom::data::{ImageShape, TargetSpec};
use serde::Serialize;

use super::cut::{Cut, LARGE};
use super::epochs::{Epochs, RANDOM, RETRAIN, SEARCH};
use super::facts::Facts;
use super::weights::{Shares, UNEQUAL, rule};
use crate::crops::CropShares;
use crate::error::EngineError;
use crate::experiment::{Data, IdxFiles, ImageFolder, Named, options};

/// Images of a batch, by part of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Batches {
    pub(super) search: usize,
    pub(super) random: usize,
    pub(super) retrain: usize,
}

impl Batches {
    /// At most `batch`, and as many as there are; a search, and every candidate of random search,
    /// learns from one half at a time.
    pub(super) fn of(batch: usize, samples: usize) -> Self {
        let most = |samples: usize| batch.min(samples).max(super::LEAST_BATCH);
        Self { search: most(samples / 2), random: most(samples / 2), retrain: most(samples) }
    }
}

/// Everything that a drafted experiment says.
#[derive(Debug)]
pub(super) struct Text<'a> {
    pub(super) facts: &'a Facts,
    pub(super) cut: &'a Cut,
    pub(super) shares: &'a Shares,
    pub(super) crops: Option<&'a CropShares>,
    /// Samples of an epoch.
    pub(super) samples: usize,
    pub(super) batches: Batches,
    pub(super) file: &'a Path,
}

/// Lines of a file.
#[derive(Debug, Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, text: impl Display) {
        self.0 += &format!("{text}\n");
    }

    fn reasons<'a>(&mut self, reasons: impl IntoIterator<Item = &'a String>) {
        reasons.into_iter().for_each(|reason| self.line(format_args!("    // {reason}")));
    }
}

impl Text<'_> {
    pub(super) fn written(&self) -> Result<String, EngineError> {
        let Self { facts, cut, .. } = self;
        let mut lines = Lines::default();
        lines.line("// A start that `dartloom plan` made from the data. Change whatever you like.");
        lines.line(format_args!("// {}", self.measured()));
        lines.line("(");
        lines.reasons(&cut.of_data);
        lines.line(format_args!("    data: {},", self.data()?));
        let task = self.task(&mut lines)?;
        lines.line(format_args!("    task: {task},"));
        lines.line("    // small networks: `layers`, `channels` and epochs make them larger");
        lines.line("    scale: Small,");
        lines.line("    method: \"darts\",");
        if facts.has_masks() {
            lines.line("    // cells in the shape of a U-Net, two down and two up");
            lines.line("    topology: UNet, layers: 4, nodes: 2, channels: 8,");
        }
        if let Some(stem) = self.stem() {
            lines.line(format_args!(
                "    // from {LARGE} pixels a side on, the stem leaves a quarter"
            ));
            lines.line(format_args!("    stem: {stem},"));
        }
        self.transforms(&mut lines);
        let Batches { search, random, retrain } = self.batches;
        let samples = self.samples;
        let part = |epochs: Epochs, samples: usize, batch: usize| {
            let changes = changes(facts, self.cut.input);
            let epochs = epochs.of(samples, batch);
            format!("epochs: {epochs}, batch: {batch}, transforms: [{}]", changes.join(", "))
        };
        lines.line(format_args!("    // {}", SEARCH.reason()));
        lines.line(format_args!("    search: ({}),", part(SEARCH, samples / 2, search)));
        lines.line(format_args!("    random: (fit: ({})),", part(RANDOM, samples, random)));
        lines.line(format_args!("    // {}; more are better", RETRAIN.reason()));
        let fit = part(RETRAIN, samples, retrain);
        lines.line(format_args!("    retrain: (channels: 16, fit: ({fit})),"));
        if retrain < self.cut.batch {
            let limit =
                if retrain == samples.max(super::LEAST_BATCH) { "images" } else { "memory" };
            let reason = format!("a batch of {retrain}: the {limit} of all networks allow no more");
            lines.reasons(&[reason]);
        }
        lines.reasons(&cut.of_baseline);
        lines.line(format_args!("    baseline: {},", ron(&cut.baseline)?));
        lines.line("    // a comparison for each; more say more");
        lines.line("    seeds: [0, 1],");
        lines.line(")");
        Ok(lines.0)
    }

    fn measured(&self) -> String {
        let Facts { train, test, median, least, most, .. } = self.facts;
        let ImageShape { channels, height, width } = median;
        let sizes = if self.facts.is_uniform() {
            format!("all of {channels}x{height}x{width}")
        } else {
            format!(
                "of {channels} channels, {} to {} rows and {} to {} columns, {height}x{width} in \
                 the middle",
                least[0], most[0], least[1], most[1]
            )
        };
        format!("{train} images to train with, {test} to test with, {sizes}.")
    }

    /// The task with its reasons.
    fn task(&self, lines: &mut Lines) -> Result<String, EngineError> {
        let Shares { of, weights } = self.shares;
        let numbers = |all: &[f64], digits: usize| {
            let all: Vec<String> = all.iter().map(|own| format!("{own:.digits$}")).collect();
            format!("[{}]", all.join(", "))
        };
        let percent: Vec<f64> = of.iter().map(|share| 100.0 * share).collect();
        let what = match self.facts.targets {
            TargetSpec::Mask { .. } => "of the pixels are of each class, in %",
            TargetSpec::Class { .. } => "of the images are of each class, in %",
            TargetSpec::Labels(_) => "of the images have each label, in %",
            _ => "",
        };
        if !of.is_empty() {
            lines.line(format_args!("    // {} {what}", numbers(&percent, 2)));
        }
        if let Some(crops) = self.crops {
            lines.line(format_args!("    // {}", crops.said()));
        }
        if weights.is_some() {
            let reason = match rule(self.facts.targets) {
                Some((_, name)) => format!(
                    "rare classes weigh more, by `{name}` ({:.0} times as frequent; {UNEQUAL} need \
                     no weights)",
                    self.shares.ratio()
                ),
                None => "labels weigh as much where they are there as where not".to_owned(),
            };
            lines.reasons(&[reason]);
        }
        let weights = weights.as_ref().map(|weights| numbers(weights, 4));
        let field = |name: &str| weights.map(|weights| format!("{name}: {weights}"));
        Ok(match self.facts.targets {
            TargetSpec::Class { .. } => {
                format!("Classification({})", field("weights").unwrap_or_default())
            }
            TargetSpec::Labels(_) => {
                format!("MultiLabel({})", field("positive_weights").unwrap_or_default())
            }
            TargetSpec::Mask { .. } => {
                lines.line(
                    "    // cross-entropy and Dice, as nnU-Net; Dice does not mind rare classes",
                );
                let weights = field("weights").map(|weights| format!(", {weights}"));
                format!("Segmentation(dice: 1.0{})", weights.unwrap_or_default())
            }
            _ => "Regression()".to_owned(),
        })
    }

    fn stem(&self) -> Option<&'static str> {
        let ImageShape { height, width, .. } = self.cut.input;
        (height.min(width) >= LARGE).then_some("ImageNet")
    }

    fn transforms(&self, lines: &mut Lines) {
        let changes = changes(self.facts, self.cut.input);
        if changes.is_empty() {
            return;
        }
        lines.line("    // random changes of training images, beside mirroring");
        if changes.iter().any(|change| ["FlipVertical", "RightAngles"].contains(change)) {
            lines.line(
                "    // without FlipVertical and RightAngles where images have an upper side",
            );
        }
    }

    /// The data, by the settings that are not usual.
    fn data(&self) -> Result<String, EngineError> {
        let place = |path: &Path| ron(&self.beside(path)?);
        Ok(match &self.cut.data {
            Named::Known(Data::Images(ImageFolder(files))) => self.files(files)?,
            Named::Known(Data::Cifar(path)) => format!("Cifar({})", place(path)?),
            Named::Known(Data::Idx(IdxFiles { directory, classes })) => match classes {
                Some(classes) => {
                    format!("Idx(directory: {}, classes: {classes})", place(directory)?)
                }
                None => format!("Idx({})", place(directory)?),
            },
            other => ron(other)?,
        })
    }

    fn files(&self, files: &ImageFiles) -> Result<String, EngineError> {
        let split = match &files.split {
            FileSplit::Stored(list) => FileSplit::Stored(self.beside(list)?),
            split => split.clone(),
        };
        let directory = self.beside(&files.directory)?;
        let files = ImageFiles { directory, split, ..files.clone() };
        let usual = ImageFiles::at(files.directory.clone());
        let mut fields = vec![format!("directory: {}", ron(&files.directory)?)];
        let mut add = |name: &str, differs: bool, text: Result<String, EngineError>| {
            if differs {
                fields.push(format!("{name}: {}", text?));
            }
            Ok::<(), EngineError>(())
        };
        add("targets", files.targets != usual.targets, ron(&files.targets))?;
        add("split", files.split != usual.split, ron(&files.split))?;
        add("bands", files.bands != usual.bands, ron(&files.bands))?;
        add("size", files.size != usual.size, ron(&files.size))?;
        add("tiles", files.tiles != usual.tiles, ron(&files.tiles))?;
        add("crops", files.crops != usual.crops, ron(&files.crops))?;
        add("max_pixels", files.max_pixels != usual.max_pixels, ron(&files.max_pixels))?;
        add("cache", files.cache != usual.cache, ron(&files.cache))?;
        add("repeats", files.repeats != usual.repeats, ron(&files.repeats))?;
        let inside: String = fields.iter().map(|field| format!("        {field},\n")).collect();
        Ok(format!("Images(\n{inside}    )"))
    }

    /// A path as the file names it: from the file's folder on, where it lies below that.
    fn beside(&self, path: &Path) -> Result<PathBuf, EngineError> {
        let whole = |path: &Path| {
            absolute(path).map_err(|source| EngineError::Read { path: path.to_owned(), source })
        };
        let path = whole(path)?;
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = whole(folder.unwrap_or(Path::new(".")))?;
        Ok(match path.strip_prefix(&folder) {
            Ok(inside) if inside.as_os_str().is_empty() => PathBuf::from("."),
            Ok(inside) => inside.to_owned(),
            Err(_) => path,
        })
    }
}

/// Random changes for such images.
fn changes(facts: &Facts, input: ImageShape) -> Vec<&'static str> {
    // Digits and letters become others when they are turned.
    if let Named::Known(Data::Digits | Data::Idx(_)) | Named::Other(_) = facts.data {
        return Vec::new();
    }
    let square = input.height == input.width;
    match facts.targets {
        TargetSpec::Mask { ignore: Some(_), .. } => vec!["NnUnet"],
        TargetSpec::Mask { .. } => {
            let turned = if square { "RightAngles" } else { "FlipVertical" };
            vec![turned, "GaussianNoise()", "Brightness()", "Contrast()", "Gamma()"]
        }
        _ => vec!["Brightness()", "Contrast()"],
    }
}

fn ron<T: Serialize>(value: &T) -> Result<String, EngineError> {
    options()
        .to_string(value)
        .map_err(|error| EngineError::Encode { what: "the experiment", message: error.to_string() })
}
