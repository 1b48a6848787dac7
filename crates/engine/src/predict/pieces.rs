//! Images of which many rows are decoded together.

use std::fmt;
use std::path::{Path, PathBuf};

use dartloom::data::images::{Format, ImageFile, MAX_PIXELS_IN_PARTS, Meaning};

use super::outputs;
use crate::error::EngineError;
use crate::machine::amount;

/// Bytes of decoded rows from which on an image is told.
const LARGE: u64 = 1 << 28;
/// Bytes below which a file unpacks to no such image.
const SMALL_FILE: u64 = 1 << 20;

/// An image of which at least 256 MiB can only be decoded together, whatever windows are predicted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The image.
    pub image: PathBuf,
    /// Its format.
    pub format: Format,
    /// Bytes of the rows that are decoded together.
    pub bytes: u64,
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { image, format, bytes } = self;
        write!(
            f,
            "{}: {} of this {format} are decoded in one piece; a TIFF file of tiles is read in \
             parts (`gdal_translate -co TILED=YES IN OUT`)",
            image.display(),
            amount(*bytes)
        )
    }
}

/// The images for which [`predict`](super::predict) will need much memory, because much of them can
/// only be decoded together: JPEG files, interlaced PNG files, TIFF files of large JPEG strips.
///
/// Files that cannot be read are left out; predicting them is an error.
///
/// # Errors
/// [`EngineError::Read`] for a folder that cannot be read, [`EngineError::Prediction`] for no
/// images.
pub fn pieces(images: &[PathBuf]) -> Result<Vec<Piece>, EngineError> {
    Ok(outputs::images(images)?.iter().filter_map(|image| piece(image)).collect())
}

fn piece(image: &Path) -> Option<Piece> {
    if std::fs::metadata(image).ok()?.len() < SMALL_FILE {
        return None;
    }
    let header = ImageFile::open(image, Meaning::Picture, MAX_PIXELS_IN_PARTS).ok()?.header();
    let bytes = header.piece();
    (bytes >= LARGE).then(|| Piece { image: image.to_owned(), format: header.format, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginning of an interlaced grey PNG file of so many pixels a side, and zeros.
    fn interlaced(side: u32) -> Vec<u8> {
        let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
        let mut chunk = |kind: &[u8], data: &[u8]| {
            let mut crc = flate2::Crc::new();
            crc.update(kind);
            crc.update(data);
            file.extend((data.len() as u32).to_be_bytes());
            file.extend([kind, data, &crc.sum().to_be_bytes()].concat());
        };
        let sides = [side.to_be_bytes(), side.to_be_bytes()].concat();
        chunk(b"IHDR", &[&sides[..], &[8, 0, 0, 0, 1]].concat());
        chunk(b"IDAT", &vec![0; SMALL_FILE as usize]);
        file
    }

    #[test]
    fn large_images_in_one_piece_are_told_with_their_bytes_and_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        for (name, side) in [("large.png", 20_000), ("small.png", 10_000)] {
            std::fs::write(folder.path().join(name), interlaced(side)).unwrap();
        }
        std::fs::write(folder.path().join("no.jpg"), vec![0; SMALL_FILE as usize]).unwrap();
        let found = pieces(&[folder.path().to_owned()]).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].format, found[0].bytes), (Format::Png, 400_000_000));
        let text = found[0].to_string();
        assert!(text.contains("large.png: 381.5 MiB of this PNG are decoded in one"), "{text}");
        assert!(text.contains("gdal_translate -co TILED=YES"), "{text}");
    }
}
