//! PNG files, read row by row from the top.

use std::collections::VecDeque;

use png::{BitDepth, ColorType, Decoder, Transformations};

use super::super::raster::Values;
use super::{Colour, Header, ImageError, Meaning, Reader, Source, Stream};
use crate::ImageShape;
use crate::images::{Raster, SampleType, Window};

type Rows = png::Reader<Box<dyn Stream>>;

/// The layout of rows as the decoder gives them.
#[derive(Clone, Copy, Debug)]
struct Layout {
    channels: usize,
    width: usize,
    /// Bits of a value; below 8 several share a byte.
    bits: usize,
}

impl Layout {
    fn sample(self) -> SampleType {
        if self.bits == 16 { SampleType::U16 } else { SampleType::U8 }
    }

    /// The values of rows from column `left` on, `width` columns each, pixel by pixel.
    fn values<'a>(
        self,
        rows: impl Iterator<Item = &'a [u8]>,
        (left, width): (usize, usize),
    ) -> Values {
        let start = left * self.channels;
        let count = width * self.channels;
        match self.bits {
            16 => {
                let cut = rows.flat_map(|row| &row[2 * start..2 * (start + count)]);
                let bytes: Vec<u8> = cut.copied().collect();
                let pairs = bytes.chunks_exact(2);
                Values::U16(pairs.map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect())
            }
            8 => Values::U8(rows.flat_map(|row| &row[start..start + count]).copied().collect()),
            bits => {
                let value = |row: &[u8], index: usize| {
                    let bit = index * bits;
                    (row[bit / 8] >> (8 - bits - bit % 8)) & ((1 << bits) - 1) as u8
                };
                let row = |row: &'a [u8]| (start..start + count).map(move |at| value(row, at));
                Values::U8(rows.flat_map(row).collect())
            }
        }
    }
}

fn decoder(source: &Source) -> Result<Rows, ImageError> {
    let mut decoder = Decoder::new(source.stream()?);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(match source.meaning {
        Meaning::Picture => Transformations::EXPAND,
        Meaning::Labels => Transformations::IDENTITY,
    });
    let info = decoder.read_header_info().map_err(|error| source.damaged(error))?;
    source.admit(info.width.into(), info.height.into())?;
    decoder.read_info().map_err(|error| source.damaged(error))
}

pub(super) fn open(source: Source) -> Result<Box<dyn Reader>, ImageError> {
    let rows = decoder(&source)?;
    let info = rows.info();
    let height = info.height as usize;
    let width = info.width as usize;
    let colour = match info.color_type {
        ColorType::Grayscale => Colour::Grey,
        ColorType::GrayscaleAlpha => Colour::GreyAlpha,
        ColorType::Rgb => Colour::Rgb,
        ColorType::Rgba => Colour::Rgba,
        ColorType::Indexed => Colour::Palette,
    };
    let interlaced = info.interlaced;
    let (read_as, depth) = rows.output_color_type();
    let bits = match depth {
        BitDepth::One => 1,
        BitDepth::Two => 2,
        BitDepth::Four => 4,
        BitDepth::Eight => 8,
        BitDepth::Sixteen => 16,
    };
    let channels = read_as.samples();
    let layout = Layout { channels, width, bits };
    let header = Header {
        format: source.format,
        shape: ImageShape::new(channels, height, width),
        sample: layout.sample(),
        colour,
        orientation: 1,
        band: 1,
    };
    if interlaced {
        let header = Header { band: height, ..header };
        return Ok(Box::new(Interlaced { header, source, layout, decoded: None }));
    }
    let kept = VecDeque::new();
    Ok(Box::new(TopDown { header, source, layout, rows, next: 0, first: 0, kept }))
}

/// A PNG whose rows lie one after the other.
struct TopDown {
    header: Header,
    source: Source,
    layout: Layout,
    rows: Rows,
    /// The row that the decoder gives next.
    next: usize,
    /// The row that `kept` begins with.
    first: usize,
    /// Rows of the window read last.
    kept: VecDeque<Vec<u8>>,
}

impl TopDown {
    /// Keeps the rows from `top` to `end`, reading on or from the top again.
    fn hold(&mut self, top: usize, end: usize) -> Result<(), ImageError> {
        if top < self.first {
            self.rows = decoder(&self.source)?;
            self.kept.clear();
            self.next = 0;
            self.first = 0;
        }
        while self.first < top && self.kept.pop_front().is_some() {
            self.first += 1;
        }
        self.first = top;
        while self.next < end {
            let row = self.rows.next_row().map_err(|error| self.source.damaged(error))?;
            let row = row.ok_or_else(|| self.source.damaged("too few rows"))?;
            let row = row.data().to_vec();
            if self.next >= top {
                self.kept.push_back(row);
            }
            self.next += 1;
        }
        if end == self.header.shape.height && self.next == end {
            // The end of the data shows a file that was cut behind its last row.
            self.rows.next_row().map_err(|error| self.source.damaged(error))?;
            self.next += 1;
        }
        Ok(())
    }
}

impl Reader for TopDown {
    fn header(&self) -> Header {
        self.header
    }

    fn region(&mut self, window: Window) -> Result<Raster, ImageError> {
        self.hold(window.top, window.top + window.height)?;
        let rows = self.kept.iter().take(window.height).map(Vec::as_slice);
        let values = self.layout.values(rows, (window.left, window.width));
        let shape = ImageShape::new(self.layout.channels, window.height, window.width);
        Raster::interleaved(shape, values).map_err(|error| self.source.damaged(error))
    }
}

/// A PNG in seven passes, which is decoded as a whole.
struct Interlaced {
    header: Header,
    source: Source,
    layout: Layout,
    decoded: Option<Raster>,
}

impl Interlaced {
    fn decode(&self) -> Result<Raster, ImageError> {
        let mut rows = decoder(&self.source)?;
        let too_large = || self.source.damaged("an image too large to address");
        let mut bytes = vec![0; rows.output_buffer_size().ok_or_else(too_large)?];
        let info = rows.next_frame(&mut bytes).map_err(|error| self.source.damaged(error))?;
        let lines = bytes.chunks_exact(info.line_size.max(1));
        let values = self.layout.values(lines, (0, self.layout.width));
        Raster::interleaved(self.header.shape, values).map_err(|error| self.source.damaged(error))
    }
}

impl Reader for Interlaced {
    fn header(&self) -> Header {
        self.header
    }

    fn region(&mut self, window: Window) -> Result<Raster, ImageError> {
        let decoded = match self.decoded.take() {
            Some(decoded) => decoded,
            None => self.decode()?,
        };
        let part = decoded.region(window);
        self.decoded = Some(decoded);
        Ok(part)
    }
}
