//! A value per axis, written `3` or `(3, 1)`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeTuple, Serializer};

/// A number for each spatial axis, height first.
///
/// Text forms write equal values once (`3`) and unequal ones as a pair (`(1, 7)` in RON,
/// `[1, 7]` in JSON).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    /// Value along the height.
    pub height: usize,
    /// Value along the width.
    pub width: usize,
}

impl Pair {
    /// The same value on both axes.
    pub const fn both(value: usize) -> Self {
        Self { height: value, width: value }
    }

    /// One value per axis, height first.
    pub const fn new(height: usize, width: usize) -> Self {
        Self { height, width }
    }

    /// `(height, width)`.
    pub const fn tuple(self) -> (usize, usize) {
        (self.height, self.width)
    }
}

impl From<usize> for Pair {
    fn from(value: usize) -> Self {
        Self::both(value)
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.height, self.width)
    }
}

impl Serialize for Pair {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.height == self.width {
            return serializer.serialize_u64(self.height as u64);
        }
        let mut tuple = serializer.serialize_tuple(2)?;
        tuple.serialize_element(&self.height)?;
        tuple.serialize_element(&self.width)?;
        tuple.end()
    }
}

struct PairVisitor;

impl<'de> Visitor<'de> for PairVisitor {
    type Value = Pair;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, or a pair (height, width)")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Pair, E> {
        usize::try_from(value).map(Pair::both).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Pair, E> {
        usize::try_from(value).map(Pair::both).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Pair, A::Error> {
        let height = seq.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let width = seq.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
        Ok(Pair { height, width })
    }
}

impl<'de> Deserialize<'de> for Pair {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PairVisitor)
    }
}
