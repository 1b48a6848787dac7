//! Independent probabilities of edges: closed forms over all patterns, without a list of them.

use dartloom_space::topology::listed;

use super::costs::not_empty;
use super::{Topology, TopologyError, TopologyLattice};

/// The offset inside the logarithms of the released code.
const OFFSET: f64 = 1e-5;

/// The most edges of a block whose patterns are listed.
const MOST_LISTED: usize = 20;

/// The probability of every edge of a lattice to be on, independently of all others.
///
/// With `s_e` the probability of edge `e` of block `l` (`probabilities`), `m` over the non-empty
/// patterns and `in(m)`, `out(m)` the sets of nodes that a pattern reads and writes:
///
/// ```text
/// Z_l    = 1 - prod_e (1 - s_e)                                    block l is not empty
/// p_e    = s_e / Z_l                                               edge e is on, given that
/// eta(m) = prod_{e in m} s_e prod_{e not in m} (1 - s_e) / Z_l     the pattern is m, given that
/// P_l(S) = sum of eta(m) over out(m) = S       Q_l(S) = sum of eta(m) over in(m) = S
/// ```
///
/// He et al., *DiNTS: Differentiable Neural Network Topology Search for 3D Medical Image
/// Segmentation*, CVPR 2021, and its released code, which lists the `2^E - 1` patterns. Every edge
/// reads one node and writes one, so nodes are independent until the empty pattern is ruled out,
/// and the sums have closed forms: `O(E + 2^D)` for `D` nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeChances<'a> {
    pub(super) lattice: &'a TopologyLattice,
    pub(super) on: Vec<Vec<f64>>,
}

impl<'a> EdgeChances<'a> {
    /// Probabilities, one row per block, one number per edge.
    ///
    /// # Errors
    /// [`TopologyError::Shape`] for rows of another lattice, [`TopologyError::Probability`] for a
    /// number below 0 or above 1, [`TopologyError::EmptyBlock`] for a block of zeros.
    pub fn new(
        lattice: &'a TopologyLattice,
        probabilities: Vec<Vec<f64>>,
    ) -> Result<Self, TopologyError> {
        lattice.check_rows("probabilities", &probabilities)?;
        for (block, row) in probabilities.iter().enumerate() {
            if let Some(edge) = row.iter().position(|on| !(0.0..=1.0).contains(on)) {
                return Err(TopologyError::Probability { block, edge, found: row[edge] });
            }
            if row.iter().all(|&on| on <= 0.0) {
                return Err(TopologyError::EmptyBlock { block });
            }
        }
        Ok(Self { lattice, on: probabilities })
    }

    /// The probabilities.
    pub fn probabilities(&self) -> &[Vec<f64>] {
        &self.on
    }

    /// `Z` of every block.
    #[must_use]
    pub fn not_empty(&self) -> Vec<f64> {
        self.on.iter().map(|row| not_empty(row)).collect()
    }

    /// `p` of every edge.
    #[must_use]
    pub fn conditional(&self) -> Vec<Vec<f64>> {
        let over = |row: &Vec<f64>| {
            let not_empty = not_empty(row);
            row.iter().map(|on| on / not_empty).collect()
        };
        self.on.iter().map(over).collect()
    }

    /// `P` of a block by set of nodes: entry `S` is that of the set whose members are the bits of
    /// `S`; `2^D` numbers, the first of them 0. Empty for a block that does not exist.
    #[must_use]
    pub fn written(&self, block: usize) -> Vec<f64> {
        let blocks = self.lattice.blocks().get(block);
        blocks.map_or_else(Vec::new, |own| self.sets(block, own.outputs(), |ends| ends.1))
    }

    /// `Q` of a block by set of nodes, as [`EdgeChances::written`].
    #[must_use]
    pub fn read(&self, block: usize) -> Vec<f64> {
        let blocks = self.lattice.blocks().get(block);
        blocks.map_or_else(Vec::new, |own| self.sets(block, own.inputs(), |ends| ends.0))
    }

    /// Probabilities of all sets of active nodes, given that the block is not empty.
    ///
    /// ```text
    /// A_d  = 1 - prod of (1 - s_e) over the edges of node d
    /// P(S) = prod_{d in S} A_d prod_{d not in S} (1 - A_d) / Z
    /// ```
    fn sets(&self, block: usize, nodes: usize, node: impl Fn((usize, usize)) -> usize) -> Vec<f64> {
        let row = &self.on[block];
        let edges = self.lattice.blocks()[block].edges();
        let mut idle = vec![0.0; nodes];
        for (&ends, &on) in edges.iter().zip(row) {
            idle[node(ends)] += (-on).ln_1p();
        }
        let not_empty = not_empty(row);
        let of = |set: usize| {
            let active = |(node, idle): (usize, &f64)| match set >> node & 1 {
                1 => -idle.exp_m1(),
                _ => idle.exp(),
            };
            idle.iter().enumerate().map(active).product::<f64>() / not_empty
        };
        let mut sets: Vec<f64> = (0..1_usize << nodes).map(of).collect();
        sets[0] = 0.0;
        sets
    }

