//! The two values that each value of a resized axis lies between.

use super::Interpolation;
use crate::float::Float;

/// The neighbours of every value of an axis, and the share of the second.
#[derive(Clone, Debug)]
pub(crate) struct Taps {
    pub(crate) first: Vec<usize>,
    pub(crate) second: Vec<usize>,
    pub(crate) shares: Vec<f64>,
}

impl Taps {
    /// The taps of an axis of `from` values that becomes one of `to`, neither of them empty.
    pub(crate) fn new(rule: Interpolation, from: usize, to: usize) -> Self {
        if rule == Interpolation::Nearest {
            let first: Vec<usize> =
                (0..to).map(|i| (i as u128 * from as u128 / to as u128) as usize).collect();
            return Self { second: first.clone(), first, shares: vec![0.0; to] };
        }
        let place = |i: usize| match rule {
            Interpolation::BilinearCorners if to == 1 => 0.0,
            Interpolation::BilinearCorners => i as f64 * ((from - 1) as f64) / ((to - 1) as f64),
            // (i + 1/2) from / to - 1/2 with one rounding.
            _ => (((2 * i + 1) as f64 * from as f64 - to as f64) / (2.0 * to as f64)).max(0.0),
        };
        let places = || (0..to).map(place);
        let index = |at: f64| (at as usize).min(from - 1);
        Self {
            first: places().map(index).collect(),
            second: places().map(|at| index(at.floor() + 1.0)).collect(),
            shares: places().map(|at| at - at.floor()).collect(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.shares.len()
    }

    /// The same in the element type of a tensor.
    pub(super) fn shares<T: Float>(&self) -> Vec<Share<T>> {
        let places = self.first.iter().zip(&self.second).zip(&self.shares);
        let share = |((first, second), share): ((&usize, &usize), &f64)| Share {
            first: *first,
            second: *second,
            rest: T::narrow(1.0 - share),
            share: T::narrow(*share),
        };
        places.map(share).collect()
    }
}

/// One value between two others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share<T> {
    pub(super) first: usize,
    pub(super) second: usize,
    /// The share of the first value.
    pub(super) rest: T,
    /// The share of the second value.
    pub(super) share: T,
}

impl<T: Float> Share<T> {
    /// The value; a neighbour without a share is not read, for it may be infinite.
    #[inline(always)]
    pub(super) fn mix(&self, first: T, second: T) -> T {
        if self.share == T::ZERO { first } else { first * self.rest + second * self.share }
    }
}
