//! The one door through which the text of a file that the user named comes in.
//!
//! Editors and shells of Windows put a byte order mark first, or write UTF-16; both are read like
//! UTF-8 without a mark. A name that ends in `.gz` is unpacked.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use flate2::read::GzDecoder;

use crate::error::EngineError;

/// The text of a file.
///
/// # Errors
/// A file that cannot be read or is no text.
pub fn read(path: &Path) -> Result<String, EngineError> {
    let failed = |source| EngineError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let packed = path.extension().is_some_and(|extension| extension == "gz");
    let mut source: Box<dyn Read> =
        if packed { Box::new(GzDecoder::new(file)) } else { Box::new(file) };
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).map_err(failed)?;
    decoded(bytes).map_err(|found| EngineError::NoText { path: path.to_owned(), found })
}

/// A table as bytes of UTF-8 without a mark, for a reader that goes row by row.
///
/// # Errors
/// As [`read`].
pub fn table(path: &Path) -> Result<Cursor<Vec<u8>>, EngineError> {
    Ok(Cursor::new(read(path)?.into_bytes()))
}

/// The text of bytes, or what stands there instead.
fn decoded(bytes: Vec<u8>) -> Result<String, String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let pairs = bytes.chunks_exact(2);
        if !pairs.remainder().is_empty() {
            return Err("UTF-16 with half a letter at its end".to_owned());
        }
        let units: Vec<u16> = pairs.map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16(&units).map_err(|_| "damaged UTF-16".to_owned())
    };
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest.to_vec()),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let (before, bad) = error.as_bytes().split_at(good);
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        let byte = bad.first().copied().unwrap_or_default();
        format!("the byte 0x{byte:02x} in line {line}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_wide_letters_are_read() {
        let text = "(a: \"ä\")\r\n";
        let wide =
            |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        let forms = [
            text.as_bytes().to_vec(),
            [&[0xef, 0xbb, 0xbf], text.as_bytes()].concat(),
            [&[0xff, 0xfe][..], &wide(u16::to_le_bytes)].concat(),
            [&[0xfe, 0xff][..], &wide(u16::to_be_bytes)].concat(),
        ];
        for form in forms {
            assert_eq!(decoded(form).unwrap(), text);
        }
        assert_eq!(decoded(b"a\nb\xff".to_vec()).unwrap_err(), "the byte 0xff in line 2");
        assert!(decoded(vec![0xff, 0xfe, 1]).is_err());
    }
}
