//! Decoders as values: by name, or with their settings.

use dartloom_space::{Space, WeightTable};
use serde::{Deserialize, Serialize};

use crate::{
    Argmax, BestPath, Constrained, DecodeError, Decoded, DecodedPaths, Decoder, EdgeThreshold,
    EdgeWeighted, FeasibleTopology, MultiPath, PathDecoder, SparseThreshold, TopK, identity,
};

/// A decoder of this crate with its settings, as configurations write it:
/// `SparseThreshold((threshold: 0.6))`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum ConfiguredDecoder {
    /// The strongest edges of every node (DARTS).
    TopK(TopK),
    /// The strongest operation of every edge (NAS-Bench-201).
    Argmax(Argmax),
    /// The strongest edges, where edges must be weighed (PC-DARTS).
    EdgeWeighted(TopK),
    /// The strongest edges above a threshold (FairDARTS).
    SparseThreshold(SparseThreshold),
    /// The operations above a threshold of every edge (FairDARTS).
    EdgeThreshold(EdgeThreshold),
    /// The heaviest architecture within limits (Progressive DARTS).
    Constrained(Constrained),
}

impl Decoder for ConfiguredDecoder {
    /// # Errors
    /// Those of the decoder.
    fn decode(&self, space: &Space, weights: &WeightTable) -> Result<Decoded, DecodeError> {
        match self {
            Self::TopK(rule) => rule.decode(space, weights),
            Self::Argmax(rule) => rule.decode(space, weights),
            Self::EdgeWeighted(rule) => EdgeWeighted(*rule).decode(space, weights),
            Self::SparseThreshold(rule) => rule.decode(space, weights),
            Self::EdgeThreshold(rule) => rule.decode(space, weights),
            Self::Constrained(rule) => rule.decode(space, weights),
        }
    }

    fn identity(&self) -> Option<String> {
        identity::of("ConfiguredDecoder", self)
    }
}

/// A path decoder of this crate with its settings, as configurations write it:
/// `MultiPath((count: Fixed(3)))`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum ConfiguredPaths {
    /// The most probable path (Auto-DeepLab).
    BestPath(BestPath),
    /// The best of all paths (Preligens).
    MultiPath(MultiPath),
    /// The most probable set of links that fit together (DiNTS).
    FeasibleTopology(FeasibleTopology),
}

impl PathDecoder for ConfiguredPaths {
    /// # Errors
    /// Those of the decoder.
    fn paths(&self, space: &Space, weights: &WeightTable) -> Result<DecodedPaths, DecodeError> {
        match self {
            Self::BestPath(rule) => rule.paths(space, weights),
            Self::MultiPath(rule) => rule.paths(space, weights),
            Self::FeasibleTopology(rule) => rule.paths(space, weights),
        }
    }

    fn paths_beside(
        &self,
        space: &Space,
        weights: &WeightTable,
        cells: &dyn Decoder,
    ) -> Result<DecodedPaths, DecodeError> {
        match self {
            Self::BestPath(rule) => rule.paths_beside(space, weights, cells),
            Self::MultiPath(rule) => rule.paths_beside(space, weights, cells),
            Self::FeasibleTopology(rule) => rule.paths_beside(space, weights, cells),
        }
    }

    fn identity(&self) -> Option<String> {
        identity::of("ConfiguredPaths", self)
    }
}

/// A name and the value it stands for.
type Row<T> = (&'static str, fn() -> T);

const DECODERS: [Row<ConfiguredDecoder>; 7] = [
    ("darts", || ConfiguredDecoder::TopK(TopK::darts())),
    ("pc_darts", || ConfiguredDecoder::EdgeWeighted(TopK::darts())),
    ("argmax", || ConfiguredDecoder::Argmax(Argmax::nasbench201())),
    ("two_skips", || ConfiguredDecoder::Constrained(Constrained::two_skips())),
    ("threshold_sparse", || ConfiguredDecoder::SparseThreshold(SparseThreshold::default())),
    ("threshold_edge", || ConfiguredDecoder::EdgeThreshold(EdgeThreshold::default())),
    ("threshold_complete", || ConfiguredDecoder::EdgeThreshold(EdgeThreshold::complete())),
];

const PATHS: [Row<ConfiguredPaths>; 3] = [
    ("best_path", || ConfiguredPaths::BestPath(BestPath::default())),
    ("multi_path", || ConfiguredPaths::MultiPath(MultiPath::default())),
    ("feasible_topology", || ConfiguredPaths::FeasibleTopology(FeasibleTopology::default())),
];

fn find<T>(table: &[Row<T>], name: &str) -> Result<T, DecodeError> {
    match table.iter().find(|(known, _)| *known == name) {
        Some((_, value)) => Ok(value()),
        None => Err(DecodeError::UnknownDecoder {
            found: name.to_owned(),
            known: table.iter().map(|(known, _)| (*known).to_owned()).collect(),
        }),
    }
}

/// The names that [`builtin`] knows.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    DECODERS.iter().map(|(name, _)| *name)
}

