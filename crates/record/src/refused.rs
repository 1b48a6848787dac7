//! Values that are refused, and the places of values.

use std::borrow::Cow;
use std::fmt;

/// A value that is not one of those allowed: in a field of a configuration, or in a file.
///
/// ```
/// use dartloom_record::Refused;
///
/// let refused = Refused::new("momentum", "0 or more and less than 1", 1.5);
/// assert_eq!(refused.to_string(), "momentum: expected 0 or more and less than 1, found 1.5");
/// let refused = refused.within("sgd");
/// assert_eq!(refused.what, "sgd.momentum");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: expected {expected}, found {found}")]
pub struct Refused {
    /// The path of the field, its parts joined by full stops, or the name of the file.
    pub what: Cow<'static, str>,
    /// The allowed values.
    pub expected: &'static str,
    /// The value found.
    pub found: String,
}

impl Refused {
    /// The refusal of the value `found`.
    pub fn new(
        what: impl Into<Cow<'static, str>>,
        expected: &'static str,
        found: impl fmt::Display,
    ) -> Self {
        Self { what: what.into(), expected, found: found.to_string() }
    }

    /// The same refusal, where the configuration is itself the field `place` of another one.
    #[must_use]
    pub fn within(self, place: &str) -> Self {
        Self { what: format!("{place}.{}", self.what).into(), ..self }
    }
}

/// An error about a value, with the place of that value in a larger one.
#[derive(Debug)]
pub struct Within<E> {
    /// The path of the value.
    pub place: String,
    /// The error about it.
    pub source: Box<E>,
    /// `true` if the error's text begins with a field of the value. Both then read as one path,
    /// `place.field: ..`, and otherwise as `place: ..`.
    pub names_a_field: bool,
}

impl<E> Within<E> {
    /// The error `source` about the value at `place`.
    pub fn new(place: impl Into<String>, source: E, names_a_field: bool) -> Self {
        Self { place: place.into(), source: Box::new(source), names_a_field }
    }
}

impl<E: fmt::Display> fmt::Display for Within<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joint = if self.names_a_field { "." } else { ": " };
        write!(f, "{}{joint}{}", self.place, self.source)
    }
}

impl<E: std::error::Error + 'static> std::error::Error for Within<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_joined_to_fields_and_stand_before_other_errors() {
        let field = Within::new("fit", Refused::new("epochs", "at least 1", 0), true);
        assert_eq!(field.to_string(), "fit.epochs: expected at least 1, found 0");
        let outer = Within::new("random", field, true);
        assert_eq!(outer.to_string(), "random.fit.epochs: expected at least 1, found 0");
        let other = Within::new("fit", std::io::Error::other("the disk is full"), false);
        assert_eq!(other.to_string(), "fit: the disk is full");
        let source = std::error::Error::source(&other).map(ToString::to_string);
        assert_eq!(source.as_deref(), Some("the disk is full"));
    }
}
