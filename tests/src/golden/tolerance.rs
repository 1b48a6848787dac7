//! The allowed deviation of a number: the manifest's rule, nothing else.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

/// The tolerance of one file.
///
/// A tensor agrees when `max|got - want| <= atol + rtol * max|want|`, with the pair of the first
/// override whose pattern occurs in the tensor's key. A JSON number agrees when
/// `|got - want| <= atol + number_rtol * |want|`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tolerance {
    /// Absolute part.
    pub atol: f64,
    /// Part of the largest wanted value of a tensor.
    pub rtol: f64,
    /// Part of a single wanted number.
    pub number_rtol: f64,
    /// Patterns with the `(atol, rtol)` that replace the two above, in the manifest's order.
    pub overrides: Vec<(String, [f64; 2])>,
}

impl Tolerance {
    /// `(atol, rtol)` of a tensor.
    pub fn of(&self, key: &str) -> (f64, f64) {
        let occurs = |pattern: &str| pattern.split('|').any(|part| key.contains(part));
        match self.overrides.iter().find(|(pattern, _)| occurs(pattern)) {
            Some((_, [atol, rtol])) => (*atol, *rtol),
            None => (self.atol, self.rtol),
        }
    }

    /// `true` if a JSON number agrees.
    pub fn number(&self, got: f64, want: f64) -> bool {
        (got - want).abs() <= self.atol + self.number_rtol * want.abs()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    atol: f64,
    #[serde(default)]
    rtol_of_tensor_max: f64,
    #[serde(default)]
    rtol: f64,
    #[serde(default)]
    overrides: Overrides,
    #[serde(rename = "note")]
    _note: Option<String>,
}

/// An object whose order counts.
#[derive(Default)]
struct Overrides(Vec<(String, [f64; 2])>);

impl<'de> Deserialize<'de> for Overrides {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OverridesVisitor)
    }
}

struct OverridesVisitor;

impl<'de> Visitor<'de> for OverridesVisitor {
    type Value = Overrides;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("patterns with [atol, rtol]")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Overrides, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Overrides(entries))
    }
}

impl<'de> Deserialize<'de> for Tolerance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ToleranceVisitor)
    }
}

struct ToleranceVisitor;

impl<'de> Visitor<'de> for ToleranceVisitor {
    type Value = Tolerance;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`exact`, `exact / NUMBER`, or an object of tolerances")
    }

    /// `exact`, or `exact / 1e-9`: integers exact, numbers within the given distance.
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Tolerance, E> {
        let refuse = || E::custom(format!("tolerance `{text}` is not understood"));
        let mut tolerance = Tolerance::default();
        for part in text.split('/').map(str::trim).filter(|part| *part != "exact") {
            tolerance.atol = part.parse().map_err(|_| refuse())?;
        }
        Ok(tolerance)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Tolerance, A::Error> {
        let written = Written::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
        let numbers = [written.atol, written.rtol_of_tensor_max, written.rtol];
        if numbers.iter().any(|number| !number.is_finite() || *number < 0.0) {
            return Err(A::Error::custom("tolerances are finite and not negative"));
        }
        Ok(Tolerance {
            atol: written.atol,
            rtol: written.rtol_of_tensor_max,
            number_rtol: written.rtol,
            overrides: written.overrides.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Tolerance;

    #[test]
    fn the_first_override_in_written_order_wins() {
        let text = r#"{"atol": 1e-5, "rtol_of_tensor_max": 1e-4,
            "overrides": {"z/|/g/": [1.0, 2.0], "a": [3.0, 4.0]}}"#;
        let tolerance: Tolerance = serde_json::from_str(text).unwrap();
        approx_pair(tolerance.of("case/g/a"), (1.0, 2.0));
        approx_pair(tolerance.of("ab"), (3.0, 4.0));
        approx_pair(tolerance.of("g/w"), (1e-5, 1e-4));
    }

    #[test]
    fn exact_means_zero_and_may_name_a_distance_for_numbers() {
        let exact: Tolerance = serde_json::from_str("\"exact\"").unwrap();
        assert_eq!(exact, Tolerance::default());
        let near: Tolerance = serde_json::from_str("\"exact / 1e-9\"").unwrap();
        assert!(near.number(1.0 + 5e-10, 1.0) && !near.number(1.0 + 5e-9, 1.0));
        assert!(serde_json::from_str::<Tolerance>("\"roughly\"").is_err());
    }

    #[test]
    fn not_a_number_never_agrees() {
        let wide = Tolerance { atol: 1e9, ..Tolerance::default() };
        assert!(!wide.number(f64::NAN, 1.0));
    }

    fn approx_pair(found: (f64, f64), wanted: (f64, f64)) {
        assert!((found.0 - wanted.0).abs() < 1e-12 && (found.1 - wanted.1).abs() < 1e-12);
    }
}
