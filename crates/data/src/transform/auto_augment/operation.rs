//! The operations of sub-policies, on levels of 8 bits.

use super::moved::Affine;
use crate::transform::Picture;
use crate::transform::levels::{Levels, change_levels};
use crate::{DataError, ImageShape, Normalization};

/// An operation that policies name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    ShearX,
    ShearY,
    TranslateX,
    TranslateY,
    Rotate,
    AutoContrast,
    Invert,
    Equalize,
    Solarize,
    Posterize,
    Contrast,
    Color,
    Brightness,
    Sharpness,
}

impl Operation {
    /// True where magnitudes go to both sides of nothing.
    pub(super) const fn is_signed(self) -> bool {
        !matches!(
            self,
            Self::AutoContrast | Self::Invert | Self::Equalize | Self::Solarize | Self::Posterize
        )
    }

    /// The meaning of a magnitude from 0 to 9: a shear, a number of pixels or degrees, what a factor
    /// differs from 1 by, a level, or a number of bits.
    pub(super) fn strength(self, magnitude: u8, shape: ImageShape) -> f64 {
        let share = f64::from(magnitude) / 9.0;
        match self {
            Self::ShearX | Self::ShearY => 0.3 * share,
            Self::TranslateX => (150.0 / 331.0 * shape.width as f64 * share).trunc(),
            Self::TranslateY => (150.0 / 331.0 * shape.height as f64 * share).trunc(),
            Self::Rotate => 30.0 * share,
            Self::Contrast | Self::Color | Self::Brightness | Self::Sharpness => 0.9 * share,
            Self::Solarize => 255.0 - 255.0 * share,
            Self::Posterize => 8.0 - (4.0 * share).round_ties_even(),
            Self::AutoContrast | Self::Invert | Self::Equalize => 0.0,
        }
    }

    /// Applies it with a strength and, where it has one, its sign. What comes from outside has the
    /// level `fill`.
    pub(super) fn apply(
        self,
        picture: &mut Picture<'_>,
        strength: f64,
        rule: &Normalization,
        fill: u8,
    ) -> Result<(), DataError> {
        let mut affine = Affine { across: [1.0, 0.0, 0.0], down: [0.0, 1.0, 0.0] };
        match self {
            Self::ShearX => affine.across[1] = strength,
            Self::ShearY => affine.down[0] = strength,
            Self::TranslateX => affine.across[2] = -strength,
            Self::TranslateY => affine.down[2] = -strength,
            Self::Rotate => affine = Affine::rotation(strength, picture.shape()),
            _ => {
                change_levels(picture, rule, |levels| self.change(levels, strength));
                return Ok(());
            }
        }
        affine.apply(picture, rule, fill)
    }

    /// Changes levels; operations that move pixels change none.
    pub(super) fn change(self, levels: &mut Levels, strength: f64) {
        let factor = (1.0 + strength) as f32;
        match self {
            Self::AutoContrast => each_plane(levels, auto_contrast),
            Self::Equalize => each_plane(levels, equalize),
            Self::Invert => each_plane(levels, |_| table(|level| 255 - level)),
            Self::Solarize => each_plane(levels, |_| {
                table(|level| if f64::from(level) < strength { level } else { 255 - level })
            }),
            Self::Posterize => {
                let kept = u8::MAX << (8 - (strength as u32).clamp(1, 8));
                each_plane(levels, |_| table(|level| level & kept));
            }
            Self::Brightness => blend(levels, factor, |_, _| 0),
            Self::Contrast => {
                let grey = levels.grey();
                let sum: u64 = grey.iter().map(|&level| u64::from(level)).sum();
                let mean = (sum as f64 / grey.len().max(1) as f64 + 0.5) as u8;
                blend(levels, factor, |_, _| mean);
            }
            Self::Color => {
                let grey = levels.grey();
                blend(levels, factor, |_, at| grey[at]);
            }
            Self::Sharpness => {
                let width = levels.width;
                let smooth: Vec<Vec<u8>> =
                    levels.planes.iter().map(|plane| smooth(plane, width)).collect();
                blend(levels, factor, |channel, at| smooth[channel][at]);
            }
            Self::ShearX | Self::ShearY | Self::TranslateX | Self::TranslateY | Self::Rotate => {}
        }
    }
}

/// The level that each level becomes.
type Table = [u8; 256];

fn table(to: impl Fn(u8) -> u8) -> Table {
    let mut table = [0; 256];
    (0..=u8::MAX).zip(&mut table).for_each(|(level, new)| *new = to(level));
    table
}

fn each_plane(levels: &mut Levels, rule: impl Fn(&[u8]) -> Table) {
    for plane in &mut levels.planes {
        let table = rule(plane);
        plane.iter_mut().for_each(|level| *level = table[usize::from(*level)]);
    }
}

/// Stretches the levels that occur to 0..=255.
fn auto_contrast(plane: &[u8]) -> Table {
    let least = plane.iter().copied().min().unwrap_or_default();
    let most = plane.iter().copied().max().unwrap_or_default();
    if most <= least {
        return table(|level| level);
    }
    let scale = 255.0 / f64::from(most - least);
    let offset = -f64::from(least) * scale;
    // The cast cuts, and saturates.
    table(|level| (f64::from(level) * scale + offset) as u8)
}

/// Makes all levels about equally frequent. `step` pixels, a 255th of those below the highest level
/// that occurs, make one new level.
fn equalize(plane: &[u8]) -> Table {
    let mut counts = [0_u64; 256];
    plane.iter().for_each(|&level| counts[usize::from(level)] += 1);
    let highest = counts.iter().rposition(|&count| count > 0).unwrap_or_default();
    let step = counts[..highest].iter().sum::<u64>() / 255;
    if step == 0 {
        return table(|level| level);
    }
    let mut below = step / 2;
    let mut table = [0; 256];
    for (new, count) in table.iter_mut().zip(counts) {
        *new = (below / step).min(255) as u8;
        below += count;
    }
    table
}

/// `plain + factor (level - plain)`, cut to 0..=255 and then to whole levels, where `plain` is given
/// the channel and the place.
fn blend(levels: &mut Levels, factor: f32, plain: impl Fn(usize, usize) -> u8) {
    for (channel, plane) in levels.planes.iter_mut().enumerate() {
        for (at, level) in plane.iter_mut().enumerate() {
            let plain = f32::from(plain(channel, at));
            // The cast cuts, and saturates.
            *level = (plain + factor * (f32::from(*level) - plain)) as u8;
        }
    }
}

/// The mean of 3x3 levels, the one in the middle counted five times; the border stays.
fn smooth(plane: &[u8], width: usize) -> Vec<u8> {
    let height = plane.len() / width.max(1);
    let mut smooth = plane.to_vec();
    for row in 1..height.saturating_sub(1) {
        for column in 1..width.saturating_sub(1) {
            let at = row * width + column;
            let rows = [at - width, at, at + width];
            let around =
                rows.iter().flat_map(|&at| &plane[at - 1..=at + 1]).map(|&level| u32::from(level));
            let sum = around.sum::<u32>() + 4 * u32::from(plane[at]);
            smooth[at] = ((2 * sum + 13) / 26) as u8;
        }
    }
    smooth
}
