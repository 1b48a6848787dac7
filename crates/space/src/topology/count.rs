//! The number of feasible topologies, and random ones.

use std::collections::BTreeMap;

use num_bigint::BigUint;
use rand::RngCore;

use super::block::{Joint, Nodes, listed};
use super::grouped::{Algebra, Groups, MOST_STATES, decided};
use super::{Block, Topology, TopologyError, TopologyLattice};

/// Feasible topologies, counted: their number, each by its index, and uniform random ones.
///
/// ```text
/// N_L(S) = 1     N_l(S) = sum over T of |{m : in(m) = S, out(m) = T}| N_{l+1}(T)
/// ```
///
/// All numbers are exact.
#[derive(Clone, Debug, PartialEq)]
pub struct TopologyCounts {
    lattice: TopologyLattice,
    /// Different blocks, and which of them stands where.
    kinds: Vec<Patterns>,
    kind: Vec<usize>,
    /// Topologies from each column on, by the nodes that are read.
    to_go: Vec<BTreeMap<Nodes, BigUint>>,
    total: BigUint,
}

/// Numbers of patterns of a block by nodes, after none, one, .. and all of its edges.
#[derive(Clone, Debug, PartialEq)]
struct Patterns {
    block: Block,
    steps: Vec<Groups<u128>>,
}

struct Number;

impl Algebra for Number {
    type Value = u128;

    fn none(&self) -> u128 {
        1
    }

    fn with(&self, value: &u128, _: usize, _: bool) -> Option<u128> {
        Some(*value)
    }

    fn either(&self, a: u128, b: u128) -> u128 {
        a + b
    }

    fn states(&self, _: &u128) -> usize {
        1
    }
}

impl Patterns {
    fn new(block: &Block, index: usize) -> Result<Self, TopologyError> {
        let mut steps = vec![Groups::from([(Joint::default(), Number.none())])];
        let mut states = 1;
        for edge in 0..block.edges().len() {
            let next = decided(&Number, block, edge, &steps[edge]);
            states += next.len();
            if states > MOST_STATES {
                return Err(TopologyError::TooManyStates { block: index, most: MOST_STATES });
            }
            steps.push(next);
        }
        Ok(Self { block: block.clone(), steps })
    }

    /// Groups of non-empty patterns.
    fn groups(&self) -> impl Iterator<Item = (Joint, u128)> {
        let last = self.steps[self.block.edges().len()].iter();
        last.filter(|(joint, _)| joint.read != 0).map(|(&joint, &count)| (joint, count))
    }

    /// The pattern of an index within its group.
    fn nth(&self, joint: Joint, index: u128) -> Vec<bool> {
        let mut joint = joint;
        let mut index = index;
        let mut edges = 0;
        for edge in (0..self.block.edges().len()).rev() {
            for (before, on) in self.before(edge, joint) {
                let count = self.steps[edge].get(&before).copied().unwrap_or(0);
                if index < count {
                    joint = before;
                    edges |= u64::from(on) << edge;
                    break;
                }
                index -= count;
            }
        }
        listed(edges, self.block.edges().len())
    }

    /// The nodes that may have been there before an edge was decided, and its decision.
    fn before(&self, edge: usize, joint: Joint) -> Vec<(Joint, bool)> {
        let ends = self.block.ends(edge);
        let mut before = vec![(joint, false)];
        if joint.and(ends) != joint {
            return before;
        }
        for read in [joint.read, joint.read & !ends.read] {
            for written in [joint.written, joint.written & !ends.written] {
                before.push((Joint { read, written }, true));
            }
        }
        before
    }
}

