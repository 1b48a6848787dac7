//! The cheapest feasible topology within a budget.

use std::collections::BTreeMap;

use dartloom_space::topology::{Algebra, Edges, Groups, Joint, MOST_STATES, Nodes, groups};

use super::best::{Before, Column, Reached};
use super::costs::Surprise;
use super::{EdgeChances, PatternCost, RatedTopology, Topology, TopologyError, TopologyLattice};

/// A limit on a quantity that adds up over the edges that are on, such as bytes or multiply-adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeBudget {
    /// The amount that every edge spends, rows as a block's edges.
    pub spent: Vec<Vec<u64>>,
    /// The most that all of them may spend.
    pub most: u64,
}

impl EdgeBudget {
    /// The amount that a topology of the same lattice spends.
    #[must_use]
    pub fn spent_by(&self, topology: &Topology) -> u128 {
        let rows = topology.patterns.iter().zip(&self.spent);
        let edges = rows.flat_map(|(pattern, spent)| pattern.iter().zip(spent));
        edges.filter(|(on, _)| **on).map(|(_, &spent)| u128::from(spent)).sum()
    }
}

/// A pattern with its cost and the amount that it spends.
#[derive(Clone, Copy, Debug)]
struct Priced {
    cost: f64,
    spent: u128,
    edges: Edges,
}

/// Patterns that no other beats in cost and amount, cheapest first.
struct Undominated<'a> {
    cost: PatternCost,
    surprise: &'a Surprise,
    spent: &'a [u64],
}

impl Algebra for Undominated<'_> {
    type Value = Vec<Priced>;

    fn none(&self) -> Vec<Priced> {
        vec![Priced { cost: 0.0, spent: 0, edges: 0 }]
    }

    fn with(&self, value: &Vec<Priced>, edge: usize, on: bool) -> Option<Vec<Priced>> {
        let more = self.surprise.of(edge, on);
        if more.is_infinite() && self.cost.refuses_impossible() {
            return None;
        }
        let spent = if on { u128::from(self.spent[edge]) } else { 0 };
        let with = |pattern: &Priced| Priced {
            cost: pattern.cost + more,
            spent: pattern.spent + spent,
            edges: pattern.edges | u64::from(on) << edge,
        };
        Some(value.iter().map(with).collect())
    }

    fn either(&self, mut a: Vec<Priced>, b: Vec<Priced>) -> Vec<Priced> {
        a.extend(b);
        undominated(a, |pattern| (pattern.cost, pattern.spent))
    }

    fn states(&self, value: &Vec<Priced>) -> usize {
        value.len()
    }
}

/// The least amount that patterns spend.
struct Least<'a>(Undominated<'a>);

impl Algebra for Least<'_> {
    type Value = u128;

    fn none(&self) -> u128 {
        0
    }

    fn with(&self, value: &u128, edge: usize, on: bool) -> Option<u128> {
        let rules = &self.0;
        if rules.surprise.of(edge, on).is_infinite() && rules.cost.refuses_impossible() {
            return None;
        }
        Some(if on { value + u128::from(rules.spent[edge]) } else { *value })
    }

    fn either(&self, a: u128, b: u128) -> u128 {
        a.min(b)
    }

    fn states(&self, _: &u128) -> usize {
        1
    }
}

/// Items by rising cost without those that cost and spend at least as much as another; of equals
/// the first stays.
fn undominated<T>(mut items: Vec<T>, price: impl Fn(&T) -> (f64, u128)) -> Vec<T> {
    items.sort_by(|a, b| {
        let a = price(a);
        let b = price(b);
        a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
    });
    let mut least = None;
    items.retain(|item| {
        let spent = price(item).1;
        let better = least.is_none_or(|least| spent < least);
        if better {
            least = Some(spent);
        }
        better
    });
    items
}

/// A topology of the blocks so far, and the amount that it spends.
#[derive(Clone, Copy, Debug)]
struct Spending {
    reached: Reached,
    spent: u128,
}

type SpendingColumn = BTreeMap<Nodes, Vec<Spending>>;

