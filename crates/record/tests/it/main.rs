//! Tests that cross the modules of the crate.

#![allow(clippy::unwrap_used, reason = "a panic in a helper is a failing test")]

mod events;
mod log;
mod observers;
mod run;
mod run_dir;
mod stored;
