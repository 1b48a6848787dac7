//! The split of work. It depends on sizes alone, never on the number of threads.
#![allow(unsafe_code, reason = "new vectors take their length once every block is written")]

use std::mem::MaybeUninit;

use crate::simd::InstructionSet;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use crate::float::Float;

/// Elements a task should touch at least, so that small planes do not drown in scheduling.
pub(crate) const TASK_ELEMENTS: usize = 16 * 1024;

/// The least number of chunks of `chunk` elements that one task takes. Chunks are independent of
/// one another, so this bounds overhead and cannot change a result.
pub(crate) fn chunks_per_task(chunk: usize) -> usize {
    (TASK_ELEMENTS / chunk.max(1)).max(1)
}

/// A new vector in blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocks {
    pub(crate) count: usize,
    /// Elements of a block; the last one may be shorter. With none there is work but no vector.
    pub(crate) block: usize,
    /// Elements of all blocks.
    pub(crate) len: usize,
    /// Elements that filling a block touches, to size tasks by.
    pub(crate) cost: usize,
}

/// Fills a new vector block by block, and lists what `fill(scratch, index, block)` returned.
///
/// A block is zeroed just before it is filled, while it is on its way to the cache anyway. What
/// fits one task is done on this thread.
pub(crate) fn fill_blocks<T: Float, S, P: Send>(
    blocks: Blocks,
    scratch: impl Fn() -> S + Sync + Send,
    fill: impl Fn(&mut S, usize, &mut [T]) -> P + Sync + Send,
) -> (Vec<T>, Vec<P>) {
    let Blocks { count, block, len, cost } = blocks;
    let per_task = chunks_per_task(cost);
    if block == 0 {
        let tasks = (0..count).into_par_iter().with_min_len(per_task);
        let parts = tasks.map_init(scratch, |scratch, index| fill(scratch, index, &mut []));
        return (Vec::new(), parts.collect());
    }
    assert_eq!(len.div_ceil(block), count, "blocks");
    let mut data: Vec<T> = Vec::with_capacity(len);
    let spare = &mut data.spare_capacity_mut()[..len];
    let parts = if count <= per_task {
        let mut scratch = scratch();
        let chunks = spare.chunks_mut(block).enumerate();
        chunks.map(|(index, chunk)| fill(&mut scratch, index, zeroed(chunk))).collect()
    } else {
        let chunks = spare.par_chunks_mut(block).enumerate().with_min_len(per_task);
        let fill = |scratch: &mut S, (index, chunk)| fill(scratch, index, zeroed(chunk));
        chunks.map_init(scratch, fill).collect()
    };
    // SAFETY: the chunks cover the first `len` places, and each went through `zeroed`.
    unsafe { data.set_len(len) };
    (data, parts)
}

/// A new vector whose chunks of `to` elements are made of those of `from` elements in `source`, by
/// `make(scratch, index, from, to)`; like blocks, the new chunks are zero before that.
pub(crate) fn map_chunks<T: Float, S>(
    source: &[T],
    (from, to): (usize, usize),
    scratch: impl Fn() -> S + Sync + Send,
    make: impl Fn(&mut S, usize, &[T], &mut [T]) + Sync + Send,
) -> Vec<T> {
    let count = source.len() / from;
    let blocks = Blocks { count, block: to, len: count * to, cost: from.max(to) };
    let make = |scratch: &mut S, index: usize, target: &mut [T]| {
        make(scratch, index, &source[index * from..][..from], target);
    };
    fill_blocks(blocks, scratch, make).0
}

/// A new vector of `len` elements in blocks of `block`, and what `write(scratch, index, block)`
/// returned: the block, all of it written, and a part.
///
/// Blocks are tasks of their own; a single one is done on this thread.
pub(crate) fn write_blocks<S, P: Send>(
    len: usize,
    block: usize,
    scratch: impl Fn() -> S + Sync + Send,
    write: impl for<'a> Fn(&mut S, usize, &'a mut [MaybeUninit<f32>]) -> (&'a mut [f32], P)
    + Sync
    + Send,
) -> (Vec<f32>, Vec<P>) {
    let mut data: Vec<f32> = Vec::with_capacity(len);
    let spare = &mut data.spare_capacity_mut()[..len];
    let whole = |scratch: &mut S, index, chunk: &mut [MaybeUninit<f32>]| {
        let start = chunk.as_ptr().cast::<f32>();
        let len = chunk.len();
        let (written, part) = write(scratch, index, chunk);
        assert!(std::ptr::eq(start, written.as_ptr()) && len == written.len(), "block");
        part
    };
    let parts = if len <= block {
        let mut scratch = scratch();
        let chunks = spare.chunks_mut(block.max(1)).enumerate();
        chunks.map(|(index, chunk)| whole(&mut scratch, index, chunk)).collect()
    } else {
        let chunks = spare.par_chunks_mut(block).enumerate();
        chunks.map_init(scratch, |scratch, (index, chunk)| whole(scratch, index, chunk)).collect()
    };
    // SAFETY: the chunks cover the first `len` places, and each came back as written floats.
    unsafe { data.set_len(len) };
    (data, parts)
}

