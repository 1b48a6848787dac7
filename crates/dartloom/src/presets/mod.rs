//! Methods as their papers ran them: presets of small parts.

mod case_study;
mod d_darts;
mod darts;
mod fair_darts;
mod gaea;
mod method;
mod names;
mod pc_darts;
mod scale;
mod segmentation;
mod studies;
mod topology;

pub use case_study::CaseStudy;
pub use d_darts::{d_darts, darts_opti};
pub use darts::{darts, darts_second_order};
pub use fair_darts::fair_darts;
pub use gaea::{gaea_erm, gaea_pc_darts};
pub use method::Method;
pub use names::{by_name, names};
pub use pc_darts::pc_darts;
pub use scale::{Scale, SmallScale};
pub use segmentation::{auto_deeplab, darts_unet, darts_unet_pp, dints, resnext_unet};
pub use studies::{chest_xray, galaxy_zoo, graphene, mnist};
pub use topology::Topology;

#[cfg(test)]
mod tests;
