//! The orientation in EXIF data.

/// Tag of the orientation.
const ORIENTATION: u16 = 0x0112;

/// The orientation, 1 to 8; 1, upright, where there is none that makes sense.
pub(super) fn orientation(exif: &[u8]) -> u8 {
    let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    find(exif).filter(|value| (1..=8).contains(value)).map_or(1, |value| value as u8)
}

fn find(exif: &[u8]) -> Option<u16> {
    let little = match exif.get(..2)? {
        b"II" => true,
        b"MM" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes: [u8; 2] = exif.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| {
        let halves = [usize::from(short(at)?), usize::from(short(at + 2)?)];
        Some(if little { halves[0] | halves[1] << 16 } else { halves[0] << 16 | halves[1] })
    };
    let directory = long(4)?;
    let entries = usize::from(short(directory)?);
    let entry = |index: usize| directory + 2 + 12 * index;
    let found = (0..entries).map(entry).find(|&at| short(at) == Some(ORIENTATION))?;
    short(found + 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_read_and_nonsense_is_upright() {
        let little =
            [b"Exif\0\0II*\0\x08\0\0\0\x01\0".as_slice(), &[0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0]];
        assert_eq!(orientation(&little.concat()), 6);
        let big = [b"MM\0*\0\0\0\x08\0\x01".as_slice(), &[1, 0x12, 0, 3, 0, 0, 0, 1, 0, 8, 0, 0]];
        assert_eq!(orientation(&big.concat()), 8);
        for nonsense in [&b""[..], b"II", b"XX*\0\x08\0\0\0", b"II*\0\xff\xff\xff\xff"] {
            assert_eq!(orientation(nonsense), 1);
        }
    }
}
