//! Images of other sizes.

use serde::{Deserialize, Serialize};

use super::Raster;
use super::raster::{Values, Window, each};
use crate::ImageShape;

/// The size that every image of a data set is given.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Size {
    /// As stored: all images must have one size.
    #[default]
    AsStored,
    /// Resized to `(height, width)`; the ratio of sides may change.
    Resize(usize, usize),
    /// Resized so that it covers `(height, width)`, ratio kept, and cropped to the centre.
    Cover(usize, usize),
    /// The central `(height, width)` pixels; smaller images are refused.
    CentreCrop(usize, usize),
}

impl Size {
    /// Height and width of the result on images of a size.
    pub(super) fn result(self, shape: ImageShape) -> ImageShape {
        match self {
            Self::AsStored => shape,
            Self::Resize(height, width)
            | Self::Cover(height, width)
            | Self::CentreCrop(height, width) => ImageShape { height, width, ..shape },
        }
    }

    /// Height and width that are asked for, unless images stay as stored.
    pub(super) fn asked(self) -> Option<[usize; 2]> {
        match self {
            Self::AsStored => None,
            Self::Resize(height, width)
            | Self::Cover(height, width)
            | Self::CentreCrop(height, width) => Some([height, width]),
        }
    }

    /// The image in this size: by averaging, or by the nearest pixel where the values are labels.
    pub(super) fn apply(self, image: Raster, labels: bool) -> Raster {
        match self {
            Self::AsStored => image,
            Self::Resize(height, width) => image.resized(height, width, labels),
            Self::Cover(height, width) => {
                let [tall, wide] = covering(image.shape(), height, width);
                let image = image.resized(tall, wide, labels);
                image.region(centre(image.shape(), height, width))
            }
            Self::CentreCrop(height, width) => image.region(centre(image.shape(), height, width)),
        }
    }
}

/// The smallest size of the same ratio that covers `height` rows and `width` columns.
fn covering(shape: ImageShape, height: usize, width: usize) -> [usize; 2] {
    // Compares height / shape.height with width / shape.width.
    if height * shape.width >= width * shape.height {
        [height, rounded(height * shape.width, shape.height).max(width)]
    } else {
        [rounded(width * shape.height, shape.width).max(height), width]
    }
}

fn rounded(value: usize, divisor: usize) -> usize {
    (value + divisor / 2) / divisor
}

fn centre(shape: ImageShape, height: usize, width: usize) -> Window {
    Window {
        top: shape.height.saturating_sub(height) / 2,
        left: shape.width.saturating_sub(width) / 2,
        height,
        width,
    }
}

impl Raster {
    /// The image with `height` rows and `width` columns.
    ///
    /// Labels take the value of the nearest pixel, `floor((i + 1/2) * scale)`. Other values are
    /// averaged with the weights `max(0, 1 - |x| / s)` around the centre `(i + 1/2) * scale`, `s`
    /// being the scale and at least 1: bilinear where the image grows, without aliasing where it
    /// shrinks, as Pillow and torchvision do. Integers are rounded to the nearest.
    #[must_use]
    pub fn resized(&self, height: usize, width: usize, labels: bool) -> Self {
        let shape = ImageShape { height, width, ..self.shape() };
        if shape == self.shape() {
            return self.clone();
        }
        let from = self.shape();
        let values = if labels {
            each!(self.values(), all => nearest(all, from, shape))
        } else {
            let floats = averaged(&self.values().to_floats(), from, shape);
            match self.values() {
                Values::U8(_) => Values::U8(floats.iter().map(|v| v.round() as u8).collect()),
                Values::U16(_) => Values::U16(floats.iter().map(|v| v.round() as u16).collect()),
                Values::F32(_) => Values::F32(floats),
            }
        };
        // Both shapes have pixels, and `values` fills the second.
        Self::new(shape, values).unwrap_or_else(|_| self.clone())
    }
}

fn nearest<T: Copy>(values: &[T], from: ImageShape, to: ImageShape) -> Vec<T> {
    let place = |index: usize, from: usize, to: usize| (2 * index + 1) * from / (2 * to);
    let columns: Vec<usize> =
        (0..to.width).map(|column| place(column, from.width, to.width)).collect();
    let mut result = Vec::with_capacity(to.channels * to.height * to.width);
    for plane in values.chunks_exact(from.height * from.width) {
        for row in 0..to.height {
            let start = place(row, from.height, to.height) * from.width;
            result.extend(columns.iter().map(|column| plane[start + column]));
        }
    }
    result
}

/// The sources of one row or column and their weights.
#[derive(Debug)]
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

fn taps(from: usize, to: usize) -> Vec<Taps> {
    let scale = from as f64 / to as f64;
    let reach = scale.max(1.0);
    let of = |index: usize| {
        let centre = (index as f64 + 0.5) * scale;
        let first = (centre - reach).floor().max(0.0) as usize;
        let last = ((centre + reach).ceil() as usize).min(from);
        let weight = |source: usize| (1.0 - (source as f64 + 0.5 - centre).abs() / reach).max(0.0);
        let weights: Vec<f64> = (first..last).map(weight).collect();
        let sum: f64 = weights.iter().sum();
        Taps { first, weights: weights.into_iter().map(|weight| (weight / sum) as f32).collect() }
    };
    (0..to).map(of).collect()
}

fn averaged(values: &[f32], from: ImageShape, to: ImageShape) -> Vec<f32> {
    let columns = taps(from.width, to.width);
    let rows = taps(from.height, to.height);
    let mut result = Vec::with_capacity(to.channels * to.height * to.width);
    for plane in values.chunks_exact(from.height * from.width) {
        let across = |row: &[f32], taps: &Taps| -> f32 {
            let sources = &row[taps.first..taps.first + taps.weights.len()];
            sources.iter().zip(&taps.weights).map(|(value, weight)| value * weight).sum()
        };
        let narrow: Vec<Vec<f32>> = plane
            .chunks_exact(from.width)
            .map(|row| columns.iter().map(|taps| across(row, taps)).collect())
            .collect();
        for taps in &rows {
            let sources = &narrow[taps.first..taps.first + taps.weights.len()];
            result.extend((0..to.width).map(|column| {
                let pairs = sources.iter().zip(&taps.weights);
                pairs.map(|(row, weight)| row[column] * weight).sum::<f32>()
            }));
        }
    }
    result
}
