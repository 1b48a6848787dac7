//! Parts by name: those that come with dartloom, and those that a catalogue adds.

use std::fmt;

use ron::value::RawValue;
use serde::de::{DeserializeOwned, Deserializer, EnumAccess, Error as _, VariantAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::read::options;

/// A part of an experiment: one that comes with dartloom, with its settings read, or one that a
/// [`Catalog`](crate::Catalog) knows by its name.
///
/// Both are written alike: `TopK(edges: 2)`, `Mine(power: 2.0)`, `Mine`.
#[derive(Clone, Debug, PartialEq)]
pub enum Named<T> {
    /// Comes with dartloom.
    Known(T),
    /// Whatever the catalogue knows by that name.
    Other(Settings),
}

/// The name of a part and its settings as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings(String);

impl Settings {
    /// The name: the word before the parentheses.
    pub fn name(&self) -> &str {
        name_of(&self.0)
    }

    /// The text that was written, name included.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The settings as a value: `Mine(power: 2.0)` and `Mine((power: 2.0))` give a record,
    /// `Mine(2.0)` a number, and `Mine` a record whose fields all have defaults.
    ///
    /// # Errors
    /// The words of the reader for a text that is no such value.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, SettingsError> {
        let refused = |error: ron::error::SpannedError| SettingsError(spoken(&error));
        let whole = if self.0.contains('(') { self.0.clone() } else { format!("{}()", self.0) };
        options().from_str::<Inner<T>>(&whole).map(|inner| inner.0).map_err(refused)
    }

    /// Name and settings together, as a variant of `T`.
    pub(crate) fn whole<T: DeserializeOwned>(&self) -> Result<T, SettingsError> {
        options().from_str(&self.0).map_err(|error| SettingsError(spoken(&error)))
    }
}

/// Settings that are not those of the part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(String);

fn spoken(error: &ron::error::SpannedError) -> String {
    dartloom::space::text::ron_message(error)
}

/// The word that a text begins with; empty where that is no name.
fn name_of(text: &str) -> &str {
    if !text.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return "";
    }
    let rest = text.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    &text[..text.len() - rest.len()]
}

/// The inside of a variant of any name.
struct Inner<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Inner<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Inside<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Inside<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name with settings in parentheses")
            }

            fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<T, A::Error> {
                let (_, settings) = data.variant::<Word>()?;
                settings.newtype_variant()
            }
        }
        deserializer.deserialize_enum("", &[], Inside(std::marker::PhantomData)).map(Self)
    }
}

/// A word that is a name.
struct Word;

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Word;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_str<E>(self, _: &str) -> Result<Word, E> {
                Ok(Word)
            }
        }
        deserializer.deserialize_identifier(Any)
    }
}

impl<T: Serialize> Named<T> {
    /// The part's name with its settings, whichever it is.
    pub(crate) fn settings(&self) -> Result<Settings, SettingsError> {
        match self {
            Self::Known(part) => {
                let text = options().to_string(part);
                text.map(Settings).map_err(|error| SettingsError(error.to_string()))
            }
            Self::Other(settings) => Ok(settings.clone()),
        }
    }
}

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(part) => part.serialize(serializer),
            Self::Other(settings) => {
                let raw = RawValue::from_ron(&settings.0);
                raw.map_err(serde::ser::Error::custom)?.serialize(serializer)
            }
        }
    }
}

/// The name by which RON's reader knows a value that is wanted as its text. Its own type for that
/// reads nothing else, and experiments are read from JSON, too.
const TEXT: &str = "$ron::private::RawValue";

/// A value as text of RON, or in JSON.
enum Written {
    Text(String),
    Json(Value),
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Written;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a part, maybe with settings in parentheses")
            }

            fn visit_str<E>(self, text: &str) -> Result<Written, E> {
                Ok(Written::Text(text.trim().to_owned()))
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                inner: D,
            ) -> Result<Written, D::Error> {
                Value::deserialize(inner).map(Written::Json)
            }
        }
        deserializer.deserialize_newtype_struct(TEXT, Either)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Text(text) => of_text(text).map_err(D::Error::custom),
            Written::Json(Value::String(text)) => match T::deserialize(Value::String(text.clone()))
            {
                Ok(part) => Ok(Self::Known(part)),
                Err(_) => of_text(text).map_err(D::Error::custom),
            },
            Written::Json(value) => {
                T::deserialize(value).map(Self::Known).map_err(D::Error::custom)
            }
        }
    }
}

