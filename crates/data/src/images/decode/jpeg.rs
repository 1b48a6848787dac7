//! JPEG files, decoded as a whole.

use std::io::{Cursor, Read as _};

use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::super::raster::Values;
use super::{Colour, Header, ImageError, Reader, Source, exif};
use crate::ImageShape;
use crate::images::{Raster, SampleType, Window};

pub(super) struct Jpeg {
    header: Header,
    source: Source,
    bytes: Vec<u8>,
    colours: ColorSpace,
    decoded: Option<Raster>,
}

/// A file that ends too early is an error, and not filled with grey.
fn options(colours: ColorSpace) -> DecoderOptions {
    let largest = usize::from(u16::MAX);
    DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(largest)
        .set_max_height(largest)
        .jpeg_set_out_colorspace(colours)
}

pub(super) fn open(source: Source) -> Result<Jpeg, ImageError> {
    let mut bytes = Vec::new();
    source.stream()?.read_to_end(&mut bytes).map_err(|error| source.unread(error))?;
    let mut decoder =
        JpegDecoder::new_with_options(Cursor::new(bytes.as_slice()), options(ColorSpace::RGB));
    decoder.decode_headers().map_err(|error| source.damaged(error))?;
    let missing = || source.damaged("no header");
    let (width, height) = decoder.dimensions().ok_or_else(missing)?;
    source.admit(width as u64, height as u64)?;
    let (colours, colour, channels) = match decoder.input_colorspace().ok_or_else(missing)? {
        ColorSpace::Luma => (ColorSpace::Luma, Colour::Grey, 1),
        ColorSpace::RGB | ColorSpace::YCbCr => (ColorSpace::RGB, Colour::Rgb, 3),
        other => {
            return Err(source.unsupported("a grey or RGB JPEG", format_args!("{other:?} colours")));
        }
    };
    let orientation = decoder.exif().map_or(1, |data| exif::orientation(data));
    let header = Header {
        format: source.format,
        shape: ImageShape::new(channels, height, width),
        sample: SampleType::U8,
        colour,
        orientation,
        band: height,
    };
    Ok(Jpeg { header, source, bytes, colours, decoded: None })
}

impl Jpeg {
    fn decode(&self) -> Result<Raster, ImageError> {
        let bytes = Cursor::new(self.bytes.as_slice());
        let mut decoder = JpegDecoder::new_with_options(bytes, options(self.colours));
        let pixels = decoder.decode().map_err(|error| self.source.damaged(error))?;
        Raster::interleaved(self.header.shape, Values::U8(pixels))
            .map_err(|error| self.source.damaged(error))
    }
}

impl Reader for Jpeg {
    fn header(&self) -> Header {
        self.header
    }

    fn region(&mut self, window: Window) -> Result<Raster, ImageError> {
        let decoded = match self.decoded.take() {
            Some(decoded) => decoded,
            None => self.decode()?,
        };
        if window == Window::whole(self.header.shape) {
            return Ok(decoded);
        }
        let part = decoded.region(window);
        self.decoded = Some(decoded);
        Ok(part)
    }
}
