//! Sizes of memory in messages.

use std::fmt;

/// Shows a number of bytes in MiB, rounded up to a tenth; less than one MiB in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mebibytes(pub u64);

const MEBIBYTE: u64 = 1 << 20;

impl fmt::Display for Mebibytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0 / MEBIBYTE;
        let rest = self.0 % MEBIBYTE;
        let tenths = (10 * rest).div_ceil(MEBIBYTE);
        match (whole, tenths) {
            (0, _) => write!(f, "{} bytes", self.0),
            (_, 0) => write!(f, "{whole} MiB"),
            // So small a rest below the next whole number is that number.
            (_, 10) => write!(f, "{} MiB", whole + 1),
            _ => write!(f, "{whole}.{tenths} MiB"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_as_people_read_them() {
        let rows = [
            (0, "0 bytes"),
            (MEBIBYTE - 1, "1048575 bytes"),
            (MEBIBYTE, "1 MiB"),
            (100 * MEBIBYTE, "100 MiB"),
            (100 * MEBIBYTE + 1, "100.1 MiB"),
            (MEBIBYTE + MEBIBYTE / 2, "1.5 MiB"),
            (2 * MEBIBYTE - 1, "2 MiB"),
            (u64::MAX, "17592186044416 MiB"),
        ];
        for (bytes, text) in rows {
            assert_eq!(Mebibytes(bytes).to_string(), text);
        }
    }
}
