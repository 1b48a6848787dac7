//! Random architectures, one after the other, all different.

use std::collections::BTreeSet;

use dartloom_noise::Noise;
use dartloom_record::RunLayout;
use dartloom_space::{Genotype, Space};

use super::Candidate;
use crate::VerdictError;
use dartloom_explore::Key;

/// Draws from a space; repetitions are skipped.
///
/// Draw `i` is a function of the seed and of `i` alone, so that a continued search draws the same.
#[derive(Debug)]
pub(super) struct Draws<'a> {
    space: &'a Space,
    top: usize,
    noise: Noise,
    next: u64,
    known: BTreeSet<Key>,
}

/// Repetitions in a row after which a space counts as exhausted: this many, and
/// [`REPETITIONS_EACH`] for every known architecture. If one of `n` were unknown, that many draws
/// would miss it with a probability of `exp(-20)`.
const REPETITIONS: u64 = 1000;
const REPETITIONS_EACH: u64 = 20;

impl<'a> Draws<'a> {
    /// Nothing drawn yet.
    pub(super) fn new(space: &'a Space, top: usize, noise: Noise) -> Self {
        Self { space, top, noise, next: 0, known: BTreeSet::new() }
    }

    /// Repeats the draws of a search that was stopped.
    ///
    /// # Errors
    /// [`VerdictError::Stored`] when `candidates` are others.
    pub(super) fn again(&mut self, candidates: &[Candidate]) -> Result<(), VerdictError> {
        for (index, candidate) in candidates.iter().enumerate() {
            if self.draw().as_ref() != Some(&candidate.genotype) {
                return Err(VerdictError::Stored {
                    file: RunLayout::CANDIDATES.to_owned(),
                    expected: "the architectures that this search draws",
                    found: format!("another architecture at candidate {index}"),
                });
            }
        }
        Ok(())
    }

    /// An architecture that is not known yet; `None` if the space seems to have no other.
    pub(super) fn draw(&mut self) -> Option<Genotype> {
        let attempts = REPETITIONS + REPETITIONS_EACH * (self.known.len() as u64 + 1);
        for _ in 0..attempts {
            let mut rng = self.noise.stream("candidate", self.next);
            self.next += 1;
            let genotype = self.space.sample(self.top, &mut rng);
            if self.known.insert(Key::of(&genotype, self.space.op_set())) {
                return Some(genotype);
            }
        }
        None
    }
}
