//! Image files: headers, whole images and parts of them.

mod exif;
mod jpeg;
mod png;
mod strips;
mod tiff;

use std::fmt::{self, Display};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read as _, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{ImageError, Raster, SampleType, Window};
use crate::ImageShape;

/// A format that is read.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// Tagged Image File Format, BigTIFF and GeoTIFF included.
    Tiff,
}

impl Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Tiff => "TIFF",
        })
    }
}

/// The use of an image's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// Light: a palette gives colours, values of 1, 2 and 4 bits are spread over 0 to 255.
    Picture,
    /// Labels: a palette's indices and all values stay as they are stored.
    Labels,
}

/// The colours of an image as its file says.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Colour {
    /// One band.
    Grey,
    /// One band and alpha.
    GreyAlpha,
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue, alpha.
    Rgba,
    /// Indices into a table of colours.
    Palette,
    /// Bands without a meaning.
    Bands,
}

impl Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Grey => "grey",
            Self::GreyAlpha => "grey with alpha",
            Self::Rgb => "RGB",
            Self::Rgba => "RGB with alpha",
            Self::Palette => "a palette",
            Self::Bands => "bands",
        })
    }
}

/// Facts from the beginning of an image file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The format by its first bytes, whatever the name ends in.
    pub format: Format,
    /// Shape of the image as it is read.
    pub shape: ImageShape,
    /// Type of its values as they are read.
    pub sample: SampleType,
    /// Its colours.
    pub colour: Colour,
    /// EXIF orientation, 1 for upright. It is told and not applied: masks have none.
    pub orientation: u8,
    /// Rows that are decoded together.
    pub band: usize,
}

impl Header {
    /// Bytes of the rows that are decoded together, which is the least memory that reading takes.
    #[must_use]
    pub fn piece(&self) -> u64 {
        let ImageShape { channels, width, .. } = self.shape;
        let row = (channels as u64).saturating_mul(width as u64);
        row.saturating_mul(self.band as u64).saturating_mul(self.sample.bytes() as u64)
    }
}

/// Pixels that an image may have unless a limit says otherwise: 2^27.
pub const MAX_PIXELS: u64 = 1 << 27;
/// Pixels that an image may have where it is read in parts: 2^36.
pub const MAX_PIXELS_IN_PARTS: u64 = 1 << 36;

/// The endings of names that are read.
pub(crate) const ENDINGS: [&str; 5] = ["png", "jpg", "jpeg", "tif", "tiff"];

trait Stream: BufRead + Seek + Send {}
impl<T: BufRead + Seek + Send> Stream for T {}

/// The place that bytes come from, again and again.
#[derive(Clone, Debug)]
enum Origin {
    Disk,
    Memory(Arc<[u8]>),
}

/// A file with the settings for errors about it.
#[derive(Clone, Debug)]
struct Source {
    path: PathBuf,
    origin: Origin,
    format: Format,
    meaning: Meaning,
    max_pixels: u64,
}

impl Source {
    fn stream(&self) -> Result<Box<dyn Stream>, ImageError> {
        Ok(match &self.origin {
            Origin::Disk => {
                let file = File::open(&self.path).map_err(|source| self.unread(source))?;
                Box::new(BufReader::with_capacity(1 << 16, file))
            }
            Origin::Memory(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        })
    }

    fn unread(&self, source: io::Error) -> ImageError {
        ImageError::Read { path: self.path.clone(), source }
    }

    fn damaged(&self, reason: impl Display) -> ImageError {
        let reason = reason.to_string();
        ImageError::Damaged { path: self.path.clone(), format: self.format, reason }
    }

    fn unsupported(&self, expected: &'static str, found: impl Display) -> ImageError {
        ImageError::Kind { path: self.path.clone(), expected, found: found.to_string() }
    }

    /// Refuses an image of more pixels than are allowed, or of none.
    fn admit(&self, width: u64, height: u64) -> Result<(), ImageError> {
        if width == 0 || height == 0 {
            return Err(self.damaged(format_args!("an image of {width} x {height} pixels")));
        }
        match width.checked_mul(height) {
            Some(pixels) if pixels <= self.max_pixels => Ok(()),
            _ => Err(ImageError::TooLarge {
                path: self.path.clone(),
                width,
                height,
                limit: self.max_pixels,
            }),
        }
    }
}

/// An open image file, of which the whole or parts can be read.
///
/// Parts of TIFF files cost what they cover, and in a packed strip of many rows the rows above them
/// as well. Parts of PNG files are read from the top on, so parts
/// asked for from top to bottom cost one pass in all; a JPEG and an interlaced PNG are decoded as
/// a whole. Of files of several images the first is read.
///
/// Integers of 8 and 16 bits and floats are kept as they are. Signed integers and floats of 16 or
/// 64 bits become `f32`; integers of 32 and 64 bits, which `f32` cannot hold, are refused.
pub struct ImageFile {
    header: Header,
    inner: Box<dyn Reader>,
}

impl fmt::Debug for ImageFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImageFile").field("header", &self.header).finish_non_exhaustive()
    }
}

