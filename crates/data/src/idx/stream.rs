//! The bytes of an IDX file, unpacked where needed and never further than the header and the file's
//! length allow.

use std::io::Read;

use flate2::bufread::MultiGzDecoder;

use crate::DataError;

/// Largest height or width accepted.
const LARGEST_SIDE: u32 = 1 << 16;
/// No deflate stream unpacks to more than this many times its length.
const LARGEST_RATIO: u64 = 1032;
/// Element type of unsigned bytes.
const UNSIGNED_BYTE: u32 = 8;

/// Length of the header of an array of `rank` dimensions.
pub(super) const fn header_length(rank: usize) -> usize {
    4 + 4 * rank
}

/// Reads an array of `RANK` dimensions: their sizes and the elements.
pub(super) fn read_array<const RANK: usize>(
    bytes: &[u8],
    name: &str,
) -> Result<([usize; RANK], Vec<u8>), DataError> {
    let mut stream = Stream::open(bytes, name);
    let header_length = header_length(RANK) as u64;
    let header = stream.take(header_length)?;
    check_magic::<RANK>(&header, name)?;
    if (header.len() as u64) < header_length {
        return Err(truncated(name, header.len() as u64, header_length));
    }
    let sizes: [u32; RANK] = std::array::from_fn(|d| big_endian(&header[4 + 4 * d..]));
    let body_length = check_sizes(&sizes, name)?;
    let expected = header_length + body_length;
    let largest = stream.largest();
    if expected > largest {
        let offset = if stream.is_packed() { header_length } else { largest };
        return Err(DataError::Truncated {
            file: name.to_owned(),
            offset,
            expected,
            found: largest,
        });
    }
    let body = stream.take(body_length)?;
    if (body.len() as u64) < body_length {
        return Err(truncated(name, header_length + body.len() as u64, expected));
    }
    if !stream.take(1)?.is_empty() {
        return Err(DataError::TrailingBytes { file: name.to_owned(), offset: expected, expected });
    }
    Ok((sizes.map(|size| size as usize), body))
}

/// Checks the first four bytes, as far as there are any.
fn check_magic<const RANK: usize>(header: &[u8], name: &str) -> Result<(), DataError> {
    if header.len() < 4 {
        return Err(truncated(name, header.len() as u64, header_length(RANK) as u64));
    }
    let found = big_endian(header);
    let expected = UNSIGNED_BYTE << 8 | RANK as u32;
    if found >> 8 != UNSIGNED_BYTE {
        return Err(DataError::BadMagic { file: name.to_owned(), offset: 0, expected, found });
    }
    if found != expected {
        return Err(DataError::DimensionCount {
            file: name.to_owned(),
            offset: 3,
            expected: RANK as u8,
            found: header[3],
        });
    }
    Ok(())
}

/// The product of the dimensions, once each is believable.
fn check_sizes(sizes: &[u32], name: &str) -> Result<u64, DataError> {
    for (dimension, &found) in sizes.iter().enumerate() {
        let largest = if dimension == 0 { u32::MAX } else { LARGEST_SIDE };
        if found == 0 || found > largest {
            let offset = header_length(dimension) as u64;
            return Err(DataError::DimensionSize { file: name.to_owned(), offset, largest, found });
        }
    }
    sizes
        .iter()
        .try_fold(1_u64, |product, &size| product.checked_mul(u64::from(size)))
        .filter(|&product| isize::try_from(product).is_ok())
        .ok_or_else(|| DataError::SizeOverflow {
            file: name.to_owned(),
            offset: header_length(0) as u64,
            dimensions: sizes.to_vec(),
        })
}

fn truncated(name: &str, found: u64, expected: u64) -> DataError {
    DataError::Truncated { file: name.to_owned(), offset: found, expected, found }
}

/// The first four bytes as a big-endian number; missing ones count as 0.
fn big_endian(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |number, &byte| number << 8 | u32::from(byte))
}

/// A file's bytes, unpacked on the way if they are gzipped.
struct Stream<'a> {
    name: &'a str,
    length: u64,
    source: Source<'a>,
}

enum Source<'a> {
    Plain(&'a [u8]),
    Packed(Box<MultiGzDecoder<&'a [u8]>>),
}

impl<'a> Stream<'a> {
    fn open(bytes: &'a [u8], name: &'a str) -> Self {
        let source = if bytes.starts_with(&[0x1f, 0x8b]) {
            Source::Packed(Box::new(MultiGzDecoder::new(bytes)))
        } else {
            Source::Plain(bytes)
        };
        Self { name, length: bytes.len() as u64, source }
    }

    fn is_packed(&self) -> bool {
        matches!(self.source, Source::Packed(_))
    }

    /// An upper bound of the unpacked length.
    fn largest(&self) -> u64 {
        if self.is_packed() { self.length.saturating_mul(LARGEST_RATIO) } else { self.length }
    }

    /// The next `count` bytes, or fewer at the end.
    fn take(&mut self, count: u64) -> Result<Vec<u8>, DataError> {
        match &mut self.source {
            Source::Plain(rest) => {
                let count = usize::try_from(count).unwrap_or(usize::MAX).min(rest.len());
                let (head, tail) = rest.split_at(count);
                *rest = tail;
                Ok(head.to_vec())
            }
            Source::Packed(decoder) => {
                // No capacity is reserved from the header: the buffer grows with what is really
                // there.
                let mut unpacked = Vec::new();
                match decoder.by_ref().take(count).read_to_end(&mut unpacked) {
                    Ok(_) => Ok(unpacked),
                    Err(source) => Err(DataError::CorruptGzip {
                        file: self.name.to_owned(),
                        offset: self.length - decoder.get_ref().len() as u64,
                        source,
                    }),
                }
            }
        }
    }
}
