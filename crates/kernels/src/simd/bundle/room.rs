//! Copies of bundles: aligned scratch, planes in, planes out.

use std::mem::MaybeUninit;

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

/// Where the positions of a plane lie in its padded copy.
#[derive(Clone, Debug)]
pub(crate) struct Interior {
    /// Below `reach`, all of them.
    places: Vec<u32>,
    reach: usize,
}

impl Interior {
    /// The interior of a frame with `step` 1.
    pub(crate) fn new(frame: Frame) -> Self {
        let (top, left) = frame.border;
        let rows = (0..frame.height).map(|row| row + top);
        let places = rows
            .flat_map(|row| (0..frame.width).map(move |column| frame.place(row, column + left)));
        let places: Vec<u32> = places.map(|place| place as u32).collect();
        let reach = places.iter().max().map_or(0, |place| *place as usize + 1);
        Self { places, reach }
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }
}

/// Copies whole planes from `source`, at most a bundle, to their places in `target`. `map` gets
/// what is copied, by its place in the plane.
#[inline(always)]
pub(crate) fn gather<S: Simd>(
    simd: S,
    source: &[f32],
    interior: &Interior,
    target: &mut [S::f32s],
    mut map: impl FnMut(usize, S::f32s) -> S::f32s,
) {
    let (len, lanes) = (interior.len(), S::F32_LANES);
    let places = &interior.places[..];
    assert!(lanes <= MOST && interior.reach <= target.len(), "target");
    if source.len() == lanes * len && len >= STEP {
        let mut at = 0;
        while at < len {
            // The last step may move some positions twice.
            let first = at.min(len - STEP);
            // SAFETY: `STEP` floats of `lanes` planes are left, and places are below `reach`.
            unsafe {
                let values = rows_to_lanes::<S>(simd, source.as_ptr().add(first), len);
                for (step, value) in values.into_iter().enumerate() {
                    let place = *places.get_unchecked(first + step) as usize;
                    *target.get_unchecked_mut(place) = map(first + step, value);
                }
            }
            at += STEP;
        }
        return;
    }
    for (position, place) in places.iter().enumerate() {
        let mut whole = [0.0f32; MOST];
        for (value, plane) in whole.iter_mut().zip(source.chunks_exact(len)) {
            *value = plane[position];
        }
        target[*place as usize] = map(position, S::as_simd_f32s(&whole).0[0]);
    }
}

/// New planes that are written bundle by bundle.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    places: &'a mut [MaybeUninit<f32>],
    written: usize,
}

impl<'a> Target<'a> {
    pub(crate) fn new(places: &'a mut [MaybeUninit<f32>]) -> Self {
        Self { places, written: 0 }
    }

    /// Appends `count` planes: as many lanes of `values`, which are the positions of a plane.
    #[inline(always)]
    pub(crate) fn put<S: Simd>(
        &mut self,
        simd: S,
        count: usize,
        values: &[S::f32s],
        mut map: impl FnMut(usize, S::f32s) -> S::f32s,
    ) {
        let (len, lanes) = (values.len(), S::F32_LANES);
        assert!(lanes <= MOST && count <= lanes, "planes");
        let target = &mut self.places[self.written..][..count * len];
        self.written += count * len;
        if count == lanes && len >= STEP {
            let target = target.as_mut_ptr().cast::<f32>();
            let mut at = 0;
            while at < len {
                let first = at.min(len - STEP);
                let mut four = [values[first]; STEP];
                for (step, value) in four.iter_mut().enumerate() {
                    *value = map(first + step, values[first + step]);
                }
                // SAFETY: `STEP` floats of `count` planes of `len` floats are left.
                unsafe { lanes_to_rows::<S>(simd, four, target.add(first), len) };
                at += STEP;
            }
            return;
        }
        for (position, value) in values.iter().enumerate() {
            let mut whole = [0.0f32; MOST];
            // SAFETY: no register of ours is wider than `MOST`.
            unsafe { store::<S>(whole.as_mut_ptr(), map(position, *value)) };
            for (plane, value) in target.chunks_exact_mut(len).zip(whole) {
                plane[position].write(value);
            }
        }
    }

    /// What was written, which must be everything.
    pub(crate) fn finish(self) -> &'a mut [f32] {
        assert_eq!(self.written, self.places.len(), "planes are missing");
        // SAFETY: `put` wrote every place it counted, and it counted all.
        unsafe { self.places.assume_init_mut() }
    }
}
