//! Data sets of image files.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use super::ImageError;
use super::cache::{Cache, Decoded};
use super::decode::{ImageFile, Meaning};
use super::labels::LabelRule;
use super::layout::Target as FileTarget;
use super::raster::{Bands, Raster, Values, Window};
use super::size::Size;
use super::survey::Stamp;
use super::tiles::Tiles;
use crate::{DataError, Dataset, ImageShape, Normalization, Sample, Target, TargetSpec};

/// The share of the cache that an image may fill: larger ones are read in parts.
const SHARE: usize = 4;

/// A file of the data and the value to learn from it.
#[derive(Debug)]
pub(super) struct FileEntry {
    pub(super) image: Stamp,
    pub(super) mask: Option<Stamp>,
    pub(super) target: FileTarget,
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
    pub(super) tiles: Option<Tiles>,
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
    fn fetch(&self, index: usize, window: Window) -> Result<(Arc<Decoded>, Window), DataError> {
        let entry = &self.entries[index];
        let in_parts = self.tiles.is_some() && entry.bytes > self.room / SHARE;
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

/// Images of one part of the data, read from their files when they are asked for.
///
/// Decoded images are kept in memory up to [`ImageFiles::cache`](super::ImageFiles::cache) bytes,
/// in the type of the file. A file that has changed since it was checked is an error. Pixels are
/// `(value / range - mean) / standard deviation` with the range of the file's type
/// ([`SampleType::range`](super::SampleType::range)) and the constants of
/// [`normalization`](Self::normalization).
#[derive(Clone, Debug)]
pub struct ImageSet {
    files: Arc<Files>,
    samples: Vec<Place>,
    shape: ImageShape,
    spec: TargetSpec,
    normalization: Normalization,
    tables: Vec<[f32; 256]>,
}

/// The file of a sample, and the part of its image that the sample shows.
#[derive(Clone, Copy, Debug)]
struct Place {
    entry: usize,
    window: Window,
}

/// The origin of a sample of an [`ImageSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    /// The image file.
    pub image: &'a Path,
    /// The mask file, where there is one.
    pub mask: Option<&'a Path>,
    /// The part of the image that the sample shows; it may reach beyond a small image.
    pub window: Window,
    /// Shape of the whole image.
    pub shape: ImageShape,
}

impl ImageSet {
    pub(super) fn new(
        files: &Arc<Files>,
        entries: impl Iterator<Item = usize>,
        spec: TargetSpec,
        normalization: &Normalization,
    ) -> Option<Self> {
        let mut samples = Vec::new();
        let mut shape = None;
        for entry in entries {
            let stored = files.entries[entry].shape;
            if let Some(tiles) = files.tiles {
                samples.extend(tiles.windows(stored).map(|window| Place { entry, window }));
                shape.get_or_insert(ImageShape { height: tiles.size, width: tiles.size, ..stored });
            } else {
                let result = files.size.result(stored);
                samples.push(Place { entry, window: Window::whole(result) });
                shape.get_or_insert(result);
            }
        }
        let files = Arc::clone(files);
        let tables = normalization.tables();
        let normalization = normalization.clone();
        shape.map(|shape| Self { files, samples, shape, spec, normalization, tables })
    }

    /// The rule that turns stored values into pixels: constants of the training part, measured on
    /// the files' pixels before any change of size.
    #[must_use]
    pub fn normalization(&self) -> &Normalization {
        &self.normalization
    }

    /// The same images under other constants, such as those of a trained network.
    ///
    /// # Errors
    /// [`DataError::ChannelCount`] when they are for another number of channels.
    pub fn with_normalization(self, normalization: Normalization) -> Result<Self, DataError> {
        let expected = self.shape.channels;
        let found = normalization.channels();
        if expected != found {
            return Err(DataError::ChannelCount { expected, found });
        }
        let tables = normalization.tables();
        Ok(Self { normalization, tables, ..self })
    }

    /// The file and place that a sample is from; `None` past the end.
    #[must_use]
    pub fn origin(&self, index: usize) -> Option<Origin<'_>> {
        let place = self.samples.get(index)?;
        let entry = &self.files.entries[place.entry];
        Some(Origin {
            image: &entry.image.path,
            mask: entry.mask.as_ref().map(|mask| mask.path.as_path()),
            window: place.window,
            shape: entry.shape,
        })
    }

