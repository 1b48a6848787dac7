//! The place on earth of an image.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

use tiff::TiffError;
use tiff::decoder::Decoder;
use tiff::encoder::{DirectoryEncoder, TiffKind};
use tiff::tags::{Tag, ValueBuffer};

use super::ImageError;

/// The georeference of a TIFF file, as it is stored: copied to predictions without being
/// understood.
///
/// These are the tags of the GeoTIFF standard (OGC 19-008r4): `ModelPixelScale`, `ModelTiepoint`,
/// `ModelTransformation`, `GeoKeyDirectory`, `GeoDoubleParams` and `GeoAsciiParams`.
#[derive(Clone, Debug, Default)]
pub struct GeoTags {
    tags: Vec<GeoTag>,
}

#[derive(Clone, Debug)]
struct GeoTag {
    tag: Tag,
    value: ValueBuffer,
}

/// Numbers of the tags.
const TAGS: [u16; 6] = [33550, 33922, 34264, 34735, 34736, 34737];

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
                format: super::Format::Tiff,
                reason: error.to_string(),
            }),
            Err(_) => Ok(Self::default()),
        }
    }

    fn of(mut decoder: Decoder<BufReader<File>>) -> Result<Self, TiffError> {
        let mut tags = Vec::new();
        let mut directory = decoder.image_ifd();
        for tag in TAGS.map(Tag::from_u16_exhaustive) {
            let mut value = ValueBuffer::default();
            if directory.find_tag_buf(tag, &mut value)?.is_some() {
                tags.push(GeoTag { tag, value });
            }
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
        self.tags.iter().try_for_each(|each| to.write_tag_buf(each.tag, &each.value))
    }
}
