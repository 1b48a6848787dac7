//! Folders of image files in an experiment.

use std::fmt;
use std::path::PathBuf;

use dartloom::data::images::{FileSplit, ImageFiles};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::{Serialize, Serializer};

/// A folder of image files: `Images("cells")` where its layout says everything, and
/// `Images(directory: "cells", targets: Masks(ignore: 255), ..)` where it does not.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageFolder(pub ImageFiles);

impl ImageFolder {
    /// The folder with every setting at its default.
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self(ImageFiles::at(directory))
    }

    /// The same settings, wherever the files lie.
    pub(super) fn kind(&self) -> Self {
        let split = match &self.0.split {
            FileSplit::Stored(_) => FileSplit::Stored(PathBuf::new()),
            split => split.clone(),
        };
        Self(ImageFiles { directory: PathBuf::new(), split, ..self.0.clone() })
    }
}

impl Serialize for ImageFolder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_plain() {
            self.0.directory.serialize(serializer)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for ImageFolder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Form)
    }
}

/// A visitor keeps the places of mistakes, which serde's untagged enums lose.
struct Form;

impl<'de> Visitor<'de> for Form {
    type Value = ImageFolder;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a directory, or (directory: \"cells\", targets: Masks(), ..)")
    }

    fn visit_str<E: Error>(self, directory: &str) -> Result<ImageFolder, E> {
        Ok(ImageFolder::at(directory))
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<ImageFolder, A::Error> {
        ImageFiles::deserialize(MapAccessDeserializer::new(fields)).map(ImageFolder)
    }
}

#[cfg(test)]
mod tests;
