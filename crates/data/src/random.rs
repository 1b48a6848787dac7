//! Randomness addressed by counters, so that resuming needs no generator state.
//!
//! A ChaCha stream is a function of (key, stream number, word position). The seed gives the key;
//! the purpose and the epoch give the stream; the step or sample gives the position. Nothing is
//! drawn "next", so any batch of any epoch can be recomputed from integers alone.

use rand::seq::SliceRandom;
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The purpose of a stream, kept in the top byte of the stream number so that no two uses share
/// one.
#[derive(Clone, Copy)]
enum Purpose {
    Shuffle = 0,
    Split = 1,
    Replacement = 2,
    Augment = 3,
    AugmentMore = 4,
    Crop = 5,
}

/// First words of one sample's augmentation: four ChaCha blocks.
const WORDS_PER_SAMPLE_LOG2: u32 = 6;
/// Words set aside for all that one sample's augmentation draws beyond the first, and for its crop:
/// enough for noise of hundreds of millions of pixels.
const MORE_WORDS_PER_SAMPLE_LOG2: u32 = 28;
/// Words set aside for one batch drawn with replacement.
const WORDS_PER_BATCH_LOG2: u32 = 32;

fn generator(seed: u64, purpose: Purpose, counter: u64) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(((purpose as u64) << 56) ^ counter);
    generator
}

/// The order of `n` samples in epoch `epoch`: a uniformly drawn permutation of `0..n`.
///
/// It is a function of its arguments, computed with `ChaCha8Rng::seed_from_u64(seed)` on stream
/// `epoch`.
#[must_use]
pub fn permutation(n: usize, seed: u64, epoch: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut generator(seed, Purpose::Shuffle, epoch as u64));
    order
}

/// Divides `0..n` at random into two parts, the first of `fraction * n` indices (rounded to the
/// nearest integer).
///
/// Both parts are sorted. A `fraction` outside `0..=1` counts as the nearer end, NaN as 0.
#[must_use]
pub fn split(n: usize, fraction: f64, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut generator(seed, Purpose::Split, 0));
    // A float-to-integer cast saturates and sends NaN to 0.
    let first = ((n as f64 * fraction.clamp(0.0, 1.0)).round() as usize).min(n);
    let mut second = order.split_off(first);
    order.sort_unstable();
    second.sort_unstable();
    (order, second)
}

/// `count` indices below `n`, drawn independently for step `step` of epoch `epoch`. `n` must not be
/// zero.
pub(crate) fn with_replacement(
    n: usize,
    count: usize,
    seed: u64,
    epoch: usize,
    step: usize,
) -> Vec<usize> {
    let mut generator = generator(seed, Purpose::Replacement, epoch as u64);
    generator.set_word_pos((step as u128) << WORDS_PER_BATCH_LOG2);
    (0..count).map(|_| generator.random_range(0..n)).collect()
}

/// The generator for augmenting the sample at `position` of epoch `epoch`.
pub(crate) fn for_sample(seed: u64, epoch: usize, position: u64) -> SampleRandom {
    let mut first = generator(seed, Purpose::Augment, epoch as u64);
    first.set_word_pos(u128::from(position) << WORDS_PER_SAMPLE_LOG2);
    SampleRandom { first, left: 1 << WORDS_PER_SAMPLE_LOG2, more: None, seed, epoch, position }
}

/// The generator for cropping the sample at `position` of epoch `epoch`.
pub(crate) fn for_crop(seed: u64, epoch: usize, position: u64) -> ChaCha8Rng {
    roomy(seed, Purpose::Crop, epoch, position)
}

fn roomy(seed: u64, purpose: Purpose, epoch: usize, position: u64) -> ChaCha8Rng {
    let mut generator = generator(seed, purpose, epoch as u64);
    generator.set_word_pos(u128::from(position) << MORE_WORDS_PER_SAMPLE_LOG2);
    generator
}

/// The numbers of one sample's augmentation: 64 words beside those of its neighbours, and for what
/// draws more, words of another stream, where each sample has 2^28. Samples never share numbers.
#[derive(Debug)]
pub(crate) struct SampleRandom {
    first: ChaCha8Rng,
    /// Words left of the first.
    left: u32,
    more: Option<ChaCha8Rng>,
    seed: u64,
    epoch: usize,
    position: u64,
}

impl RngCore for SampleRandom {
    fn next_u32(&mut self) -> u32 {
        if self.left > 0 {
            self.left -= 1;
            return self.first.next_u32();
        }
        let begin = || roomy(self.seed, Purpose::AugmentMore, self.epoch, self.position);
        self.more.get_or_insert_with(begin).next_u32()
    }

    // Two words, the lower one first, as a ChaCha generator has it.
    fn next_u64(&mut self) -> u64 {
        let low = u64::from(self.next_u32());
        low | u64::from(self.next_u32()) << 32
    }

    // Whole words, as a ChaCha generator has it.
    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(4) {
            let word = self.next_u32().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

/// A seed that gives every epoch its own order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shuffle {
    /// The seed.
    pub seed: u64,
}

impl Shuffle {
    /// The order of `n` samples in epoch `epoch`; see [`permutation`].
    #[must_use]
    pub fn permutation(self, n: usize, epoch: usize) -> Vec<usize> {
        permutation(n, self.seed, epoch)
    }
}

#[cfg(test)]
mod tests;
