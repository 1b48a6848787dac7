//! The rule by which files of a directory belong together.

use std::path::Path;

use crate::DataError;

const IMAGES: &str = "images";
const LABELS: &str = "labels";

/// The image and label file of one part of a data set.
#[derive(Debug)]
pub(super) struct Prefix {
    pub(super) images: String,
    pub(super) labels: String,
}

impl Prefix {
    /// The part playing one of `roles` among the names `present`: a prefix that is a role, or else
    /// the only one that ends in `-role`. Earlier roles go first.
    pub(super) fn find(
        directory: &Path,
        present: &[String],
        roles: &[&str],
    ) -> Result<Self, DataError> {
        let mut prefixes: Vec<&str> =
            present.iter().filter_map(|name| prefix_of(name, IMAGES)).collect();
        prefixes.dedup();
        if let Some(role) = roles.iter().find(|role| prefixes.contains(role)) {
            return Self::named(directory, present, role);
        }
        for role in roles {
            let plays = |prefix: &&&str| {
                prefix.strip_suffix(role).is_some_and(|rest| rest.ends_with(['-', '_']))
            };
            let found: Vec<&str> = prefixes.iter().filter(plays).copied().collect();
            match found[..] {
                [] => {}
                [prefix] => return Self::named(directory, present, prefix),
                _ => {
                    return Err(DataError::AmbiguousFile {
                        directory: directory.to_path_buf(),
                        expected: pattern(role, IMAGES),
                        found: found.into_iter().map(str::to_owned).collect(),
                    });
                }
            }
        }
        let role = roles.first().copied().unwrap_or_default();
        Err(missing(directory, role, IMAGES))
    }

    /// The part whose prefix is `prefix`.
    pub(super) fn named(
        directory: &Path,
        present: &[String],
        prefix: &str,
    ) -> Result<Self, DataError> {
        let pick = |kind| {
            present
                .iter()
                .filter(|name| prefix_of(name, kind) == Some(prefix))
                .min_by_key(|name| name.ends_with(".gz"))
                .cloned()
                .ok_or_else(|| missing(directory, prefix, kind))
        };
        Ok(Self { images: pick(IMAGES)?, labels: pick(LABELS)? })
    }
}

/// The part of `name` before `-images-idx3-ubyte` (or the like for labels), if it is of that form.
fn prefix_of<'a>(name: &'a str, kind: &str) -> Option<&'a str> {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let stem = name.strip_suffix(rank_suffix(kind))?;
    stem.strip_suffix(['-', '.'])?.strip_suffix(kind)?.strip_suffix('-')
}

fn rank_suffix(kind: &str) -> &'static str {
    if kind == IMAGES { "idx3-ubyte" } else { "idx1-ubyte" }
}

fn pattern(prefix: &str, kind: &str) -> String {
    format!("{prefix}-{kind}-{}[.gz]", rank_suffix(kind))
}

fn missing(directory: &Path, prefix: &str, kind: &str) -> DataError {
    DataError::MissingFile { directory: directory.to_path_buf(), expected: pattern(prefix, kind) }
}
