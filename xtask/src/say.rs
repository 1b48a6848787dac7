//! The one door to the console.

use std::fmt::{Arguments, Display};
use std::io::Write as _;

/// Writes a line to stdout.
macro_rules! say {
    ($($text:tt)*) => { $crate::say::line(format_args!($($text)*)) };
}
pub(crate) use say;

/// Writes a line to stdout. `println!` panics when the reader has seen enough; here the line is
/// lost, and what was asked for is done all the same.
pub fn line(text: Arguments<'_>) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Writes an error to stderr.
pub fn error(error: &dyn Display) {
    let _ = writeln!(std::io::stderr().lock(), "error: {error}");
}
