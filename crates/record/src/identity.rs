//! The identity of a stored result: all that it depends on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::RecordError;

/// Everything that a result depends on, part by part: configurations, seeds, digests of data, and
/// the identities that parts written in code state.
///
/// A stored result is only used again for an equal identity. A part in code that states none makes
/// the identity *unsaid*: nobody can know whether its code is the same, so work with it is done
/// again.
///
/// ```
/// use dartloom_record::{Agreement, Identity};
///
/// # fn main() -> Result<(), dartloom_record::RecordError> {
/// let of = |seed: u64| Identity::new().with("seed", &seed);
/// assert_eq!(of(1)?.agreement(&of(1)?), Agreement::Same);
/// let Agreement::Differs(differences) = of(9)?.agreement(&of(0)?) else { panic!() };
/// assert_eq!(differences[0].to_string(), "seed: expected 9, found 0");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    parts: BTreeMap<String, Value>,
    /// Parts in code that state no identity, each with the method by which it could.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    unsaid: BTreeMap<String, String>,
}

/// The relation of an identity to that of a stored result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The result is that of the same work.
    Same,
    /// Unknown: a part in code states no identity, now or when the result was stored.
    Unsaid,
    /// The result is that of other work.
    Differs(Vec<Difference>),
}

/// A value in which two identities differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The part, and the path of the value in it: `training.batch`.
    pub part: String,
    /// The value that was asked for, as JSON.
    pub expected: String,
    /// The stored value, as JSON.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.part, self.expected, self.found)
    }
}

impl Identity {
    /// The identity of work that depends on nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a part that has a serialised form.
    ///
    /// # Errors
    /// [`RecordError::Encode`] when the value has no JSON form.
    pub fn with(mut self, part: &str, value: &impl Serialize) -> Result<Self, RecordError> {
        let value = serde_json::to_value(value).map_err(|error| RecordError::Encode {
            what: part.to_owned(),
            found: error.to_string(),
        })?;
        self.parts.insert(part.to_owned(), value);
        Ok(self)
    }

    /// The same with a part in code and the identity that it states. `asked` is the name of the
    /// method that states it, such as `Relaxation::identity`.
    #[must_use]
    pub fn with_code(mut self, part: &str, asked: &str, said: Option<String>) -> Self {
        if let Some(said) = said {
            self.parts.insert(part.to_owned(), Value::String(said));
        } else {
            self.unsaid.insert(part.to_owned(), asked.to_owned());
        }
        self
    }

    /// `true` if every part in code states its identity.
    pub fn is_said(&self) -> bool {
        self.unsaid.is_empty()
    }

    /// The parts in code that state no identity, each with the method by which it could, in a
    /// sentence for people; `None` if there are none.
    pub fn complaint(&self) -> Option<String> {
        let part = |(part, asked): (&String, &String)| format!("the {part} (`{asked}`)");
        let parts: Vec<String> = self.unsaid.iter().map(part).collect();
        let does = if parts.len() == 1 { "says" } else { "say" };
        (!parts.is_empty()).then(|| {
            format!(
                "{} {does} no identity, so that stored work cannot be used again",
                parts.join(" and ")
            )
        })
    }

    /// The reason for which stored work is not used although nothing in its identity differs: a
    /// part in code states no identity now, or stated none when the work was stored.
    pub fn unusable(&self) -> String {
        let then = || "a part in code said no identity when it was stored".to_owned();
        self.complaint().unwrap_or_else(then)
    }

    /// A short name: equal identities have equal names.
    ///
    /// # Errors
    /// [`RecordError::Encode`] when it has no JSON form.
    pub fn digest(&self) -> Result<String, RecordError> {
        crate::digest(self)
    }

    /// The relation of this identity, which is asked for, to that of a `stored` result.
    pub fn agreement(&self, stored: &Self) -> Agreement {
        let names: BTreeSet<&String> = self.parts.keys().chain(stored.parts.keys()).collect();
        let mut differences = Vec::new();
        for name in names {
            // A part that says nothing differs from nothing.
            if self.unsaid.contains_key(name) || stored.unsaid.contains_key(name) {
                continue;
            }
            compare(name, self.parts.get(name), stored.parts.get(name), &mut differences);
        }
        if !differences.is_empty() {
            return Agreement::Differs(differences);
        }
        if self.is_said() && stored.is_said() { Agreement::Same } else { Agreement::Unsaid }
    }
}

/// Adds the innermost values in which two parts differ.
fn compare(
    path: &str,
    expected: Option<&Value>,
    found: Option<&Value>,
    differences: &mut Vec<Difference>,
) {
    match (expected, found) {
        (expected, found) if expected == found => {}
        (Some(Value::Object(expected)), Some(Value::Object(found))) => {
            let keys: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
            for key in keys {
                let path = format!("{path}.{key}");
                compare(&path, expected.get(key), found.get(key), differences);
            }
        }
        (Some(Value::Array(expected)), Some(Value::Array(found)))
            if expected.len() == found.len() =>
        {
            for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
                compare(&format!("{path}.{index}"), Some(expected), Some(found), differences);
            }
        }
        (expected, found) => differences.push(Difference {
            part: path.to_owned(),
            expected: short(expected),
            found: short(found),
        }),
    }
}

/// Longest value that is shown whole, in characters.
const LONGEST: usize = 80;

fn short(value: Option<&Value>) -> String {
    let text = value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests;
