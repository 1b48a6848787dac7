//! Prediction of images that are larger than the input of a network.

mod band;
mod starts;
mod weights;

use std::fmt::Debug;

use candle_core::Tensor;

use crate::{DataError, ImageShape};

use band::Band;
pub use starts::starts;
pub use weights::WindowWeights;

/// The rows of an image from the top to the bottom, each once.
///
/// An image that is larger than memory is read this way.
pub trait ImageRows: Debug {
    /// Shape of the whole image.
    fn shape(&self) -> ImageShape;

    /// Writes the next row: normalised pixels, `channels * width` values, channel by channel.
    ///
    /// # Errors
    /// [`DataError::PixelCount`] for room of another size, and the errors of the image's source.
    fn next_row(&mut self, row: &mut [f32]) -> Result<(), DataError>;
}

/// Finished rows of a prediction, for all columns of the image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PredictedRows<'a> {
    /// The first of these rows, counted from the top of the image.
    pub first: usize,
    /// Outputs for each pixel.
    pub channels: usize,
    /// Columns of the image.
    pub width: usize,
    /// `channels * rows * width` values, channel by channel and row by row.
    pub values: &'a [f32],
}

impl PredictedRows<'_> {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.values.len() / (self.channels * self.width)
    }
}

/// A window of fixed size that slides over an image; where windows overlap, their predictions are
/// averaged.
///
/// With the windows `v` that hold pixel `x`, their predictions `p_v` and weights `w`, the
/// prediction is `sum_v w(x - start_v) p_v(x) / sum_v w(x - start_v)`. [`WindowWeights::Gaussian`]
/// trusts the centre of a window more than its border, where a network sees less of the
/// surroundings, so that no seam is left.
///
/// Along each axis windows begin at [`starts`] that are at most `floor(s step)` pixels apart for a
/// side of s pixels: evenly spread, the last one ends with the image (as in nnU-Net, Isensee et al.
/// 2021, Nature Methods 18). An image that is smaller than the window
/// is padded with zeros on the right and below.
///
/// Memory grows with the image's width and not with its height: [`bytes`](Self::bytes).
#[derive(Clone, Debug, PartialEq)]
pub struct SlidingWindow {
    height: usize,
    width: usize,
    step: f64,
    weights: WindowWeights,
    mirrored: bool,
    batch: usize,
}

impl SlidingWindow {
    /// A window of `height` rows and `width` columns, which moves by half of its size; Gaussian
    /// weights, no mirroring, one window at a time.
    ///
    /// # Errors
    /// [`DataError::Window`] for a side of 0 or more than 65,536 pixels.
    pub fn new(height: usize, width: usize) -> Result<Self, DataError> {
        for (field, side) in [("height", height), ("width", width)] {
            if !(1..=LARGEST).contains(&side) {
                return Err(refused(field, "1 to 65536 pixels", side));
            }
        }
        let weights = WindowWeights::default();
        Ok(Self { height, width, step: 0.5, weights, mirrored: false, batch: 1 })
    }

    /// The same window, which moves by `step` of its side from one place to the next.
    ///
    /// # Errors
    /// [`DataError::Window`] for a step that is not above 0 and at most 1, or is less than a pixel.
    pub fn with_step(self, step: f64) -> Result<Self, DataError> {
        let least = 1.0 / self.height.min(self.width) as f64;
        if step >= least && step <= 1.0 {
            return Ok(Self { step, ..self });
        }
        Err(refused("step", "a share of the window: at least one pixel, at most 1", step))
    }

    /// The same window with other weights.
    #[must_use]
    pub fn with_weights(self, weights: WindowWeights) -> Self {
        Self { weights, ..self }
    }

    /// The same window with predictions averaged over it and its mirror images: left to right, top
    /// to bottom, and both. Four times as many predictions.
    #[must_use]
    pub fn mirrored(self) -> Self {
        Self { mirrored: true, ..self }
    }

