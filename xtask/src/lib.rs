//! Automation of the workspace: `cargo xtask tidy`, `ci`, `cuda`, `golden`, `onnx`, `bench` and
//! `look`.
//!
//! The rules that lints cannot see live in [`tidy`], as a function over a tree of texts, so that
//! `cargo test` checks this tree and every rule is itself tested on a tree that breaks it.

pub mod bench;
pub mod ci;
pub mod cuda;
pub mod error;
pub mod golden;
pub mod invocation;
pub mod look;
pub mod onnx;
pub mod say;
pub mod tidy;

use std::path::{Path, PathBuf};

/// The root of the workspace, where the outermost `Cargo.toml` is.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}
