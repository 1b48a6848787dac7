#![doc = include_str!("../README.md")]

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A seed from which every generator of a run is derived by purpose and counter.
///
/// Because a generator is a function of `(seed, purpose, counter)`, a position in a run is a few
/// integers: resuming needs no generator state, and a draw does not depend on how many others
/// came before it.
///
/// ```
/// use dartloom_noise::Noise;
/// use rand::RngCore;
/// let noise = Noise::new(7);
/// assert_eq!(noise.stream("drop-path", 3).next_u64(), noise.stream("drop-path", 3).next_u64());
/// assert_ne!(noise.stream("drop-path", 3).next_u64(), noise.stream("init", 3).next_u64());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noise {
    seed: u64,
}

impl Noise {
    /// Noise of a run.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The seed.
    pub const fn seed(self) -> u64 {
        self.seed
    }

    /// The noise of a part of the run, independent of other parts.
    #[must_use]
    pub fn child(self, purpose: &str) -> Self {
        Self { seed: mix(self.seed, purpose) }
    }

    /// The generator for one purpose and position.
    pub fn stream(self, purpose: &str, counter: u64) -> ChaCha8Rng {
        let mut generator = ChaCha8Rng::seed_from_u64(mix(self.seed, purpose));
        generator.set_stream(counter);
        generator
    }
}

/// FNV-1a over the purpose, started from the seed (finalised, so that near seeds differ).
fn mix(seed: u64, purpose: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64 ^ seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = purpose.as_bytes().iter().fold(start, step);
    (hash ^ (hash >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}
