//! Combinations of choices that no other dominates.

use std::rc::Rc;

use super::options::NodeOption;
use super::{Constrained, Limit};
use crate::DecodeError;

/// Rows with their operations.
pub(super) type Picks = Vec<(usize, usize)>;

/// The number of quantities: one per kind of limit.
pub(super) const QUANTITIES: usize = 4;

/// The amount spent of every limited quantity, in the order of the limits; 0 beyond them.
pub(super) type Spent = [u64; QUANTITIES];

/// The sum, if it keeps within the limits.
pub(super) fn within(a: &Spent, b: &Spent, limits: &[Limit]) -> Option<Spent> {
    let mut sum = [0; QUANTITIES];
    for (index, limit) in limits.iter().enumerate() {
        sum[index] = a[index].checked_add(b[index]).filter(|&sum| sum <= limit.most)?;
    }
    Some(sum)
}

/// An item worth `value` that costs `spent`.
pub(super) trait Priced {
    fn value(&self) -> f64;
    fn spent(&self) -> &Spent;
}

/// Items, most valuable first, without those that another item dominates: it is at least as
/// valuable and at most as expensive in every quantity. Of equal items the first stays.
///
/// # Errors
/// [`DecodeError::TooManyStates`].
pub(super) fn undominated<T: Priced>(mut items: Vec<T>) -> Result<Vec<T>, DecodeError> {
    items.sort_by(|a, b| b.value().total_cmp(&a.value()));
    let mut kept: Vec<T> = Vec::new();
    for item in items {
        let beaten = |other: &T| other.spent().iter().zip(item.spent()).all(|(o, own)| o <= own);
        // The latest are the cheapest so far: with one quantity the first look decides.
        if kept.iter().rev().any(beaten) {
            continue;
        }
        kept.push(item);
        if kept.len() > Constrained::MOST {
            return Err(DecodeError::TooManyStates { most: Constrained::MOST });
        }
    }
    Ok(kept)
}

/// A combination of choices of the nodes so far.
#[derive(Clone, Debug)]
pub(super) struct State {
    value: f64,
    spent: Spent,
    last: Option<Rc<Choice>>,
}

impl Priced for State {
    fn value(&self) -> f64 {
        self.value
    }

    fn spent(&self) -> &Spent {
        &self.spent
    }
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
}

/// A combination with one more choice, by their positions.
struct Longer {
    value: f64,
    spent: Spent,
    state: usize,
    option: usize,
}

impl Priced for Longer {
    fn value(&self) -> f64 {
        self.value
    }

    fn spent(&self) -> &Spent {
        &self.spent
    }
}

/// Combinations, most valuable first.
#[derive(Debug)]
pub(super) struct Frontier {
    states: Vec<State>,
}

impl Frontier {
    /// Nothing chosen, nothing spent.
    pub(super) fn start() -> Self {
        Self { states: vec![State { value: 0.0, spent: [0; QUANTITIES], last: None }] }
    }

    /// The most valuable combination.
    pub(super) fn best(&self) -> Option<&State> {
        self.states.first()
    }

    /// Every combination with every choice of one more node, as far as the limits go.
    pub(super) fn extended(
        &self,
        cell: usize,
        options: &[NodeOption],
        limits: &[Limit],
    ) -> Result<Self, DecodeError> {
        let mut longer = Vec::new();
        for (state, before) in self.states.iter().enumerate() {
            for (option, more) in options.iter().enumerate() {
                if let Some(spent) = within(&before.spent, &more.spent, limits) {
                    let value = before.value + more.value;
                    longer.push(Longer { value, spent, state, option });
                }
            }
        }
        let build = |found: Longer| {
            let picks = options[found.option].picks.clone();
            let before = self.states[found.state].last.clone();
            let last = Some(Rc::new(Choice { cell, picks, before }));
            State { value: found.value, spent: found.spent, last }
        };
        Ok(Self { states: undominated(longer)?.into_iter().map(build).collect() })
    }

    /// Sets the quantities that `own` marks back to 0.
    pub(super) fn forget(mut self, own: impl Fn(usize) -> bool) -> Result<Self, DecodeError> {
        for state in &mut self.states {
            for (index, spent) in state.spent.iter_mut().enumerate() {
                if own(index) {
                    *spent = 0;
                }
            }
        }
        Ok(Self { states: undominated(self.states)? })
    }
}
