//! The one door to stderr.

use std::fmt::Arguments;
use std::io::Write as _;

/// Writes a line to stderr, where progress, notes and errors go.
macro_rules! say {
    ($($text:tt)*) => { $crate::say::line(format_args!($($text)*)) };
}
pub(crate) use say;

/// Writes a line to stderr. `eprintln!` panics when the stream is gone; here the line is lost:
/// whoever closed the stream does not want it, and the work is worth more than what is said about
/// it.
pub(crate) fn line(text: Arguments<'_>) {
    // In one piece, so that lines of several processes do not mix.
    let line = format!("{text}\n");
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}
