//! Image files, written row by row.

mod png;
mod tags;
mod tiff;

use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use super::Format;
use crate::DataError;

pub use tags::GeoTags;

/// The values of a new image's pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PixelType {
    /// A byte: classes below 256, or grey.
    Byte,
    /// 16 bits: more classes.
    Word,
    /// Red, green and blue bytes.
    Rgb,
    /// So many floats; TIFF only.
    Floats(u16),
}

impl PixelType {
    /// Values of one pixel.
    #[must_use]
    pub fn samples(self) -> usize {
        match self {
            Self::Byte | Self::Word => 1,
            Self::Rgb => 3,
            Self::Floats(bands) => usize::from(bands),
        }
    }
}

/// A row of an image, pixel by pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Row<'a> {
    /// For [`PixelType::Byte`] and [`PixelType::Rgb`].
    Bytes(&'a [u8]),
    /// For [`PixelType::Word`].
    Words(&'a [u16]),
    /// For [`PixelType::Floats`].
    Floats(&'a [f32]),
}

impl Row<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(all) => all.len(),
            Self::Words(all) => all.len(),
            Self::Floats(all) => all.len(),
        }
    }
}

/// The end of an image file that is being written.
pub trait RowSink {
    /// The values of a pixel.
    fn pixels(&self) -> PixelType;

    /// Appends a row.
    ///
    /// # Errors
    /// [`DataError::Write`] for a file that cannot be written, a row of another type or width, and
    /// one row too many.
    fn put(&mut self, row: Row<'_>) -> Result<(), DataError>;
}

/// An image file that is written row by row, so that it may be larger than memory.
///
/// The name of the file decides on the format: `.png`, or `.tif` and `.tiff`. PNG files are
/// compressed, TIFF files are not. The file gets its name when it is complete: a stopped program
/// leaves none, and what stood there before stays until then.
#[derive(Clone, Debug)]
pub struct NewImage {
    path: PathBuf,
    format: Format,
    width: u32,
    height: u32,
    pixels: PixelType,
    tags: GeoTags,
}

impl NewImage {
    /// An image of `height` rows and `width` columns.
    ///
    /// # Errors
    /// [`DataError::Write`] for a name of another ending, sides of 0 or above 2^31 - 1, and
    /// pixels that the format does not hold.
    pub fn new(
        path: impl Into<PathBuf>,
        height: usize,
        width: usize,
        pixels: PixelType,
    ) -> Result<Self, DataError> {
        let path = path.into();
        let refuse = |reason: &str| failed(&path, reason);
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
        let format = match ending.as_deref() {
            Some("png") => Format::Png,
            Some("tif" | "tiff") => Format::Tiff,
            _ => return Err(refuse("expected a name that ends in .png, .tif or .tiff")),
        };
        let side = |side: usize| {
            let side = i32::try_from(side).ok().filter(|&side| side > 0);
            side.map(i32::unsigned_abs)
                .ok_or_else(|| refuse("expected 1 to 2^31 - 1 rows and columns"))
        };
        if matches!(pixels, PixelType::Floats(0)) {
            return Err(refuse("expected at least 1 float in a pixel"));
        }
        if format == Format::Png && matches!(pixels, PixelType::Floats(_)) {
            return Err(refuse("floats need TIFF: expected a name that ends in .tif or .tiff"));
        }
        let sides = [side(height)?, side(width)?];
        let [height, width] = sides;
        Ok(Self { path, format, width, height, pixels, tags: GeoTags::default() })
    }

    /// The same with the place on earth of another image. PNG files have no room for it.
    #[must_use]
    pub fn with_tags(self, tags: GeoTags) -> Self {
        Self { tags, ..self }
    }

    /// Writes the file: `fill` gives all rows from the top to the bottom.
    ///
    /// # Errors
    /// The errors of `fill`, and [`DataError::Write`], also when rows are missing at the end. There
    /// is no file then.
    pub fn write<E: From<DataError>>(
        &self,
        fill: impl FnOnce(&mut dyn RowSink) -> Result<(), E>,
    ) -> Result<(), E> {
        let unfinished = self.unfinished();
        let result = self.write_to(&unfinished, fill);
        let result = result.and_then(|()| {
            let moved = fs::rename(&unfinished, &self.path);
            moved.map_err(|error| self.failed(error).into())
        });
        if result.is_err() {
            // The first error is the one to tell.
            let _ = fs::remove_file(&unfinished);
        }
        result
    }

    fn write_to<E: From<DataError>>(
        &self,
        path: &Path,
        fill: impl FnOnce(&mut dyn RowSink) -> Result<(), E>,
    ) -> Result<(), E> {
        let file = fs::File::create(path).map_err(|error| self.failed(error))?;
        let file = BufWriter::with_capacity(1 << 16, file);
        match self.format {
            Format::Png => png::write(self, file, fill),
            _ => tiff::write(self, file, fill),
        }
    }

    /// The name of the file while it is written.
    fn unfinished(&self) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".unfinished");
        self.path.with_file_name(name)
    }

    /// Values of one row.
    fn row(&self) -> usize {
        self.pixels.samples() * self.width as usize
    }

    fn failed(&self, reason: impl ToString) -> DataError {
        failed(&self.path, reason)
    }

    /// Refuses a row of another width or type.
    fn refused(&self, row: &Row<'_>) -> DataError {
        let found = row.len();
        self.failed(format_args!(
            "expected {} values of {:?} in a row, found {found}",
            self.row(),
            self.pixels
        ))
    }
}

fn failed(path: &Path, reason: impl ToString) -> DataError {
    DataError::Write { path: path.to_owned(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests;
