//! Runs as a program of somebody else's starts them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod catalog;
mod inside;
