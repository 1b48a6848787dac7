#![doc = include_str!("../README.md")]

mod chart;
mod error;
pub mod svg;
mod table;

pub use chart::{Labels, Series, chart};
pub use error::ReportError;
pub use table::table;
