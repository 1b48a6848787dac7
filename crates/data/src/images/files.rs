//! The files of all parts, and what of them is in memory.

use std::fs;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::ImageError;
use super::cache::{Cache, Decoded};
use super::decode::{ImageFile, Meaning};
use super::labels::LabelRule;
use super::layout::Target;
use super::raster::{Bands, Raster, Window};
use super::size::Size;
use super::survey::Stamp;
use crate::{DataError, ImageShape};

/// The share of the cache that an image may fill: larger ones are read in parts.
const SHARE: usize = 4;

/// A file of the data and the value to learn from it.
#[derive(Debug)]
pub(super) struct FileEntry {
    pub(super) image: Stamp,
    pub(super) mask: Option<Stamp>,
    pub(super) target: Target,
    /// Shape with the chosen bands, before the size is changed.
    pub(super) shape: ImageShape,
    /// Bytes of the decoded image.
    pub(super) bytes: usize,
}

/// The files of all parts, the settings by which they are read, and those that are in memory.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) entries: Vec<FileEntry>,
    pub(super) bands: Bands,
    pub(super) size: Size,
    pub(super) rule: LabelRule,
    pub(super) limit: u64,
    pub(super) room: usize,
    pub(super) cache: Cache,
    pub(super) open: Mutex<Option<OpenFiles>>,
}

/// The files of the entry that was read last in parts.
#[derive(Debug)]
pub(super) struct OpenFiles {
    entry: usize,
    image: ImageFile,
    mask: Option<ImageFile>,
}

impl Files {
    /// The image of an entry, or the part of it in a window where it is too large for the memory,
    /// and the window's place in that.
    pub(super) fn fetch(
        &self,
        index: usize,
        window: Window,
    ) -> Result<(Arc<Decoded>, Window), DataError> {
        let entry = &self.entries[index];
        let is_part = self.size == Size::AsStored && window != Window::whole(entry.shape);
        let in_parts = is_part && entry.bytes > self.room / SHARE;
        let (key, place) = if in_parts {
            ([index, window.top, window.left], Window { top: 0, left: 0, ..window })
        } else {
            ([index, 0, 0], window)
        };
        if let Some(decoded) = self.cache.get(key) {
            return Ok((decoded, place));
        }
        let decoded = if in_parts { self.part(index, window)? } else { self.whole(entry)? };
        let decoded = Arc::new(decoded);
        self.cache.put(key, &decoded);
        Ok((decoded, place))
    }

    fn whole(&self, entry: &FileEntry) -> Result<Decoded, DataError> {
        let read = |stamp: &Stamp, meaning| -> Result<Raster, DataError> {
            let bytes = unchanged(stamp)?;
            Ok(ImageFile::of_bytes(&stamp.path, bytes, meaning, self.limit)?.whole()?)
        };
        let image = self.banded(entry, read(&entry.image, Meaning::Picture)?)?;
        let image = self.size.apply(image, false);
        let mask = entry.mask.as_ref().map(|mask| read(mask, Meaning::Labels)).transpose()?;
        let mask = mask.map(|mask| self.rule.apply(&self.size.apply(mask, true)));
        Ok(Decoded { image, mask })
    }

    fn part(&self, index: usize, window: Window) -> Result<Decoded, DataError> {
        let entry = &self.entries[index];
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let files = match open.take() {
            Some(files) if files.entry == index => files,
            _ => {
                let file = |stamp: &Stamp, meaning| {
                    same_length(stamp)?;
                    ImageFile::open(&stamp.path, meaning, self.limit)
                };
                OpenFiles {
                    entry: index,
                    image: file(&entry.image, Meaning::Picture)?,
                    mask: entry
                        .mask
                        .as_ref()
                        .map(|mask| file(mask, Meaning::Labels))
                        .transpose()?,
                }
            }
        };
        let files = open.insert(files);
        let image = self.banded(entry, files.image.region(window)?)?;
        let mask = files.mask.as_mut().map(|mask| mask.region(window)).transpose()?;
        Ok(Decoded { image, mask: mask.map(|mask| self.rule.apply(&mask)) })
    }

    fn banded(&self, entry: &FileEntry, image: Raster) -> Result<Raster, DataError> {
        image
            .banded(self.bands)
            .map_err(|found| DataError::ChannelCount { expected: entry.shape.channels, found })
    }
}

/// The bytes of a file, which must be those it had when it was surveyed.
fn unchanged(stamp: &Stamp) -> Result<Vec<u8>, ImageError> {
    same_length(stamp)?;
    let path = stamp.path.clone();
    let bytes =
        fs::read(&path).map_err(|source| ImageError::Read { path: path.clone(), source })?;
    let found: [u8; 32] = Sha256::digest(&bytes).into();
    if found == stamp.digest {
        return Ok(bytes);
    }
    let expected = format!("the digest {}", short(&stamp.digest));
    let found = format!("the digest {}", short(&found));
    Err(ImageError::Changed { path, since: "checked", expected, found })
}

fn same_length(stamp: &Stamp) -> Result<(), ImageError> {
    let path = stamp.path.clone();
    let facts =
        fs::metadata(&path).map_err(|source| ImageError::Read { path: path.clone(), source })?;
    if facts.len() == stamp.length {
        return Ok(());
    }
    let expected = format!("{} bytes", stamp.length);
    let found = format!("{} bytes", facts.len());
    Err(ImageError::Changed { path, since: "checked", expected, found })
}

/// The beginning of a digest in hexadecimal digits.
pub(super) fn short(digest: &[u8; 32]) -> String {
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