/// A decoder of one format.
trait Reader: Send {
    fn header(&self) -> Header;
    /// The part of the image in a window, which lies in the image.
    fn region(&mut self, window: Window) -> Result<Raster, ImageError>;
}

impl ImageFile {
    /// Opens a file and reads its header. `max_pixels` bounds the pixels that it may claim to have
    /// ([`MAX_PIXELS`]).
    ///
    /// # Errors
    /// [`ImageError::Read`], [`ImageError::Kind`] for what is no image of a format that is read,
    /// [`ImageError::Damaged`] and [`ImageError::TooLarge`].
    pub fn open(path: &Path, meaning: Meaning, max_pixels: u64) -> Result<Self, ImageError> {
        let failed = |source| ImageError::Read { path: path.to_owned(), source };
        if std::fs::metadata(path).map_err(failed)?.is_dir() {
            return Err(kind(path, "a folder"));
        }
        let mut start = Vec::new();
        let file = File::open(path).map_err(failed)?;
        file.take(START).read_to_end(&mut start).map_err(failed)?;
        Self::from_origin(path, Origin::Disk, &start, (meaning, max_pixels))
    }

    /// The same for a file whose bytes are in memory; `path` is for errors.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn of_bytes(
        path: &Path,
        bytes: Vec<u8>,
        meaning: Meaning,
        max_pixels: u64,
    ) -> Result<Self, ImageError> {
        let bytes: Arc<[u8]> = bytes.into();
        let start = bytes[..bytes.len().min(START as usize)].to_vec();
        Self::from_origin(path, Origin::Memory(bytes), &start, (meaning, max_pixels))
    }

    fn from_origin(
        path: &Path,
        origin: Origin,
        start: &[u8],
        (meaning, max_pixels): (Meaning, u64),
    ) -> Result<Self, ImageError> {
        let format = sniff(start).map_err(|found| kind(path, &found))?;
        let source = Source { path: path.to_owned(), origin, format, meaning, max_pixels };
        let inner: Box<dyn Reader> = match format {
            Format::Png => png::open(source)?,
            Format::Jpeg => Box::new(jpeg::open(source)?),
            Format::Tiff => Box::new(tiff::open(source)?),
        };
        Ok(Self { header: inner.header(), inner })
    }

    /// Shape, type and colours.
    #[must_use]
    pub fn header(&self) -> Header {
        self.header
    }

    /// The part of the image in `window`; what lies outside of the image is left out.
    ///
    /// # Errors
    /// [`ImageError::Read`], [`ImageError::Damaged`].
    pub fn region(&mut self, window: Window) -> Result<Raster, ImageError> {
        self.inner.region(window.within(self.header.shape))
    }

    /// The whole image.
    ///
    /// # Errors
    /// [`ImageError::Read`], [`ImageError::Damaged`].
    pub fn whole(&mut self) -> Result<Raster, ImageError> {
        self.region(Window::whole(self.header.shape))
    }
}

/// Bytes by which a format is known.
const START: u64 = 16;

fn kind(path: &Path, found: &str) -> ImageError {
    let expected = "a PNG, JPEG or TIFF file";
    ImageError::Kind { path: path.to_owned(), expected, found: found.to_owned() }
}

fn sniff(start: &[u8]) -> Result<Format, String> {
    let named = |name: &str| Err(name.to_owned());
    match start {
        [] => named("an empty file"),
        [0x89, b'P', b'N', b'G', ..] => Ok(Format::Png),
        [0xff, 0xd8, 0xff, ..] => Ok(Format::Jpeg),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Ok(Format::Tiff),
        [b'G', b'I', b'F', b'8', ..] => named("a GIF file"),
        [b'B', b'M', ..] => named("a BMP file"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => named("a WebP file"),
        [0, 0, 0, 12, b'j', b'P', ..] => named("a JPEG 2000 file"),
        _ => {
            let bytes: Vec<String> =
                start.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
            Err(format!("a file that begins with the bytes {}", bytes.join(" ")))
        }
    }
}
