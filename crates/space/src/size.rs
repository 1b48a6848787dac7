//! The number of architectures that a space holds.

use num_bigint::BigUint;

use crate::{CellGraph, Space, SpaceError};

/// A number of architectures.
#[derive(Clone, Debug, PartialEq)]
pub struct SpaceSize {
    /// All digits.
    pub exact: BigUint,
    /// Its base-10 logarithm; minus infinity for 0.
    pub log10: f64,
}

impl SpaceSize {
    fn new(exact: BigUint) -> Self {
        let log10 = log10(&exact);
        Self { exact, log10 }
    }

    /// The number of ways to put any subset of `ops` operations on each of `edges` edges:
    /// `(2^ops)^edges` (FairDARTS, before its threshold).
    ///
    /// # Errors
    /// [`SpaceError::Range`] when `ops * edges`, the number of binary digits, is above 2^20.
    pub fn subsets(ops: usize, edges: usize) -> Result<Self, SpaceError> {
        let digits = ops.saturating_mul(edges);
        if digits > MOST_DIGITS {
            let what = "operations times edges";
            return Err(SpaceError::Range { what, most: MOST_DIGITS, found: digits });
        }
        Ok(Self::new(BigUint::from(1_u8) << digits))
    }
}

/// Binary digits that take a moment, not minutes.
const MOST_DIGITS: usize = 1 << 20;

/// `s(K, N)^cells` with `s(K, N) = prod_{i=1..N} (i + 1) i / 2 * K^2` (D-DARTS, eq. 6): `k`
/// operations, `n` nodes that each keep two of all earlier nodes, and `cells` cells.
///
/// # Errors
/// [`SpaceError::Range`] unless `k` is at most 65536, `n` at most 64 and `cells` at most 512.
pub fn darts_size(k: usize, n: usize, cells: usize) -> Result<SpaceSize, SpaceError> {
    for (what, found, most) in [("operations", k, 65536), ("nodes", n, 64), ("cells", cells, 512)] {
        if found > most {
            return Err(SpaceError::Range { what, most, found });
        }
    }
    let cell = (1..=n).map(|i| binomial(i + 1, 2) * BigUint::from(k).pow(2));
    let cell: BigUint = cell.product();
    Ok(SpaceSize::new((0..cells).map(|_| &cell).product()))
}

impl CellGraph {
    /// The number of ways to keep `top` in-edges per node (all where a node has fewer) with one of
    /// `ops` operations each: `prod_nodes C(in-edges, top) * ops^top`.
    pub fn size(&self, ops: usize, top: usize) -> BigUint {
        self.own_nodes()
            .map(|node| {
                let edges = self.rows_into(node).count();
                let kept = top.min(edges);
                let chosen = u32::try_from(kept).unwrap_or(u32::MAX);
                binomial(edges, kept) * BigUint::from(ops).pow(chosen)
            })
            .product()
    }
}

impl Space {
    /// The number of architectures with `top` in-edges per node: the product of
    /// [`CellGraph::size`] over the searchable cells, times the number of links of every port that
    /// chooses among several.
    ///
    /// Zero operations are not counted as choices, as decoders never choose them.
    pub fn size(&self, top: usize) -> SpaceSize {
        let ops = self.op_set().ops().iter().filter(|op| !op.is_zero()).count();
        let cells: BigUint = self.cells().iter().map(|cell| cell.graph.size(ops, top)).product();
        let links: BigUint =
            self.network().choices().map(|choice| BigUint::from(choice.links)).product();
        SpaceSize::new(cells * links)
    }
}

/// `C(n, k)`.
fn binomial(n: usize, k: usize) -> BigUint {
    let mut value = BigUint::from(u8::from(k <= n));
    for i in 0..k.min(n) {
        // Each step gives C(n, i + 1), so the division has no rest.
        value = value * BigUint::from(n - i) / BigUint::from(i + 1);
    }
    value
}

/// The leading 64 bits carry more than the precision of the result.
fn log10(value: &BigUint) -> f64 {
    let shift = value.bits().saturating_sub(64);
    let leading = (value >> shift).iter_u64_digits().next().unwrap_or(0);
    (leading as f64).log10() + shift as f64 * std::f64::consts::LOG10_2
}
