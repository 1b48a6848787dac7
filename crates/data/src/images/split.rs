//! The division of images into parts.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ImageError;
use super::layout::{Entry, Target};
use crate::permutation;

/// A part of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// Trained with.
    Train,
    /// Chosen with.
    Valid,
    /// Reported on.
    Test,
}

impl Part {
    /// All parts.
    pub const ALL: [Self; 3] = [Self::Train, Self::Valid, Self::Test];
}

impl Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Train => "train",
            Self::Valid => "val",
            Self::Test => "test",
        })
    }
}

/// The rule by which images come into parts.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum FileSplit {
    /// By folder where there is a folder `train`, at random otherwise.
    #[default]
    Recognised,
    /// By the folders `train`, `val` and `test` (also `training`, `valid`, `validation`,
    /// `testing`).
    Folders,
    /// At random from a seed; folders of parts, where there are any, are put together first.
    Random(RandomSplit),
    /// As in a list that was stored ([`FileList`](super::FileList)); a file that has changed since
    /// is an error.
    Stored(PathBuf),
}

/// A division at random.
///
/// Groups are taken in the order of [`permutation`] of their sorted names until the test part has
/// its share of the images, then until the validation part has its own; the rest is for training.
/// Where every image is its own group and has one class, this is done in each class by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename = "Random")]
pub struct RandomSplit {
    /// Share of the images for testing.
    pub test: f64,
    /// Share of the images for validation.
    pub valid: f64,
    /// The seed.
    pub seed: u64,
    /// Images that must stay together.
    pub by: Group,
}

impl Default for RandomSplit {
    fn default() -> Self {
        Self { test: 0.2, valid: 0.0, seed: 0, by: Group::Image }
    }
}

/// Images that must lie in one part. The tiles of an image always do.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Group {
    /// Every image by itself.
    #[default]
    Image,
    /// Images whose names are equal up to the first of this text: `Prefix("_")` puts `a_1.png` and
    /// `a_2.png` together.
    Prefix(String),
    /// Images with equal values in this column of the table of targets.
    Column(String),
}

impl RandomSplit {
    pub(super) fn check(&self) -> Result<(), ImageError> {
        for (field, share) in [("split.test", self.test), ("split.valid", self.valid)] {
            if !(0.0..1.0).contains(&share) {
                let expected = "a share from 0 to below 1".to_owned();
                return Err(ImageError::Setting { field, expected, found: share.to_string() });
            }
        }
        if self.test + self.valid >= 1.0 {
            let expected = "shares that leave images for training".to_owned();
            let found = format!("{} beside {}", self.valid, self.test);
            return Err(ImageError::Setting { field: "split.valid", expected, found });
        }
        Ok(())
    }

    /// The part of every entry.
    pub(super) fn parts(&self, entries: &[Entry], base: &Path) -> Vec<Part> {
        let mut strata: BTreeMap<u32, BTreeMap<String, Vec<usize>>> = BTreeMap::new();
        for (index, entry) in entries.iter().enumerate() {
            let group = match &self.by {
                Group::Image => name(entry, base),
                Group::Prefix(end) => {
                    let stem = entry.image.file_stem().unwrap_or_default().to_string_lossy();
                    let stem = stem.split(end.as_str()).next().unwrap_or_default();
                    stem.to_owned()
                }
                Group::Column(_) => entry.group.clone().unwrap_or_else(|| name(entry, base)),
            };
            let stratum = match (&self.by, &entry.target) {
                (Group::Image, Target::Class(class)) => *class,
                _ => 0,
            };
            strata.entry(stratum).or_default().entry(group).or_default().push(index);
        }
        let mut parts = vec![Part::Train; entries.len()];
        for groups in strata.values() {
            self.divide(&groups.values().collect::<Vec<_>>(), &mut parts);
        }
        parts
    }

    fn divide(&self, groups: &[&Vec<usize>], parts: &mut [Part]) {
        let all: usize = groups.iter().map(|group| group.len()).sum();
        let wanted = |share: f64| share * all as f64;
        let mut order = permutation(groups.len(), self.seed, 0).into_iter().peekable();
        for (part, share) in [(Part::Test, self.test), (Part::Valid, self.valid)] {
            let mut taken = 0;
            // A group is taken if that brings the part nearer to its share.
            while let Some(&next) = order.peek()
                && taken as f64 + groups[next].len() as f64 / 2.0 <= wanted(share)
                && share > 0.0
            {
                groups[next].iter().for_each(|&index| parts[index] = part);
                taken += groups[next].len();
                order.next();
            }
        }
    }
}

/// The name of an image below the data's folder.
pub(super) fn name(entry: &Entry, base: &Path) -> String {
    relative(&entry.image, base)
}

/// A path below the data's folder, with `/` on every system.
pub(super) fn relative(path: &Path, base: &Path) -> String {
    let below = path.strip_prefix(base).unwrap_or(path);
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}
