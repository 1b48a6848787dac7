//! TIFF files, read strip by strip or tile by tile.

use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::{SampleFormat, Tag};

use super::super::raster::Values;
use super::strips::{Image, Strips};
use super::{
    Colour, Header, ImageError, MAX_PIXELS, MAX_PIXELS_IN_PARTS, Meaning, Reader, Source, Stream,
};
use crate::ImageShape;
use crate::images::{Raster, SampleType, Window};

/// Bytes of a pixel that the limit of a strip or tile reckons with: four channels of floats.
const PIXEL_BYTES: u64 = 16;

/// Strips and tiles in which a file holds its pixels, row by row, one grid for each of `planes`.
#[derive(Clone, Copy, Debug)]
struct Grid {
    height: usize,
    width: usize,
    planes: usize,
    /// Channels in a strip or tile.
    channels: usize,
}

pub(super) struct Tiff {
    header: Header,
    source: Source,
    grid: Grid,
    bits: usize,
    decoder: Decoder<Box<dyn Stream>>,
    /// Strips of many rows, of which the grid has parts.
    strips: Option<Strips>,
}

const EXPECTED: &str = "a TIFF of integers of at most 16 bits or of floats, grey, RGB or bands";

pub(super) fn open(source: Source) -> Result<Tiff, ImageError> {
    let damaged = |error: tiff::TiffError| source.damaged(error);
    let mut limits = Limits::default();
    // An image that is read in parts may be of any size, and its parts may not.
    let pixels =
        if source.max_pixels < MAX_PIXELS_IN_PARTS { source.max_pixels } else { MAX_PIXELS };
    let most = pixels.saturating_mul(PIXEL_BYTES);
    limits.decoding_buffer_size = usize::try_from(most).unwrap_or(usize::MAX);
    limits.intermediate_buffer_size = limits.decoding_buffer_size;
    // Tables of strips and tiles of large files.
    limits.ifd_value_size = 1 << 26;
    let stream = source.stream()?;
    let mut decoder = Decoder::new(stream).map_err(damaged)?.with_limits(limits);
    let (width, height) = decoder.dimensions().map_err(damaged)?;
    source.admit(width.into(), height.into())?;
    let colours = decoder.colortype().map_err(|error| source.unsupported(EXPECTED, error))?;
    let (colour, channels) = match colours {
        ColorType::Gray(_) => (Colour::Grey, 1),
        ColorType::GrayA(_) => (Colour::GreyAlpha, 2),
        ColorType::RGB(_) => (Colour::Rgb, 3),
        ColorType::RGBA(_) => (Colour::Rgba, 4),
        ColorType::Multiband { num_samples, .. } => (Colour::Bands, usize::from(num_samples)),
        // Only in JPEG strips, which the decoder turns into RGB.
        ColorType::YCbCr(8) => (Colour::Rgb, 3),
        other => return Err(source.unsupported(EXPECTED, format_args!("{other:?}"))),
    };
    let bits = usize::from(colours.bit_depth());
    let formats = decoder.find_tag_unsigned_vec::<u16>(Tag::SampleFormat).map_err(damaged)?;
    let format =
        formats.and_then(|all| all.first().copied()).map(SampleFormat::from_u16_exhaustive);
    let sample = match (format.unwrap_or(SampleFormat::Uint), bits) {
        (SampleFormat::Uint, 1..=8) => SampleType::U8,
        (SampleFormat::Uint, 16) => SampleType::U16,
        (SampleFormat::Int, 8 | 16) | (SampleFormat::IEEEFP, 16 | 32 | 64) => SampleType::F32,
        (format, bits) => {
            return Err(source.unsupported(EXPECTED, format_args!("{format:?} of {bits} bits")));
        }
    };
    let planar = decoder.find_tag_unsigned::<u16>(Tag::PlanarConfiguration).map_err(damaged)?;
    let planes = if planar == Some(2) { channels } else { 1 };
    let chunk = decoder.chunk_dimensions();
    let mut grid = Grid {
        height: chunk.1.min(height) as usize,
        width: chunk.0 as usize,
        planes,
        channels: channels / planes,
    };
    if grid.height == 0 || grid.width == 0 {
        return Err(source.damaged("strips or tiles without pixels"));
    }
    let image =
        Image { width: width as usize, height: height as usize, strip: grid.height, planes, bits };
    let strips = Strips::of(&mut decoder, &source, &image)?;
    if let Some(strips) = &strips {
        grid.height = strips.band();
    }
    let header = Header {
        format: source.format,
        shape: ImageShape::new(channels, height as usize, width as usize),
        sample,
        colour,
        orientation: orientation(&mut decoder),
        band: grid.height,
    };
    Ok(Tiff { header, source, grid, bits, decoder, strips })
}

fn orientation(decoder: &mut Decoder<Box<dyn Stream>>) -> u8 {
    let found = decoder.find_tag_unsigned::<u16>(Tag::Orientation);
    let value = found.ok().flatten().filter(|value| (1..=8).contains(value));
    value.map_or(1, |value| value as u8)
}

