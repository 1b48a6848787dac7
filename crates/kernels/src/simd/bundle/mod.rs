//! Planes side by side: lane `p` of a register belongs to plane `p` of a *bundle*.
//!
//! A padded copy of a bundle has one register for every position, so that narrow planes leave no
//! lane empty and strides and dilations cost nothing. Getting there and back are transpositions
//! of four positions at a time.

mod correlate;
mod maximum;
mod room;
mod sweep;
mod tap_gradient;
mod transpose;

pub(crate) use correlate::{Taps, correlate};
pub(crate) use maximum::{Meetings, Windows, collect, maximum, winners};
pub(crate) use room::{Interior, Room, Target, gather};
pub(crate) use sweep::Walk;
pub(crate) use tap_gradient::{Product, tap_gradient};
pub(super) use transpose::{STEP, lanes_to_rows, rows_to_lanes};

use pulp::{Simd, WithSimd};

use super::InstructionSet;

/// Most planes in a bundle.
pub(crate) const MOST: usize = 8;

/// Runs a task on registers of at most [`MOST`] lanes.
pub(crate) fn run<T: WithSimd>(arch: InstructionSet, task: T) -> T::Output {
    // Sixteen planes would double the copies for half the transpositions.
    arch.dispatch_to_eight(task)
}

/// Planes in a bundle.
pub(crate) fn planes(arch: InstructionSet) -> usize {
    run(arch, Lanes)
}

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}
