//! Inner loops on registers of whatever width the machine has.
//!
//! Every loop is one [`pulp::WithSimd`] value: it checks the lengths of its slices once, then
//! reads and writes through the unchecked doors below. [`InstructionSet`] says when the program
//! runs which registers these are.
#![allow(unsafe_code, reason = "unchecked loads and stores behind one check per call")]

pub(crate) mod bundle;
mod copy;
mod correlate;
mod grid;
mod instructions;
mod outer;
mod pad;
mod plane;
mod product;
mod sums;
mod tap_gradient;
mod window;
pub(crate) mod winograd;

pub(crate) use copy::{Copy, Interleave};
pub(crate) use correlate::{Correlate, Tap};
pub(crate) use grid::Grid;
pub use instructions::{InstructionSet, LANES_VARIABLE};
pub(crate) use outer::Outer;
pub(crate) use pad::{Frame, Pad};
pub(crate) use plane::{Blend, Combine, Mask, Rectify};
pub(crate) use product::{Multiply, Packed, panel_len};
use pulp::Simd;
pub(crate) use sums::{Moments, PairSums};
pub(crate) use tap_gradient::{LaneSums, TapGradient};
pub(crate) use window::{WindowMax, Winner};

/// The widest register in floats: what buffers that are read past the end of a row hold more.
pub(crate) const SLACK: usize = 16;

/// Floats up to which windows of `rows` rows and `columns` columns read, with taps at `offsets`: up
/// to a register past the last column. There is a row at least.
#[inline(always)]
fn reach<S: Simd>(
    offsets: impl Iterator<Item = usize>,
    row_step: usize,
    rows: usize,
    columns: usize,
) -> usize {
    let farthest = offsets.max().unwrap_or(0);
    farthest + (rows - 1) * row_step + columns.next_multiple_of(S::F32_LANES)
}

/// One register from `source`.
///
/// # Safety
/// `S::F32_LANES` floats must be readable there.
#[inline(always)]
unsafe fn load<S: Simd>(source: *const f32) -> S::f32s {
    // SAFETY: the caller vouches for the floats; any bits are a valid register.
    unsafe { source.cast::<S::f32s>().read_unaligned() }
}

/// One register to `target`.
///
/// # Safety
/// `S::F32_LANES` floats must be writable there.
#[inline(always)]
unsafe fn store<S: Simd>(target: *mut f32, value: S::f32s) {
    // SAFETY: the caller vouches for the floats.
    unsafe { target.cast::<S::f32s>().write_unaligned(value) }
}

/// The first `count` floats of a register to `target`.
///
/// # Safety
/// `count` floats must be writable there.
#[inline(always)]
unsafe fn store_first<S: Simd>(target: *mut f32, value: S::f32s, count: usize) {
    if count >= S::F32_LANES {
        // SAFETY: a whole register is writable.
        return unsafe { store::<S>(target, value) };
    }
    let mut whole = [0.0f32; SLACK];
    // SAFETY: no register is wider than `SLACK`; `count` is smaller than a register.
    unsafe {
        store::<S>(whole.as_mut_ptr(), value);
        copy_few(whole.as_ptr(), target, count);
    }
}

/// The first `count` floats at `source`, zeros after them.
///
/// # Safety
/// `count` floats must be readable there.
#[inline(always)]
unsafe fn load_first<S: Simd>(source: *const f32, count: usize) -> S::f32s {
    if count >= S::F32_LANES {
        // SAFETY: a whole register is readable.
        return unsafe { load::<S>(source) };
    }
    let mut whole = [0.0f32; SLACK];
    // SAFETY: `count` is smaller than a register, and no register is wider than `SLACK`.
    unsafe {
        copy_few(source, whole.as_mut_ptr(), count);
        load::<S>(whole.as_ptr())
    }
}

/// Fewer floats than the widest register, in copies of fixed size: a call costs more than that.
///
/// # Safety
/// `count < SLACK` floats must be readable at `source` and writable at `target`, apart.
#[inline(always)]
unsafe fn copy_few(mut source: *const f32, mut target: *mut f32, count: usize) {
    // SAFETY: the powers of two in `count` add up to `count`.
    unsafe {
        if count & 8 != 0 {
            target.cast::<[f32; 8]>().write_unaligned(source.cast::<[f32; 8]>().read_unaligned());
            (source, target) = (source.add(8), target.add(8));
        }
        if count & 4 != 0 {
            target.cast::<[f32; 4]>().write_unaligned(source.cast::<[f32; 4]>().read_unaligned());
            (source, target) = (source.add(4), target.add(4));
        }
        if count & 2 != 0 {
            target.cast::<[f32; 2]>().write_unaligned(source.cast::<[f32; 2]>().read_unaligned());
            (source, target) = (source.add(2), target.add(2));
        }
        if count & 1 != 0 {
            target.write(source.read());
        }
    }
}

#[cfg(test)]
mod tests;
