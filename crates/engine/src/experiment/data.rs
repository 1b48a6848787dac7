//! The images of an experiment.

mod images;

use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use dartloom::data::images::{FileSplit, ImageFiles};
use dartloom::data::{DataError, DataSets, Splits, cifar, digits, idx, nuclei, nuclei_counts};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::Named;
use super::plan::refused;
pub use images::ImageFolder;

use crate::error::EngineError;

/// The source of images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "an experiment has one")]
pub enum Data {
    /// The embedded 8x8 digits.
    Digits,
    /// The embedded 64x64 tiles of cell nuclei, each with a mask.
    Nuclei,
    /// The same tiles, each with the number of its nuclei.
    NucleiCounts,
    /// A directory of IDX files: MNIST, Fashion-MNIST, EMNIST and others of that form.
    Idx(IdxFiles),
    /// A directory of CIFAR-10 or CIFAR-100 in its binary version.
    Cifar(PathBuf),
    /// A directory of PNG, JPEG or TIFF files, with folders of classes, a table or masks.
    Images(ImageFolder),
}

/// A directory of IDX files: `Idx("mnist")` where there are ten classes, as in MNIST, and
/// `Idx(directory: "letters", classes: 27)` where there are others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdxFiles {
    /// Their directory.
    pub directory: PathBuf,
    /// Labels are below this; `None` for ten.
    pub classes: Option<usize>,
}

/// Classes where nobody says how many: those of MNIST.
const CLASSES: usize = 10;
/// A label is a byte.
const KNOWN: RangeInclusive<usize> = 2..=256;

impl From<PathBuf> for IdxFiles {
    fn from(directory: PathBuf) -> Self {
        Self { directory, classes: None }
    }
}

/// The long form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Idx")]
struct Fields {
    directory: PathBuf,
    classes: usize,
}

impl Serialize for IdxFiles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let directory = self.directory.clone();
        match self.classes {
            Some(classes) => Fields { directory, classes }.serialize(serializer),
            None => directory.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for IdxFiles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Form)
    }
}

/// A visitor keeps the places of mistakes, which serde's untagged enums lose.
struct Form;

impl<'de> Visitor<'de> for Form {
    type Value = IdxFiles;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a directory, or (directory: \"letters\", classes: 27)")
    }

    fn visit_str<E: Error>(self, directory: &str) -> Result<IdxFiles, E> {
        Ok(PathBuf::from(directory).into())
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<IdxFiles, A::Error> {
        let Fields { directory, classes } =
            Fields::deserialize(MapAccessDeserializer::new(fields))?;
        Ok(IdxFiles { directory, classes: Some(classes) })
    }
}

impl Data {
    /// Their kind, wherever they are: an experiment is the same when its images have been moved.
    fn kind(&self) -> Self {
        match self {
            Self::Digits | Self::Nuclei | Self::NucleiCounts => self.clone(),
            Self::Images(images) => Self::Images(images.kind()),
            Self::Idx(IdxFiles { classes, .. }) => {
                Self::Idx(IdxFiles { directory: PathBuf::new(), classes: *classes })
            }
            Self::Cifar(_) => Self::Cifar(PathBuf::new()),
        }
    }

    /// The same data with an absolute directory; a relative one starts in `folder`. `origin` stands
    /// before errors.
    fn below(self, folder: &Path, origin: &str) -> Result<Self, EngineError> {
        let place = |path: PathBuf| {
            let refuse = |found| EngineError::Field {
                origin: origin.to_owned(),
                field: "data",
                expected: "the name of a directory",
                found,
            };
            if path.as_os_str().is_empty() {
                return Err(refuse("an empty one".to_owned()));
            }
            let joined = folder.join(path);
            std::path::absolute(&joined)
                .map_err(|error| refuse(format!("{}: {error}", joined.display())))
        };
        Ok(match self {
            Self::Digits | Self::Nuclei | Self::NucleiCounts => self,
            Self::Images(ImageFolder(files)) => {
                let split = match files.split {
                    FileSplit::Stored(list) => FileSplit::Stored(place(list)?),
                    split => split,
                };
                let directory = place(files.directory)?;
                Self::Images(ImageFolder(ImageFiles { directory, split, ..files }))
            }
            Self::Idx(IdxFiles { directory, classes }) => {
                Self::Idx(IdxFiles { directory: place(directory)?, classes })
            }
            Self::Cifar(path) => Self::Cifar(place(path)?),
        })
    }

