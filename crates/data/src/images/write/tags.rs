//! The place on earth of an image.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

use tiff::TiffError;
use tiff::decoder::Decoder;
use tiff::encoder::{DirectoryEncoder, TiffKind};
use tiff::tags::Tag;

use crate::images::{Format, ImageError};

/// The georeference of a TIFF file, as it is stored: copied to predictions without being
/// understood.
///
/// These are the tags of the GeoTIFF standard (OGC 19-008r4): `ModelPixelScale`, `ModelTiepoint`,
/// `ModelTransformation`, `GeoKeyDirectory`, `GeoDoubleParams` and `GeoAsciiParams`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GeoTags {
    tags: Vec<GeoTag>,
}

#[derive(Clone, Debug, PartialEq)]
struct GeoTag {
    tag: Tag,
    value: GeoValue,
}

#[derive(Clone, Debug, PartialEq)]
enum GeoValue {
    Doubles(Vec<f64>),
    Shorts(Vec<u16>),
    Text(String),
}

/// Numbers of the tags that hold doubles.
const DOUBLES: [u16; 4] = [33550, 33922, 34264, 34736];
/// `GeoKeyDirectory`.
const KEYS: u16 = 34735;
/// `GeoAsciiParams`.
const TEXT: u16 = 34737;

impl GeoTags {
    /// The tags of a file; none where it is no TIFF file.
    ///
    /// # Errors
    /// [`ImageError::Read`] for a file that cannot be opened, [`ImageError::Damaged`] for a TIFF
    /// file whose tags cannot be read.
    pub fn read(path: &Path) -> Result<Self, ImageError> {
        let file = File::open(path)
            .map_err(|source| ImageError::Read { path: path.to_owned(), source })?;
        match Decoder::new(BufReader::new(file)) {
            Ok(decoder) => Self::of(decoder).map_err(|error| ImageError::Damaged {
                path: path.to_owned(),
                format: Format::Tiff,
                reason: error.to_string(),
            }),
            Err(_) => Ok(Self::default()),
        }
    }

    fn of(mut decoder: Decoder<BufReader<File>>) -> Result<Self, TiffError> {
        let mut tags = Vec::new();
        for number in DOUBLES.into_iter().chain([KEYS, TEXT]) {
            let tag = Tag::from_u16_exhaustive(number);
            let Some(stored) = decoder.find_tag(tag)? else { continue };
            let value = match number {
                KEYS => GeoValue::Shorts(stored.into_u16_vec()?),
                TEXT => GeoValue::Text(stored.into_string()?),
                _ => GeoValue::Doubles(stored.into_f64_vec()?),
            };
            tags.push(GeoTag { tag, value });
        }
        Ok(Self { tags })
    }

    /// Number of tags found.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tags.len()
    }

    /// `true` without tags.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }

    pub(super) fn put<K: TiffKind>(
        &self,
        to: &mut DirectoryEncoder<'_, &mut BufWriter<File>, K>,
    ) -> Result<(), TiffError> {
        self.tags.iter().try_for_each(|GeoTag { tag, value }| match value {
            GeoValue::Doubles(all) => to.write_tag(*tag, &all[..]),
            GeoValue::Shorts(all) => to.write_tag(*tag, &all[..]),
            GeoValue::Text(text) => to.write_tag(*tag, &text[..]),
        })
    }
}
