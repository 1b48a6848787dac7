//! A value as experiment files write it, or in JSON.

use serde_json::{Map, Number, Value};

/// Reads a value in JSON, or as experiment files write it: `Full`, `Constant(0.1)`,
/// `Cosine(from: 0.1, to: 0.0)`, `[Stop(SkipCount(skips: 2))]`. Plain words are a string.
///
/// Variants become what JSON has for them: `Full` a string, `Constant(0.1)` an object with one
/// field, `Some(x)` is `x`, and `None` null.
///
/// # Errors
/// The words say what was expected, and at which column, counted from 1.
pub(super) fn value(text: &str) -> Result<Value, String> {
    let text = text.trim();
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    let mut reader = Reader { text, at: 0 };
    match reader.value(0).and_then(|value| reader.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(error) if is_structured(text) => Err(error),
        Err(_) => Ok(Value::String(text.to_owned())),
    }
}

/// Tells texts that begin like a string, a list, a map, or a variant with fields from plain words.
fn is_structured(text: &str) -> bool {
    let rest = text.trim_start_matches(is_word);
    text.starts_with(['"', '[', '{', '(']) || rest.len() < text.len() && rest.starts_with('(')
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Values within values that are read; deeper ones would end the program's stack.
const DEEPEST: usize = 100;

/// A text and how far it has been read.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

type Read<T> = Result<T, String>;

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn expected<T>(&self, what: &str) -> Read<T> {
        let column = self.text[..self.at].chars().count() + 1;
        let found = self.rest().chars().next();
        let found = found.map_or("the end".to_owned(), |letter| format!("`{letter}`"));
        Err(format!("column {column}: expected {what}, found {found}"))
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Reads `letter` if it comes next, and says whether it did.
    fn next_is(&mut self, letter: char) -> bool {
        self.space();
        let found = self.rest().starts_with(letter);
        self.at += if found { letter.len_utf8() } else { 0 };
        found
    }

    fn end(&mut self) -> Read<()> {
        self.space();
        if self.rest().is_empty() { Ok(()) } else { self.expected("the end") }
    }

    fn value(&mut self, depth: usize) -> Read<Value> {
        if depth > DEEPEST {
            return self.expected("fewer values within values");
        }
        self.space();
        let rest = self.rest();
        match rest.chars().next() {
            Some('"') => self.string().map(Value::String),
            Some('r') if rest.starts_with("r\"") || rest.starts_with("r#") => {
                self.string().map(Value::String)
            }
            Some('[') => {
                self.at += 1;
                Ok(Value::Array(self.list(']', |reader| reader.value(depth + 1))?))
            }
            Some('{') => {
                self.at += 1;
                let fields = self.list('}', |reader| {
                    reader.space();
                    let key = reader.string()?;
                    reader.colon()?;
                    Ok((key, reader.value(depth + 1)?))
                })?;
                self.map(fields)
            }
            Some('(') => self.fields(depth).map(|fields| match fields {
                Fields::Named(fields) => Value::Object(fields),
                Fields::Placed(mut one) if one.len() == 1 => one.remove(0),
                Fields::Placed(many) => Value::Array(many),
            }),
            Some(letter) if letter.is_ascii_digit() || matches!(letter, '-' | '+' | '.') => {
                self.number()
            }
            Some(letter) if is_word(letter) => self.word(depth),
            _ => self.expected("a value"),
        }
    }

    fn colon(&mut self) -> Read<()> {
        if self.next_is(':') { Ok(()) } else { self.expected("`:`") }
    }

    /// Items up to the closing bracket; a comma may stand behind the last.
    fn list<T>(&mut self, close: char, item: impl Fn(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let mut items = Vec::new();
        loop {
            if self.next_is(close) {
                return Ok(items);
            }
            items.push(item(self)?);
            if !self.next_is(',') && !self.rest().starts_with(close) {
                return self.expected(&format!("`,` or `{close}`"));
            }
        }
    }

    fn map(&self, fields: Vec<(String, Value)>) -> Read<Value> {
        let count = fields.len();
        let map = Map::from_iter(fields);
        if map.len() == count { Ok(Value::Object(map)) } else { self.expected("each field once") }
    }

    /// Reads what stands in parentheses: fields with names, or values.
    fn fields(&mut self, depth: usize) -> Read<Fields> {
        self.at += 1;
        let all = self.list(')', |reader| {
            reader.space();
            let start = reader.at;
            let name = reader.name();
            if !name.is_empty() && reader.next_is(':') {
                return Ok((Some(name.to_owned()), reader.value(depth + 1)?));
            }
            reader.at = start;
            Ok((None, reader.value(depth + 1)?))
        })?;
        if all.iter().all(|(name, _)| name.is_none()) && !all.is_empty() {
            return Ok(Fields::Placed(all.into_iter().map(|(_, value)| value).collect()));
        }
        let named: Option<Vec<_>> =
            all.into_iter().map(|(name, value)| Some((name?, value))).collect();
        match named {
            None => self.expected("names for all fields or for none"),
            Some(named) => match self.map(named)? {
                Value::Object(fields) => Ok(Fields::Named(fields)),
                _ => self.expected("fields"),
            },
        }
    }

    /// A name, which may be empty.
    fn name(&mut self) -> &'a str {
        let rest = self.rest();
        let length = rest.len() - rest.trim_start_matches(is_word).len();
        self.at += length;
        &rest[..length]
    }

    /// `true`, `None`, `Full`, `Constant(0.1)`.
    fn word(&mut self, depth: usize) -> Read<Value> {
        let name = self.name();
        self.space();
        if !self.rest().starts_with('(') {
            return match name {
                "true" => Ok(Value::Bool(true)),
                "false" => Ok(Value::Bool(false)),
                "None" => Ok(Value::Null),
                "inf" | "NaN" => self.expected("a finite number before"),
                _ => Ok(Value::String(name.to_owned())),
            };
        }
        let inner = match self.fields(depth)? {
            Fields::Named(fields) => Value::Object(fields),
            Fields::Placed(mut one) if one.len() == 1 => one.remove(0),
            Fields::Placed(many) => Value::Array(many),
        };
        if name == "Some" {
            return Ok(inner);
        }
        Ok(Value::Object(Map::from_iter([(name.to_owned(), inner)])))
    }

    fn number(&mut self) -> Read<Value> {
        let start = self.at;
        let rest = self.rest();
        let part = |letter: char| is_word(letter) || matches!(letter, '-' | '+' | '.');
        let length = rest.len() - rest.trim_start_matches(part).len();
        let text = rest[..length].replace('_', "");
        self.at += length;
        let whole = |text: &str| ron::from_str::<u64>(text).ok().map(Number::from);
        let negative = |text: &str| ron::from_str::<i64>(text).ok().map(Number::from);
        let real = |text: &str| text.parse::<f64>().ok().and_then(Number::from_f64);
        match whole(&text).or_else(|| negative(&text)).or_else(|| real(&text)) {
            Some(number) => Ok(Value::Number(number)),
            None => {
                self.at = start;
                self.expected("a finite number")
            }
        }
    }

    /// A string in quotes, raw or with escapes.
    fn string(&mut self) -> Read<String> {
        let start = self.at;
        let rest = self.rest();
        let Some(length) = quoted(rest) else { return self.expected("a string in quotes") };
        self.at += length;
        let text = &rest[..length];
        // Both know escapes that the other does not.
        let read = serde_json::from_str(text).ok().or_else(|| ron::from_str(text).ok());
        read.map_or_else(
            || {
                self.at = start;
                self.expected("a string whose escapes are known")
            },
            Ok,
        )
    }
}

/// Fields of a variant, with names or by their places.
enum Fields {
    Named(Map<String, Value>),
    Placed(Vec<Value>),
}

/// Bytes of the string that a text begins with, quotes included.
fn quoted(text: &str) -> Option<usize> {
    if let Some(raw) = text.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let inner = raw[hashes..].strip_prefix('"')?;
        let close = format!("\"{}", "#".repeat(hashes));
        return Some(1 + hashes + 1 + inner.find(&close)? + close.len());
    }
    let mut escaped = false;
    for (index, letter) in text.strip_prefix('"')?.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(index + 2),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
