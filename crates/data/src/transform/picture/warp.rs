//! Pixels that move by fractions of a pixel.

use super::{Picture, Place, Point, move_plane};
use crate::{DataError, ImageShape};

/// Four pixels around a point and the share of each, in `f32`. Pixels outside have a share of 0.
#[derive(Clone, Copy, Debug)]
struct Taps {
    at: [usize; 4],
    share: [f32; 4],
}

impl Picture<'_> {
    /// Moves pixels by fractions of a pixel: each place gets the value of the image at its
    /// `source`, bilinear between the four pixels around it, and the label of the nearest pixel of
    /// the mask. Outside, the image is 0 and the mask has its ignored label.
    ///
    /// A bilinear value is `sum (1 - |dr|) (1 - |dc|) pixel` over the four pixels, where `dr` and
    /// `dc` are the distances from `source` in rows and columns. It is right for sources that are
    /// at most about one pixel apart; further apart, pixels between them are not seen.
    ///
    /// # Errors
    /// [`DataError::NoIgnoredLabel`] for a place without a source in a mask without such a label;
    /// nothing is moved then.
    pub fn warp(&mut self, source: impl Fn(Place) -> Point) -> Result<(), DataError> {
        let ImageShape { height, width, .. } = self.shape;
        let places =
            (0..height).flat_map(|row| (0..width).map(move |column| Place { row, column }));
        let points: Vec<Point> = places.map(source).collect();
        if let Some(mask) = &mut self.mask {
            let nearest = |point: &Point| {
                let row = index(round(point.row), height)?;
                Some(row * width + index(round(point.column), width)?)
            };
            let from: Vec<Option<usize>> = points.iter().map(nearest).collect();
            if mask.empty.is_none() && from.contains(&None) {
                return Err(DataError::NoIgnoredLabel);
            }
            move_plane(mask.labels, &from, mask.empty.unwrap_or_default());
        }
        let taps: Vec<Taps> = points.iter().map(|point| taps(*point, height, width)).collect();
        for plane in self.planes() {
            let before = plane.to_vec();
            for (value, taps) in plane.iter_mut().zip(&taps) {
                let Taps { at, share } = taps;
                let upper = share[0] * before[at[0]] + share[1] * before[at[1]];
                *value = upper + (share[2] * before[at[2]] + share[3] * before[at[3]]);
            }
        }
        Ok(())
    }
}

/// The pixel that a coordinate lies in: halves belong to the next one.
fn round(coordinate: f64) -> f64 {
    (coordinate + 0.5).floor()
}

/// A whole coordinate as an index below `length`.
fn index(coordinate: f64, length: usize) -> Option<usize> {
    (coordinate >= 0.0 && coordinate < length as f64).then_some(coordinate as usize)
}

/// One axis: the two pixels around a coordinate and their shares.
fn pair(coordinate: f64, length: usize) -> [(usize, f32); 2] {
    let first = coordinate.floor();
    let second = (coordinate - first) as f32;
    let tap = |at: f64, share: f32| index(at, length).map_or((0, 0.0), |at| (at, share));
    [tap(first, 1.0 - second), tap(first + 1.0, second)]
}

fn taps(point: Point, height: usize, width: usize) -> Taps {
    let rows = pair(point.row, height);
    let columns = pair(point.column, width);
    let tap = |number: usize| {
        let row = rows[number / 2];
        let column = columns[number % 2];
        (row.0 * width + column.0, row.1 * column.1)
    };
    let all = [tap(0), tap(1), tap(2), tap(3)];
    Taps { at: all.map(|tap| tap.0), share: all.map(|tap| tap.1) }
}
