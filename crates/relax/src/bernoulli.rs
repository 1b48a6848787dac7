//! Links of a layer that are on or off independently of each other, of which some is on (DiNTS).
//!
//! With `s_e` the probability that link `e` of a layer is on before it is known that some link is,
//!
//! ```text
//! Z        = 1 - prod_e (1 - s_e)
//! p_e      = s_e / Z                                              P(e is on | some link is)
//! eta(m)   = prod_{e in m} s_e prod_{e not in m} (1 - s_e) / Z    for every set m of links but {}
//! P(S)     = sum of eta(m) over the sets m that write to the nodes S, and no others
//! Q(S)     = the same for the nodes that m reads
//! ```
//!
//! (He et al., *DiNTS*, CVPR 2021, and its released code.) A link reads one node and writes one, so
//! nodes are independent of each other given that some link is on, and no set of links has to be
//! listed: with `A_d = 1 - prod_{e into d} (1 - s_e)`,
//! `P(S) = prod_{d in S} A_d prod_{d not in S} (1 - A_d) / Z`. The entropy of `eta` is
//! `(sum_e h(s_e) + q ln q) / Z + ln Z` with `q = 1 - Z` and `h` the entropy of one switch.

use candle_core::Tensor;
use rand::RngCore;
use serde::Serialize;

use crate::relaxation::check_table;
use crate::{Constraint, Progress, RelaxError, Relaxation, identity};

/// Weights of links of which some is on: `p_e = s_e / (1 - prod (1 - s))` with
/// `s = sigmoid(logits)`, row by row.
///
/// # Differences from the paper
/// None; logits begin at `0.01 N(0, 1)`, as in the released code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct SomeOn;

impl Relaxation for SomeOn {
    fn weights(
        &self,
        logits: &Tensor,
        _at: Progress,
        _noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        check_table(logits)?;
        let on = candle_nn::ops::sigmoid(logits)?;
        Ok(on.broadcast_div(&some_on(&on)?)?)
    }

    fn constraint(&self) -> Constraint {
        Constraint::UnitInterval
    }

    fn initial(&self, rows: usize, candidates: usize, noise: &mut dyn RngCore) -> Vec<f32> {
        use rand_distr::{Distribution, StandardNormal};
        let draw = |_| -> f32 {
            let normal: f32 = StandardNormal.sample(&mut *noise);
            0.01 * normal
        };
        (0..rows * candidates).map(draw).collect()
    }

    fn identity(&self) -> Option<String> {
        identity::of("SomeOn", self)
    }
}

impl crate::Deterministic for SomeOn {}

/// `Z` of the last axis, which is kept: at least the smallest positive share of it.
///
/// `1 - exp(sum ln (1 - s))` loses nothing that matters: a layer whose links are all off has no
/// weights to speak of.
fn some_on(on: &Tensor) -> Result<Tensor, RelaxError> {
    let off = on.affine(-1.0, 1.0)?.clamp(1e-12, 1.0)?;
    let none = off.log()?.sum_keepdim(candle_core::D::Minus1)?.exp()?;
    Ok(none.affine(-1.0, 1.0)?.clamp(1e-12, 1.0)?)
}

/// A link of a layer: the node that it reads and the one that it writes, each numbered within its
/// column of the lattice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The node before.
    pub from: usize,
    /// The node after.
    pub to: usize,
}

/// The mean entropy of the sets of links, `sum_l H(eta_l) / sum_l (2^E_l - 1)`, for the
/// probabilities `on` of each layer's links, `[E_l]`: a scalar.
///
/// # Differences from the paper
/// The released code adds 1e-5 within the logarithm, which the closed form does not.
///
/// # Errors
/// When a tensor operation fails, as for no layer.
pub fn entropy(on: &[Tensor]) -> Result<Tensor, RelaxError> {
    let mut sets = 0.0;
    let mut total: Option<Tensor> = None;
    for on in on {
        sets += 2_f64.powi(i32::try_from(on.elem_count()).unwrap_or(i32::MAX)) - 1.0;
        let all = some_on(on)?.squeeze(0)?;
        let none = all.affine(-1.0, 1.0)?;
        let switches = (plogp(on)? + plogp(&on.affine(-1.0, 1.0)?)?)?.sum_all()?;
        let inside = (plogp(&none)? - switches)?;
        let own = ((inside / &all)? + all.log()?)?;
        total = Some(match total {
            Some(total) => (total + own)?,
            None => own,
        });
    }
    let total = total.ok_or(RelaxError::EmptyGroup { group: 0 })?;
    Ok((total / sets)?)
}

fn plogp(p: &Tensor) -> Result<Tensor, RelaxError> {
    Ok((p * p.clamp(1e-12, 1.0)?.log()?)?)
}

