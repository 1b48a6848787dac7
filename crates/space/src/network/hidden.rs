//! Fully connected layers between the pooled values of a head and its outputs.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::{Layer, SpaceError};

/// The function after a hidden layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activation {
    /// `max(x, 0)`.
    #[default]
    Relu,
    /// `x`: the layers then compute one linear function together.
    Linear,
}

/// The probability with which dropout zeroes a value, at least 0 and less than 1; 0 is off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Dropout(f64);

// Never NaN.
impl Eq for Dropout {}

impl Dropout {
    /// A probability.
    ///
    /// # Errors
    /// [`SpaceError::Dropout`] unless it is at least 0 and less than 1.
    pub fn new(probability: f64) -> Result<Self, SpaceError> {
        if (0.0..1.0).contains(&probability) {
            // No negative zero.
            return Ok(Self(probability.abs()));
        }
        Err(SpaceError::Dropout { found: probability.to_string() })
    }

    /// The probability.
    #[must_use]
    pub const fn probability(self) -> f64 {
        self.0
    }

    fn is_off(self) -> bool {
        self == Self::default()
    }
}

impl TryFrom<f64> for Dropout {
    type Error = SpaceError;

    fn try_from(probability: f64) -> Result<Self, SpaceError> {
        Self::new(probability)
    }
}

impl From<Dropout> for f64 {
    fn from(dropout: Dropout) -> Self {
        dropout.0
    }
}

/// Fully connected layers between the pooled values of a head and its last layer, each followed by
/// an activation and, in training, dropout. The default is none.
///
/// ```text
/// h_0 = mean of the plane
/// h_i = dropout(f(W_i h_(i-1) + b_i))      i = 1 .. n, n_i = widths[i - 1] values
/// y   = W h_n + b
/// ```
///
/// `f` is [`activation`](Self::activation). In text it is the list of the widths, `[64, 32]`, or
/// `(widths: [64, 32], activation: Linear, dropout: 0.5)` where the others are not the usual ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// Values that each layer puts out, first to last.
    pub widths: Vec<usize>,
    /// The function after each layer.
    pub activation: Activation,
    /// Dropout after each activation.
    pub dropout: Dropout,
}

/// More layers than any head has.
const MOST_LAYERS: usize = 16;
const MOST_WIDTH: usize = 1 << 16;

impl Hidden {
    /// Layers of these widths with rectified units, without dropout.
    pub fn new(widths: impl Into<Vec<usize>>) -> Self {
        Self { widths: widths.into(), ..Self::default() }
    }

    /// The same layers with another activation.
    #[must_use]
    pub fn with_activation(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    /// The same layers with dropout after each.
    ///
    /// # Errors
    /// As [`Dropout::new`].
    pub fn with_dropout(self, probability: f64) -> Result<Self, SpaceError> {
        Ok(Self { dropout: Dropout::new(probability)?, ..self })
    }

    /// `true` if there are no hidden layers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.widths.is_empty()
    }

    /// Refuses numbers that no head has.
    ///
    /// # Errors
    /// [`SpaceError::Range`] for more than 16 layers or a width that is not 1 to 65,536.
    pub fn check(&self) -> Result<(), SpaceError> {
        let found = self.widths.len();
        if found > MOST_LAYERS {
            let what = "the number of hidden layers of a head";
            return Err(SpaceError::Range { what, most: MOST_LAYERS, found });
        }
        match self.widths.iter().find(|width| !(1..=MOST_WIDTH).contains(*width)) {
            None => Ok(()),
            Some(&found) => {
                let what = "the width of a hidden layer";
                Err(SpaceError::Range { what, most: MOST_WIDTH, found })
            }
        }
    }

    /// The layers from `inputs` values to `outputs`, the last one included.
    pub(crate) fn layers(&self, inputs: usize, outputs: usize) -> Vec<Layer> {
        let mut layers = Vec::new();
        let mut inputs = inputs;
        for &width in &self.widths {
            layers.push(Layer::Linear { inputs, outputs: width });
            layers.extend((self.activation == Activation::Relu).then_some(Layer::Relu));
            layers.extend((!self.dropout.is_off()).then_some(Layer::Dropout(self.dropout)));
            inputs = width;
        }
        layers.push(Layer::Linear { inputs, outputs });
        layers
    }
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: Vec<String> = self.widths.iter().map(usize::to_string).collect();
        f.write_str(&widths.join(", "))
    }
}

/// The long form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Hidden")]
struct Fields {
    widths: Vec<usize>,
    #[serde(default)]
    activation: Activation,
    #[serde(default)]
    dropout: Dropout,
}

impl Serialize for Hidden {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { widths, activation, dropout } = self.clone();
        if activation == Activation::default() && dropout.is_off() {
            return widths.serialize(serializer);
        }
        Fields { widths, activation, dropout }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hidden = deserializer.deserialize_any(Form)?;
        hidden.check().map_err(D::Error::custom)?;
        Ok(hidden)
    }
}

/// A visitor keeps the places of mistakes, which serde's untagged enums lose.
struct Form;

impl<'de> Visitor<'de> for Form {
    type Value = Hidden;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("widths of hidden layers such as [64, 32], or (widths: [64, 32], dropout: 0.5)")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Hidden, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(items))
            .map(|widths: Vec<usize>| Hidden::new(widths))
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Hidden, A::Error> {
        let Fields { widths, activation, dropout } =
            Fields::deserialize(MapAccessDeserializer::new(fields))?;
        Ok(Hidden { widths, activation, dropout })
    }
}

#[cfg(test)]
mod tests;