/// A text whose name dartloom does not know belongs to a catalogue.
fn of_text<T: DeserializeOwned>(text: String) -> Result<Named<T>, SettingsError> {
    // Settings that all have defaults may be left out, and their parentheses with them.
    let bare = || options().from_str(&format!("{text}()"));
    match options().from_str(&text).or_else(|error| bare().map_err(|_| error)) {
        Ok(part) => Ok(Named::Known(part)),
        Err(error) if name_of(&text).is_empty() || known::<T>().contains(&name_of(&text)) => {
            Err(SettingsError(spoken(&error)))
        }
        Err(_) => Ok(Named::Other(Settings(text))),
    }
}

/// The names of the variants of `T`, in their order.
pub(crate) fn known<T: DeserializeOwned>() -> &'static [&'static str] {
    match options().from_str::<T>("NoSuchName") {
        Err(error) => match error.code {
            ron::Error::NoSuchEnumVariant { expected, .. } => expected,
            _ => &[],
        },
        Ok(_) => &[],
    }
}

#[cfg(test)]
mod tests {
    use dartloom::decode::{ConfiguredDecoder, TopK};
    use dartloom::relax::ConfiguredRelaxation;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Mine {
        power: f64,
        norm: Norm,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    enum Norm {
        L1,
        Lp(f64),
    }

    impl Default for Mine {
        fn default() -> Self {
            Self { power: 1.0, norm: Norm::L1 }
        }
    }

    fn read(text: &str) -> Named<ConfiguredRelaxation> {
        options().from_str(text).unwrap()
    }

    #[test]
    fn parts_of_dartloom_are_read_and_others_kept() {
        assert_eq!(read("Entmax(1.5)"), Named::Known(ConfiguredRelaxation::Entmax(1.5)));
        assert_eq!(read("Softmax"), Named::Known(ConfiguredRelaxation::Softmax));
        let Named::Other(mine) = read(" Mine(power: 2.0, norm: Lp(3.0)) ") else { panic!() };
        assert_eq!(mine.name(), "Mine");
        assert_eq!(mine.read::<Mine>().unwrap(), Mine { power: 2.0, norm: Norm::Lp(3.0) });
        assert!(mine.read::<f64>().is_err());
    }

    #[test]
    fn settings_may_be_left_out() {
        let Named::Other(plain) = read("Mine") else { panic!() };
        assert_eq!(plain.read::<Mine>().unwrap(), Mine::default());
        let Named::Other(number) = read("Mine(2.5)") else { panic!() };
        assert!((number.read::<f64>().unwrap() - 2.5).abs() < 1e-12);
    }

    #[test]
    fn mistakes_in_known_parts_are_told() {
        for text in ["Entmax(\"a\")", "Softmax(3)", "Gumbel(warm: 3.0)", "3"] {
            let read = options().from_str::<Named<ConfiguredRelaxation>>(text);
            assert!(read.is_err(), "{text}: {read:?}");
        }
        let names = known::<ConfiguredDecoder>();
        assert!(["TopK", "Constrained"].iter().all(|name| names.contains(name)), "{names:?}");
    }

    #[test]
    fn both_forms_are_written_and_read() {
        let parts = [
            Named::Known(ConfiguredDecoder::TopK(TopK::darts())),
            Named::Other(Settings("Mine(power: 2.0)".to_owned())),
            Named::Other(Settings("Mine".to_owned())),
        ];
        for part in parts {
            let text = options().to_string(&part).unwrap();
            assert_eq!(options().from_str::<Named<ConfiguredDecoder>>(&text).unwrap(), part);
            let json = serde_json::to_value(&part).unwrap();
            let read = serde_json::from_value::<Named<ConfiguredDecoder>>(json.clone());
            assert_eq!(read.unwrap(), part, "{json}");
        }
    }
}
