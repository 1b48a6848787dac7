//! Whether passes save memory, as configurations write it.

use dartloom_net::Execution;
use serde::{Deserialize, Serialize};

/// What the operation of a cell keeps between its forward and its backward pass:
/// [`dartloom_net::Recompute`] in configurations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recompute {
    /// Everything the backward pass reads.
    #[default]
    #[serde(alias = "never")]
    Never,
    /// Nodes and statistics; every edge is computed once more in the backward pass. Slower, in a
    /// fraction of the memory.
    #[serde(alias = "edge")]
    Edge,
}

impl From<Recompute> for dartloom_net::Recompute {
    fn from(recompute: Recompute) -> Self {
        match recompute {
            Recompute::Never => Self::Never,
            Recompute::Edge => Self::Edge,
        }
    }
}

impl From<Recompute> for Execution {
    /// One operation per cell that keeps what `recompute` says.
    fn from(recompute: Recompute) -> Self {
        Self::Fused(recompute.into())
    }
}

#[cfg(test)]
mod tests {
    use super::Recompute;

    #[test]
    fn the_default_is_the_kernels() {
        let default: dartloom_net::Recompute = Recompute::default().into();
        assert_eq!(default, dartloom_net::Recompute::default());
    }

    #[test]
    fn both_ways_of_writing_are_read_and_others_refused() {
        let read = |text: &str| serde_json::from_str::<Recompute>(text);
        for (text, expected) in [
            (r#""Never""#, Recompute::Never),
            (r#""never""#, Recompute::Never),
            (r#""Edge""#, Recompute::Edge),
            (r#""edge""#, Recompute::Edge),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
        let error = read(r#""always""#).unwrap_err().to_string();
        assert!(error.contains("Never") && error.contains("Edge"), "{error}");
    }
}
