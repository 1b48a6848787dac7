//! Named, ordered sets of candidate operations.

mod table;

use serde::{Deserialize, Serialize};

use crate::{Pair, Recipe, SpaceError, Stage, Width};

/// A named operation: a recipe, or a name that only code can build.
///
/// `strided` replaces `recipe` on edges of stride 2 or more, for operations that are another
/// thing there: `skip_connect` is the identity at stride 1 and a factorized reduce at stride 2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpSpec {
    /// Unique name, as genotypes write it.
    pub name: String,
    /// Its stages; `None` for an operation that a factory builds from code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Recipe>,
    /// Its stages on edges of stride 2 or more, if they differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strided: Option<Recipe>,
}

impl OpSpec {
    /// An operation with one recipe for every stride.
    pub fn new(name: impl Into<String>, recipe: impl IntoIterator<Item = Stage>) -> Self {
        Self { name: name.into(), recipe: Some(recipe.into_iter().collect()), strided: None }
    }

    /// An operation that a factory builds from code.
    pub fn custom(name: impl Into<String>) -> Self {
        Self { name: name.into(), recipe: None, strided: None }
    }

    /// The layers that a network laid out by hand has in the place of a searched block, as an
    /// operation: the first candidate of every block ([`Space::inside`](crate::Space::inside)).
    pub fn hand_made() -> Self {
        Self::new("hand_made", [Stage::HandMade])
    }

    /// `true` for the layers that are laid out by hand.
    pub fn is_hand_made(&self) -> bool {
        self.recipe.as_ref().is_some_and(|recipe| recipe.0 == [Stage::HandMade])
    }

    /// The same operation with another recipe on edges of stride 2 or more.
    #[must_use]
    pub fn with_strided(mut self, recipe: impl IntoIterator<Item = Stage>) -> Self {
        self.strided = Some(recipe.into_iter().collect());
        self
    }

    /// The recipe on an edge of stride `stride`; `None` for a custom operation.
    pub fn recipe_at(&self, stride: usize) -> Option<&Recipe> {
        if stride > 1 {
            self.strided.as_ref().or(self.recipe.as_ref())
        } else {
            self.recipe.as_ref()
        }
    }

    /// `true` if the operation cuts the edge ("none").
    pub fn is_zero(&self) -> bool {
        self.recipe.as_ref().is_some_and(Recipe::is_zero)
    }

    /// `true` if the operation has no weights at stride 1 (pooling, skip, none).
    pub fn is_parameter_free(&self) -> bool {
        self.recipe.as_ref().is_some_and(|recipe| !recipe.has_weights())
    }
}

/// An ordered, non-empty set of operations with unique names; the order decides ties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawOpSet")]
pub struct OpSet {
    name: String,
    ops: Vec<OpSpec>,
}

#[derive(Deserialize)]
#[serde(rename = "OpSet", deny_unknown_fields)]
pub(crate) struct RawOpSet {
    name: String,
    ops: Vec<OpSpec>,
}

impl TryFrom<RawOpSet> for OpSet {
    type Error = SpaceError;

    fn try_from(raw: RawOpSet) -> Result<Self, SpaceError> {
        Self::new(raw.name, raw.ops)
    }
}

impl OpSet {
    /// A set of the given operations, in that order.
    ///
    /// # Errors
    /// [`SpaceError::EmptyOpSet`], [`SpaceError::Range`] for more than 1024 operations,
    /// [`SpaceError::DuplicateOp`], [`SpaceError::OpName`], or
    /// [`SpaceError::OpStage`] when a recipe cannot keep an edge's width.
    pub fn new(name: impl Into<String>, ops: Vec<OpSpec>) -> Result<Self, SpaceError> {
        let name = name.into();
        if ops.is_empty() {
            return Err(SpaceError::EmptyOpSet { set: name });
        }
        if ops.len() > LARGEST {
            let what = "operations of a set";
            return Err(SpaceError::Range { what, most: LARGEST, found: ops.len() });
        }
        for (index, op) in ops.iter().enumerate() {
            check_op(op)?;
            if ops[..index].iter().any(|earlier| earlier.name == op.name) {
                return Err(SpaceError::DuplicateOp { set: name, op: op.name.clone() });
            }
        }
        Ok(Self { name, ops })
    }

