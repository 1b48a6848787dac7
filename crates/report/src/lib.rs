#![doc = include_str!("../README.md")]

mod chart;
mod curves;
mod drawn;
mod error;
mod html;
mod pace;
pub mod page;
mod pictures;
pub mod svg;
mod table;

pub use chart::{Labels, Series, chart, precision_recall};
pub use drawn::{Drawer, Drawings, DrawnFile, drawings};
pub use error::ReportError;
pub use pace::{Pace, duration};
pub use page::{Page, Status};
pub use table::table;
