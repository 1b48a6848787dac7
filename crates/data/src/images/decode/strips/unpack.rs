//! The packings of strips, undone while they are read.

use std::io::{self, BufRead, Read};

use flate2::bufread::ZlibDecoder;
use weezl::decode::{Configuration, Decoder};
use weezl::{BitOrder, LzwStatus};

/// A way in which the bytes of a strip are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    PackBits,
    Lzw,
    Deflate,
}

impl Packing {
    /// The packing of that number in TIFF 6.0 and its supplement; `None` for others, such as JPEG.
    pub(super) fn of(compression: u32) -> Option<Self> {
        match compression {
            1 => Some(Self::None),
            5 => Some(Self::Lzw),
            8 | 32_946 => Some(Self::Deflate),
            32_773 => Some(Self::PackBits),
            _ => None,
        }
    }

    /// The bytes that were packed.
    pub(super) fn undone(self, packed: impl BufRead + Send + 'static) -> Box<dyn Read + Send> {
        match self {
            Self::None => Box::new(packed),
            Self::PackBits => Box::new(PackBits { packed, run: Run::Copied(0) }),
            Self::Lzw => {
                let decoder = Configuration::with_tiff_size_switch(BitOrder::Msb, 8)
                    .with_yield_on_full_buffer(true)
                    .build();
                Box::new(Lzw { packed, decoder })
            }
            Self::Deflate => Box::new(ZlibDecoder::new(packed)),
        }
    }
}

struct Lzw<R> {
    packed: R,
    decoder: Decoder,
}

impl<R: BufRead> Read for Lzw<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            let step = self.decoder.decode_bytes(self.packed.fill_buf()?, bytes);
            self.packed.consume(step.consumed_in);
            let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
            match step.status.map_err(invalid)? {
                LzwStatus::Ok if step.consumed_out == 0 && !bytes.is_empty() => {}
                // Without bytes left, a stream without an end is one that was cut.
                LzwStatus::Ok | LzwStatus::Done | LzwStatus::NoProgress => {
                    return Ok(step.consumed_out);
                }
            }
        }
    }
}

/// Runs of bytes: a length and so many bytes, or a negative one and the byte that is repeated.
struct PackBits<R> {
    packed: R,
    run: Run,
}

/// Bytes of a run that are still to come.
#[derive(Clone, Copy)]
enum Run {
    Copied(usize),
    Repeated(u8, usize),
}

impl<R: Read> PackBits<R> {
    fn byte(&mut self) -> io::Result<Option<u8>> {
        let mut byte = [0];
        Ok((self.packed.read(&mut byte)? == 1).then_some(byte[0]))
    }

    /// The next run; an empty one at the end.
    fn next(&mut self) -> io::Result<Run> {
        while let Some(length) = self.byte()? {
            match length {
                0..=127 => return Ok(Run::Copied(usize::from(length) + 1)),
                // Nothing, as the specification says.
                128 => {}
                129..=255 => {
                    let Some(byte) = self.byte()? else { break };
                    return Ok(Run::Repeated(byte, 257 - usize::from(length)));
                }
            }
        }
        Ok(Run::Copied(0))
    }
}

impl<R: Read> Read for PackBits<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if let Run::Copied(0) | Run::Repeated(_, 0) = self.run {
            self.run = self.next()?;
        }
        match self.run {
            Run::Copied(left) => {
                let count = left.min(bytes.len());
                let read = self.packed.read(&mut bytes[..count])?;
                self.run = Run::Copied(if read == 0 { 0 } else { left - read });
                Ok(read)
            }
            Run::Repeated(byte, left) => {
                let count = left.min(bytes.len());
                bytes[..count].fill(byte);
                self.run = Run::Repeated(byte, left - count);
                Ok(count)
            }
        }
    }
}
