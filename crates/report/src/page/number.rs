//! Numbers as a page's JSON has them.

use serde::{Serialize, Serializer};

/// A number that is written as a word where JSON has no number for it, as in events: `"NaN"`,
/// `"inf"`, `"-inf"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(pub f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            value if value.is_finite() => serializer.serialize_f64(value),
            value if value.is_nan() => serializer.serialize_str("NaN"),
            value if value > 0.0 => serializer.serialize_str("inf"),
            _ => serializer.serialize_str("-inf"),
        }
    }
}

/// A count for the eye: `12.3 M`, `4,567`.
pub(crate) fn count(value: f64) -> String {
    match value.abs() {
        size if !size.is_finite() => format!("{value}"),
        size if size >= 1e12 => format!("{:.3e}", value),
        size if size >= 1e9 => format!("{:.2} G", value / 1e9),
        size if size >= 1e6 => format!("{:.2} M", value / 1e6),
        size if size >= 1e4 => format!("{:.1} k", value / 1e3),
        _ if value.fract().abs() < 1e-9 => format!("{value:.0}"),
        _ => short(value),
    }
}

/// A number for the eye, with about four digits.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() || size <= 0.0 {
        return format!("{value}");
    }
    if !(1e-3..1e5).contains(&size) {
        return format!("{value:.2e}");
    }
    let before = size.log10().floor() as i32 + 1;
    let text = format!("{value:.*}", usize::try_from(4 - before).unwrap_or(0));
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_lacks_is_a_word() {
        let all = [1.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(Number);
        assert_eq!(serde_json::to_string(&all).unwrap(), r#"[1.5,"NaN","inf","-inf"]"#);
    }

    #[test]
    fn numbers_for_the_eye_are_short() {
        let shorts = [0.0, 0.12345, 12.0, 1e-7, 123_456.0, f64::NAN].map(short);
        assert_eq!(shorts, ["0", "0.1235", "12", "1.00e-7", "1.23e5", "NaN"]);
        let counts = [12.0, 12_345.0, 2.5e6, 3e9].map(count);
        assert_eq!(counts, ["12", "12.3 k", "2.50 M", "3.00 G"]);
    }
}
