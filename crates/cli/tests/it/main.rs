//! The program, run as its users run it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod bench;
mod blocks;
mod check;
mod commands;
mod decode;
mod distance;
mod early;
mod experiments;
mod explorers;
mod export;
mod images;
mod lanes;
mod memory;
mod mistakes;
mod options;
mod outcomes;
mod overwrite;
mod parity;
mod plan;
mod printing;
mod program;
mod regret;
mod reports;
mod runs;
mod scores;
mod stored;
mod tables;
mod weights;
mod workers;
mod written;
