//! Typed reading of loose JSON.

use serde_json::Value;

use super::GoldenError;

/// Typed fields of a JSON object; every error names the field.
pub(crate) trait Fields {
    /// The field itself.
    fn field(&self, name: &str) -> Option<&Value>;

    fn wrong(&self, name: &str, expected: &'static str) -> GoldenError {
        let found = self.field(name).map_or_else(|| "nothing".to_owned(), Value::to_string);
        let found = found.chars().take(80).collect();
        GoldenError::Field { field: name.to_owned(), expected, found }
    }

    fn count(&self, name: &str) -> Result<usize, GoldenError> {
        let number = self.field(name).and_then(Value::as_u64);
        let number = number.and_then(|number| usize::try_from(number).ok());
        number.ok_or_else(|| self.wrong(name, "a whole number"))
    }

    /// A whole number, or `default` where the field is absent.
    fn count_or(&self, name: &str, default: usize) -> Result<usize, GoldenError> {
        if self.field(name).is_none() { Ok(default) } else { self.count(name) }
    }

    fn number(&self, name: &str) -> Result<f64, GoldenError> {
        self.field(name).and_then(Value::as_f64).ok_or_else(|| self.wrong(name, "a number"))
    }

    fn flag(&self, name: &str) -> Result<bool, GoldenError> {
        self.field(name).and_then(Value::as_bool).ok_or_else(|| self.wrong(name, "true or false"))
    }

    fn text(&self, name: &str) -> Result<&str, GoldenError> {
        self.field(name).and_then(Value::as_str).ok_or_else(|| self.wrong(name, "a text"))
    }

    fn list(&self, name: &str) -> Result<&[Value], GoldenError> {
        let list = self.field(name).and_then(Value::as_array);
        list.map(Vec::as_slice).ok_or_else(|| self.wrong(name, "a list"))
    }

    fn counts(&self, name: &str) -> Result<Vec<usize>, GoldenError> {
        let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok());
        let counts: Option<Vec<usize>> = self.list(name)?.iter().map(number).collect();
        counts.ok_or_else(|| self.wrong(name, "a list of whole numbers"))
    }

    fn numbers(&self, name: &str) -> Result<Vec<f64>, GoldenError> {
        let numbers: Option<Vec<f64>> = self.list(name)?.iter().map(Value::as_f64).collect();
        numbers.ok_or_else(|| self.wrong(name, "a list of numbers"))
    }

    fn texts(&self, name: &str) -> Result<Vec<String>, GoldenError> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let texts: Option<Vec<String>> = self.list(name)?.iter().map(text).collect();
        texts.ok_or_else(|| self.wrong(name, "a list of texts"))
    }

    /// A table of numbers.
    fn rows(&self, name: &str) -> Result<Vec<Vec<f64>>, GoldenError> {
        let row = |value: &Value| -> Option<Vec<f64>> {
            value.as_array()?.iter().map(Value::as_f64).collect()
        };
        let rows: Option<Vec<Vec<f64>>> = self.list(name)?.iter().map(row).collect();
        rows.ok_or_else(|| self.wrong(name, "a table of numbers"))
    }
}

impl Fields for Value {
    fn field(&self, name: &str) -> Option<&Value> {
        self.get(name).filter(|value| !value.is_null())
    }
}
