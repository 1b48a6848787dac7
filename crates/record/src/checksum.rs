//! Checksums of files, and texts that carry one of themselves.

use std::ops::Range;

use sha2::Digest as _;

/// The hash of these checksums.
pub use sha2::Sha256;

/// Placeholder digits for the checksum of a text.
pub const BLANK: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const FIELD: &str = "\"checksum\"";

/// The SHA-256 of some bytes, 64 hexadecimal digits, as `sha256sum` prints it.
pub fn of(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes).as_slice())
}

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The reason for which a text does not have the checksum it states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It states no checksum.
    Missing,
    /// It is not as it was written.
    Differs {
        /// The checksum that the text states.
        expected: String,
        /// The checksum of the text's content.
        found: String,
    },
}

/// The place of the digits of the first `"checksum": "..."` of a JSON text.
fn place(text: &str) -> Option<Range<usize>> {
    let behind = text.find(FIELD)? + FIELD.len();
    let (between, _) = text.get(behind..)?.split_once('"')?;
    if between.trim() != ":" {
        return None;
    }
    let start = behind + between.len() + 1;
    let place = start..start.checked_add(BLANK.len())?;
    let digits = text.get(place.clone())?;
    let closed = text.as_bytes().get(place.end) == Some(&b'"');
    (closed && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(place)
}

/// The SHA-256 of a text whose checksum is [`BLANK`], followed by the bytes that `more` adds.
fn checksum(text: &str, place: &Range<usize>, more: impl FnOnce(&mut Sha256)) -> String {
    let mut hash = Sha256::new();
    hash.update(&text[..place.start]);
    hash.update(BLANK);
    hash.update(&text[place.end..]);
    more(&mut hash);
    hex(hash.finalize().as_slice())
}

/// Puts the checksum of a JSON text, and of the bytes that `more` adds, in the place of [`BLANK`].
///
/// `None` if there is no place for a checksum in the text.
pub fn seal(mut text: String, more: impl FnOnce(&mut Sha256)) -> Option<String> {
    let place = place(&text)?;
    let checksum = checksum(&text, &place, more);
    text.replace_range(place, &checksum);
    Some(text)
}

/// Refuses a text that differs from the one that [`seal`] returned.
///
/// # Errors
/// [`Broken`] says how it differs.
pub fn check(text: &str, more: impl FnOnce(&mut Sha256)) -> Result<(), Broken> {
    let place = place(text).ok_or(Broken::Missing)?;
    let expected = &text[place.clone()];
    let found = checksum(text, &place, more);
    if expected == found {
        return Ok(());
    }
    Err(Broken::Differs { expected: expected.to_owned(), found })
}

#[cfg(test)]
mod tests;
