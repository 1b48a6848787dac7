//! PNG files.

use std::fs::File;
use std::io::{BufWriter, Write};

use png::{BitDepth, ColorType, Compression, Encoder, StreamWriter, Writer};

use super::{NewImage, PixelType, Row, RowSink};
use crate::DataError;

pub(super) fn write<E: From<DataError>>(
    image: &NewImage,
    mut file: BufWriter<File>,
    fill: impl FnOnce(&mut dyn RowSink) -> Result<(), E>,
) -> Result<(), E> {
    let mut encoder = Encoder::new(&mut file, image.width, image.height);
    encoder.set_compression(Compression::Fast);
    let (colour, depth) = match image.pixels {
        PixelType::Rgb => (ColorType::Rgb, BitDepth::Eight),
        PixelType::Word => (ColorType::Grayscale, BitDepth::Sixteen),
        PixelType::Byte | PixelType::Floats(_) => (ColorType::Grayscale, BitDepth::Eight),
    };
    encoder.set_color(colour);
    encoder.set_depth(depth);
    let mut writer = encoder.write_header().map_err(|error| image.failed(error))?;
    rows(image, &mut writer, fill)?;
    writer.finish().map_err(|error| image.failed(error))?;
    Ok(file.flush().map_err(|error| image.failed(error))?)
}

fn rows<W: Write, E: From<DataError>>(
    image: &NewImage,
    writer: &mut Writer<W>,
    fill: impl FnOnce(&mut dyn RowSink) -> Result<(), E>,
) -> Result<(), E> {
    let stream = writer.stream_writer().map_err(|error| image.failed(error))?;
    let mut sink = Png { image, stream, rows: 0 };
    fill(&mut sink)?;
    let Png { stream, rows, .. } = sink;
    if rows != image.height {
        let reason = format_args!("expected {} rows, found {rows}", image.height);
        return Err(image.failed(reason).into());
    }
    Ok(stream.finish().map_err(|error| image.failed(error))?)
}

struct Png<'i, 's, W: Write> {
    image: &'i NewImage,
    stream: StreamWriter<'s, W>,
    rows: u32,
}

impl<W: Write> RowSink for Png<'_, '_, W> {
    fn pixels(&self) -> PixelType {
        self.image.pixels
    }

    fn put(&mut self, row: Row<'_>) -> Result<(), DataError> {
        let fits = row.len() == self.image.row() && self.rows < self.image.height;
        let written = match (row, self.image.pixels) {
            (Row::Bytes(bytes), PixelType::Byte | PixelType::Rgb) if fits => {
                self.stream.write_all(bytes)
            }
            (Row::Words(words), PixelType::Word) if fits => {
                // Big end first in PNG.
                let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
                self.stream.write_all(&bytes)
            }
            (row, _) => return Err(self.image.refused(&row)),
        };
        self.rows += 1;
        written.map_err(|error| self.image.failed(error))
    }
}