/// A built-in decoder by the name experiments use: `darts` ([`TopK::darts`]), `pc_darts`
/// ([`EdgeWeighted::pc_darts`]), `argmax` ([`Argmax::nasbench201`]), `two_skips`
/// ([`Constrained::two_skips`]), `threshold_sparse` ([`SparseThreshold`]), `threshold_edge` and
/// `threshold_complete` ([`EdgeThreshold`]).
///
/// # Errors
/// [`DecodeError::UnknownDecoder`] with the known names.
pub fn builtin(name: &str) -> Result<Box<dyn Decoder>, DecodeError> {
    Ok(Box::new(ConfiguredDecoder::named(name)?))
}

impl ConfiguredDecoder {
    /// The decoder of that name as a value that shows its settings; names as for [`builtin`].
    ///
    /// # Errors
    /// [`DecodeError::UnknownDecoder`] with the known names.
    pub fn named(name: &str) -> Result<Self, DecodeError> {
        find(&DECODERS, name)
    }
}

impl ConfiguredPaths {
    /// The path decoder of that name with its default settings: `best_path` ([`BestPath`]) or
    /// `multi_path` ([`MultiPath`]).
    ///
    /// # Errors
    /// [`DecodeError::UnknownDecoder`] with the known names.
    pub fn named(name: &str) -> Result<Self, DecodeError> {
        find(&PATHS, name)
    }

    /// The names that [`ConfiguredPaths::named`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        PATHS.iter().map(|(name, _)| *name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ConfiguredDecoder, ConfiguredPaths, builtin, builtin_names};
    use crate::testkit::{Law, cases, check_laws};
    use crate::{Constrained, Decoder, EdgeWeighted, MultiPath, PathCount, TopK};

    #[test]
    fn every_name_decodes_and_no_other_does() {
        let laws = [Law::Deterministic, Law::Fits, Law::Mismatch];
        for name in builtin_names() {
            check_laws(&builtin(name).unwrap(), &cases(3).unwrap(), &laws).unwrap();
        }
        let found = builtin("oracle").unwrap_err().to_string();
        assert!(builtin_names().all(|name| found.contains(name)), "{found}");
        let found = ConfiguredPaths::named("darts").unwrap_err().to_string();
        assert!(ConfiguredPaths::names().all(|name| found.contains(name)), "{found}");
        assert!(ConfiguredPaths::names().all(|name| ConfiguredPaths::named(name).is_ok()));
    }

    #[test]
    fn every_name_has_an_identity_of_its_own() {
        let said: BTreeSet<_> =
            builtin_names().filter_map(|name| builtin(name).unwrap().identity()).collect();
        assert_eq!(said.len(), builtin_names().count(), "{said:?}");
        let two = TopK { edges: 3, ..TopK::darts() };
        assert_ne!(two.identity(), TopK::darts().identity());
        assert_ne!(EdgeWeighted::pc_darts().identity(), TopK::darts().identity());
    }

    #[test]
    fn settings_are_read_and_written() {
        for name in builtin_names() {
            let rule = ConfiguredDecoder::named(name).unwrap();
            let text = ron::to_string(&rule).unwrap();
            assert_eq!(ron::from_str::<ConfiguredDecoder>(&text).unwrap(), rule, "{text}");
        }
        let rule: ConfiguredDecoder = ron::from_str("Constrained((skips: Some(1)))").unwrap();
        let expected = Constrained { skips: Some(1), ..Constrained::default() };
        assert_eq!(rule, ConfiguredDecoder::Constrained(expected));
        let rule: ConfiguredPaths = ron::from_str("MultiPath((count: Fixed(3)))").unwrap();
        let expected = MultiPath { count: PathCount::Fixed(3), ..MultiPath::default() };
        assert_eq!(rule, ConfiguredPaths::MultiPath(expected));
    }

    #[test]
    fn the_value_decodes_as_the_rule_does() {
        for case in cases(3).unwrap() {
            let rule = ConfiguredDecoder::EdgeWeighted(TopK::darts());
            let space = &case.space;
            let weights = &case.weights;
            assert_eq!(
                rule.decode(space, weights),
                EdgeWeighted::pc_darts().decode(space, weights)
            );
        }
    }
}
