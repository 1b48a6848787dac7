//! Registries for tests, and the refusal of what they do not know.
#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "the built-in operations make a registry; where they do not, a test should fail"
)]

use std::fmt::Display;

use crate::Registry;

/// All built-in operations.
pub fn registry() -> Registry {
    Registry::standard().expect("the built-in operations make a registry")
}

/// `true` if an error says that `rest` of [`unregistered`] is not registered, and ends with the
/// remedy.
///
/// [`unregistered`]: dartloom_space::testkit::unregistered
pub fn names_the_remedy(error: &impl Display) -> bool {
    let error = error.to_string();
    error.starts_with("operation `rest` of the set `mine` is not registered")
        && error.ends_with("add the space's recipes: `Registry::with_recipes`")
}
