//! Normalisation: from bytes to pixel values on a scale that suits networks.

use crate::{DataError, ImageShape};

/// The rule that turns a byte into a pixel value:
/// `(byte / scale - mean[channel]) / standard_deviation[channel]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalization {
    scale: f32,
    mean: Vec<f32>,
    standard_deviation: Vec<f32>,
}

impl Normalization {
    /// Divides by `scale`, subtracts `mean` and divides by `standard_deviation`, channel by
    /// channel.
    ///
    /// # Errors
    /// [`DataError::ChannelCount`] when the two slices differ in length,
    /// [`DataError::NormalizationConstant`] when a value is not finite, or `scale` or a standard
    /// deviation is not positive.
    pub fn new(scale: f32, mean: &[f32], standard_deviation: &[f32]) -> Result<Self, DataError> {
        if mean.len() != standard_deviation.len() {
            return Err(DataError::ChannelCount {
                expected: mean.len(),
                found: standard_deviation.len(),
            });
        }
        let bad = |name, channel, value| DataError::NormalizationConstant { name, channel, value };
        if !(scale.is_finite() && scale > 0.0) {
            return Err(bad("scale", 0, scale));
        }
        if let Some((channel, &value)) = mean.iter().enumerate().find(|(_, v)| !v.is_finite()) {
            return Err(bad("mean", channel, value));
        }
        let unusable = |v: f32| !(v.is_finite() && v > 0.0);
        if let Some((channel, &value)) =
            standard_deviation.iter().enumerate().find(|&(_, &v)| unusable(v))
        {
            return Err(bad("standard_deviation", channel, value));
        }
        Ok(Self { scale, mean: mean.to_vec(), standard_deviation: standard_deviation.to_vec() })
    }

    /// Divides by `scale` only: means 0, standard deviations 1 for each of `channels`.
    ///
    /// # Errors
    /// [`DataError::NormalizationConstant`] when `scale` is not finite and positive.
    pub fn scaled(scale: f32, channels: usize) -> Result<Self, DataError> {
        Self::new(scale, &vec![0.0; channels], &vec![1.0; channels])
    }

    /// The constants that give `pixels` (whole images of `shape`, channel by channel) mean 0 and
    /// standard deviation 1 in each channel.
    ///
    /// Sums are exact integers, so the result depends on nothing but the bytes. The standard
    /// deviation divides by the number of pixels (not by one less); a constant channel gets 1.
    ///
    /// # Errors
    /// [`DataError::UnusableShape`], [`DataError::PixelCount`] when `pixels` is empty or no whole
    /// number of images, [`DataError::NormalizationConstant`] for a bad `scale`.
    pub fn measured(scale: f32, shape: ImageShape, pixels: &[u8]) -> Result<Self, DataError> {
        let image = shape.pixels()?;
        if pixels.is_empty() || !pixels.len().is_multiple_of(image) {
            let expected = pixels.len().div_ceil(image).max(1).saturating_mul(image);
            return Err(DataError::PixelCount { expected, found: pixels.len() });
        }
        let mut sums = vec![(0_u64, 0_u64); shape.channels];
        for (plane, sum) in
            pixels.chunks_exact(shape.height * shape.width).zip((0..shape.channels).cycle())
        {
            for &byte in plane {
                sums[sum].0 += u64::from(byte);
                sums[sum].1 += u64::from(byte) * u64::from(byte);
            }
        }
        let pixels_of_channel = (pixels.len() / shape.channels) as u128;
        let count = pixels_of_channel as f64;
        let (mean, deviation): (Vec<f32>, Vec<f32>) = sums
            .iter()
            .map(|&(sum, squares)| {
                let mean = sum as f64 / count;
                // In integers: the difference of two large numbers has no rounding to lose it in.
                let of_count = u128::from(squares) * pixels_of_channel - u128::from(sum).pow(2);
                let variance = of_count as f64 / (count * count);
                let scale = f64::from(scale);
                let deviation = if variance > 0.0 { variance.sqrt() / scale } else { 1.0 };
                ((mean / scale) as f32, deviation as f32)
            })
            .unzip();
        Self::new(scale, &mean, &deviation)
    }

    /// The divisor of the bytes.
    #[must_use]
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// Mean of each channel, in units of `byte / scale`.
    #[must_use]
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// Standard deviation of each channel, in units of `byte / scale`.
    #[must_use]
    pub fn standard_deviation(&self) -> &[f32] {
        &self.standard_deviation
    }

    /// Number of channels.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.mean.len()
    }

    /// The pixel values of whole images of `shape`, given channel by channel and row by row.
    ///
    /// # Errors
    /// [`DataError::UnusableShape`], [`DataError::ChannelCount`] when `shape` has other channels,
    /// and [`DataError::PixelCount`] when `bytes` are no whole number of images.
    pub fn apply(&self, shape: ImageShape, bytes: &[u8]) -> Result<Vec<f32>, DataError> {
        let image = shape.pixels()?;
        if self.channels() != shape.channels {
            let expected = shape.channels;
            let found = self.channels();
            return Err(DataError::ChannelCount { expected, found });
        }
        if !bytes.len().is_multiple_of(image) {
            let expected = bytes.len().div_ceil(image).saturating_mul(image);
            return Err(DataError::PixelCount { expected, found: bytes.len() });
        }
        let tables = self.tables();
        let planes = bytes.chunks_exact(shape.height * shape.width);
        let values = planes
            .zip(tables.iter().cycle())
            .flat_map(|(plane, table)| plane.iter().map(|&byte| table[usize::from(byte)]));
        Ok(values.collect())
    }

    /// The 256 pixel values of each channel, indexed by byte.
    pub(crate) fn tables(&self) -> Vec<[f32; 256]> {
        self.mean
            .iter()
            .zip(&self.standard_deviation)
            .map(|(&mean, &deviation)| {
                let mut table = [0.0; 256];
                for (byte, value) in (0..=u8::MAX).zip(&mut table) {
                    *value = (f32::from(byte) / self.scale - mean) / deviation;
                }
                table
            })
            .collect()
    }
}