    /// The same window with `batch` predicted at once.
    ///
    /// # Errors
    /// [`DataError::Window`] for 0 or more than 65,536.
    pub fn with_batch(self, batch: usize) -> Result<Self, DataError> {
        if (1..=LARGEST).contains(&batch) {
            return Ok(Self { batch, ..self });
        }
        Err(refused("batch", "1 to 65536 windows", batch))
    }

    /// Rows of the window.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns of the window.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The number of predictions for an image, mirror images included.
    #[must_use]
    pub fn predictions(&self, image: ImageShape) -> usize {
        let rows = self.tops(image).len();
        let columns = self.lefts(image).len();
        rows.saturating_mul(columns).saturating_mul(self.mirrors().len())
    }

    /// Bytes that [`predict`](Self::predict) holds for an image and `channels` outputs a pixel,
    /// beside what the network needs: a band of the image and of the sums as high as the window.
    #[must_use]
    pub fn bytes(&self, image: ImageShape, channels: usize) -> u64 {
        let row = image.width.max(self.width).saturating_mul(image.channels + channels);
        let patch = self.height.saturating_mul(self.width).saturating_mul(image.channels);
        let values = row.saturating_mul(self.height + 1) as u64;
        values.saturating_add(patch.saturating_mul(self.batch) as u64).saturating_mul(4)
    }

    /// First rows of the windows.
    fn tops(&self, image: ImageShape) -> Vec<usize> {
        starts(image.height, self.height, self.pixels(self.height))
    }

    /// First columns of the windows.
    fn lefts(&self, image: ImageShape) -> Vec<usize> {
        starts(image.width, self.width, self.pixels(self.width))
    }

    /// The step along a side.
    fn pixels(&self, side: usize) -> usize {
        (side as f64 * self.step) as usize
    }

    fn mirrors(&self) -> &'static [Mirror] {
        if self.mirrored { &Mirror::ALL } else { &Mirror::ALL[..1] }
    }

    /// Predicts an image: `network` maps windows `[B, C, height, width]` to `channels` outputs for
    /// every pixel, `[B, channels, height, width]`; `write` gets the finished rows from the top to
    /// the bottom, as soon as no further window holds them.
    ///
    /// Give the network's probabilities and not its logits, where averages of probabilities are
    /// wanted.
    ///
    /// # Errors
    /// The errors of the image, of the network and of `write`; [`DataError::UnusableShape`] for an
    /// image without pixels and [`DataError::WindowOutput`] for outputs of another shape.
    pub fn predict<E: From<DataError>>(
        &self,
        image: &mut dyn ImageRows,
        channels: usize,
        network: &mut dyn FnMut(&Tensor) -> Result<Tensor, E>,
        write: &mut dyn FnMut(PredictedRows<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let shape = image.shape();
        shape.pixels()?;
        let rows = self.tops(shape);
        let mut band = Band::new(self, shape, channels);
        for (at, &top) in rows.iter().enumerate() {
            band.read_to(top, image)?;
            band.predict(self, network)?;
            let next = rows.get(at + 1).copied().unwrap_or(shape.height);
            band.finish(next, write)?;
        }
        Ok(())
    }
}

/// The largest window and batch.
const LARGEST: usize = 1 << 16;

fn refused(field: &'static str, expected: &'static str, found: impl ToString) -> DataError {
    DataError::Window { field, expected, found: found.to_string() }
}

/// The directions in which a window is mirrored before it is predicted, and back afterwards.
#[derive(Clone, Copy, Debug)]
struct Mirror {
    rows: bool,
    columns: bool,
}

impl Mirror {
    const ALL: [Self; 4] = [
        Self { rows: false, columns: false },
        Self { rows: false, columns: true },
        Self { rows: true, columns: false },
        Self { rows: true, columns: true },
    ];
}

#[cfg(test)]
mod tests;
