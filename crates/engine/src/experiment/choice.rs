//! Names of methods in an experiment file.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::method::Preset;
use super::patch::MethodPatch;

/// One method or several: a name, a variation `(preset: "pc_darts", partial: 2)`, or a list of
/// both.
#[derive(Clone, Debug)]
pub(super) struct MethodChoice(pub(super) Vec<MethodPatch>);

impl MethodChoice {
    /// Methods as they are.
    pub(super) fn named(presets: &[Preset]) -> Self {
        Self(presets.iter().cloned().map(named).collect())
    }
}

impl Default for MethodChoice {
    fn default() -> Self {
        Self::named(&[Preset::default()])
    }
}

fn named(preset: Preset) -> MethodPatch {
    MethodPatch { preset: Some(preset), ..MethodPatch::default() }
}

fn by_name<E: Error>(name: &str) -> Result<MethodPatch, E> {
    Preset::try_from(name.to_owned()).map(named).map_err(E::custom)
}

/// A visitor keeps the places of mistakes and the forms of enums, which serde's untagged enums
/// lose.
struct Choice;

impl<'de> Visitor<'de> for Choice {
    type Value = MethodChoice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a method such as \"pc_darts\", or a list of names and variations")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(MethodChoice(vec![by_name(name)?]))
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
        Ok(MethodChoice(vec![Entry.visit_map(fields)?]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut methods = Vec::new();
        while let Some(Item(method)) = items.next_element()? {
            methods.push(method);
        }
        Ok(MethodChoice(methods))
    }
}

/// An item of the list.
struct Item(MethodPatch);

struct Entry;

impl<'de> Visitor<'de> for Entry {
    type Value = MethodPatch;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a method or a variation such as (preset: \"darts\", ..)")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        by_name(name)
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
        MethodPatch::deserialize(MapAccessDeserializer::new(fields))
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Entry).map(Self)
    }
}

impl<'de> Deserialize<'de> for MethodChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Choice)
    }
}
