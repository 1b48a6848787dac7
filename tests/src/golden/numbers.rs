//! Comparison of computed numbers with those of a JSON entry.

use serde_json::Value;

use super::fields::Fields;
use super::{GoldenError, Tolerance};

/// Collects what does not agree in one entry; `null` is a number that has no value.
#[derive(Debug)]
pub(crate) struct Numbers<'a> {
    entry: &'a Value,
    tolerance: &'a Tolerance,
    complaints: Vec<String>,
}

impl<'a> Numbers<'a> {
    pub(crate) fn new(entry: &'a Value, tolerance: &'a Tolerance) -> Self {
        Self { entry, tolerance, complaints: Vec::new() }
    }

    /// Compares one number.
    pub(crate) fn number(&mut self, name: &str, got: Option<f64>) -> Result<(), GoldenError> {
        let want = self.entry.get(name).ok_or_else(|| self.entry.wrong(name, "a number"))?;
        self.against(name, got, want);
        Ok(())
    }

    /// Compares a list of numbers.
    pub(crate) fn list(&mut self, name: &str, got: &[Option<f64>]) -> Result<(), GoldenError> {
        let want = self.entry.list(name)?;
        self.equal(name, &got.len(), &want.len());
        for (at, (got, want)) in got.iter().zip(want).enumerate() {
            self.against(&format!("{name}, {at}"), *got, want);
        }
        Ok(())
    }

    fn against(&mut self, name: &str, got: Option<f64>, want: &Value) {
        let agrees = match (got, want.as_f64()) {
            (Some(got), Some(want)) => self.tolerance.number(got, want),
            (None, None) => want.is_null(),
            _ => false,
        };
        if !agrees {
            self.complaints.push(format!("{name}: expected {want}, found {got:?}"));
        }
    }

    /// Compares values that must be equal.
    pub(crate) fn equal<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, got: &T, want: &T) {
        if got != want {
            self.complaints.push(format!("{what}: expected {want:?}, found {got:?}"));
        }
    }

    /// Takes the complaints about a part of the entry over.
    pub(crate) fn all(&mut self, what: &str, complaints: Vec<String>) {
        self.complaints.extend(complaints.iter().map(|complaint| format!("{what}, {complaint}")));
    }

    pub(crate) fn finish(self) -> Vec<String> {
        self.complaints
    }
}

/// The mean of the numbers that have a value.
pub(crate) fn mean(numbers: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    let known: Vec<f64> = numbers.into_iter().flatten().collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

/// The tests' name of an entry: its place, and its note where it has one.
pub(crate) fn name_of(file: &str, part: &str, at: usize, entry: &Value) -> String {
    let note = entry.field("note").and_then(Value::as_str).unwrap_or_default();
    let note = note.replace(' ', "_");
    let dash = if note.is_empty() { "" } else { "_" };
    format!("{file}/{part}{at}{dash}{note}")
}
