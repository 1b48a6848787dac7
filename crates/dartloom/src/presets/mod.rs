//! Methods as their papers ran them: presets of small parts.

mod darts;
mod digits;
mod fair_darts;
mod gaea;
mod method;
mod names;
mod pc_darts;

pub use darts::{darts, darts_second_order};
pub use digits::digits;
pub use fair_darts::fair_darts;
pub use gaea::{gaea_erm, gaea_pc_darts};
pub use method::Method;
pub use names::{by_name, names};
pub use pc_darts::pc_darts;

#[cfg(test)]
mod tests;
