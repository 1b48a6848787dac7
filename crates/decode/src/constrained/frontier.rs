//! Combinations of choices that no other dominates.

use std::rc::Rc;

use super::options::{NodeOption, NodeOptions};
use super::{Constrained, Limit};
use crate::DecodeError;

/// Rows with their operations.
pub(super) type Picks = Vec<(usize, usize)>;

/// A combination of choices of the nodes so far.
#[derive(Clone, Debug)]
pub(super) struct State {
    value: f64,
    costs: Vec<u64>,
    last: Option<Rc<Choice>>,
}

/// The choice of one node, and those before it.
#[derive(Debug)]
struct Choice {
    cell: usize,
    picks: Picks,
    before: Option<Rc<Choice>>,
}

impl State {
    /// Rows and operations chosen in a cell.
    pub(super) fn picks_of(&self, cell: usize) -> impl Iterator<Item = (usize, usize)> {
        let mut nodes = Vec::new();
        let mut at = self.last.as_ref();
        while let Some(choice) = at {
            if choice.cell == cell {
                nodes.push(choice.picks.clone());
            }
            at = choice.before.as_ref();
        }
        nodes.into_iter().rev().flatten()
    }

    fn with(&self, cell: usize, option: &NodeOption) -> Self {
        let costs = self.costs.iter().zip(&option.costs).map(|(a, b)| a.saturating_add(*b));
        let (picks, before) = (option.picks.clone(), self.last.clone());
        Self {
            value: self.value + option.value,
            costs: costs.collect(),
            last: Some(Rc::new(Choice { cell, picks, before })),
        }
    }
}

/// Combinations, most valuable first.
#[derive(Debug)]
pub(super) struct Frontier {
    states: Vec<State>,
}

impl Frontier {
    /// Nothing chosen, nothing spent on `limits` quantities.
    pub(super) fn start(limits: usize) -> Self {
        Self { states: vec![State { value: 0.0, costs: vec![0; limits], last: None }] }
    }

    /// The most valuable combination.
    pub(super) fn best(&self) -> Option<&State> {
        self.states.first()
    }

    /// Every combination with every choice of one more node, as far as the limits go.
    pub(super) fn extended(
        &self,
        cell: usize,
        options: &NodeOptions,
        limits: &[Limit],
    ) -> Result<Self, DecodeError> {
        let mut states = Vec::new();
        for state in &self.states {
            for option in &options.options {
                let sums = state.costs.iter().zip(&option.costs).zip(limits);
                let fits = |((spent, more), limit): ((&u64, &u64), &Limit)| {
                    spent.checked_add(*more).is_some_and(|sum| sum <= limit.most)
                };
                if sums.into_iter().all(fits) {
                    states.push(state.with(cell, option));
                }
            }
        }
        Self::undominated(states)
    }

    /// Sets the marked quantities back to nothing.
    pub(super) fn forget(mut self, marked: &[bool]) -> Result<Self, DecodeError> {
        for state in &mut self.states {
            for (cost, &marked) in state.costs.iter_mut().zip(marked) {
                if marked {
                    *cost = 0;
                }
            }
        }
        Self::undominated(self.states)
    }

    /// Keeps what no other combination beats; of equals the first.
    fn undominated(mut states: Vec<State>) -> Result<Self, DecodeError> {
        states.sort_by(|a, b| b.value.total_cmp(&a.value));
        let mut kept: Vec<State> = Vec::new();
        // With one quantity the cheapest so far decides; with several all are asked.
        let mut cheapest: Option<u64> = None;
        for state in states {
            let beaten = match state.costs[..] {
                [] => !kept.is_empty(),
                [cost] => cheapest.is_some_and(|cheapest| cheapest <= cost),
                _ => kept.iter().any(|other| {
                    other.costs.iter().zip(&state.costs).all(|(other, own)| other <= own)
                }),
            };
            if beaten {
                continue;
            }
            if let [cost] = state.costs[..] {
                cheapest = Some(cost);
            }
            kept.push(state);
            if kept.len() > Constrained::MOST {
                return Err(DecodeError::TooManyStates { most: Constrained::MOST });
            }
        }
        Ok(Self { states: kept })
    }
}