impl EdgeChances<'_> {
    /// The cheapest feasible topology that keeps within a budget.
    ///
    /// Exact: the dynamic programme of [`EdgeChances::best`] that keeps, for every set of nodes,
    /// all topologies up to there that no other beats in cost and amount, without those that cannot
    /// be finished within the budget.
    ///
    /// # Errors
    /// [`TopologyError::Shape`] for a budget of another lattice, [`TopologyError::Budget`] with the
    /// amount of the cheapest topology where none fits, [`TopologyError::NoTopology`] where none is
    /// feasible at all (and, for [`PatternCost::Exact`], possible), and
    /// [`TopologyError::TooManyStates`] where more than `2^20` topologies would have to be compared
    /// at a time.
    pub fn best_within(
        &self,
        cost: PatternCost,
        budget: &EdgeBudget,
    ) -> Result<RatedTopology, TopologyError> {
        self.lattice.check_rows("amounts", &budget.spent)?;
        let to_go = self.least_to_go(cost, budget)?;
        let mut columns: Vec<SpendingColumn> = Vec::new();
        for (block, own) in self.lattice.blocks().iter().enumerate() {
            let surprise = &Surprise::new(&self.on[block]);
            let spent = &budget.spent[block];
            let mut patterns = groups(&Undominated { cost, surprise, spent }, own, block)?;
            for pattern in patterns.values_mut().flatten() {
                pattern.cost = cost.of(pattern.cost + surprise.log_not_empty);
            }
            if columns.is_empty() {
                let start = self.start(patterns.keys().map(|joint| joint.read)).into_iter();
                let unspent = |reached| Spending { reached, spent: 0 };
                columns.push(
                    start.map(|(at, own)| (at, own.into_iter().map(unspent).collect())).collect(),
                );
            }
            let affordable = |written: Nodes, spent: u128| {
                let rest = to_go[block + 1].get(&written);
                rest.is_some_and(|rest| spent + rest <= u128::from(budget.most))
            };
            columns.push(next_column(block, &columns[block], &patterns, affordable)?);
        }
        let last = columns.last().into_iter().flatten();
        let ends = last.flat_map(|(&nodes, reached)| {
            let end =
                move |(rank, own): (usize, &Spending)| (own.reached.cost, Before { nodes, rank });
            reached.iter().enumerate().map(end)
        });
        let best = ends.min_by(|a, b| a.0.total_cmp(&b.0)).ok_or(TopologyError::NoTopology)?;
        let columns: Vec<Column> = columns.into_iter().map(without_amounts).collect();
        Ok(self.trace(&columns, best.1))
    }

    /// The least amount that the blocks from each column on spend, by the nodes they read; sets
    /// from which no topology leads to the end are left out.
    fn least_to_go(
        &self,
        cost: PatternCost,
        budget: &EdgeBudget,
    ) -> Result<Vec<BTreeMap<Nodes, u128>>, TopologyError> {
        let blocks = self.lattice.blocks();
        let mut to_go: Vec<BTreeMap<Nodes, u128>> = Vec::with_capacity(blocks.len() + 1);
        for (block, own) in blocks.iter().enumerate().rev() {
            let surprise = &Surprise::new(&self.on[block]);
            let rules = Least(Undominated { cost, surprise, spent: &budget.spent[block] });
            let patterns = groups(&rules, own, block)?;
            if to_go.is_empty() {
                to_go.push(ends(self.lattice, &patterns));
            }
            let after = &to_go[to_go.len() - 1];
            let mut least: BTreeMap<Nodes, u128> = BTreeMap::new();
            for (joint, spent) in &patterns {
                if let Some(rest) = after.get(&joint.written) {
                    let known = least.entry(joint.read).or_insert(u128::MAX);
                    *known = (*known).min(spent + rest);
                }
            }
            to_go.push(least);
        }
        to_go.reverse();
        let starts = to_go[0].iter().filter(|(nodes, _)| self.lattice.may_start(**nodes));
        let least = starts.map(|(_, &least)| least).min().ok_or(TopologyError::NoTopology)?;
        if least > u128::from(budget.most) {
            return Err(TopologyError::Budget { most: budget.most, least });
        }
        Ok(to_go)
    }
}

/// The sets of nodes that the last block may write, with nothing left to spend.
fn ends<T>(lattice: &TopologyLattice, patterns: &Groups<T>) -> BTreeMap<Nodes, u128> {
    let last = lattice.blocks().len() - 1;
    let written = patterns.keys().map(|joint| joint.written);
    written.filter(|&nodes| lattice.may_write(last, nodes)).map(|nodes| (nodes, 0)).collect()
}

fn without_amounts(column: SpendingColumn) -> Column {
    let reached = |own: Vec<Spending>| own.into_iter().map(|own| own.reached).collect();
    column.into_iter().map(|(nodes, own)| (nodes, reached(own))).collect()
}

/// Every topology with every pattern of one more block, as far as the budget goes.
fn next_column(
    block: usize,
    column: &SpendingColumn,
    patterns: &Groups<Vec<Priced>>,
    affordable: impl Fn(Nodes, u128) -> bool,
) -> Result<SpendingColumn, TopologyError> {
    let mut next = SpendingColumn::new();
    for (&Joint { read, written }, patterns) in patterns {
        let mut longer = Vec::new();
        for (rank, before) in column.get(&read).into_iter().flatten().enumerate() {
            for pattern in patterns {
                let spent = before.spent + pattern.spent;
                if affordable(written, spent) {
                    let cost = before.reached.cost + pattern.cost;
                    let before = Before { nodes: read, rank };
                    let reached = Reached { cost, pattern: pattern.edges, before };
                    longer.push(Spending { reached, spent });
                }
            }
        }
        if !longer.is_empty() {
            let known = next.remove(&written).unwrap_or_default();
            let all = [known, longer].concat();
            next.insert(written, undominated(all, |own| (own.reached.cost, own.spent)));
        }
        if next.values().map(Vec::len).sum::<usize>() > MOST_STATES {
            return Err(TopologyError::TooManyStates { block, most: MOST_STATES });
        }
    }
    Ok(next)
}
