//! The program, run as its users run it.

mod commands;
mod mistakes;
mod program;
mod runs;