    /// A built-in set: `S` (7), `O_base` (8), `S_o` (12), `O_large` (11), `nasbench201` (5), or
    /// `all` (every built-in operation).
    ///
    /// # Errors
    /// [`SpaceError::UnknownOpSet`] with the known names.
    pub fn builtin(name: &str) -> Result<Self, SpaceError> {
        let ops = table::members(name).ok_or_else(|| SpaceError::UnknownOpSet {
            found: name.to_owned(),
            known: table::SET_NAMES.iter().map(|&s| s.to_owned()).collect(),
        })?;
        Self::new(name, ops)
    }

    /// A set of some of these operations, by name and in the given order.
    ///
    /// # Errors
    /// [`SpaceError::UnknownOp`] with the known names; those of [`OpSet::new`].
    pub fn subset(
        &self,
        name: impl Into<String>,
        ops: &[impl AsRef<str>],
    ) -> Result<Self, SpaceError> {
        let ops: Result<_, _> = ops.iter().map(|op| self.get(op.as_ref()).cloned()).collect();
        Self::new(name, ops?)
    }

    /// The set's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The operations in order.
    pub fn ops(&self) -> &[OpSpec] {
        &self.ops
    }

    /// Number of operations.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Never true: a set has at least one operation.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// The operation names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.ops.iter().map(|op| op.name.as_str())
    }

    /// Position of an operation.
    pub fn position(&self, op: &str) -> Option<usize> {
        self.ops.iter().position(|spec| spec.name == op)
    }

    /// The operation of that name.
    ///
    /// # Errors
    /// [`SpaceError::UnknownOp`] with the known names.
    pub fn get(&self, op: &str) -> Result<&OpSpec, SpaceError> {
        self.ops.iter().find(|spec| spec.name == op).ok_or_else(|| SpaceError::UnknownOp {
            op: op.to_owned(),
            known: self.names().map(str::to_owned).collect(),
        })
    }

    /// This set with `others` replacing operations of the same name or appended in order.
    ///
    /// # Errors
    /// As [`OpSet::new`].
    pub fn overridden_by(&self, others: &[OpSpec]) -> Result<Self, SpaceError> {
        let mut ops = self.ops.clone();
        for other in others {
            match ops.iter_mut().find(|op| op.name == other.name) {
                Some(op) => *op = other.clone(),
                None => ops.push(other.clone()),
            }
        }
        Self::new(self.name.clone(), ops)
    }
}

/// `true` if every text form can carry the name of an operation.
pub(crate) fn is_op_name(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+');
    !name.is_empty() && name.chars().all(good)
}

fn check_op(op: &OpSpec) -> Result<(), SpaceError> {
    if !is_op_name(&op.name) {
        return Err(SpaceError::OpName { op: op.name.clone() });
    }
    for recipe in [&op.recipe, &op.strided].into_iter().flatten() {
        for (position, stage) in recipe.0.iter().enumerate() {
            check_stage(stage).map_err(|reason| SpaceError::OpStage {
                op: op.name.clone(),
                position,
                reason,
            })?;
        }
    }
    Ok(())
}

/// Bounds that keep shape arithmetic far from overflow and refuse what can never lower.
const LARGEST: usize = 1024;

fn check_stage(stage: &Stage) -> Result<(), String> {
    let number = |what: &str, value: usize| {
        if (1..=LARGEST).contains(&value) {
            Ok(())
        } else {
            Err(format!("{what} must be 1 to {LARGEST}, found {value}"))
        }
    };
    let pair = |what: &str, value: Pair| {
        number(what, value.height).and_then(|()| number(what, value.width))
    };
    let odd = |kernel: Pair| {
        pair("kernel", kernel)?;
        if kernel.height.is_multiple_of(2) || kernel.width.is_multiple_of(2) {
            return Err(format!("kernel must be odd on both axes, found {kernel}"));
        }
        Ok(())
    };
    let width = |width: Width| match width {
        Width::Same => Ok(()),
        Width::Times(factor) | Width::Over(factor) => number("width factor", factor),
    };
    match *stage {
        Stage::Depthwise { kernel, dilation, .. } => odd(kernel).and(pair("dilation", dilation)),
        Stage::Pointwise { out, .. } | Stage::FactorizedReduce { out } => width(out),
        Stage::Conv { kernel, out, dilation, groups, .. } => odd(kernel)
            .and(width(out))
            .and(pair("dilation", dilation))
            .and(number("groups", groups)),
        Stage::MaxPool { kernel, .. } | Stage::AvgPool { kernel, .. } => odd(kernel),
        Stage::Upsample { factor } => pair("factor", factor),
        Stage::Relu | Stage::Norm { .. } | Stage::Identity | Stage::Zero | Stage::HandMade => {
            Ok(())
        }
    }
}