fn zeroed<T: Float>(chunk: &mut [MaybeUninit<T>]) -> &mut [T] {
    for place in chunk.iter_mut() {
        place.write(T::ZERO);
    }
    // SAFETY: all places were just written.
    unsafe { chunk.assume_init_mut() }
}

/// The sum of equally long vectors, the first plus the second and so on; empty if there are none.
pub(crate) fn sum_in_order<T: Float>(partials: Vec<Vec<T>>) -> Vec<T> {
    let mut partials = partials.into_iter();
    let mut total = partials.next().unwrap_or_default();
    for partial in partials {
        for (sum, value) in total.iter_mut().zip(partial) {
            *sum += value;
        }
    }
    total
}

/// `map(block)(a, b)` for every element of two equally long slices, in blocks of `block`.
pub(crate) fn map_blocks<T: Float, M: Fn(T, T) -> T>(
    arch: InstructionSet,
    a: &[T],
    b: &[T],
    block: usize,
    map: impl Fn(usize) -> M + Sync + Send,
) -> Vec<T> {
    assert_eq!(a.len(), b.len(), "operands");
    let mut data: Vec<T> = Vec::with_capacity(a.len());
    let spare = &mut data.spare_capacity_mut()[..a.len()];
    if a.len() <= SERIAL_ELEMENTS {
        let operands = a.chunks(block).zip(b.chunks(block));
        for (index, (target, (a, b))) in spare.chunks_mut(block).zip(operands).enumerate() {
            arch.dispatch_elements(Map { a, b, target, map: map(index) });
        }
    } else {
        let operands = a.par_chunks(block).zip(b.par_chunks(block));
        let chunks = spare.par_chunks_mut(block).zip(operands).enumerate();
        chunks.with_min_len(chunks_per_task(block)).for_each(|(index, (target, (a, b)))| {
            arch.dispatch_elements(Map { a, b, target, map: map(index) });
        });
    }
    // SAFETY: `Map` writes all of its target, and the targets cover the first `a.len()` places.
    unsafe { data.set_len(a.len()) };
    data
}

/// Elements that are mapped sooner than another thread wakes up.
const SERIAL_ELEMENTS: usize = 2 * TASK_ELEMENTS;

/// `target = map(a, b)`; the compiler finds the registers, the architecture says which there are.
struct Map<'a, T, M> {
    a: &'a [T],
    b: &'a [T],
    target: &'a mut [MaybeUninit<T>],
    map: M,
}

impl<T: Float, M: Fn(T, T) -> T> WithSimd for Map<'_, T, M> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let len = self.target.len();
        let a = &self.a[..len];
        let b = &self.b[..len];
        for index in 0..len {
            self.target[index].write((self.map)(a[index], b[index]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Blocks, InstructionSet, fill_blocks, map_blocks, write_blocks, zeroed};

    #[test]
    fn blocks_are_in_order_and_the_last_is_short() {
        for cost in [1, 100_000] {
            let blocks = Blocks { count: 4, block: 3, len: 11, cost };
            let (data, parts) = fill_blocks::<f32, _, _>(
                blocks,
                || (),
                |(), index, block| {
                    assert!(block.iter().all(|x| x.to_bits() == 0));
                    block.fill(index as f32);
                    block.len()
                },
            );
            assert_eq!(data, [0., 0., 0., 1., 1., 1., 2., 2., 2., 3., 3.]);
            assert_eq!(parts, [3, 3, 3, 2]);
        }
    }

    #[test]
    fn blocks_are_written_once() {
        for len in [0, 1, 3, 11, 12] {
            let (data, parts) = write_blocks(
                len,
                3,
                || (),
                |(), index, block| {
                    let block = zeroed::<f32>(block);
                    block.fill(index as f32);
                    let len = block.len();
                    (block, len)
                },
            );
            assert_eq!(data, (0..len).map(|i| (i / 3) as f32).collect::<Vec<_>>());
            assert_eq!(parts.len(), len.div_ceil(3));
            assert_eq!(parts.iter().sum::<usize>(), len);
        }
    }

    #[test]
    fn work_without_a_vector_is_done() {
        let blocks = Blocks { count: 5, block: 0, len: 0, cost: 1 };
        let (data, parts) = fill_blocks::<f64, _, _>(
            blocks,
            || (),
            |(), index, block| {
                assert!(block.is_empty());
                index
            },
        );
        assert!(data.is_empty());
        assert_eq!(parts, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn maps_know_their_block() {
        for len in [0, 1, 10, 100_003] {
            let a: Vec<f32> = (0..len).map(|i| i as f32).collect();
            let b = vec![2.0; len];
            let arch = InstructionSet::in_use().unwrap();
            let y = map_blocks(arch, &a, &b, 7, |block| move |a: f32, b: f32| a * b + block as f32);
            let expected: Vec<f32> = (0..len).map(|i| (2 * i + i / 7) as f32).collect();
            assert_eq!(y, expected);
        }
    }
}