    /// The loss that joints of infeasible topologies cost.
    ///
    /// ```text
    /// L_tp = - sum over joints l, l + 1 and non-empty sets S of
    ///          P_l(S) ln(Q_{l+1}(S) + 1e-5) + (1 - P_l(S)) ln(1 - Q_{l+1}(S) + 1e-5)
    /// ```
    ///
    /// The offset is that of the released code.
    #[must_use]
    pub fn topology_loss(&self) -> f64 {
        let joints = 1..self.on.len();
        let loss = |block: usize| -> f64 {
            let written = self.written(block - 1);
            let read = self.read(block);
            let terms = written.iter().zip(&read).skip(1).map(|(written, read)| {
                written * (read + OFFSET).ln() + (1.0 - written) * (1.0 - read + OFFSET).ln()
            });
            -terms.sum::<f64>()
        };
        joints.map(loss).sum()
    }

    /// The entropy of every block's pattern, in nats.
    ///
    /// ```text
    /// H_l = (sum_e h(s_e) + q ln q) / Z + ln Z       q = 1 - Z
    /// h(s) = -s ln s - (1 - s) ln(1 - s)
    /// ```
    #[must_use]
    pub fn entropies(&self) -> Vec<f64> {
        let entropy = |row: &Vec<f64>| {
            let not_empty = not_empty(row);
            let edges: f64 = row.iter().map(|&on| -weighted(on) - weighted(1.0 - on)).sum();
            // 0 at most; rounding could make it more.
            let all = (edges + weighted(1.0 - not_empty)) / not_empty + not_empty.ln();
            all.max(0.0)
        };
        self.on.iter().map(entropy).collect()
    }

    /// The entropy of a block's pattern over the number of patterns, as DiNTS has it in its loss.
    ///
    /// ```text
    /// H_a = sum_l H_l / sum_l (2^E_l - 1)        = mean over l and m of -eta(m) ln eta(m)
    /// ```
    ///
    /// with `H_l` as in [`EdgeChances::entropies`] and `E_l` the edges of block `l`.
    #[must_use]
    pub fn pattern_entropy(&self) -> f64 {
        self.entropies().iter().sum::<f64>() / self.patterns()
    }

    /// The same with the offset of the released code: the mean of `-eta(m) ln(eta(m) + 1e-5)` over
    /// blocks and patterns. There is no closed form, so all patterns are listed.
    ///
    /// # Errors
    /// [`TopologyError::Range`] for a block of more than 20 edges.
    pub fn released_entropy(&self) -> Result<f64, TopologyError> {
        let mut sum = 0.0;
        for row in &self.on {
            check("edges of a block whose patterns are listed", MOST_LISTED, row.len())?;
            let mut patterns = vec![1.0 / not_empty(row)];
            for &on in row {
                let with: Vec<f64> = patterns.iter().map(|eta| eta * on).collect();
                patterns.iter_mut().for_each(|eta| *eta *= 1.0 - on);
                patterns.extend(with);
            }
            // The first one is the empty pattern.
            sum -= patterns.iter().skip(1).map(|eta| eta * (eta + OFFSET).ln()).sum::<f64>();
        }
        Ok(sum / self.patterns())
    }

    /// The number of non-empty patterns of all blocks.
    fn patterns(&self) -> f64 {
        self.on.iter().map(|row| (row.len() as f64).exp2() - 1.0).sum()
    }

    /// The likeliest pattern of every block by itself, which the next one may not fit: an edge is
    /// on if its probability is above one half; if none is, the likeliest edge alone, the first of
    /// equals. The released code stores it beside the decoded topology; do not build from it.
    #[must_use]
    pub fn likeliest_patterns(&self) -> Topology {
        let pattern = |row: &Vec<f64>| {
            let on: Vec<bool> = row.iter().map(|&on| on > 0.5).collect();
            if on.contains(&true) {
                return on;
            }
            let mut best = 0;
            for (edge, &on) in row.iter().enumerate() {
                if on > row[best] {
                    best = edge;
                }
            }
            listed(1 << best, row.len())
        };
        Topology { patterns: self.on.iter().map(pattern).collect() }
    }
}

pub(super) fn check(what: &'static str, most: usize, found: usize) -> Result<(), TopologyError> {
    let least = 1;
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(TopologyError::Range { what, least, most, found })
}

/// `x ln x`, 0 at 0.
fn weighted(x: f64) -> f64 {
    if x > 0.0 { x * x.ln() } else { 0.0 }
}
