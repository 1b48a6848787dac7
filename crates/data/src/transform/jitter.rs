use rand::RngCore;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::chance::between;
use super::levels::{change_colours, rule};
use super::{Picture, PictureSpec, Transform};
use crate::DataError;

/// Colour jitter, photometric: brightness, contrast, saturation and hue are changed in a drawn
/// order (torchvision's `ColorJitter`). It acts on colours from 0 to 1, which are
/// `value * deviation + mean` of the [`Normalization`](crate::Normalization), and cuts what leaves
/// them.
///
/// With a factor `f` drawn from `max(0, 1 - x)` to `1 + x` for each setting `x`, and the grey value
/// `y = 0.2989 R + 0.587 G + 0.114 B` of a pixel:
///
/// - brightness: `f v`
/// - contrast: `f v + (1 - f) mean(y)`
/// - saturation: `f v + (1 - f) y`
/// - hue: the hue of HSV, from 0 to 1, moves by a number from `-hue` to `hue`
///
/// A setting of 0 turns its change off. Draws seven numbers or more.
///
/// # Differences from torchvision
/// Colours are numbers, as in its tensors of floats, and not 8 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ColorJitter {
    /// Strength of the change of brightness, 0 or more.
    pub brightness: f64,
    /// Strength of the change of contrast, 0 or more.
    pub contrast: f64,
    /// Strength of the change of saturation, 0 or more.
    pub saturation: f64,
    /// The largest shift of the hue, 0 to 0.5.
    pub hue: f64,
}

impl Transform for ColorJitter {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        for (field, strength) in [
            ("ColorJitter.brightness", self.brightness),
            ("ColorJitter.contrast", self.contrast),
            ("ColorJitter.saturation", self.saturation),
        ] {
            if !(0.0..=100.0).contains(&strength) {
                return Err(images.refusal(field, "a strength, 0 to 100", strength));
            }
        }
        if !(0.0..=0.5).contains(&self.hue) {
            return Err(images.refusal("ColorJitter.hue", "a shift, 0 to 0.5", self.hue));
        }
        for (field, strength) in
            [("ColorJitter.saturation", self.saturation), ("ColorJitter.hue", self.hue)]
        {
            if strength > 0.0 && images.shape.channels != 3 {
                return Err(images.refusal(field, "0 for images without 3 channels", strength));
            }
        }
        images.check_grey_or_rgb("ColorJitter")?;
        images.check_colours("ColorJitter")
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        let around = |strength: f64| ((1.0 - strength).max(0.0), 1.0 + strength);
        let mut order = [0, 1, 2, 3];
        order.shuffle(random);
        let brightness = between(around(self.brightness), random);
        let contrast = between(around(self.contrast), random);
        let saturation = between(around(self.saturation), random);
        let hue = between((-self.hue, self.hue), random);
        if [self.brightness, self.contrast, self.saturation, self.hue].iter().all(|&x| x <= 0.0) {
            return Ok(());
        }
        let rule = rule(picture, "ColorJitter")?;
        change_colours(picture, rule, |pixels| {
            for number in order {
                match number {
                    0 if self.brightness > 0.0 => brighten(pixels, brightness as f32),
                    1 if self.contrast > 0.0 => change_contrast(pixels, contrast as f32),
                    2 if self.saturation > 0.0 => saturate(pixels, saturation as f32),
                    3 if self.hue > 0.0 => shift_hue(pixels, hue as f32),
                    _ => {}
                }
            }
        });
        Ok(())
    }
}

pub(super) fn brighten(pixels: &mut [f32], factor: f32) {
    pixels.iter_mut().for_each(|value| *value = (*value * factor).clamp(0.0, 1.0));
}

/// Calls `change` with red, green and blue of each pixel; a grey image stays.
fn each_colour(pixels: &mut [f32], mut change: impl FnMut([f32; 3]) -> [f32; 3]) {
    let plane = pixels.len() / 3;
    let (red, rest) = pixels.split_at_mut(plane);
    let (green, blue) = rest.split_at_mut(plane);
    for ((red, green), blue) in red.iter_mut().zip(green).zip(blue) {
        [*red, *green, *blue] = change([*red, *green, *blue]);
    }
}

fn grey([red, green, blue]: [f32; 3]) -> f32 {
    0.2989 * red + 0.587 * green + 0.114 * blue
}

pub(super) fn change_contrast(pixels: &mut [f32], factor: f32) {
    // The mean of grey values is the grey value of means; a grey image has one.
    let third = (pixels.len() / 3).max(1);
    let mean = |plane: &[f32]| {
        (plane.iter().map(|&value| f64::from(value)).sum::<f64>() / plane.len() as f64) as f32
    };
    let means: Vec<f32> = pixels.chunks(third).map(mean).collect();
    let middle = match means[..] {
        [red, green, blue] => grey([red, green, blue]),
        _ => mean(pixels),
    };
    for value in pixels {
        *value = (factor * *value + (1.0 - factor) * middle).clamp(0.0, 1.0);
    }
}

pub(super) fn saturate(pixels: &mut [f32], factor: f32) {
    each_colour(pixels, |colour| {
        let grey = grey(colour);
        colour.map(|value| (factor * value + (1.0 - factor) * grey).clamp(0.0, 1.0))
    });
}

pub(super) fn shift_hue(pixels: &mut [f32], shift: f32) {
    each_colour(pixels, |colour| {
        let [red, green, blue] = colour.map(|value| value.clamp(0.0, 1.0));
        let most = red.max(green).max(blue);
        let spread = most - red.min(green).min(blue);
        if spread <= 0.0 {
            return [red, green, blue];
        }
        // Sixths of the circle, from red.
        let hue = if most <= red {
            (green - blue) / spread
        } else if most <= green {
            2.0 + (blue - red) / spread
        } else {
            4.0 + (red - green) / spread
        };
        let hue = (hue + 6.0 * shift).rem_euclid(6.0);
        // Each colour is full within a sixth of its own place and gone beyond two.
        let part = |place: f32| {
            let far = (hue - place).abs();
            let far = far.min(6.0 - far);
            most - spread * (far - 1.0).clamp(0.0, 1.0)
        };
        [part(0.0), part(2.0), part(4.0)]
    });
}