    /// Writes the pixels of a part of `image` from `window` on; beyond the image they are 0, the
    /// mean.
    fn write_pixels(&self, image: &Raster, window: Window, pixels: &mut [f32]) {
        let from = image.shape();
        let inside = window.within(from);
        if (inside.height, inside.width) != (window.height, window.width) {
            pixels.fill(0.0);
        }
        let plane = from.height * from.width;
        let targets = pixels.chunks_exact_mut(window.height * window.width);
        let scale = self.normalization.scale();
        for (band, target) in targets.enumerate() {
            let mean = self.normalization.mean()[band];
            let deviation = self.normalization.standard_deviation()[band];
            let normal = |value: f32| (value / scale - mean) / deviation;
            for row in 0..inside.height {
                let start = band * plane + (inside.top + row) * from.width + inside.left;
                let source = start..start + inside.width;
                let target = &mut target[row * window.width..][..inside.width];
                match image.values() {
                    Values::U8(all) => {
                        let table = &self.tables[band];
                        let pairs = target.iter_mut().zip(&all[source]);
                        pairs.for_each(|(pixel, &value)| *pixel = table[usize::from(value)]);
                    }
                    Values::U16(all) => {
                        let pairs = target.iter_mut().zip(&all[source]);
                        pairs.for_each(|(pixel, &value)| *pixel = normal(value.into()));
                    }
                    Values::F32(all) => {
                        let pairs = target.iter_mut().zip(&all[source]);
                        pairs.for_each(|(pixel, &value)| *pixel = normal(value));
                    }
                }
            }
        }
    }

    fn write_mask(
        &self,
        decoded: &Decoded,
        window: Window,
        target: &mut Target<'_>,
    ) -> Result<(), DataError> {
        let from = decoded.image.shape();
        let inside = window.within(from);
        let beyond = self.files.rule.ignore.unwrap_or(u32::MAX);
        let mut labels = vec![beyond; window.height * window.width];
        let mask = decoded.mask.as_deref().unwrap_or_default();
        for row in 0..inside.height {
            let start = (inside.top + row) * from.width + inside.left;
            let source = mask.get(start..start + inside.width).unwrap_or_default();
            let row = &mut labels[row * window.width..][..inside.width];
            row.iter_mut().zip(source).for_each(|(label, &class)| *label = u32::from(class));
        }
        target.put_indices(&labels)
    }
}

impl Dataset for ImageSet {
    fn len(&self) -> usize {
        self.samples.len()
    }

    fn shape(&self) -> ImageShape {
        self.shape
    }

    fn targets(&self) -> TargetSpec {
        self.spec
    }

    fn read(&self, index: usize, sample: &mut Sample<'_>) -> Result<(), DataError> {
        let len = self.samples.len();
        let place = self.samples.get(index).ok_or(DataError::IndexOutOfRange { index, len })?;
        sample.check_pixels(self.shape)?;
        let (decoded, window) = self.files.fetch(place.entry, place.window)?;
        self.write_pixels(&decoded.image, window, sample.pixels);
        match &self.files.entries[place.entry].target {
            FileTarget::Class(class) => sample.target.put_class(*class),
            FileTarget::Numbers(numbers) => sample.target.put_numbers(numbers),
            FileTarget::Mask(_) => self.write_mask(&decoded, window, &mut sample.target),
        }
    }

    /// The SHA-256 of everything a sample depends on: digests of the files' bytes in their order,
    /// targets, tiles, settings and constants. Names of files are no part of it.
    fn digest(&self) -> Result<String, DataError> {
        let mut hash = Sha256::new();
        hash.update(b"dartloom image files 1");
        hash.update(crate::digest::opening(self.spec));
        self.hash_settings(&mut hash);
        for Place { entry, window } in &self.samples {
            let file = &self.files.entries[*entry];
            hash.update(file.image.digest);
            if let Some(mask) = &file.mask {
                hash.update(mask.digest);
            }
            match &file.target {
                FileTarget::Class(class) => hash.update(class.to_le_bytes()),
                FileTarget::Numbers(numbers) => {
                    numbers.iter().for_each(|number| hash.update(number.to_le_bytes()));
                }
                FileTarget::Mask(_) => {}
            }
            for number in [window.top, window.left, window.height, window.width] {
                hash.update((number as u64).to_le_bytes());
            }
        }
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl ImageSet {
    fn hash_settings(&self, hash: &mut Sha256) {
        let ImageShape { channels, height, width } = self.shape;
        let bands = match self.files.bands {
            Bands::AsStored => [0, 0],
            Bands::Grey => [1, 0],
            Bands::Rgb => [2, 0],
            Bands::First(count) => [3, count],
        };
        let size = match self.files.size {
            Size::AsStored => 0,
            Size::Resize(..) => 1,
            Size::Cover(..) => 2,
            Size::CentreCrop(..) => 3,
        };
        let rows = self.files.rule.rows();
        let numbers = [channels, height, width, bands[0], bands[1], size, self.samples.len()];
        let rows = rows.flat_map(|(value, class)| [*value as usize, *class as usize]);
        for number in numbers.into_iter().chain(rows) {
            hash.update((number as u64).to_le_bytes());
        }
        let constants = &self.normalization;
        let floats = constants.mean().iter().chain(constants.standard_deviation());
        for float in floats.chain([&constants.scale()]) {
            hash.update(float.to_le_bytes());
        }
    }
}
