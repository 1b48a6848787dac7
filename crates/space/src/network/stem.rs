//! The layers before the first cell.

use serde::{Deserialize, Serialize};

use super::MOST_LEVEL;
use crate::{OpSpec, Pair, Recipe, SpaceError, Stage, Stride, When, Width};

/// The layers between the image and the first cell, in parts that follow each other; cells may
/// read the output of any part.
///
/// Each part is a [`Recipe`] lowered with the network's base channels as width, edge stride 2 and
/// norms that always learn scale and shift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawStem")]
pub struct Stem {
    parts: Vec<Recipe>,
}

#[derive(Deserialize)]
#[serde(rename = "Stem", deny_unknown_fields)]
struct RawStem {
    parts: Vec<Recipe>,
}

impl TryFrom<RawStem> for Stem {
    type Error = SpaceError;

    fn try_from(raw: RawStem) -> Result<Self, SpaceError> {
        Self::new(raw.parts)
    }
}

impl Stem {
    /// A stem of the given parts.
    ///
    /// # Errors
    /// [`SpaceError::Stem`] when there is no part, [`SpaceError::Range`] for more than 64
    /// parts or when the plane is halved more than 12 times, or the error of a part's stage.
    pub fn new(parts: Vec<Recipe>) -> Result<Self, SpaceError> {
        if parts.is_empty() || parts.iter().any(|part| part.0.is_empty()) {
            return Err(SpaceError::Stem);
        }
        if parts.len() > MOST_PARTS {
            let what = "parts of a stem";
            return Err(SpaceError::Range { what, most: MOST_PARTS, found: parts.len() });
        }
        for (index, part) in parts.iter().enumerate() {
            // A recipe that may be an operation may be a stem part.
            crate::OpSet::new("stem", vec![OpSpec::new(format!("part_{index}"), part.0.clone())])?;
        }
        let stem = Self { parts };
        match stem.level(stem.parts.len()) {
            found if found > MOST_LEVEL => {
                Err(SpaceError::Range { what: "halvings in a stem", most: MOST_LEVEL, found })
            }
            _ => Ok(stem),
        }
    }

    /// 3x3 convolution to `multiplier` times the base channels and a norm, at full resolution.
    pub fn cifar(multiplier: usize) -> Self {
        let out = Width::Times(multiplier.clamp(1, 64));
        Self { parts: vec![Recipe(vec![conv(out, Stride::Unit), NORM])] }
    }

    /// Two parts: two stride-2 3x3 convolutions (to half and to all of the base channels), then
    /// one more of stride 2; cells start at an eighth of the image (DARTS, ImageNet).
    pub fn imagenet() -> Self {
        Self { parts: imagenet_parts(Stride::Edge) }
    }

    /// As [`Stem::imagenet`], but the second convolution keeps its size: cells start at a quarter
    /// of the image (D-DARTS, ImageNet).
    pub fn imagenet_quarter() -> Self {
        Self { parts: imagenet_parts(Stride::Unit) }
    }

    /// The recipes of the parts.
    pub fn parts(&self) -> &[Recipe] {
        &self.parts
    }

    /// Level after a part: how often the plane has been halved.
    pub fn level(&self, part: usize) -> usize {
        self.parts
            .iter()
            .take(part.saturating_add(1))
            .flat_map(|recipe| &recipe.0)
            .map(halvings)
            .sum()
    }
}

const MOST_PARTS: usize = 64;

const NORM: Stage = Stage::Norm { when: When::Always };

fn conv(out: Width, stride: Stride) -> Stage {
    Stage::Conv { kernel: Pair::both(3), out, dilation: Pair::both(1), stride, groups: 1 }
}

fn imagenet_parts(second: Stride) -> Vec<Recipe> {
    let first = vec![
        conv(Width::Over(2), Stride::Edge),
        NORM,
        Stage::Relu,
        conv(Width::Same, second),
        NORM,
    ];
    vec![Recipe(first), Recipe(vec![Stage::Relu, conv(Width::Same, Stride::Edge), NORM])]
}

fn halvings(stage: &Stage) -> usize {
    match stage {
        Stage::FactorizedReduce { .. } | Stage::Zero => 1,
        Stage::Depthwise { stride, .. }
        | Stage::Pointwise { stride, .. }
        | Stage::Conv { stride, .. }
        | Stage::MaxPool { stride, .. }
        | Stage::AvgPool { stride, .. } => usize::from(*stride == Stride::Edge),
        _ => 0,
    }
}
