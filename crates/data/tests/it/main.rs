//! Tests that cross the modules of the crate.

#![allow(clippy::unwrap_used, reason = "a panic in a helper is a failing test")]
#![allow(clippy::float_cmp, reason = "pixels are moved and looked up, so equality is exact")]

mod bytes;
mod directories;
#[cfg(feature = "images")]
mod images;
mod laws;
mod malformed;
mod parts;
mod traits;
