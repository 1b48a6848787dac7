//! Pools of real processes, and what becomes of them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "processes tell their parents")]
#![cfg(target_os = "linux")]

mod faults;
mod journal;
mod laws;
mod machine;
mod orphans;
mod seeded;
mod worker;
