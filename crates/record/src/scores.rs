//! The scores of a result.

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::event::Number;

/// Named numbers in order, the one that selects first.
///
/// A score that has no value, such as the accuracy of nothing, is not in it. In text it is a map in
/// the same order; a number that is not finite is written as a word, as in events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores(Vec<(String, f64)>);

impl Scores {
    /// No scores yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same scores and one more at the end; one of the same name is replaced where it stands.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: f64) -> Self {
        self.put(name, value);
        self
    }

    /// The same scores, and one more if it has a value.
    #[must_use]
    pub fn with_some(self, name: impl Into<String>, value: Option<f64>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds a score at the end; one of the same name is replaced where it stands.
    pub fn put(&mut self, name: impl Into<String>, value: f64) {
        let name = name.into();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// The score of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f64> {
        self.iter().find(|&(known, _)| known == name).map(|(_, value)| value)
    }

    /// Names and numbers, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// The number of scores.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// `true` if there are no scores.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Scores {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(name, value)| (name, Number(value))))
    }
}

impl<'de> Deserialize<'de> for Scores {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

/// Reads a map and keeps its order.
struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Scores;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map from names to numbers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scores, A::Error> {
        let mut scores = Scores::new();
        while let Some((name, Number(value))) = map.next_entry::<String, Number>()? {
            if scores.get(&name).is_some() {
                return Err(A::Error::custom(format_args!("the score `{name}` is there twice")));
            }
            scores.put(name, value);
        }
        Ok(scores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_in_text() {
        let scores = Scores::new().with("mean_iou", 0.5).with("accuracy", f64::NAN).with("b", -1.0);
        let text = serde_json::to_string(&scores).unwrap();
        assert_eq!(text, r#"{"mean_iou":0.5,"accuracy":"NaN","b":-1.0}"#);
        let read: Scores = serde_json::from_str(&text).unwrap();
        assert_eq!(
            read.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            ["mean_iou", "accuracy", "b"]
        );
        assert!(read.get("accuracy").unwrap().is_nan());
    }

    #[test]
    fn a_name_has_one_number() {
        let scores =
            Scores::new().with("a", 1.0).with("b", 2.0).with("a", 3.0).with_some("c", None);
        assert_eq!(scores.iter().collect::<Vec<_>>(), [("a", 3.0), ("b", 2.0)]);
        assert_eq!((scores.get("a"), scores.get("c"), scores.len()), (Some(3.0), None, 2));
        let error = serde_json::from_str::<Scores>(r#"{"a":1,"a":2}"#).unwrap_err().to_string();
        assert!(error.starts_with("the score `a` is there twice"), "{error}");
    }
}
