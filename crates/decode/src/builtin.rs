//! Decoders by name.

use crate::{
    Argmax, Constrained, DecodeError, Decoder, EdgeThreshold, EdgeWeighted, SparseThreshold, TopK,
};

/// A name and the decoder it stands for.
type Row = (&'static str, fn() -> Box<dyn Decoder>);

const TABLE: [Row; 7] = [
    ("darts", || Box::new(TopK::darts())),
    ("pc_darts", || Box::new(EdgeWeighted::pc_darts())),
    ("argmax", || Box::new(Argmax::nasbench201())),
    ("two_skips", || Box::new(Constrained::two_skips())),
    ("threshold_sparse", || Box::new(SparseThreshold::default())),
    ("threshold_edge", || Box::new(EdgeThreshold::default())),
    ("threshold_complete", || Box::new(EdgeThreshold::complete())),
];

/// The names that [`builtin`] knows.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, _)| *name)
}

/// A built-in decoder by the name experiments use: `darts` ([`TopK::darts`]), `pc_darts`
/// ([`EdgeWeighted::pc_darts`]), `argmax` ([`Argmax::nasbench201`]), `two_skips`
/// ([`Constrained::two_skips`]), `threshold_sparse` ([`SparseThreshold`]), `threshold_edge` and `threshold_complete` ([`EdgeThreshold`]).
///
/// # Errors
/// [`DecodeError::UnknownDecoder`] with the known names.
pub fn builtin(name: &str) -> Result<Box<dyn Decoder>, DecodeError> {
    match TABLE.iter().find(|(known, _)| *known == name) {
        Some((_, decoder)) => Ok(decoder()),
        None => Err(DecodeError::UnknownDecoder {
            found: name.to_owned(),
            known: builtin_names().map(str::to_owned).collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::{builtin, builtin_names};
    use crate::testkit::{Law, cases, check_laws};

    #[test]
    fn every_name_decodes_and_no_other_does() {
        let laws = [Law::Deterministic, Law::Fits, Law::Mismatch];
        for name in builtin_names() {
            check_laws(&builtin(name).unwrap(), &cases(3).unwrap(), &laws).unwrap();
        }
        let found = builtin("oracle").unwrap_err().to_string();
        assert!(builtin_names().all(|name| found.contains(name)), "{found}");
    }
}
