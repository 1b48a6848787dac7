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
    /// parts, when the plane is halved more than 12 times or for a width that is not 1 to 64 times
    /// the base channels or a part of them, or the error of a part's stage.
    pub fn new(parts: Vec<Recipe>) -> Result<Self, SpaceError> {
        let stem = Self { parts };
        stem.check().map(|()| stem)
    }

    /// `Ok` if [`Stem::new`] could have made the stem.
    pub(super) fn check(&self) -> Result<(), SpaceError> {
        let parts = &self.parts;
        if parts.is_empty() || parts.iter().any(|part| part.0.is_empty()) {
            return Err(SpaceError::Stem);
        }
        if parts.len() > MOST_PARTS {
            let what = "parts of a stem";
            return Err(SpaceError::Range { what, most: MOST_PARTS, found: parts.len() });
        }
        let mut factors = parts.iter().flat_map(|part| &part.0).filter_map(factor);
        if let Some(found) = factors.find(|factor| !(1..=MOST_FACTOR).contains(factor)) {
            let what = "width of a stem in base channels";
            return Err(SpaceError::Range { what, most: MOST_FACTOR, found });
        }
        for (index, part) in parts.iter().enumerate() {
            // A recipe that may be an operation may be a stem part.
            crate::OpSet::new("stem", vec![OpSpec::new(format!("part_{index}"), part.0.clone())])?;
        }
        match self.level(parts.len()) {
            found if found > MOST_LEVEL => {
                Err(SpaceError::Range { what: "halvings in a stem", most: MOST_LEVEL, found })
            }
            _ => Ok(()),
        }
    }

    /// 3x3 convolution to `multiplier` times the base channels and a norm, at full resolution.
    ///
    /// `multiplier` is 1 to 64: no network takes a stem of another ([`Network::new`]).
    ///
    /// [`Network::new`]: crate::Network::new
    pub fn cifar(multiplier: usize) -> Self {
        let out = Width::Times(multiplier);
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

    /// One part for each of `levels` levels, each a 3x3 convolution of stride 2 behind the one
    /// before: part `i` has `2^i` times the base channels and is halved `i + 1` times.
    ///
    /// # Errors
    /// As [`Stem::new`]: 1 to 7 levels.
    pub fn pyramid(levels: usize) -> Result<Self, SpaceError> {
        let part = |level: usize| {
            let out = Width::Times(1_usize.checked_shl(level as u32).unwrap_or(0));
            let stages = [Stage::Relu, conv(out, Stride::Edge), NORM];
            Recipe(stages[usize::from(level == 0)..].to_vec())
        };
        Self::new((0..levels.min(MOST_PARTS + 1)).map(part).collect())
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

/// Wider than any published stem.
const MOST_FACTOR: usize = 64;

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

/// The factor by which a stage multiplies or divides the base channels, if it does either.
fn factor(stage: &Stage) -> Option<usize> {
    match stage {
        Stage::Pointwise { out, .. }
        | Stage::Conv { out, .. }
        | Stage::FactorizedReduce { out } => match out {
            Width::Same => None,
            Width::Times(factor) | Width::Over(factor) => Some(*factor),
        },
        _ => None,
    }
}

fn halvings(stage: &Stage) -> usize {
    match stage {
        Stage::FactorizedReduce { .. } | Stage::Zero | Stage::HandMade => 1,
        Stage::Depthwise { stride, .. }
        | Stage::Pointwise { stride, .. }
        | Stage::Conv { stride, .. }
        | Stage::MaxPool { stride, .. }
        | Stage::AvgPool { stride, .. } => usize::from(*stride == Stride::Edge),
        _ => 0,
    }
}