impl TopologyLattice {
    /// Counts the feasible topologies.
    ///
    /// # Errors
    /// [`TopologyError::TooManyStates`] for a block of more than `2^20` groups of nodes.
    pub fn counts(&self) -> Result<TopologyCounts, TopologyError> {
        let mut kinds: Vec<Patterns> = Vec::new();
        let mut kind = Vec::with_capacity(self.blocks().len());
        for (index, block) in self.blocks().iter().enumerate() {
            let known = kinds.iter().position(|patterns| patterns.block == *block);
            kind.push(known.unwrap_or(kinds.len()));
            if known.is_none() {
                kinds.push(Patterns::new(block, index)?);
            }
        }
        let mut to_go: Vec<BTreeMap<Nodes, BigUint>> = Vec::with_capacity(kind.len() + 1);
        for (block, &kind) in kind.iter().enumerate().rev() {
            if to_go.is_empty() {
                let written = kinds[kind].groups().map(|(joint, _)| joint.written);
                let may = written.filter(|&nodes| self.may_write(block, nodes));
                to_go.push(may.map(|nodes| (nodes, BigUint::from(1_u8))).collect());
            }
            let after = &to_go[to_go.len() - 1];
            let mut own: BTreeMap<Nodes, BigUint> = BTreeMap::new();
            for (joint, count) in kinds[kind].groups() {
                if let Some(rest) = after.get(&joint.written) {
                    *own.entry(joint.read).or_default() += rest * count;
                }
            }
            to_go.push(own);
        }
        to_go.reverse();
        to_go[0].retain(|&nodes, _| self.may_start(nodes));
        let total = to_go[0].values().sum();
        Ok(TopologyCounts { lattice: self.clone(), kinds, kind, to_go, total })
    }
}

impl TopologyCounts {
    /// The number of feasible topologies.
    pub fn total(&self) -> &BigUint {
        &self.total
    }

    /// The feasible topology of an index below [`TopologyCounts::total`]; `None` beyond it. The
    /// order is fixed, but means nothing.
    #[must_use]
    pub fn nth(&self, index: &BigUint) -> Option<Topology> {
        if *index >= self.total {
            return None;
        }
        let mut index = index.clone();
        let mut at =
            take(&mut index, self.to_go[0].iter().map(|(&at, count)| (at, count.clone())))?;
        let mut patterns = Vec::with_capacity(self.kind.len());
        for (block, &kind) in self.kind.iter().enumerate() {
            let own = &self.kinds[kind];
            let after = &self.to_go[block + 1];
            let ways = own.groups().filter(|(joint, _)| joint.read == at);
            let ways = ways.filter_map(|(joint, count)| {
                after.get(&joint.written).map(|rest| (joint, rest * count))
            });
            let joint = take(&mut index, ways)?;
            let rest = after.get(&joint.written)?;
            let place = &index / rest;
            index %= rest;
            // Below the number of patterns of the group, which fits.
            patterns.push(own.nth(joint, u128::try_from(place).ok()?));
            at = joint.written;
        }
        Some(Topology { patterns })
    }

    /// A feasible topology, each with the same probability; `None` where there is none.
    #[must_use]
    pub fn draw(&self, rng: &mut dyn RngCore) -> Option<Topology> {
        if self.total == BigUint::default() {
            return None;
        }
        self.nth(&below(&self.total, rng))
    }

    /// `true` if topologies go on from these nodes of a column to the end.
    pub(super) fn goes_on(&self, column: usize, nodes: Nodes) -> bool {
        self.to_go.get(column).is_some_and(|own| own.contains_key(&nodes))
    }

    /// The lattice.
    pub fn lattice(&self) -> &TopologyLattice {
        &self.lattice
    }
}

/// The item that an index falls on where each stands for as many indices as its count; the index
/// becomes that within the item.
fn take<T>(index: &mut BigUint, items: impl Iterator<Item = (T, BigUint)>) -> Option<T> {
    for (item, count) in items {
        if *index < count {
            return Some(item);
        }
        *index -= count;
    }
    None
}

/// A number below a bound above 0, each with the same probability: numbers of as many bits are
/// drawn until one is.
fn below(bound: &BigUint, rng: &mut dyn RngCore) -> BigUint {
    let bits = bound.bits();
    let mut bytes = vec![0; usize::try_from(bits.div_ceil(8)).unwrap_or(usize::MAX)];
    loop {
        rng.fill_bytes(&mut bytes);
        if let Some(last) = bytes.last_mut() {
            *last &= u8::MAX >> (bits.wrapping_neg() % 8);
        }
        let drawn = BigUint::from_bytes_le(&bytes);
        if drawn < *bound {
            return drawn;
        }
    }
}
