//! Distances between the surfaces of two masks.

use super::distance::squared_distances;

/// Distances between the surfaces of two masks, in pixels, both ways.
///
/// The surface of a mask is those of its pixels that have a neighbour beyond a side that is not in
/// the mask; beyond the border of the image nothing is in the mask. Distances are Euclidean,
/// between the middles of pixels, and exact.
///
/// # Empty masks
/// As in MONAI: two empty masks have no distances; if one is empty, every distance is infinite, the
/// surface Dice is 0 and the Hausdorff distance infinite.
#[derive(Clone, Debug, PartialEq)]
pub struct SurfaceDistances {
    /// From each pixel of the predicted surface to the true one, in increasing order.
    pub from_said: Vec<f64>,
    /// From each pixel of the true surface to the predicted one, in increasing order.
    pub from_there: Vec<f64>,
}

impl SurfaceDistances {
    /// The share of pixels of both surfaces that are at most `tolerance` away from the other one,
    /// from 0 to 1: the surface Dice (Nikolov et al. 2018, arXiv:1809.04430), with pixels counted
    /// as in MONAI.
    ///
    /// # Differences from the paper
    /// Nikolov et al. weigh each pixel by the area of its part of the surface; here each counts as
    /// one.
    #[must_use]
    pub fn dice(&self, tolerance: f64) -> f64 {
        let near = |all: &[f64]| all.partition_point(|&distance| distance <= tolerance);
        let both = near(&self.from_said) + near(&self.from_there);
        both as f64 / (self.from_said.len() + self.from_there.len()) as f64
    }

    /// The Hausdorff distance with a quantile in place of the maximum, in pixels: the larger of the
    /// quantiles of the two directions, with `share` 0.95 for the usual 95 % and 1 for the maximum.
    /// Between two distances the quantile is interpolated linearly. Infinite if one mask is empty.
    #[must_use]
    pub fn hausdorff(&self, share: f64) -> f64 {
        let ways = [&self.from_said, &self.from_there];
        ways.map(|all| quantile(all, share)).into_iter().fold(0.0, f64::max)
    }
}

/// A quantile of numbers in increasing order; 0 of none.
fn quantile(all: &[f64], share: f64) -> f64 {
    let Some(last) = all.len().checked_sub(1) else { return 0.0 };
    let at = share.clamp(0.0, 1.0) * last as f64;
    let below = all[at.floor() as usize];
    let above = all[at.ceil() as usize];
    if above > below { below + (above - below) * at.fract() } else { below }
}

/// The distances between the surfaces of a predicted and a true mask, both row by row,
/// `[height, width]` = `sides`; `None` if both are empty, or not of that size.
#[must_use]
pub fn surface_distances(
    said: &[bool],
    there: &[bool],
    sides: [usize; 2],
) -> Option<SurfaceDistances> {
    let size = sides[0].checked_mul(sides[1])?;
    if said.len() != size || there.len() != size {
        return None;
    }
    let surfaces = [said, there].map(|mask| surface(mask, sides));
    if !surfaces.iter().any(|surface| surface.contains(&true)) {
        return None;
    }
    let [said, there] = &surfaces;
    let from_said = distances(said, there, sides);
    let from_there = distances(there, said, sides);
    Some(SurfaceDistances { from_said, from_there })
}

/// The pixels of a mask with a neighbour beyond a side that is not in it.
fn surface(mask: &[bool], [height, width]: [usize; 2]) -> Vec<bool> {
    let edge = |at: usize| {
        let row = at / width;
        let column = at % width;
        let inside = row > 0
            && row + 1 < height
            && column > 0
            && column + 1 < width
            && mask[at - width]
            && mask[at + width]
            && mask[at - 1]
            && mask[at + 1];
        mask[at] && !inside
    };
    (0..mask.len()).map(edge).collect()
}

/// The distance to `to` of every pixel of `from`, in increasing order.
fn distances(from: &[bool], to: &[bool], sides: [usize; 2]) -> Vec<f64> {
    let squares = squared_distances(to, sides);
    let square = |at: usize| squares.as_ref().map_or(f64::INFINITY, |all| (all[at] as f64).sqrt());
    let mut all: Vec<f64> = (0..from.len()).filter(|&at| from[at]).map(square).collect();
    all.sort_by(f64::total_cmp);
    all
}
