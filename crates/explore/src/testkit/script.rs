//! Made-up outcomes, and searches that go wrong in a planned way.

use std::collections::VecDeque;

use dartloom_space::Cost;

use crate::{ExploreError, Explorer, Outcome, Proposal, Resource};

/// The fate of candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// All are measured.
    Good,
    /// Of five, two are measured, and one each fails, is infeasible, or has a quality that is not a
    /// number.
    Mixed,
    /// None is measured.
    Bad,
}

impl Fate {
    pub(super) const ALL: [Self; 3] = [Self::Good, Self::Mixed, Self::Bad];

    /// The outcome of a proposal: a function of its task and genotype alone.
    pub(super) fn of(self, proposal: &Proposal) -> Outcome {
        let kind = match self {
            Self::Good => 3,
            Self::Mixed => proposal.task % 5,
            Self::Bad => proposal.task % 3,
        };
        match kind {
            0 => Outcome::Failed { reason: "killed".to_owned() },
            1 => Outcome::Infeasible { resource: Resource::Macs, limit: 1, found: 2 },
            2 => Outcome::Measured { quality: f64::NAN, cost: Cost::default(), latency: None },
            _ => judged(proposal),
        }
    }
}

/// A quality and a cost that depend on the operations and edges of a genotype.
fn judged(proposal: &Proposal) -> Outcome {
    let genes = proposal.genotype.cells().iter().flat_map(|cell| &cell.genes);
    let number = genes.fold(0_u64, |sum, gene| {
        let letters = gene.op.bytes().map(u64::from).sum::<u64>();
        sum + letters * (gene.from as u64 + 1) * (gene.to as u64 + 2) % 97
    });
    let cost = Cost { parameters: number * 7 % 31, macs: number, ..Cost::default() };
    Outcome::measured((number % 53) as f64, cost)
}

/// A search with up to `window` open proposals, whose outcomes are told oldest or newest first.
pub(super) struct Play {
    pub(super) explorer: Box<dyn Explorer>,
    pub(super) open: VecDeque<Proposal>,
    window: usize,
    newest_first: bool,
    fate: Fate,
}

impl Play {
    pub(super) fn new(explorer: Box<dyn Explorer>, fate: Fate, style: usize) -> Self {
        let (window, newest_first) = STYLES[style % STYLES.len()];
        Self { explorer, open: VecDeque::new(), window, newest_first, fate }
    }

    /// The same search with another explorer in the place of its own.
    pub(super) fn with(&self, explorer: Box<dyn Explorer>) -> Self {
        let Self { window, newest_first, fate, .. } = *self;
        Self { explorer, open: self.open.clone(), window, newest_first, fate }
    }

    /// The next proposal; `None` when there is none although nothing is open.
    pub(super) fn step(&mut self) -> Result<Option<Proposal>, ExploreError> {
        loop {
            if self.open.len() >= self.window {
                self.tell()?;
            }
            if let Some(proposal) = self.explorer.ask()? {
                self.open.push_back(proposal.clone());
                return Ok(Some(proposal));
            }
            if self.open.is_empty() {
                return Ok(None);
            }
            self.tell()?;
        }
    }

    fn tell(&mut self) -> Result<(), ExploreError> {
        let next = if self.newest_first { self.open.pop_back() } else { self.open.pop_front() };
        match next {
            Some(proposal) => self.explorer.tell(&proposal, &self.fate.of(&proposal)),
            None => Ok(()),
        }
    }
}

/// Numbers of open proposals; with `true`, the outcome of the newest is told first.
pub(super) const STYLES: [(usize, bool); 3] = [(1, false), (4, false), (3, true)];
