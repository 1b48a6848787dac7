//! The golden runner over the committed fixtures, and that it notices what it has to notice.

#![allow(clippy::unwrap_used, reason = "a test stops at what it cannot read")]

mod exports;
mod fixtures;
mod verdicts;
