//! Colours as levels of 8 bits, as Pillow has them, and as numbers from 0 to 1.

use super::{Picture, PictureSpec};
use crate::{DataError, Normalization, TargetSpec};

/// The colours of an image as bytes, channel by channel and row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Levels {
    pub(super) width: usize,
    pub(super) planes: Vec<Vec<u8>>,
}

impl Levels {
    /// The luma of each pixel, `(19595 R + 38470 G + 7471 B + 32768) / 65536`: ITU-R 601-2 in whole
    /// numbers. A grey image is its own.
    pub(super) fn grey(&self) -> Vec<u8> {
        match &self.planes[..] {
            [red, green, blue] => {
                let colours = red.iter().zip(green).zip(blue);
                colours.map(|((&red, &green), &blue)| luma([red, green, blue])).collect()
            }
            other => other.first().cloned().unwrap_or_default(),
        }
    }
}

fn luma(colour: [u8; 3]) -> u8 {
    let [red, green, blue] = colour.map(u32::from);
    ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16) as u8
}

/// The rule that made the pixels of stored values, or the refusal to work without.
pub(super) fn rule<'a>(
    picture: &Picture<'a>,
    field: &'static str,
) -> Result<&'a Normalization, DataError> {
    if let Some(rule) = picture.normalization() {
        return Ok(rule);
    }
    let shape = picture.shape();
    let targets = TargetSpec::Class { classes: 1 };
    let images = PictureSpec { shape, targets, normalization: None };
    Err(images.check_colours(field).err().unwrap_or(DataError::UnusableShape { shape }))
}

/// Changes the levels of a picture; colours beyond 0 to 1 become the nearest end.
pub(super) fn change_levels(
    picture: &mut Picture<'_>,
    rule: &Normalization,
    change: impl FnOnce(&mut Levels),
) {
    let width = picture.shape().width;
    let constants = || rule.mean().iter().zip(rule.standard_deviation());
    let planes = picture.planes().zip(constants()).map(|(plane, (mean, deviation))| {
        // A cast to a byte saturates.
        let level = |value: &f32| ((value * deviation + mean) * 255.0).round() as u8;
        plane.iter().map(level).collect()
    });
    let mut levels = Levels { width, planes: planes.collect() };
    change(&mut levels);
    let new = levels.planes.iter().zip(constants());
    for (plane, (levels, (mean, deviation))) in picture.planes().zip(new) {
        for (value, &level) in plane.iter_mut().zip(levels) {
            *value = (f32::from(level) / 255.0 - mean) / deviation;
        }
    }
}

/// The normalised value of a level in a channel.
pub(super) fn value_of(rule: &Normalization, channel: usize, level: u8) -> f32 {
    let mean = rule.mean().get(channel).copied().unwrap_or_default();
    let deviation = rule.standard_deviation().get(channel).copied().unwrap_or(1.0);
    (f32::from(level) / 255.0 - mean) / deviation
}

/// Changes the colours of a picture as numbers from 0 to 1, plane after plane.
pub(super) fn change_colours(
    picture: &mut Picture<'_>,
    rule: &Normalization,
    change: impl FnOnce(&mut [f32]),
) {
    let constants = || rule.mean().iter().zip(rule.standard_deviation());
    for (plane, (mean, deviation)) in picture.planes().zip(constants()) {
        plane.iter_mut().for_each(|value| *value = *value * deviation + mean);
    }
    change(picture.pixels());
    for (plane, (mean, deviation)) in picture.planes().zip(constants()) {
        plane.iter_mut().for_each(|value| *value = (*value - mean) / deviation);
    }
}
