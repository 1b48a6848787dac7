//! The identity of a decoder of this crate: its name and its configuration.

use serde::Serialize;

/// Name and configuration as JSON; `None` for a configuration that has no such form.
pub(crate) fn of(name: &str, configuration: &impl Serialize) -> Option<String> {
    serde_json::to_string(&(name, configuration)).ok()
}
