//! Image files as pixels for a network.

use std::path::{Path, PathBuf};

use super::decode::{ImageFile, MAX_PIXELS, MAX_PIXELS_IN_PARTS, Meaning};
use super::raster::{Bands, Raster, Window};
use super::{Header, ImageError, Size};
use crate::{DataError, ImageRows, ImageShape, Normalization};

/// Rows that are read together at least.
const LEAST: usize = 16;
/// Bytes that are decoded in one piece at most: 2 GiB.
const MOST: u64 = 1 << 31;

/// An image file whose values fit the images that a network was trained with.
#[derive(Debug)]
struct Fitting {
    path: PathBuf,
    file: ImageFile,
    bands: Bands,
    normalization: Normalization,
    /// Shape with the chosen bands.
    shape: ImageShape,
}

impl Fitting {
    fn open(
        path: &Path,
        bands: Bands,
        normalization: &Normalization,
        max_pixels: u64,
    ) -> Result<Self, DataError> {
        let mut file = ImageFile::open(path, Meaning::Picture, max_pixels)?;
        let Header { shape, sample, format, .. } = file.header();
        let bytes = file.header().piece();
        let path = path.to_owned();
        if bytes > MOST {
            return Err(ImageError::InOnePiece { path, format, bytes, most: MOST }.into());
        }
        let kind = |expected, found| ImageError::Kind { path: path.clone(), expected, found };
        if sample.range().to_bits() != normalization.scale().to_bits() {
            let expected = "values of the type that the network was trained with";
            let found = format!("{sample}, and not a range of {}", normalization.scale());
            return Err(kind(expected, found).into());
        }
        let refused = |found: usize| {
            let expected = "the bands that the network was trained with (`bands` chooses some)";
            kind(expected, format!("{found}, and not {}", normalization.channels()))
        };
        let corner = file.region(Window { top: 0, left: 0, height: 1, width: 1 })?;
        let channels = corner.banded(bands).map_err(refused)?.shape().channels;
        if channels != normalization.channels() {
            return Err(refused(channels).into());
        }
        let shape = ImageShape { channels, ..shape };
        Ok(Self { path, file, bands, normalization: normalization.clone(), shape })
    }

    /// The part of the image in a window, with the chosen bands.
    fn region(&mut self, window: Window) -> Result<Raster, DataError> {
        let image = self.file.region(window)?.banded(self.bands);
        image.map_err(|found| DataError::ChannelCount { expected: self.shape.channels, found })
    }

    /// The pixels of a part of the image that begins with row `top`.
    fn pixels(&self, image: &Raster, top: usize) -> Result<Vec<f32>, DataError> {
        let ImageShape { height, width, .. } = image.shape();
        let mut values = image.values().to_floats();
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            let pixel = at % (height * width);
            let place = format!("row {}, column {}", top + pixel / width, pixel % width);
            let found = format!("{} in {place}, band {}", values[at], at / (height * width));
            let path = self.path.clone();
            return Err(ImageError::Kind { path, expected: "finite values", found }.into());
        }
        let scale = self.normalization.scale();
        for (band, plane) in values.chunks_exact_mut(height * width).enumerate() {
            let mean = self.normalization.mean()[band];
            let deviation = self.normalization.standard_deviation()[band];
            plane.iter_mut().for_each(|value| *value = (*value / scale - mean) / deviation);
        }
        Ok(values)
    }
}

/// The pixels of a whole image, for a network.
#[derive(Clone, Debug, PartialEq)]
pub struct FilePixels {
    /// Shape of the image in its new size.
    pub shape: ImageShape,
    /// Normalised pixels, channel by channel and row by row.
    pub pixels: Vec<f32>,
}

impl FilePixels {
    /// Reads an image file, changes its size and normalises it as the images that a network was
    /// trained with.
    ///
    /// # Errors
    /// Those of [`FileRows::open`], and [`ImageError::Kind`] for values that are not finite.
    pub fn read(
        path: &Path,
        bands: Bands,
        size: Size,
        normalization: &Normalization,
    ) -> Result<Self, DataError> {
        let mut file = Fitting::open(path, bands, normalization, MAX_PIXELS)?;
        let image = size.apply(file.region(Window::whole(file.shape))?, false);
        Ok(Self { shape: image.shape(), pixels: file.pixels(&image, 0)? })
    }
}

/// The pixels of an image file from the top to the bottom, normalised as the images that a network
/// was trained with: the source for [`SlidingWindow::predict`](crate::SlidingWindow::predict).
///
/// A few rows are in memory at a time, as they are stored: those of a strip or a row of tiles of a
/// TIFF file, about 1 MiB of a strip that holds more. What can only be decoded as a whole is
/// decoded as a whole: a JPEG, also in strips or tiles of a TIFF file, and an interlaced PNG.
#[derive(Debug)]
pub struct FileRows {
    file: Fitting,
    /// The row that comes next.
    next: usize,
    /// The first row of `read`, and the rows that were decoded together, as they are stored.
    first: usize,
    read: Option<Raster>,
}

