//! Lists of files by part.

use std::collections::BTreeMap;
use std::path::Path;

use super::ImageError;
use super::findings::{Finding, Subject};
use super::layout::Entry;
use super::set::short;
use super::split::{Part, relative};
use super::survey::{Stamp, Surveyed};
use super::table::Rows;

/// The first line of a stored list.
const HEADER: &str = "part,image,bytes,sha256,mask,mask_bytes,mask_sha256";

/// A division of files into parts that can be stored, with the length and the SHA-256 of every
/// file, so that a file that has changed since is noticed.
///
/// The text is CSV; names are below the data's folder. `split: Stored("FILE")` reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileList {
    text: String,
}

impl FileList {
    pub(super) fn of(stamps: &[ListedFile<'_>], base: &Path) -> Self {
        let mut text = format!("{HEADER}\n");
        for ListedFile { part, image, mask } in stamps {
            let cells = |stamp: &Stamp| {
                let digest: String = stamp.digest.iter().map(|b| format!("{b:02x}")).collect();
                let name = relative(&stamp.path, base).replace('"', "\"\"");
                let name =
                    if name.contains([',', '"', '\n']) { format!("\"{name}\"") } else { name };
                format!("{name},{},{digest}", stamp.length)
            };
            let mask = mask.map_or_else(|| ",,".to_owned(), cells);
            text += &format!("{part},{},{mask}\n", cells(image));
        }
        Self { text }
    }

    /// The list as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// A file with its part.
pub(super) struct ListedFile<'a> {
    pub(super) part: Part,
    pub(super) image: &'a Stamp,
    pub(super) mask: Option<&'a Stamp>,
}

/// A list that was read back.
pub(super) struct StoredList {
    rows: BTreeMap<String, StoredRow>,
}

struct StoredRow {
    part: Part,
    /// Length and digest of the image and of the mask.
    image: [String; 2],
    mask: [String; 2],
}

impl StoredList {
    pub(super) fn read(path: &Path) -> Result<Self, Finding> {
        let table = Rows::read(path)?;
        let refuse = |line: u64, expected: &str, found: &str| {
            let finding = Finding::error(Subject::Table).at(path);
            finding.place(format!("line {line}")).expected(expected).found(found)
        };
        let header = table.header.join(",");
        if header != HEADER {
            return Err(refuse(1, HEADER, &header));
        }
        let mut rows = BTreeMap::new();
        for row in table.rows {
            let part = Part::ALL.into_iter().find(|part| part.to_string() == row.cells[0]);
            let part = part.ok_or_else(|| refuse(row.line, "train, val or test", &row.cells[0]))?;
            let [image, mask] = [2, 5].map(|at| [row.cells[at].clone(), row.cells[at + 1].clone()]);
            rows.insert(row.cells[1].clone(), StoredRow { part, image, mask });
        }
        Ok(Self { rows })
    }

    /// The parts of all entries. An entry that is not listed, or is listed and not there, is a
    /// finding.
    pub(super) fn parts(&self, entries: &[Entry], base: &Path) -> (Vec<Part>, Vec<Finding>) {
        let mut findings = Vec::new();
        let mut unseen: BTreeMap<&String, &StoredRow> = self.rows.iter().collect();
        let mut parts = Vec::new();
        for entry in entries {
            let row = unseen.remove(&relative(&entry.image, base));
            if row.is_none() {
                let finding = Finding::error(Subject::Changed).at(&entry.image);
                let finding = finding.expected("a file of the stored list").found("a new file");
                findings.push(finding.remedy("divide the data anew, or remove the file"));
            }
            parts.push(row.map_or(Part::Train, |row| row.part));
        }
        for name in unseen.into_keys() {
            let finding = Finding::error(Subject::Changed).at(&base.join(name));
            let finding = finding.expected("the file of the stored list").found("none");
            findings.push(finding.remedy("put the file back, or divide the data anew"));
        }
        (parts, findings)
    }

    /// Files that are not as they were when the list was stored.
    pub(super) fn changed(
        &self,
        entries: &[Entry],
        surveyed: &[Surveyed],
        base: &Path,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (entry, surveyed) in entries.iter().zip(surveyed) {
            let Some(row) = self.rows.get(&relative(&entry.image, base)) else { continue };
            let image = surveyed.image.as_ref().ok().map(|facts| &facts.stamp);
            let mask = surveyed.mask.as_ref().and_then(|mask| mask.as_ref().ok());
            let pairs = [(image, &row.image), (mask.map(|facts| &facts.stamp), &row.mask)];
            for (stamp, stored) in pairs.into_iter().filter_map(|(s, row)| Some((s?, row))) {
                let digest: String = stamp.digest.iter().map(|b| format!("{b:02x}")).collect();
                if stored[1] == digest {
                    continue;
                }
                let error = ImageError::Changed {
                    path: stamp.path.clone(),
                    since: "divided into parts",
                    expected: format!(
                        "{} bytes, digest {}",
                        stored[0],
                        stored[1].get(..12).unwrap_or(&stored[1])
                    ),
                    found: format!("{} bytes, digest {}", stamp.length, short(&stamp.digest)),
                };
                findings.push(Finding::of(&error));
            }
        }
        findings
    }
}
