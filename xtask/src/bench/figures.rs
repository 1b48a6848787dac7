//! The figures a program printed, and reading them.

use serde_json::Value;

use crate::error::Error;

/// A JSON object and the command it came from.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    command: String,
    /// Everything that was printed.
    pub(super) value: Value,
}

impl Figures {
    pub(super) fn new(command: String, value: Value) -> Self {
        Self { command, value }
    }

    /// A finite number.
    pub(super) fn number(&self, name: &str) -> Result<f64, Error> {
        let number = self.value[name].as_f64().filter(|number| number.is_finite());
        number.ok_or_else(|| self.lacks(format!("a finite number `{name}`")))
    }

    /// Finite numbers.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<f64>, Error> {
        numbers(&self.value[name]).ok_or_else(|| self.lacks(format!("finite numbers `{name}`")))
    }

    /// The error of a field that is absent or another thing.
    pub(super) fn lacks(&self, expected: String) -> Error {
        const MOST: usize = 200;
        let found: String = self.value.to_string().chars().take(MOST).collect();
        Error::Figures { command: self.command.clone(), expected, found }
    }
}

/// All numbers in nested lists, if there is nothing else and all are finite.
pub(super) fn numbers(value: &Value) -> Option<Vec<f64>> {
    match value {
        Value::Array(parts) => {
            let nested: Option<Vec<_>> = parts.iter().map(numbers).collect();
            nested.map(|parts| parts.concat())
        }
        other => other.as_f64().filter(|number| number.is_finite()).map(|number| vec![number]),
    }
}
