//! `dartloom predict`.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use dartloom::data::TargetSpec;
use dartloom::data::images::{Bands, Size};
use dartloom::ops::Registry;
use dartloom::record::Observer as _;
use dartloom::space::Shape;
use dartloom::verdict::Trained;
use dartloom_engine::EngineError;
use dartloom_engine::predict::{PredictConfig, Predicting, pieces, predict};
use indicatif::{ProgressBar, ProgressStyle};

use crate::error::CliError;
use crate::output;
use crate::run::{STOPPED, Signal};
use crate::say::say;

/// Predicts images with a trained network: masks where it has an answer for every pixel, and a
/// table of classes, labels or values where it has one for the image.
///
/// Masks are PNG files of class numbers, and TIFF files with the georeference of images that are
/// TIFF files. Images may be larger than the memory. The names of what was written go to stdout.
/// Exit codes: 0 done, 1 failure, 2 bad usage or input, 130 stopped by Ctrl-C; files that were
/// written are whole.
#[derive(Debug, Args)]
pub(crate) struct PredictArguments {
    /// A trained network, such as `models/darts-0.safetensors` in the directory of a run.
    model: PathBuf,
    /// Images, and folders of which all images are taken.
    #[arg(required = true)]
    images: Vec<PathBuf>,
    /// The directory of the results; it is made where it is not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write every image with its mask painted over it, too: `NAME.overlay.png`.
    #[arg(long)]
    overlay: bool,
    /// Write the probability of every class of every pixel, too: `NAME.probabilities.tif`.
    #[arg(long)]
    probabilities: bool,
    /// Average over mirror images: better masks in four times the time.
    #[arg(long)]
    mirrored: bool,
    /// Windows move by this share of their side.
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    step: f64,
    /// Windows or images that the network sees at once.
    #[arg(long, value_name = "N", default_value_t = 4)]
    batch: usize,
    /// Read these bands: `grey`, `rgb`, or the first so many; those of the training when left out.
    #[arg(long, value_name = "BANDS", value_parser = bands)]
    bands: Option<Bands>,
    /// Give images the size that the network was trained with, where it has one answer for an
    /// image; as in the training when left out.
    #[arg(long, value_name = "HOW")]
    fit: Option<Fit>,
}

/// The way to the network's size.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Fit {
    /// Resize; the ratio of sides may change.
    Resize,
    /// Resize until it covers the size, and crop to the centre.
    Cover,
    /// Crop to the centre.
    Crop,
}

fn bands(text: &str) -> Result<Bands, String> {
    match text {
        "grey" => Ok(Bands::Grey),
        "rgb" => Ok(Bands::Rgb),
        count => match count.parse() {
            Ok(count @ 1..) => Ok(Bands::First(count)),
            _ => Err("expected `grey`, `rgb` or a number of bands".to_owned()),
        },
    }
}

/// Predicts and prints the names of what was written.
pub(crate) fn run(arguments: &PredictArguments) -> Result<ExitCode, CliError> {
    let model = load(&arguments.model)?;
    let config = config(arguments, &model)?;
    if masks(&model) {
        for piece in pieces(&arguments.images)? {
            say!("note: {piece}");
        }
    }
    let mut signal = Signal::listen()?;
    let mut progress = Progress::new();
    let mut watch = |at: Predicting<'_>| {
        progress.show(&at);
        signal.go_on()
    };
    let predicted = predict(&model, &arguments.images, &arguments.out, &config, &mut watch)?;
    progress.finish();
    let names: String =
        predicted.files.iter().map(|path| format!("{}\n", path.display())).collect();
    output::print(&names)?;
    if predicted.stopped {
        say!("stopped: {} files are written and whole", predicted.files.len());
        return Ok(ExitCode::from(STOPPED));
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the file of a trained network.
pub(crate) fn load(model: &std::path::Path) -> Result<Trained, CliError> {
    let refused = |error: dartloom::Error| CliError::from(EngineError::Input(Box::new(error)));
    let registry = Registry::standard().map_err(|error| refused(error.into()))?;
    Trained::load(model, &registry).map_err(|error| refused(error.into()))
}

fn config(arguments: &PredictArguments, model: &Trained) -> Result<PredictConfig, CliError> {
    let Shape { height, width, .. } = model.input();
    let masks = masks(model);
    let useless = [
        ("--overlay", arguments.overlay, true),
        ("--probabilities", arguments.probabilities, true),
        ("--mirrored", arguments.mirrored, true),
        ("--fit", arguments.fit.is_some(), false),
    ];
    for (option, given, for_masks) in useless {
        if given && for_masks != masks {
            let answers = if masks { "every pixel" } else { "the whole image" };
            let subject = format!("a network with an answer for {answers}");
            return Err(CliError::NoEffect { option, subject, hint: "" });
        }
    }
    let usual = PredictConfig::of(model);
    let size = match arguments.fit {
        None => usual.size,
        Some(Fit::Resize) => Size::Resize(height, width),
        Some(Fit::Cover) => Size::Cover(height, width),
        Some(Fit::Crop) => Size::CentreCrop(height, width),
    };
    Ok(PredictConfig {
        bands: arguments.bands.unwrap_or(usual.bands),
        size,
        step: arguments.step,
        mirrored: arguments.mirrored,
        batch: arguments.batch,
        probabilities: arguments.probabilities,
        overlay: arguments.overlay,
    })
}

/// `true` for a network with an answer for every pixel.
fn masks(model: &Trained) -> bool {
    matches!(model.targets(), TargetSpec::Mask { .. })
}

/// A bar on a terminal, and a line now and then elsewhere.
struct Progress {
    origin: Instant,
    told: Instant,
    bar: Option<ProgressBar>,
}

/// The time between two lines.
const PAUSE: Duration = Duration::from_secs(10);
/// Ticks of the bar.
const TICKS: u64 = 1000;

impl Progress {
    fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {eta} left");
            // The template is a constant; were it wrong, the plain bar would do.
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(TICKS).with_style(style)
        });
        let now = Instant::now();
        Self { origin: now, told: now, bar }
    }

    fn show(&mut self, at: &Predicting<'_>) {
        let share = (at.done as f64 + at.share) / at.images as f64;
        let image = at.image.display().to_string();
        if let Some(bar) = &self.bar {
            bar.set_message(image);
            bar.set_position((share * TICKS as f64) as u64);
        } else if self.told.elapsed() >= PAUSE && share > 0.0 {
            let left = self.origin.elapsed().as_secs_f64() * (1.0 - share) / share;
            say!("{:3.0} %  {image}  {left:.0} s left", share * 100.0);
            self.told = Instant::now();
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
