//! JSON and RON forms of the values that carry a version.

use ron::extensions::Extensions;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::genotype::{RawGenotype, is_field};
use crate::hand_made::graph::RawGraph;
use crate::op_set::RawOpSet;
use crate::space::RawSpace;
use crate::text::{ron_message, without_mark};
use crate::weights::RawTable;
use crate::{Genotype, Graph, OpSet, Space, SpaceError, WeightTable};

impl SpaceError {
    pub(crate) fn from_json(error: serde_json::Error) -> Self {
        let line = error.line();
        let column = error.column();
        let message = error.to_string();
        let place = format!(" at line {line} column {column}");
        let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
        Self::Json { line, column, message }
    }

    fn from_ron(error: &ron::error::SpannedError) -> Self {
        let start = error.span.start;
        Self::Ron { line: start.line, column: start.col, message: ron_message(error) }
    }
}

/// Readers need not write `Some(...)`.
fn options() -> ron::Options {
    ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME)
}

/// Reads the unchecked parts, then checks them: what is wrong with the value itself keeps its own
/// error instead of becoming a message of the reader.
fn read_json<R, T>(text: &str) -> Result<T, SpaceError>
where
    R: DeserializeOwned,
    T: TryFrom<R, Error = SpaceError>,
{
    let text = without_mark(text);
    T::try_from(serde_json::from_str::<R>(text).map_err(SpaceError::from_json)?)
}

fn read_ron<R, T>(text: &str) -> Result<T, SpaceError>
where
    R: DeserializeOwned,
    T: TryFrom<R, Error = SpaceError>,
{
    let read = options().from_str(without_mark(text));
    let raw: R = read.map_err(|error| SpaceError::from_ron(&error))?;
    T::try_from(raw)
}

fn write_json(value: &impl Serialize) -> Result<String, SpaceError> {
    serde_json::to_string(value).map_err(SpaceError::from_json)
}

fn write_ron(value: &impl Serialize) -> Result<String, SpaceError> {
    let pretty = ron::ser::PrettyConfig::new().depth_limit(4).new_line("\n");
    ron::Options::default().to_string_pretty(value, pretty).map_err(|error| SpaceError::Ron {
        line: 0,
        column: 0,
        message: error.to_string(),
    })
}

macro_rules! forms {
    ($type:ident, $raw:ident, $what:literal) => {
        impl $type {
            #[doc = concat!("Reads ", $what, " from JSON.")]
            ///
            /// # Errors
            /// [`SpaceError::Json`] with line and column where the text does not have the form;
            /// the value's own error where it has but the value cannot be.
            pub fn from_json(text: &str) -> Result<Self, SpaceError> {
                read_json::<$raw, Self>(text)
            }

            #[doc = concat!("Writes ", $what, " as JSON on one line.")]
            ///
            /// # Errors
            /// None for a value of this crate.
            pub fn to_json(&self) -> Result<String, SpaceError> {
                write_json(self)
            }

            #[doc = concat!("Reads ", $what, " from RON; `Some` may be left out.")]
            ///
            /// # Errors
            /// [`SpaceError::Ron`] with line and column where the text does not have the form;
            /// the value's own error where it has but the value cannot be.
            pub fn from_ron(text: &str) -> Result<Self, SpaceError> {
                read_ron::<$raw, Self>(text)
            }

            #[doc = concat!("Writes ", $what, " as indented RON.")]
            ///
            /// # Errors
            /// None for a value of this crate.
            pub fn to_ron(&self) -> Result<String, SpaceError> {
                write_ron(self)
            }
        }
    };
}

forms!(Genotype, RawGenotype, "a genotype");
forms!(Space, RawSpace, "a space");
forms!(WeightTable, RawTable, "a weight table");
forms!(Graph, RawGraph, "a graph");
forms!(OpSet, RawOpSet, "an operation set");

impl Genotype {
    /// Reads a genotype in any of its forms: JSON ([`Genotype::from_json`]), RON
    /// ([`Genotype::from_ron`]) or the Python text form ([`Genotype::from_text`]).
    ///
    /// `{` begins JSON, or a dictionary of the text form where its first key is a field of that;
    /// `(` or a `Genotype(` whose first field is followed by a colon begins RON, anything else is
    /// read as the text form. A byte order mark may stand before any of them.
    ///
    /// # Errors
    /// Those of the form's reader.
    pub fn read(text: &str) -> Result<Self, SpaceError> {
        let start = skip_comments(text);
        if is_dictionary(start) {
            Self::from_text(text)
        } else if start.starts_with('{') {
            Self::from_json(text)
        } else if start.starts_with("#!") || start.starts_with('(') || is_named_ron(start) {
            Self::from_ron(text)
        } else {
            Self::from_text(text)
        }
    }
}

/// The text behind leading blanks and comments of Python (`#`) and RON (`//`, `/* */`).
fn skip_comments(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let line_comment =
            rest.starts_with("//") || (rest.starts_with('#') && !rest.starts_with("#!"));
        rest = if line_comment {
            rest.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, rest)| rest)
        } else {
            return rest;
        };
    }
}

/// `{'normal':`, as Python and JSON print a genotype of the text form.
fn is_dictionary(text: &str) -> bool {
    let quoted = |inner: &str| {
        let key =
            skip_comments(inner).strip_prefix(['"', '\''])?.split(['"', '\'']).next()?.to_owned();
        Some(is_field(&key))
    };
    text.strip_prefix('{').and_then(quoted).unwrap_or(false)
}

/// `Name(field:`, as RON with struct names begins.
fn is_named_ron(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let rest = text.trim_start_matches(word);
    rest.strip_prefix('(').is_some_and(|inner| {
        let inner = skip_comments(inner);
        let field = inner.trim_start_matches(word);
        field.len() < inner.len() && skip_comments(field).starts_with(':')
    })
}
