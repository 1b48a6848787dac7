//! Strips of TIFF files that hold many rows, read a few rows at a time.
//!
//! A writer that was told no number of rows puts a whole image into one strip, and the `tiff` crate
//! decodes a strip in one piece. Here the bytes of a strip are unpacked as far as rows are wanted;
//! those rows are given to the same crate as a small file of their own, which has the tags of the
//! image, so that a strip read in parts has the values of the whole one.

mod small;
mod unpack;

use std::io::{self, Cursor, Read as _, SeekFrom};
use std::ops::Range;

use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;
use tiff::{TiffError, TiffResult};

use super::{ImageError, Source, Stream};
use small::Tags;
use unpack::Packing;

/// Bytes of rows that are unpacked together.
const BAND: usize = 1 << 20;
/// Bytes of a row above which a strip is left to the `tiff` crate and its limits.
const WIDEST: usize = 1 << 26;

/// The strips of a file whose rows are read a few at a time.
pub(super) struct Strips {
    source: Source,
    tags: Tags,
    packing: Packing,
    /// Rows that are read together.
    band: usize,
    /// Rows of a strip.
    height: usize,
    row_bytes: usize,
    /// Offset and bytes of every strip, plane by plane.
    places: Vec<[u64; 2]>,
    planes: Vec<Plane>,
}

/// The strip of a plane that is being unpacked, and the rows unpacked last.
#[derive(Default)]
struct Plane {
    open: Option<Open>,
    rows: Range<usize>,
    bytes: Vec<u8>,
}

/// A strip on its way.
struct Open {
    strip: usize,
    /// The row of the image that comes next.
    next: usize,
    bytes: Box<dyn io::Read + Send>,
}

/// The facts about an image on which the reading of its strips depends.
pub(super) struct Image {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Rows of a strip.
    pub(super) strip: usize,
    /// 1, or the number of channels where each has strips of its own.
    pub(super) planes: usize,
    pub(super) bits: usize,
}

impl Strips {
    /// The strips of an image; `None` where they hold few rows, or are packed in a way that is
    /// only undone for all of a strip, as JPEG is.
    pub(super) fn of(
        decoder: &mut Decoder<Box<dyn Stream>>,
        source: &Source,
        image: &Image,
    ) -> Result<Option<Self>, ImageError> {
        Self::find(decoder, source, image, BAND).map_err(|error| source.damaged(error))
    }

    /// `most` bytes of rows are unpacked together.
    fn find(
        decoder: &mut Decoder<Box<dyn Stream>>,
        source: &Source,
        image: &Image,
        most: usize,
    ) -> TiffResult<Option<Self>> {
        let compression = decoder.find_tag_unsigned(Tag::Compression)?.unwrap_or(1);
        let Some(packing) = Packing::of(compression) else { return Ok(None) };
        let offsets = decoder.find_tag_unsigned_vec::<u64>(Tag::StripOffsets)?;
        let counts = decoder.find_tag_unsigned_vec::<u64>(Tag::StripByteCounts)?;
        let (Some(offsets), Some(counts)) = (offsets, counts) else { return Ok(None) };
        let Some(tags) = Tags::read(decoder, image)? else { return Ok(None) };
        let row_bytes = (image.width * tags.samples() * image.bits).div_ceil(8);
        let band = (most / row_bytes.max(1)).max(1);
        if row_bytes > WIDEST || image.strip.min(image.height) <= 2 * band {
            return Ok(None);
        }
        let places = offsets.into_iter().zip(counts).map(|(offset, count)| [offset, count]);
        Ok(Some(Self {
            source: source.clone(),
            tags,
            packing,
            band,
            height: image.strip,
            row_bytes,
            places: places.collect(),
            planes: (0..image.planes).map(|_| Plane::default()).collect(),
        }))
    }

    /// Rows that are read together.
    pub(super) fn band(&self) -> usize {
        self.band
    }

    /// The values of some rows of a plane, as the `tiff` crate gives those of a strip.
    pub(super) fn decode(
        &mut self,
        plane: usize,
        rows: Range<usize>,
    ) -> TiffResult<DecodingResult> {
        if self.planes[plane].rows != rows {
            let bytes = self.unpack(plane, rows.clone())?;
            let plane = &mut self.planes[plane];
            plane.bytes = bytes;
            plane.rows = rows.clone();
        }
        let file = self.tags.file(rows.len(), &self.planes[plane].bytes);
        Decoder::new(Cursor::new(file))?.read_chunk(0)
    }

    /// The bytes of some rows of a plane, one row after the other.
    fn unpack(&mut self, plane: usize, rows: Range<usize>) -> TiffResult<Vec<u8>> {
        // Of these rows there is one copy at a time.
        self.planes[plane].bytes = Vec::new();
        self.planes[plane].rows = 0..0;
        let mut bytes = Vec::new();
        let mut row = rows.start;
        while row < rows.end {
            let strip = row / self.height;
            let end = rows.end.min((strip + 1) * self.height);
            let wanted = (end - row) * self.row_bytes;
            let mut open = self.at(plane, strip, row)?;
            // Memory for what the file holds, not for what it claims to hold.
            let read = open.bytes.by_ref().take(wanted as u64).read_to_end(&mut bytes)?;
            if read < wanted {
                return Err(cut(strip));
            }
            open.next = end;
            self.planes[plane].open = Some(open);
            row = end;
        }
        Ok(bytes)
    }

    /// The strip of a plane, unpacked up to a row of the image.
    fn at(&mut self, plane: usize, strip: usize, row: usize) -> TiffResult<Open> {
        let begun = self.planes[plane].open.take();
        let begun = begun.filter(|open| open.strip == strip && open.next <= row);
        let mut open = match begun {
            Some(open) => open,
            None => self.begin(plane, strip, row)?,
        };
        let skipped = ((row - open.next) * self.row_bytes) as u64;
        if io::copy(&mut open.bytes.by_ref().take(skipped), &mut io::sink())? < skipped {
            return Err(cut(strip));
        }
        open.next = row;
        Ok(open)
    }

    /// Opens a strip at its top, or at the row that is wanted where rows stand in the file as they
    /// are.
    fn begin(&self, plane: usize, strip: usize, row: usize) -> TiffResult<Open> {
        let strips = self.places.len() / self.planes.len();
        let place = self.places.get(plane * strips + strip).copied();
        let [offset, count] = place.ok_or_else(|| cut(strip))?;
        let top = strip * self.height;
        let next = if self.packing == Packing::None { row } else { top };
        let skipped = ((next - top) * self.row_bytes) as u64;
        let mut stream = self.source.stream().map_err(io::Error::other)?;
        stream.seek(SeekFrom::Start(offset.saturating_add(skipped)))?;
        let ends = matches!(self.packing, Packing::Lzw | Packing::PackBits);
        // The others end by themselves, and writers count their bytes wrongly.
        let packed = stream.take(if ends { count } else { u64::MAX });
        Ok(Open { strip, next, bytes: self.packing.undone(packed) })
    }
}

fn cut(strip: usize) -> TiffError {
    let text = format!("strip {strip} ends before its last row");
    io::Error::new(io::ErrorKind::UnexpectedEof, text).into()
}

#[cfg(test)]
mod tests;
