//! Operations that move pixels.

use crate::transform::levels::value_of;
use crate::transform::{Picture, Place};
use crate::{DataError, ImageShape, Normalization};

/// The rule by which a place finds its source: the pixel at column x and row y comes from column
/// `across[0] x + across[1] y + across[2]` and row `down[0] x + down[1] y + down[2]`, both from the
/// corner of the image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Affine {
    pub(super) across: [f64; 3],
    pub(super) down: [f64; 3],
}

impl Affine {
    /// A rotation around the centre, anticlockwise.
    pub(super) fn rotation(degrees: f64, shape: ImageShape) -> Self {
        // Fifteen decimals, as Pillow rounds them.
        let round = |value: f64| (value * 1e15).round_ties_even() / 1e15;
        let angle = -degrees.to_radians();
        let sine = round(angle.sin());
        let cosine = round(angle.cos());
        let x = shape.width as f64 / 2.0;
        let y = shape.height as f64 / 2.0;
        Self {
            across: [cosine, sine, x - cosine * x - sine * y],
            down: [-sine, cosine, y + sine * x - cosine * y],
        }
    }

    /// Moves a picture by the nearest pixels. Coordinates have 16 binary places, as in Pillow.
    pub(super) fn apply(
        &self,
        picture: &mut Picture<'_>,
        rule: &Normalization,
        fill: u8,
    ) -> Result<(), DataError> {
        let fixed = |value: f64| (value * 65536.0 + 0.5).floor() as i64;
        // Sources of pixel centres.
        let line = |axis: &[f64; 3]| {
            [fixed(axis[0]), fixed(axis[1]), fixed(axis[2] + 0.5 * axis[0] + 0.5 * axis[1])]
        };
        let across = line(&self.across);
        let down = line(&self.down);
        let source = |line: &[i64; 3], at: Place| {
            let place = line[0] * at.column as i64 + line[1] * at.row as i64 + line[2];
            usize::try_from(place >> 16).ok()
        };
        picture.gather_onto(
            |at| Some(Place { row: source(&down, at)?, column: source(&across, at)? }),
            |channel| value_of(rule, channel, fill),
        )
    }
}