    /// Reads the images, and checks files of images; `origin` (a file name) stands before errors.
    pub(crate) fn read(&self, origin: &str) -> Result<DataSets, EngineError> {
        match self {
            Self::Digits => Ok(digits().into()),
            Self::Nuclei => Ok(DataSets {
                class_names: Some(["background", "nucleus"].map(str::to_owned).to_vec()),
                ..nuclei().into()
            }),
            Self::NucleiCounts => Ok(nuclei_counts().into()),
            Self::Idx(files) => files.read(origin).map(Into::into),
            Self::Cifar(directory) => {
                cifar::load_dir(directory).map(Into::into).map_err(refused(origin))
            }
            Self::Images(ImageFolder(files)) => {
                let opened = files.open().map_err(refused(origin))?;
                opened.into_sets().map_err(refused(origin))
            }
        }
    }
}

impl Named<Data> {
    /// Pixels around an image out of which it is cropped, and whether it is mirrored: those of
    /// CIFAR for images of things; digits and letters are moved by one pixel and never mirrored.
    /// Images in files and nuclei are mirrored only: masks need not have a label for pixels that a
    /// crop brings in.
    pub(super) fn augmentation(&self) -> (usize, bool) {
        match self {
            Self::Known(Data::Cifar(_)) => (4, true),
            Self::Known(Data::Images(_) | Data::Nuclei | Data::NucleiCounts) => (0, true),
            _ => (1, false),
        }
    }

    /// Their kind, wherever they are.
    pub(super) fn kind(&self) -> Self {
        match self {
            Self::Known(data) => Self::Known(data.kind()),
            Self::Other(settings) => Self::Other(settings.clone()),
        }
    }

    /// The name of their folder, where they have one.
    pub(super) fn folder_name(&self) -> Option<String> {
        let folder = match self {
            Self::Known(Data::Images(ImageFolder(files))) => &files.directory,
            Self::Known(Data::Idx(files)) => &files.directory,
            Self::Known(Data::Cifar(directory)) => directory,
            _ => return None,
        };
        let name = folder.file_name()?.to_string_lossy().into_owned();
        Some(name).filter(|name| !name.starts_with('.'))
    }

    /// As [`Data::below`].
    pub(super) fn below(self, folder: &Path, origin: &str) -> Result<Self, EngineError> {
        match self {
            Self::Known(data) => data.below(folder, origin).map(Self::Known),
            other => Ok(other),
        }
    }
}

impl IdxFiles {
    fn read(&self, origin: &str) -> Result<Splits, EngineError> {
        let classes = self.classes.unwrap_or(CLASSES);
        if !KNOWN.contains(&classes) {
            return Err(EngineError::Field {
                origin: origin.to_owned(),
                field: "data.classes",
                expected: "2 to 256 classes, since a label is a byte",
                found: classes.to_string(),
            });
        }
        let read = idx::load_classes(&self.directory, classes);
        read.map_err(|error| match error {
            DataError::LabelOutOfRange { .. } => EngineError::Classes {
                directory: self.directory.clone(),
                source: Box::new(refused(origin)(error)),
            },
            other => refused(origin)(other),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_written() {
        let short = Data::Idx(PathBuf::from("mnist").into());
        let long = IdxFiles { directory: "letters".into(), classes: Some(27) };
        for (data, json) in [
            (short, r#"{"Idx":"mnist"}"#),
            (Data::Idx(long), r#"{"Idx":{"directory":"letters","classes":27}}"#),
            (Data::Digits, r#""Digits""#),
            (Data::Nuclei, r#""Nuclei""#),
            (Data::Images(ImageFolder::at("cells")), r#"{"Images":"cells"}"#),
        ] {
            assert_eq!(serde_json::to_string(&data).unwrap(), json);
            assert_eq!(serde_json::from_str::<Data>(json).unwrap(), data);
        }
        for (json, part) in [
            (r#"{"Idx":{"directory":"letters"}}"#, "missing field `classes`"),
            (r#"{"Idx":{"directory":"a","classes":3,"labels":4}}"#, "labels"),
            (r#"{"Idx":3}"#, "a directory, or (directory: \"letters\", classes: 27)"),
        ] {
            let error = serde_json::from_str::<Data>(json).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
