//! New planes from old ones, bundle by bundle.

use std::mem::MaybeUninit;

use pulp::{Simd, WithSimd};

use super::Bundled;
use crate::parallel::write_blocks;
use crate::simd::InstructionSet;
use crate::simd::bundle::{self, Target};

/// Planes that go side by side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bundle {
    /// The first plane.
    pub(crate) first: usize,
    /// Planes, at most the lanes of a register.
    pub(crate) count: usize,
}

impl Bundle {
    /// Its part of planes of `len` floats.
    pub(crate) fn of<'a>(&self, planes: &'a [f32], len: usize) -> &'a [f32] {
        &planes[self.first * len..][..self.count * len]
    }
}

/// The making of new planes.
pub(crate) trait Body: Sync {
    /// Scratch of a task.
    type Rooms;

    /// New scratch.
    fn rooms(&self) -> Self::Rooms;

    /// Puts all positions of the new planes of a bundle.
    fn put<S: Simd>(
        &self,
        simd: S,
        bundle: Bundle,
        rooms: &mut Self::Rooms,
        target: &mut Target<'_>,
    );
}

impl Bundled {
    /// As many new planes as `planes`, of `len` floats.
    pub(crate) fn map<B: Body>(
        &self,
        arch: InstructionSet,
        planes: usize,
        len: usize,
        body: &B,
    ) -> Vec<f32> {
        let per_task = self.per_task(bundle::planes(arch));
        let rooms = || body.rooms();
        let (data, _) = write_blocks(planes * len, per_task * len, rooms, |rooms, task, places| {
            let first = task * per_task;
            (bundle::run(arch, Task { body, rooms, first, len, places }), ())
        });
        data
    }
}

/// The planes that one task makes.
struct Task<'a, 'b, B: Body> {
    body: &'a B,
    rooms: &'a mut B::Rooms,
    /// The first plane.
    first: usize,
    /// Floats of a plane.
    len: usize,
    places: &'b mut [MaybeUninit<f32>],
}

impl<'b, B: Body> WithSimd for Task<'_, 'b, B> {
    type Output = &'b mut [f32];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> &'b mut [f32] {
        let Self { body, rooms, first, len, places } = self;
        let end = first + places.len() / len;
        let mut target = Target::new(places, len);
        for first in (first..end).step_by(S::F32_LANES) {
            let bundle = Bundle { first, count: S::F32_LANES.min(end - first) };
            body.put(simd, bundle, rooms, &mut target);
        }
        target.finish()
    }
}
