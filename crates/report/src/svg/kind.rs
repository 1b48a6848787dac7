//! Kinds of operations, which a drawing tells apart by fill and by the shape of the box.

use dartloom_space::{OpSet, Stage};

/// The kind of an operation, by the stages of its recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpKind {
    /// A convolution of one channel at a time.
    Separable,
    /// The same with gaps between its taps.
    Dilated,
    /// A dense convolution.
    Convolution,
    Pooling,
    /// No weights and no window.
    Skip,
    /// An operation that no built-in recipe tells of.
    Other,
}

/// Every kind, for legends.
pub(crate) const KINDS: [OpKind; 6] = [
    OpKind::Separable,
    OpKind::Dilated,
    OpKind::Convolution,
    OpKind::Pooling,
    OpKind::Skip,
    OpKind::Other,
];

/// The look of a kind's boxes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Class in the style of a page.
    pub(crate) class: &'static str,
    pub(crate) name: &'static str,
    /// Fill where there is no style.
    pub(crate) fill: &'static str,
    /// Dashes of the border; none for a plain line.
    pub(crate) dashes: &'static str,
    /// Radius of the corners.
    pub(crate) corner: f64,
}

/// The built-in operations, from which kinds are known.
#[derive(Debug)]
pub(crate) struct Operations(Option<OpSet>);

impl Operations {
    pub(crate) fn new() -> Self {
        Self(OpSet::builtin("all").ok())
    }

    /// The kind of a named operation.
    pub(crate) fn kind(&self, name: &str) -> OpKind {
        let spec = self.0.as_ref().and_then(|set| set.get(name).ok());
        let recipe = spec.and_then(|spec| spec.recipe.as_ref());
        recipe.map_or(OpKind::Other, |recipe| of(&recipe.0))
    }
}

fn of(stages: &[Stage]) -> OpKind {
    let has = |wanted: fn(&Stage) -> bool| stages.iter().any(wanted);
    let dilated = |stage: &Stage| match stage {
        Stage::Depthwise { dilation, .. } | Stage::Conv { dilation, .. } => {
            dilation.height > 1 || dilation.width > 1
        }
        _ => false,
    };
    if stages.iter().any(dilated) {
        OpKind::Dilated
    } else if has(|stage| matches!(stage, Stage::Depthwise { .. })) {
        OpKind::Separable
    } else if has(|stage| matches!(stage, Stage::Conv { .. } | Stage::Pointwise { .. })) {
        OpKind::Convolution
    } else if has(|stage| matches!(stage, Stage::MaxPool { .. } | Stage::AvgPool { .. })) {
        OpKind::Pooling
    } else {
        OpKind::Skip
    }
}

impl OpKind {
    /// Fill, border and corners.
    pub(crate) fn look(self) -> Look {
        let look = |class, name, fill, dashes, corner| Look { class, name, fill, dashes, corner };
        match self {
            Self::Separable => look("k-separable", "separable convolution", "#dcebfa", "", 0.0),
            Self::Dilated => look("k-dilated", "dilated convolution", "#e8e0f7", "6,3", 0.0),
            Self::Convolution => look("k-convolution", "convolution", "#d5f0ea", "", 4.0),
            Self::Pooling => look("k-pooling", "pooling", "#fdebd0", "", 11.0),
            Self::Skip => look("k-skip", "skip or nothing", "#f1f3f5", "2,3", 11.0),
            Self::Other => look("k-other", "other operation", "#f8e3ec", "9,2,2,2", 4.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_follow_recipes() {
        let operations = Operations::new();
        let cases = [
            ("sep_conv_3x3", OpKind::Separable),
            ("dil_conv_5x5", OpKind::Dilated),
            ("simple_conv_3x3", OpKind::Convolution),
            ("conv_7x1_1x7", OpKind::Convolution),
            ("max_pool_3x3", OpKind::Pooling),
            ("skip_connect", OpKind::Skip),
            ("none", OpKind::Skip),
            ("<script>", OpKind::Other),
        ];
        for (name, kind) in cases {
            assert_eq!(operations.kind(name), kind, "{name}");
        }
    }
}
