//! What one node may choose.

use super::Limit;
use super::frontier::Picks;
use crate::cell::Cell;

/// Choices of a node that no other dominates.
#[derive(Debug)]
pub(super) struct NodeOptions {
    pub(super) options: Vec<NodeOption>,
}

/// In-edges of a node with one operation each.
#[derive(Clone, Debug)]
pub(super) struct NodeOption {
    pub(super) picks: Picks,
    pub(super) value: f64,
    pub(super) costs: Vec<u64>,
}

impl NodeOptions {
    /// All ways to keep `kept` in-edges of `node` within the limits, `price` being what an
    /// operation on a row adds to each limited quantity.
    pub(super) fn new(
        cell: &Cell<'_>,
        node: usize,
        kept: usize,
        limits: &[Limit],
        price: &dyn Fn(usize, usize) -> Vec<u64>,
    ) -> Self {
        let rows: Vec<usize> = cell.spec.graph.rows_into(node).collect();
        let wanted = kept.min(rows.len());
        let nothing = NodeOption { picks: Vec::new(), value: 0.0, costs: vec![0; limits.len()] };
        let mut open = vec![nothing];
        for (index, &row) in rows.iter().enumerate() {
            let ways = row_options(cell, row, limits, price);
            let left = rows.len() - index - 1;
            let mut next = Vec::new();
            for option in &open {
                if option.picks.len() < wanted {
                    next.extend(ways.iter().map(|way| option.with(way)));
                }
                if option.picks.len() + left >= wanted {
                    next.push(option.clone());
                }
            }
            open = by_length(next, limits);
        }
        open.retain(|option| option.picks.len() == wanted);
        Self { options: open }
    }
}

impl NodeOption {
    fn with(&self, other: &Self) -> Self {
        let costs = self.costs.iter().zip(&other.costs).map(|(a, b)| a.saturating_add(*b));
        Self {
            picks: [&self.picks[..], &other.picks[..]].concat(),
            value: self.value + other.value,
            costs: costs.collect(),
        }
    }
}

/// Operations of a row that do not cut the edge and that no other dominates.
fn row_options(
    cell: &Cell<'_>,
    row: usize,
    limits: &[Limit],
    price: &dyn Fn(usize, usize) -> Vec<u64>,
) -> Vec<NodeOption> {
    let ops = (0..cell.ops.len()).filter(|&op| !cell.cuts(op));
    let options = ops.map(|op| {
        let value = cell.rows[row][op];
        NodeOption { picks: vec![(row, op)], value, costs: price(row, op) }
    });
    undominated(options.collect(), limits)
}

/// Drops what is dominated by another of as many edges.
fn by_length(options: Vec<NodeOption>, limits: &[Limit]) -> Vec<NodeOption> {
    let longest = options.iter().map(|option| option.picks.len()).max().unwrap_or(0);
    let mut kept = Vec::new();
    for length in (0..=longest).rev() {
        let same = options.iter().filter(|option| option.picks.len() == length);
        kept.extend(undominated(same.cloned().collect(), limits));
    }
    kept
}

/// Options within the limits to which no other is at once as valuable and as cheap. Of equals the
/// first stays.
fn undominated(mut options: Vec<NodeOption>, limits: &[Limit]) -> Vec<NodeOption> {
    options
        .retain(|option| option.costs.iter().zip(limits).all(|(&cost, limit)| cost <= limit.most));
    options.sort_by(|a, b| b.value.total_cmp(&a.value));
    let mut kept: Vec<NodeOption> = Vec::new();
    for option in options {
        let beaten = |other: &NodeOption| {
            other.costs.iter().zip(&option.costs).all(|(other, own)| other <= own)
        };
        if !kept.iter().any(beaten) {
            kept.push(option);
        }
    }
    kept
}