/// The expected share of an amount that links spend, given that some link of each layer is on:
///
/// ```text
/// M / M_full = sum_l sum_e p_(l,e) c_(l,e) / sum_l sum_e c_(l,e)       p_e = s_e / Z
/// ```
///
/// for the probabilities `on` of each layer's links, `[E_l]`, and the `amounts` `c` of each, such
/// as bytes. An expectation is linear, so that no set of links is listed. A scalar in (0, 1].
///
/// # Errors
/// [`RelaxError::Mismatch`] for amounts of other links, [`RelaxError::Parameter`] for amounts that
/// are negative or not finite, or all 0, or for no link at all, else when a tensor operation fails.
pub fn expected_share(on: &[Tensor], amounts: &[&[f64]]) -> Result<Tensor, RelaxError> {
    let sizes: Vec<usize> = on.iter().map(Tensor::elem_count).collect();
    let found: Vec<usize> = amounts.iter().map(|own| own.len()).collect();
    if sizes != found {
        return Err(RelaxError::Mismatch { what: "amounts of links", expected: sizes, found });
    }
    let all: f64 = amounts.iter().copied().flatten().sum();
    let spent = |amount: &f64| amount.is_finite() && *amount >= 0.0;
    let valid = amounts.iter().copied().flatten().all(spent);
    if !(valid && all > 0.0 && all.is_finite()) {
        let expected = "finite amounts, 0 or more, and not all 0";
        return Err(RelaxError::Parameter { name: "amounts", expected, found: all });
    }
    let mut total: Option<Tensor> = None;
    for (on, own) in on.iter().zip(amounts) {
        let shares: Vec<f64> = own.iter().map(|amount| amount / all).collect();
        let shares = Tensor::new(shares, on.device())?.to_dtype(on.dtype())?;
        let own = (on * shares)?.sum_all()?.div(&some_on(on)?.squeeze(0)?)?;
        total = Some(match total {
            Some(total) => (total + own)?,
            None => own,
        });
    }
    total.ok_or(RelaxError::EmptyGroup { group: 0 })
}

/// The topology loss of DiNTS,
///
/// ```text
/// L = - sum_l sum_S [ P_l(S) ln(Q_(l+1)(S) + 1e-5) + (1 - P_l(S)) ln(1 - Q_(l+1)(S) + 1e-5) ]
/// ```
///
/// over neighbouring layers and all sets `S` of nodes between them but the empty one: a layer shall
/// read the nodes that the one before writes. `on` holds the probabilities of each layer's links,
/// `edges` the nodes that they connect. A scalar; cost: `2^D` numbers for `D` nodes.
///
/// # Errors
/// [`RelaxError::Nodes`] for layers that meet at more than 16 nodes, else when a tensor operation
/// fails.
pub fn topology_loss(on: &[Tensor], edges: &[&[Edge]]) -> Result<Tensor, RelaxError> {
    let first = on.first().ok_or(RelaxError::EmptyGroup { group: 0 })?;
    let mut total = Tensor::zeros((), first.dtype(), first.device())?;
    let joints = on.windows(2).zip(edges.windows(2));
    for (on, edges) in joints {
        let written = edges[0].iter().map(|edge| edge.to);
        let nodes = written.chain(edges[1].iter().map(|edge| edge.from)).max().map_or(0, |n| n + 1);
        if nodes > MOST_NODES {
            return Err(RelaxError::Nodes { most: MOST_NODES, found: nodes });
        }
        let writes = node_sets(&on[0], edges[0].iter().map(|edge| edge.to), nodes)?;
        let reads = node_sets(&on[1], edges[1].iter().map(|edge| edge.from), nodes)?;
        let yes = (&writes * (&reads + 1e-5)?.log()?)?;
        let no = (writes.affine(-1.0, 1.0)? * reads.affine(-1.0, 1.0 + 1e-5)?.log()?)?;
        total = (total - (yes + no)?.sum_all()?)?;
    }
    Ok(total)
}

/// Sets of more nodes are not listed.
const MOST_NODES: usize = 16;

/// The probabilities of the sets of nodes at the ends `nodes` of links, `[2^D - 1]`: set `S` stands
/// at `sum_{d in S} 2^d - 1`.
fn node_sets(
    on: &Tensor,
    ends: impl Iterator<Item = usize>,
    nodes: usize,
) -> Result<Tensor, RelaxError> {
    let ends: Vec<usize> = ends.collect();
    let one = Tensor::ones(1, on.dtype(), on.device())?;
    let mut sets = one.clone();
    for node in 0..nodes {
        let own = (0_u32..).zip(&ends).filter(|(_, end)| **end == node);
        let own: Vec<u32> = own.map(|(link, _)| link).collect();
        let active = if own.is_empty() {
            one.zeros_like()?
        } else {
            let index = Tensor::new(own.as_slice(), on.device())?;
            some_on(&on.index_select(&index, 0)?)?
        };
        let off = sets.broadcast_mul(&active.affine(-1.0, 1.0)?)?;
        sets = Tensor::cat(&[off, sets.broadcast_mul(&active)?], 0)?;
    }
    let count = sets.dim(0)?;
    Ok(sets.narrow(0, 1, count - 1)?.broadcast_div(&some_on(on)?)?)
}

#[cfg(test)]
mod tests;
