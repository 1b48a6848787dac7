//! Methods as their papers ran them: presets of small parts.

mod darts;
mod digits;

pub use darts::{darts, darts_second_order};
pub use digits::{Digits, digits};