impl FileRows {
    /// Opens a file.
    ///
    /// # Errors
    /// Those of [`ImageFile::open`], [`ImageError::InOnePiece`] for a file of which more than 2 GiB
    /// can only be decoded together, and [`ImageError::Kind`] for another number of bands or
    /// another type of values than `normalization` is for.
    pub fn open(
        path: &Path,
        bands: Bands,
        normalization: &Normalization,
    ) -> Result<Self, DataError> {
        let file = Fitting::open(path, bands, normalization, MAX_PIXELS_IN_PARTS)?;
        Ok(Self { file, next: 0, first: 0, read: None })
    }

    /// Facts about the file.
    #[must_use]
    pub fn header(&self) -> Header {
        self.file.file.header()
    }

    /// The next row, as it is stored.
    fn stored(&mut self) -> Result<Raster, DataError> {
        let width = self.file.shape.width;
        let row = |top| Window { top, left: 0, height: 1, width };
        if let Some(read) = &self.read
            && self.next < self.first + read.shape().height
        {
            return Ok(read.region(row(self.next - self.first)));
        }
        let band = self.header().band;
        let height = band * LEAST.div_ceil(band);
        self.first = self.next;
        // Gone before the next rows are decoded.
        self.read = None;
        let read = self.file.region(Window { top: self.next, left: 0, height, width })?;
        Ok(self.read.insert(read).region(row(0)))
    }
}

impl ImageRows for FileRows {
    fn shape(&self) -> ImageShape {
        self.file.shape
    }

    fn next_row(&mut self, row: &mut [f32]) -> Result<(), DataError> {
        let ImageShape { channels, height, width } = self.file.shape;
        if row.len() != channels * width {
            return Err(DataError::PixelCount { expected: channels * width, found: row.len() });
        }
        if self.next >= height {
            return Err(DataError::IndexOutOfRange { index: self.next, len: height });
        }
        let stored = self.stored()?;
        row.copy_from_slice(&self.file.pixels(&stored, self.next)?);
        self.next += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::{NewImage, PixelType, Row};

    fn written(name: &str, folder: &Path, height: usize, width: usize) -> PathBuf {
        let path = folder.join(name);
        let image = NewImage::new(&path, height, width, PixelType::Rgb).unwrap();
        let rows = |sink: &mut dyn crate::images::RowSink| {
            (0..height).try_for_each(|row| {
                let byte = |at: usize| ((row * 31 + at * 7) % 256) as u8;
                sink.put(Row::Bytes(&(0..3 * width).map(byte).collect::<Vec<u8>>()))
            })
        };
        image.write::<DataError>(rows).unwrap();
        path
    }

    #[test]
    fn rows_are_the_normalised_image() {
        let folder = tempfile::tempdir().unwrap();
        let constants = Normalization::new(255.0, &[0.5, 0.25, 0.1], &[0.2, 0.3, 0.4]).unwrap();
        for name in ["image.png", "image.tif"] {
            let path = written(name, folder.path(), 50, 7);
            let mut rows = FileRows::open(&path, Bands::AsStored, &constants).unwrap();
            assert_eq!(rows.shape(), ImageShape::new(3, 50, 7));
            let mut row = vec![0.0; 21];
            for line in 0..50 {
                rows.next_row(&mut row).unwrap();
                let byte = |band, column| ((line * 31 + (column * 3 + band) * 7) % 256) as u8;
                let places = (0..3).flat_map(|band| (0..7).map(move |column| (band, column)));
                let bytes: Vec<u8> = places.map(|(band, column)| byte(band, column)).collect();
                assert_eq!(row, constants.apply(ImageShape::new(3, 1, 7), &bytes).unwrap());
            }
            assert!(rows.next_row(&mut row).is_err(), "there are 50 rows");
        }
    }

    /// The beginning of a JPEG file of 50,000 x 50,000 grey pixels, which no memory is taken for.
    #[test]
    fn what_is_too_large_to_be_decoded_in_one_piece_is_refused_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image.jpg");
        let side = 50_000_u16.to_be_bytes();
        let mut bytes = vec![0xff, 0xd8, 0xff, 0xc0, 0, 11, 8];
        bytes.extend([side, side].concat());
        bytes.extend([1, 1, 0x11, 0, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0]);
        std::fs::write(&path, bytes).unwrap();
        let constants = Normalization::scaled(255.0, 1).unwrap();
        let error = FileRows::open(&path, Bands::AsStored, &constants).map(drop).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("at most 2048 MiB to be decoded in one piece"), "{text}");
        assert!(text.contains("2384 MiB of this JPEG") && text.contains("TILED=YES"), "{text}");
    }

    #[test]
    fn files_of_another_kind_than_the_training_images_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = written("image.png", folder.path(), 2, 2);
        let text = |bands, scale: f32, channels| {
            let constants = Normalization::scaled(scale, channels).unwrap();
            FileRows::open(&path, bands, &constants).map(|_| ()).unwrap_err().to_string()
        };
        let bits = text(Bands::AsStored, 65_535.0, 3);
        assert!(bits.contains("image.png") && bits.contains("found 8 bits"), "{bits}");
        let bands = text(Bands::AsStored, 255.0, 1);
        assert!(bands.contains("`bands`") && bands.contains("found 3, and not 1"), "{bands}");
        let grey = Normalization::scaled(255.0, 1).unwrap();
        let rows = FileRows::open(&path, Bands::Grey, &grey).unwrap();
        assert_eq!(rows.shape(), ImageShape::new(1, 2, 2));
    }
}
