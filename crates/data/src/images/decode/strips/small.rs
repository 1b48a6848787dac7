//! A few rows of an image as a TIFF file of their own.

use tiff::TiffResult;
use tiff::decoder::Decoder;
use tiff::tags::{ByteOrder, Tag};

use super::super::Stream;
use super::Image;

/// The tags of an image that say how the bytes of its rows are read.
#[derive(Debug)]
pub(super) struct Tags {
    order: ByteOrder,
    width: u32,
    bits: u16,
    /// 0 where white is 0, 1 where black is, 2 for red, green and blue.
    photometric: u16,
    samples: u16,
    predictor: u16,
    /// The meaning of the samples beyond those of the colour.
    extra: Vec<u16>,
    format: u16,
}

/// Types of a tag's values.
const SHORT: u16 = 3;
const LONG: u16 = 4;

/// Bytes of the header, of the number of entries, of an entry, and of the end of entries.
const HEADER: usize = 8;
const NUMBER: usize = 2;
const ENTRY: usize = 12;
const END: usize = 4;

impl Tags {
    /// The tags of an image; `None` for colours whose rows depend on each other.
    pub(super) fn read(
        decoder: &mut Decoder<Box<dyn Stream>>,
        image: &Image,
    ) -> TiffResult<Option<Self>> {
        let mut number = |tag| decoder.find_tag_unsigned::<u16>(tag).map(|all| all.unwrap_or(1));
        let photometric = number(Tag::PhotometricInterpretation)?;
        let samples = number(Tag::SamplesPerPixel)?;
        let predictor = number(Tag::Predictor)?;
        let extra = decoder.find_tag_unsigned_vec(Tag::ExtraSamples)?.unwrap_or_default();
        let formats = decoder.find_tag_unsigned_vec::<u16>(Tag::SampleFormat)?;
        let format = formats.and_then(|all| all.first().copied()).unwrap_or(1);
        let order = decoder.byte_order();
        let width = image.width as u32;
        let bits = image.bits as u16;
        if photometric > 2 {
            return Ok(None);
        }
        let tags = Self { order, width, bits, photometric, samples, predictor, extra, format };
        // A plane of its own is grey.
        let photometric = photometric.min(1);
        let plane = Self { photometric, samples: 1, extra: Vec::new(), ..tags };
        Ok(Some(if image.planes > 1 { plane } else { tags }))
    }

    /// Samples of a pixel in a row.
    pub(super) fn samples(&self) -> usize {
        self.samples.into()
    }

    /// A file of so many rows in one strip that is not packed.
    pub(super) fn file(&self, rows: usize, bytes: &[u8]) -> Vec<u8> {
        let entries = 11 + usize::from(!self.extra.is_empty());
        let meanings = HEADER + NUMBER + entries * ENTRY + END;
        let extra: Vec<u8> = self.extra.iter().flat_map(|&meaning| self.short(meaning)).collect();
        let data = meanings + extra.len();
        let mut file = Vec::with_capacity(data + bytes.len());
        file.extend(if self.order == ByteOrder::BigEndian { *b"MM" } else { *b"II" });
        file.extend(self.short(42));
        file.extend(self.long(HEADER as u32));
        file.extend(self.short(entries as u16));
        for (tag, value) in [
            (Tag::ImageWidth, self.width),
            (Tag::ImageLength, rows as u32),
            (Tag::BitsPerSample, self.bits.into()),
            (Tag::Compression, 1),
            (Tag::PhotometricInterpretation, self.photometric.into()),
            (Tag::StripOffsets, data as u32),
            (Tag::SamplesPerPixel, self.samples.into()),
            (Tag::RowsPerStrip, rows as u32),
            (Tag::StripByteCounts, bytes.len() as u32),
            (Tag::Predictor, self.predictor.into()),
        ] {
            file.extend(self.entry(tag, LONG, 1));
            file.extend(self.long(value));
        }
        if !extra.is_empty() {
            file.extend(self.entry(Tag::ExtraSamples, SHORT, self.extra.len()));
            // Up to four bytes stand in the entry itself.
            let mut place = self.long(meanings as u32);
            if let Some(inline) = place.get_mut(..extra.len()) {
                inline.copy_from_slice(&extra);
            }
            file.extend(place);
        }
        file.extend(self.entry(Tag::SampleFormat, LONG, 1));
        file.extend(self.long(self.format.into()));
        file.extend([0; END]);
        file.extend(extra);
        file.extend(bytes);
        file
    }

    /// The beginning of an entry, which the values or their place follow.
    fn entry(&self, tag: Tag, kind: u16, count: usize) -> Vec<u8> {
        let mut entry = [self.short(tag.to_u16()), self.short(kind)].concat();
        entry.extend(self.long(count as u32));
        entry
    }

    fn short(&self, value: u16) -> [u8; 2] {
        match self.order {
            ByteOrder::BigEndian => value.to_be_bytes(),
            ByteOrder::LittleEndian => value.to_le_bytes(),
        }
    }

    fn long(&self, value: u32) -> [u8; 4] {
        match self.order {
            ByteOrder::BigEndian => value.to_be_bytes(),
            ByteOrder::LittleEndian => value.to_le_bytes(),
        }
    }
}
