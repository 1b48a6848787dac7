//! Searches inside networks laid out by hand.

mod rank;
mod start;

pub(crate) use start::take;

pub use rank::BlockRank;
pub use start::SHARE;
