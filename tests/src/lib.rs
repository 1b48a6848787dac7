//! What crosses crates: the golden runner, which holds the workspace to numbers that the released
//! code of the methods computes.

pub mod golden;
