//! The choices that one node has.

use super::Limit;
use super::frontier::{Picks, Priced, QUANTITIES, Spent, undominated, within};
use crate::DecodeError;
use crate::cell::Cell;

/// In-edges of a node with one operation each.
#[derive(Clone, Debug)]
pub(super) struct NodeOption {
    pub(super) picks: Picks,
    pub(super) value: f64,
    pub(super) spent: Spent,
}

impl Priced for NodeOption {
    fn value(&self) -> f64 {
        self.value
    }

    fn spent(&self) -> &Spent {
        &self.spent
    }
}

/// All ways to keep `kept` in-edges of `node` within the limits that no other dominates. `price` is
/// the amount that an operation on a row adds to each limited quantity.
pub(super) fn node_options(
    cell: &Cell<'_>,
    node: usize,
    kept: usize,
    limits: &[Limit],
    price: &dyn Fn(usize, usize) -> Spent,
) -> Result<Vec<NodeOption>, DecodeError> {
    let rows: Vec<usize> = cell.spec.graph.rows_into(node).collect();
    let wanted = kept.min(rows.len());
    let nothing = NodeOption { picks: Vec::new(), value: 0.0, spent: [0; QUANTITIES] };
    // By number of edges kept so far: only options of as many edges can dominate each other.
    let mut open: Vec<Vec<NodeOption>> = vec![Vec::new(); wanted + 1];
    open[0].push(nothing);
    for row in rows {
        let ways = row_options(cell, row, limits, price)?;
        for length in (1..=wanted).rev() {
            let mut options = open[length].clone();
            for shorter in &open[length - 1] {
                options.extend(ways.iter().filter_map(|way| shorter.with(way, limits)));
            }
            open[length] = undominated(options)?;
        }
    }
    Ok(open.pop().unwrap_or_default())
}

impl NodeOption {
    fn with(&self, other: &Self, limits: &[Limit]) -> Option<Self> {
        let spent = within(&self.spent, &other.spent, limits)?;
        let picks = [&self.picks[..], &other.picks[..]].concat();
        Some(Self { picks, value: self.value + other.value, spent })
    }
}

/// Operations of a row that do not cut the edge and that no other dominates.
fn row_options(
    cell: &Cell<'_>,
    row: usize,
    limits: &[Limit],
    price: &dyn Fn(usize, usize) -> Spent,
) -> Result<Vec<NodeOption>, DecodeError> {
    let ops = (0..cell.ops.len()).filter(|&op| !cell.cuts(op));
    let options = ops.filter_map(|op| {
        let spent = within(&[0; QUANTITIES], &price(row, op), limits)?;
        Some(NodeOption { picks: vec![(row, op)], value: cell.rows[row][op], spent })
    });
    undominated(options.collect())
}
