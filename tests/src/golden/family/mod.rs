//! One module per family of cases, each with one entry `run`.

pub(crate) mod aux_heads;
pub(crate) mod cells;
pub(crate) mod counts;
pub(crate) mod d_darts;
mod decoding;
pub(crate) mod derivation;
pub(crate) mod derived;
pub(crate) mod distance;
pub(crate) mod drop_path;
pub(crate) mod encoding;
mod flavour;
pub(crate) mod genotype_darts;
pub(crate) mod genotype_gaea;
pub(crate) mod genotype_thresholds;
pub(crate) mod genotypes;
pub(crate) mod mixed;
mod mixed_node;
pub(crate) mod ops;
mod plan;
pub(crate) mod schedules;
mod searched;
pub(crate) mod simplex_steps;
pub(crate) mod sizes;
pub(crate) mod supernet;
pub(crate) mod trajectory;
pub(crate) mod unbuilt;
pub(crate) mod zero_one;