impl Tiff {
    /// The values of a strip or tile, pixel by pixel.
    fn chunk(&mut self, at: &Chunk) -> Result<Values, ImageError> {
        let Chunk { index, height, width, .. } = *at;
        let decoded = match &mut self.strips {
            Some(strips) => strips.decode(at.plane, at.top..at.top + height),
            None => {
                let index = u32::try_from(index);
                let index = index.map_err(|_| self.source.damaged("too many strips or tiles"))?;
                self.decoder.read_chunk(index)
            }
        };
        let decoded = decoded.map_err(|error| match error {
            tiff::TiffError::LimitsExceeded => self.source.unsupported(
                "strips or tiles that fit the memory (`max_pixels` raises the limit, and \
                 `gdal_translate -co TILED=YES IN OUT` makes small ones)",
                format_args!("one of {width} x {height} pixels"),
            ),
            error => self.source.damaged(error),
        })?;
        let values = match decoded {
            DecodingResult::U8(bytes) if self.bits < 8 => Values::U8(self.unpacked(&bytes, width)),
            DecodingResult::U8(bytes) => Values::U8(bytes),
            DecodingResult::U16(words) => Values::U16(words),
            DecodingResult::I8(all) => Values::F32(all.into_iter().map(f32::from).collect()),
            DecodingResult::I16(all) => Values::F32(all.into_iter().map(f32::from).collect()),
            DecodingResult::F16(all) => Values::F32(all.into_iter().map(f32::from).collect()),
            DecodingResult::F32(all) => Values::F32(all),
            DecodingResult::F64(all) => Values::F32(all.into_iter().map(|v| v as f32).collect()),
            _ => return Err(self.source.unsupported(EXPECTED, "integers of more than 16 bits")),
        };
        let expected = height * width * self.grid.channels;
        if values.len() != expected || values.sample() != self.header.sample {
            let found = values.len();
            let reason = format!("strip or tile {index} of {found} values, not {expected}");
            return Err(self.source.damaged(reason));
        }
        Ok(values)
    }

    /// Values of fewer than 8 bits, which share bytes; rows begin with a byte.
    fn unpacked(&self, bytes: &[u8], width: usize) -> Vec<u8> {
        let bits = self.bits;
        let count = width * self.grid.channels;
        let largest = (1_u16 << bits) - 1;
        let spread = match self.source.meaning {
            Meaning::Picture => 255 / largest,
            Meaning::Labels => 1,
        };
        let mut values = Vec::new();
        for row in bytes.chunks_exact((count * bits).div_ceil(8)) {
            values.extend((0..count).map(|index| {
                let wide = u16::from(row[index * bits / 8]) << 8
                    | u16::from(row.get(index * bits / 8 + 1).copied().unwrap_or_default());
                let value = (wide >> (16 - bits - index * bits % 8)) & largest;
                (value * spread) as u8
            }));
        }
        values
    }
}

/// A strip or tile.
#[derive(Clone, Copy, Debug)]
struct Chunk {
    plane: usize,
    /// Its number in the file.
    index: usize,
    /// Its first row.
    top: usize,
    /// Its rows and columns in the image.
    height: usize,
    width: usize,
}

/// Writes the part of a strip or tile that lies in a window into the window's planes.
fn place<T: Copy>(chunk: &[T], at: &Placed, to: &mut [T]) {
    let plane = at.window.height * at.window.width;
    let channels = at.channels;
    for row in at.rows.clone() {
        for column in at.columns.clone() {
            let from = ((row - at.top) * at.width + column - at.left) * channels;
            let pixel = (row - at.window.top) * at.window.width + column - at.window.left;
            for channel in 0..channels {
                to[(at.first_channel + channel) * plane + pixel] = chunk[from + channel];
            }
        }
    }
}

/// The position of a strip or tile, and the rows and columns of it that are wanted.
#[derive(Debug)]
struct Placed {
    top: usize,
    left: usize,
    width: usize,
    channels: usize,
    first_channel: usize,
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
    window: Window,
}

impl Reader for Tiff {
    fn header(&self) -> Header {
        self.header
    }

    fn region(&mut self, window: Window) -> Result<Raster, ImageError> {
        let ImageShape { channels, height, width } = self.header.shape;
        let grid = self.grid;
        let shape = ImageShape::new(channels, window.height, window.width);
        let count = channels * window.height * window.width;
        let mut values = match self.header.sample {
            SampleType::U8 => Values::U8(vec![0; count]),
            SampleType::U16 => Values::U16(vec![0; count]),
            SampleType::F32 => Values::F32(vec![0.0; count]),
        };
        let across = width.div_ceil(grid.width);
        let down = height.div_ceil(grid.height);
        let end = window.top + window.height;
        let right = window.left + window.width;
        let parts = (0..grid.planes).flat_map(|plane| {
            (window.top / grid.height..end.div_ceil(grid.height)).flat_map(move |row| {
                let columns = window.left / grid.width..right.div_ceil(grid.width);
                columns.map(move |column| [plane, row, column])
            })
        });
        for [plane, row, column] in parts {
            let top = row * grid.height;
            let left = column * grid.width;
            let tall = grid.height.min(height - top);
            let wide = grid.width.min(width - left);
            let index = (plane * down + row) * across + column;
            let chunk = self.chunk(&Chunk { plane, index, top, height: tall, width: wide })?;
            let at = Placed {
                top,
                left,
                width: wide,
                channels: grid.channels,
                first_channel: plane * grid.channels,
                rows: window.top.max(top)..end.min(top + tall),
                columns: window.left.max(left)..right.min(left + wide),
                window,
            };
            match (&chunk, &mut values) {
                (Values::U8(chunk), Values::U8(to)) => place(chunk, &at, to),
                (Values::U16(chunk), Values::U16(to)) => place(chunk, &at, to),
                (Values::F32(chunk), Values::F32(to)) => place(chunk, &at, to),
                _ => return Err(self.source.damaged("values of several types")),
            }
        }
        Raster::new(shape, values).map_err(|error| self.source.damaged(error))
    }
}
