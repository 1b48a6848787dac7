//! Data sets of image files.

use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::cache::Decoded;
use super::files::Files;
use super::grid::Grid;
use super::layout::Target as FileTarget;
use super::raster::{Bands, Raster, Values, Window};
use super::size::Size;
use crate::{DataError, Dataset, ImageShape, Normalization, Sample, Target, TargetSpec};

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
        grid: Option<Grid>,
    ) -> Option<Self> {
        let mut samples = Vec::new();
        let mut shape = None;
        for entry in entries {
            let stored = files.entries[entry].shape;
            let result = files.size.result(stored);
            if let Some(grid) = grid {
                samples.extend(grid.windows(result).map(|window| Place { entry, window }));
                shape.get_or_insert(grid.shape(result));
            } else {
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

    fn normalization(&self) -> Option<&Normalization> {
        Some(&self.normalization)
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
