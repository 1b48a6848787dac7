//! Predictions for images in files.

mod colours;
mod mask;
mod outputs;
mod pieces;
mod table;

use std::path::{Path, PathBuf};

use dartloom::data::images::{Bands, Size};
use dartloom::data::{SlidingWindow, TargetSpec};
use dartloom::record::Flow;
use dartloom::verdict::{Trained, TrainedError};

use crate::error::EngineError;
use outputs::Outputs;
pub use pieces::{Piece, pieces};

/// The way in which images are read, predicted and written.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictConfig {
    /// The bands that are read.
    pub bands: Bands,
    /// The size that images are given, for networks with one answer for an image.
    pub size: Size,
    /// Windows move by this share of their side, for networks with an answer for every pixel.
    pub step: f64,
    /// Averages predictions over mirror images of every window.
    pub mirrored: bool,
    /// Windows or images that the network sees at once.
    pub batch: usize,
    /// Writes the probability of every class of every pixel, too.
    pub probabilities: bool,
    /// Writes every image with its mask painted over it, too.
    pub overlay: bool,
}

impl Default for PredictConfig {
    fn default() -> Self {
        Self {
            bands: Bands::AsStored,
            size: Size::AsStored,
            step: 0.5,
            mirrored: false,
            batch: 4,
            probabilities: false,
            overlay: false,
        }
    }
}

impl PredictConfig {
    /// The defaults, with the bands and, for networks with one answer for an image, the size that
    /// the network was trained with, where its file says so.
    #[must_use]
    pub fn of(model: &Trained) -> Self {
        let usual = Self::default();
        let Some(reading) = model.reading() else { return usual };
        let masks = matches!(model.targets(), TargetSpec::Mask { .. });
        let size = if masks { usual.size } else { reading.size };
        Self { bands: reading.bands, size, ..usual }
    }
}

/// The state of a prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Predicting<'a> {
    /// The image that is being predicted.
    pub image: &'a Path,
    /// Images that are done.
    pub done: usize,
    /// Images in all.
    pub images: usize,
    /// The part of this image that is done, from 0 to 1.
    pub share: f64,
}

/// The files that a prediction has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predicted {
    /// The files, in the order in which they were finished.
    pub files: Vec<PathBuf>,
    /// True if it was stopped before all images were done; the files are whole.
    pub stopped: bool,
}

/// The end of a prediction before its end.
enum Halt {
    Stopped,
    Failed(EngineError),
}

impl From<EngineError> for Halt {
    fn from(error: EngineError) -> Self {
        Self::Failed(error)
    }
}

macro_rules! failures {
    ($($error:ty),*) => {$(
        impl From<$error> for Halt {
            fn from(error: $error) -> Self {
                Self::Failed(EngineError::Input(Box::new(error.into())))
            }
        }
    )*};
}
failures!(dartloom::data::DataError, TrainedError);

/// Predicts images with a trained network and writes the results into the directory `out`, which is
/// made where it is not there.
///
/// A network with an answer for every pixel gives a mask for each image: `NAME.png` of class
/// numbers, or `NAME.tif` with the georeference of an image that is a TIFF file; with them, on
/// request, `NAME.probabilities.tif` (floats, a band for each class) and `NAME.overlay.png`. A
/// network with an answer for the image gives one table `predictions.csv` with a row for each.
///
/// `images` are files, and folders of which all images are taken. `watch` is asked after every few
/// rows or images whether to go on.
///
/// # Errors
/// Before anything is predicted: [`EngineError::Input`] for a network without normalisation,
/// [`EngineError::Prediction`] for no images, images of equal names, and results that would take
/// the place of an image. Then those of images and files; what has been written until then stays.
pub fn predict(
    model: &Trained,
    images: &[PathBuf],
    out: &Path,
    config: &PredictConfig,
    watch: &mut dyn FnMut(Predicting<'_>) -> Flow,
) -> Result<Predicted, EngineError> {
    let input = model.input();
    let window = SlidingWindow::new(input.height, input.width).and_then(|window| {
        let window = window.with_step(config.step)?.with_batch(config.batch)?;
        Ok(if config.mirrored { window.mirrored() } else { window })
    });
    let window = window.map_err(refused)?;
    let constants = model.normalization().ok_or(TrainedError::NoNormalization).map_err(refused)?;
    let masks = matches!(model.targets(), TargetSpec::Mask { .. });
    let images = outputs::images(images)?;
    let outputs: Vec<Outputs> =
        images.iter().map(|image| Outputs::of(image, out, masks, config)).collect();
    outputs::check(&images, &outputs)?;
    std::fs::create_dir_all(out)
        .map_err(|source| EngineError::Write { path: out.to_owned(), source })?;
    let mut job = Job { model, constants, config, window, watch, files: Vec::new() };
    let end = if masks { job.masks(&images, &outputs) } else { job.table(&images, out) };
    match end {
        Err(Halt::Failed(error)) => Err(error),
        end => Ok(Predicted { files: job.files, stopped: end.is_err() }),
    }
}

fn refused(error: impl Into<dartloom::Error>) -> EngineError {
    EngineError::Input(Box::new(error.into()))
}

/// A prediction on its way.
struct Job<'a> {
    model: &'a Trained,
    constants: &'a dartloom::data::Normalization,
    config: &'a PredictConfig,
    window: SlidingWindow,
    watch: &'a mut dyn FnMut(Predicting<'_>) -> Flow,
    files: Vec<PathBuf>,
}

impl Job<'_> {
    /// Tells how far it is; a wish to stop ends it.
    fn tell(&mut self, at: Predicting<'_>) -> Result<(), Halt> {
        match (self.watch)(at) {
            Flow::Continue => Ok(()),
            Flow::Stop => Err(Halt::Stopped),
        }
    }
}

#[cfg(test)]
mod tests;
