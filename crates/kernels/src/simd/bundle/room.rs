//! Copies of bundles: aligned scratch, planes in, planes out.

use std::mem::MaybeUninit;
use std::ops::Range;

use pulp::Simd;

use super::super::{Frame, store};
use super::MOST;
use super::transpose::{STEP, lanes_to_rows, rows_to_lanes};

/// Bytes of a cache line: registers that begin there never lie on two.
const LINE: usize = 64;

/// Scratch for positions of a bundle.
#[derive(Debug)]
pub(crate) struct Room {
    data: Vec<f32>,
    start: usize,
}

impl Room {
    /// Room for `positions` registers of at most [`MOST`] lanes, all lanes being `value`.
    pub(crate) fn new(positions: usize, value: f32) -> Self {
        let slack = LINE / size_of::<f32>();
        let data = vec![value; positions * MOST + slack];
        let start = data.as_ptr().align_offset(LINE).min(slack);
        Self { data, start }
    }

    #[inline(always)]
    pub(crate) fn registers<S: Simd>(&mut self) -> &mut [S::f32s] {
        S::as_mut_simd_f32s(&mut self.data[self.start..]).0
    }
}

/// The places of a plane's positions in its padded copy.
#[derive(Clone, Debug)]
pub(crate) struct Interior {
    /// Below `reach`, all of them.
    places: Vec<u32>,
    reach: usize,
    width: usize,
    /// The positions that copying goes by, in order, and their places; [`STEP`] from each on are
    /// copied, and none is nearer than that to the end of a plane that has so many.
    steps: Vec<(u32, u32)>,
    /// `true` if the positions of every step have consecutive places.
    aligned: bool,
}

impl Interior {
    /// The interior of a frame with `step` 1, of which only some rows are ever read.
    pub(crate) fn new(frame: Frame, used: impl Fn(usize) -> bool) -> Self {
        let height = frame.height;
        let width = frame.width;
        let (top, left) = frame.border;
        let place = |at: usize| frame.place(at / width + top, at % width + left) as u32;
        let places: Vec<u32> = (0..height * width).map(place).collect();
        let reach = places.iter().max().map_or(0, |place| *place as usize + 1);
        let last = places.len().saturating_sub(STEP);
        let step = |at: usize| (at.min(last) as u32, places[at.min(last)]);
        let steps: Vec<_> = if (0..height).all(&used) {
            (0..places.len()).step_by(STEP).map(step).collect()
        } else {
            let row = |row: usize| (row * width..(row + 1) * width).step_by(STEP).map(step);
            (0..height).filter(|row| used(*row)).flat_map(row).collect()
        };
        Self { places, reach, width, steps, aligned: width.is_multiple_of(STEP) }
    }

    /// Steps.
    pub(crate) fn steps(&self) -> usize {
        self.steps.len()
    }

    /// The number of steps, from the first, that copy all used rows up to `row`.
    pub(crate) fn steps_to(&self, row: usize) -> usize {
        self.steps.partition_point(|(at, _)| *at as usize / self.width <= row)
    }
}

/// Copies some steps of whole planes from `source`, at most a bundle, to their places in
/// `target`. `map` gets what is copied, by its place in the plane.
#[inline(always)]
pub(crate) fn gather<S: Simd>(
    simd: S,
    source: &[f32],
    (interior, steps): (&Interior, Range<usize>),
    target: &mut [S::f32s],
    mut map: impl FnMut(usize, S::f32s) -> S::f32s,
) {
    let Interior { places, reach, .. } = interior;
    let len = places.len();
    let lanes = S::F32_LANES;
    assert!(lanes <= MOST && *reach <= target.len(), "target");
    let steps = &interior.steps[steps];
    if source.len() == lanes * len && len >= STEP {
        for (first, place) in steps {
            let first = *first as usize;
            let place = *place as usize;
            // SAFETY: `STEP` floats of `lanes` planes are left; places are below `reach`, and the
            // last position of an aligned step is one of them.
            unsafe {
                let values = rows_to_lanes::<S>(simd, source.as_ptr().add(first), len);
                for (step, value) in values.into_iter().enumerate() {
                    let place = match interior.aligned {
                        true => place + step,
                        false => *places.get_unchecked(first + step) as usize,
                    };
                    *target.get_unchecked_mut(place) = map(first + step, value);
                }
            }
        }
        return;
    }
    for (first, _) in steps {
        let first = *first as usize;
        for position in first..(first + STEP).min(len) {
            let mut whole = [0.0f32; MOST];
            for (value, plane) in whole.iter_mut().zip(source.chunks_exact(len)) {
                *value = plane[position];
            }
            target[places[position] as usize] = map(position, S::as_simd_f32s(&whole).0[0]);
        }
    }
}

/// New planes that are written bundle by bundle, position by position.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    places: &'a mut [MaybeUninit<f32>],
    /// Floats of a plane.
    len: usize,
    /// Floats of finished bundles, and positions of the bundle after them.
    written: usize,
    position: usize,
    /// Planes of that bundle.
    count: usize,
}

impl<'a> Target<'a> {
    /// Planes of `len` floats.
    pub(crate) fn new(places: &'a mut [MaybeUninit<f32>], len: usize) -> Self {
        Self { places, len, written: 0, position: 0, count: 0 }
    }

    /// Writes the next positions of a bundle of `count` planes: as many lanes of `values`. `map`
    /// gets what is written, by its place in the plane.
    #[inline(always)]
    pub(crate) fn put<S: Simd>(
        &mut self,
        simd: S,
        count: usize,
        values: &[S::f32s],
        mut map: impl FnMut(usize, S::f32s) -> S::f32s,
    ) {
        let len = self.len;
        let lanes = S::F32_LANES;
        let start = self.position;
        assert!(lanes <= MOST && count <= lanes && start + values.len() <= len, "planes");
        // Otherwise positions of some planes would count without having been written.
        assert!(start == 0 || count == self.count, "a bundle changes its number of planes");
        self.count = count;
        let target = &mut self.places[self.written..][..count * len];
        if count == lanes && values.len() >= STEP {
            let target = target.as_mut_ptr().cast::<f32>();
            let mut at = 0;
            while at < values.len() {
                // The last step may write some positions twice.
                let first = at.min(values.len() - STEP);
                let mut four = [values[first]; STEP];
                for (step, value) in four.iter_mut().enumerate() {
                    *value = map(start + first + step, values[first + step]);
                }
                // SAFETY: `STEP` floats of `count` planes of `len` floats are left.
                unsafe { lanes_to_rows::<S>(simd, four, target.add(start + first), len) };
                at += STEP;
            }
        } else {
            for (at, value) in values.iter().enumerate() {
                let mut whole = [0.0f32; MOST];
                // SAFETY: no register of ours is wider than `MOST`.
                unsafe { store::<S>(whole.as_mut_ptr(), map(start + at, *value)) };
                for (plane, value) in target.chunks_exact_mut(len).zip(whole) {
                    plane[start + at].write(value);
                }
            }
        }
        self.position += values.len();
        if self.position == len {
            self.written += count * len;
            self.position = 0;
        }
    }

    /// The values that were written, which must be all.
    pub(crate) fn finish(self) -> &'a mut [f32] {
        assert_eq!(self.written, self.places.len(), "planes are missing");
        // SAFETY: `put` wrote all positions of `written / len` planes, and these are all.
        unsafe { self.places.assume_init_mut() }
    }
}
