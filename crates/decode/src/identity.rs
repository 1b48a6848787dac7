//! How decoders of this crate say what they are.

use serde::Serialize;

/// Name and configuration as JSON; `None` for a configuration that has no such form.
pub(crate) fn of(name: &str, configuration: &impl Serialize) -> Option<String> {
    serde_json::to_string(&(name, configuration)).ok()
}
