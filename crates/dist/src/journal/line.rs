//! One line of a journal.

use serde_json::{Value, json};

/// The key of the records that the journal itself writes.
const OWNER: &str = "journal_owner";

/// The requirement on an epoch, in words for errors.
pub(super) const FOLLOWED: &str = "an epoch that another can follow";

pub(super) fn owner(owner: &Value) -> Value {
    json!({ OWNER: owner })
}

/// The owner in a record that is one of the journal's own.
pub(super) fn as_owner(record: &Value) -> Option<&Value> {
    record.as_object().filter(|object| object.len() == 1)?.get(OWNER)
}

pub(super) fn print(epoch: u64, record: &str) -> String {
    let rest = format!("{epoch} {record}");
    format!("{:08x} {} {rest}\n", crc32fast::hash(rest.as_bytes()), rest.len())
}

/// Epoch and record of a line without its line feed, or the expected and the found content.
pub(super) fn parse(line: &[u8]) -> Result<(u64, Value), (&'static str, String)> {
    let refused = |expected| {
        let start = String::from_utf8_lossy(&line[..line.len().min(40)]).into_owned();
        (expected, format!("{start:?}"))
    };
    let text = std::str::from_utf8(line).map_err(|_| refused("UTF-8"))?;
    let form = || refused("`CRC LENGTH EPOCH RECORD`");
    let (crc, text) = text.split_once(' ').ok_or_else(form)?;
    let (length, rest) = text.split_once(' ').ok_or_else(form)?;
    let crc = u32::from_str_radix(crc, 16).map_err(|_| form())?;
    if length.parse() != Ok(rest.len()) {
        return Err(("a line of the length that it states", rest.len().to_string()));
    }
    let found = crc32fast::hash(rest.as_bytes());
    if found != crc {
        return Err(("a line with the checksum that it states", format!("{found:08x}")));
    }
    let (epoch, record) = rest.split_once(' ').ok_or_else(form)?;
    let epoch: u64 = epoch.parse().map_err(|_| form())?;
    if epoch == u64::MAX {
        return Err((FOLLOWED, epoch.to_string()));
    }
    let record = serde_json::from_str(record).map_err(|_| refused("a record in JSON"))?;
    Ok((epoch, record))
}
