//! Random parts of images that are larger than what a network is trained on.

use rand::{Rng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    DataError, Dataset, Draw, ImageShape, Normalization, OwnedSample, PictureSpec, Sample,
    TargetSpec, Targets,
};

/// The size of crops, and the share of them that are centred on something.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CropConfig {
    /// Rows of a crop.
    pub height: usize,
    /// Columns of a crop.
    pub width: usize,
    /// Share of the crops that are centred on a pixel of a class, 0 to 1; `None` for a third of those
    /// of masks, as nnU-Net has it, and 0 for other targets.
    #[serde(default)]
    pub foreground: Option<f64>,
    /// The class that no crop is centred on; `None` if all are foreground.
    #[serde(default = "background")]
    pub background: Option<u32>,
}

/// Masks usually begin with the background.
#[expect(clippy::unnecessary_wraps, reason = "a default has the type of its field")]
fn background() -> Option<u32> {
    Some(0)
}

/// Share of foreground-centred crops of masks.
const FOREGROUND: f64 = 1.0 / 3.0;

impl CropConfig {
    /// Crops of so many rows and columns, a third of those of masks centred on another class than 0.
    #[must_use]
    pub fn new(height: usize, width: usize) -> Self {
        Self { height, width, foreground: None, background: background() }
    }
}

/// A data set of random crops: each sample of an inner data set gives one crop of a fixed size, at
/// another place whenever a [`Loader`](crate::Loader) that augments draws it.
///
/// Of the positions p = 0, 1, .. of an epoch, which are `step * batch + row`, those at which
/// `floor((p + 1) foreground)` is larger than `floor(p foreground)` are centred: the share is exact
/// over an epoch, and right to one sample in every batch. For a centred crop a class is drawn from
/// those that the mask has, without background and ignored pixels, then one of its pixels, all equally
/// likely; the crop's pixel in row `height / 2` and column `width / 2` is that one, unless the border
/// is closer. A mask without such a class, and every other position, gives a crop from anywhere.
///
/// [`read`](Dataset::read), and with it a loader that does not augment, gives the crop in the centre.
/// Judge a network on whole images or on their tiles instead. The target of an image that is no mask
/// stays as it is: a crop keeps its class, and counts of things in the whole image would be wrong.
///
/// # Differences from nnU-Net
/// It centres the last samples of every batch, at least one of two; here the share holds over the
/// epoch. It stores up to 10,000 pixels of each class and image beforehand, because it reads no more
/// than a crop from its files; here the mask has been read and is looked through, so that every pixel
/// may be drawn and nothing is stored.
#[derive(Clone, Debug)]
pub struct Crops<D> {
    inner: D,
    config: CropConfig,
    /// Share of centred crops.
    foreground: f64,
}

/// The upper left pixel of a crop.
#[derive(Clone, Copy, Debug)]
struct Corner {
    top: usize,
    left: usize,
}

impl<D: Dataset> Crops<D> {
    /// Crops of the images of `inner`.
    ///
    /// # Errors
    /// [`DataError::Augmentation`] naming the field: a size of 0 or beyond the images, a share that
    /// is none or, where targets are no masks, not 0, and a background that is no class.
    pub fn new(inner: D, config: CropConfig) -> Result<Self, DataError> {
        let images = PictureSpec::of(&inner);
        for (field, found, most) in [
            ("crops.height", config.height, images.shape.height),
            ("crops.width", config.width, images.shape.width),
        ] {
            if !(1..=most).contains(&found) {
                return Err(images.refusal(field, format!("1 to {most}"), found));
            }
        }
        let masks = match images.targets {
            TargetSpec::Mask { classes, .. } => Some(classes),
            _ => None,
        };
        let usual = if masks.is_some() { FOREGROUND } else { 0.0 };
        let foreground = config.foreground.unwrap_or(usual);
        if !(0.0..=1.0).contains(&foreground) {
            return Err(images.refusal("crops.foreground", "a share, 0 to 1", foreground));
        }
        match (masks, config.background) {
            (None, _) if foreground > 0.0 => {
                Err(images.refusal("crops.foreground", "0 where targets are no masks", foreground))
            }
            (Some(classes), Some(label)) if label as usize >= classes => {
                let expected = format!("one of {classes} classes");
                Err(images.refusal("crops.background", expected, label))
            }
            _ => Ok(Self { inner, config, foreground }),
        }
    }

    /// Size and share of the crops.
    #[must_use]
    pub fn config(&self) -> CropConfig {
        self.config
    }

    /// The inner data set.
    #[must_use]
    pub fn inner(&self) -> &D {
        &self.inner
    }

    /// True where the crop at a position of an epoch is centred.
    #[must_use]
    pub fn is_centred(&self, position: u64) -> bool {
        let before = |position: u64| (position as f64 * self.foreground).floor();
        before(position.saturating_add(1)) > before(position)
    }

    fn anywhere(&self, random: &mut dyn RngCore) -> Corner {
        let ImageShape { height, width, .. } = self.inner.shape();
        Corner {
            top: random.random_range(0..=height - self.config.height),
            left: random.random_range(0..=width - self.config.width),
        }
    }

    /// A crop around a pixel of a class that the mask has; `None` where it has none.
    fn around(&self, mask: &[u32], random: &mut dyn RngCore) -> Option<Corner> {
        let TargetSpec::Mask { classes, ignore } = self.inner.targets() else { return None };
        let ImageShape { height, width, .. } = self.inner.shape();
        let mut counts = vec![0_usize; classes];
        for &label in mask.iter().filter(|&&label| Some(label) != ignore) {
            if let Some(count) = counts.get_mut(label as usize) {
                *count += 1;
            }
        }
        if let Some(count) = self.config.background.and_then(|label| counts.get_mut(label as usize))
        {
            *count = 0;
        }
        let present: Vec<usize> = (0..classes).filter(|&class| counts[class] > 0).collect();
        if present.is_empty() {
            return None;
        }
        let class = present[random.random_range(0..present.len())];
        let chosen = random.random_range(0..counts[class]);
        let mut of_class = (0..mask.len()).filter(|&at| mask[at] as usize == class);
        let at = of_class.nth(chosen)?;
        let start = |centre: usize, part: usize, whole: usize| {
            centre.saturating_sub(part / 2).min(whole - part)
        };
        Some(Corner {
            top: start(at / width, self.config.height, height),
            left: start(at % width, self.config.width, width),
        })
    }

    fn cut(
        &self,
        whole: &OwnedSample,
        at: Corner,
        sample: &mut Sample<'_>,
    ) -> Result<(), DataError> {
        sample.check_pixels(self.shape())?;
        let CropConfig { height, width, .. } = self.config;
        let crop = height * width;
        let outer = self.inner.shape();
        let plane = outer.height * outer.width;
        let planes = whole.pixels.chunks_exact(plane).zip(sample.pixels.chunks_exact_mut(crop));
        planes.for_each(|(from, to)| cut_plane((from, outer.width), (to, width), at));
        match (&whole.targets, self.inner.targets()) {
            (Targets::Indices(mask), TargetSpec::Mask { .. }) => {
                let mut labels = vec![0; crop];
                cut_plane((mask, outer.width), (&mut labels, width), at);
                sample.target.put_indices(&labels)
            }
            (Targets::Indices(indices), _) => sample.target.put_indices(indices),
            (Targets::Numbers(numbers), _) => sample.target.put_numbers(numbers),
        }
    }

    /// Refuses an index past the end.
    fn check_index(&self, index: usize) -> Result<(), DataError> {
        let len = self.inner.len();
        if index < len { Ok(()) } else { Err(DataError::IndexOutOfRange { index, len }) }
    }
}

/// Copies a part of a plane; each plane comes with its width.
fn cut_plane<T: Copy>(from: (&[T], usize), to: (&mut [T], usize), at: Corner) {
    let rows = from.0.chunks_exact(from.1).skip(at.top);
    for (from, to) in rows.zip(to.0.chunks_exact_mut(to.1)) {
        to.copy_from_slice(&from[at.left..at.left + to.len()]);
    }
}

impl<D: Dataset> Dataset for Crops<D> {
    fn len(&self) -> usize {
        self.inner.len()
    }

    fn shape(&self) -> ImageShape {
        let CropConfig { height, width, .. } = self.config;
        ImageShape { height, width, ..self.inner.shape() }
    }

    fn targets(&self) -> TargetSpec {
        self.inner.targets()
    }

    fn read(&self, index: usize, sample: &mut Sample<'_>) -> Result<(), DataError> {
        self.check_index(index)?;
        let whole = OwnedSample::read(&self.inner, index)?;
        let outer = self.inner.shape();
        let top = (outer.height - self.config.height) / 2;
        let left = (outer.width - self.config.width) / 2;
        self.cut(&whole, Corner { top, left }, sample)
    }

    fn draw(
        &self,
        index: usize,
        draw: &mut Draw<'_>,
        sample: &mut Sample<'_>,
    ) -> Result<(), DataError> {
        self.check_index(index)?;
        let mut whole = OwnedSample::unwritten(self.inner.shape(), self.inner.targets())?;
        self.inner.draw(index, draw, &mut whole.room())?;
        let centred = match &whole.targets {
            Targets::Indices(mask) if self.is_centred(draw.position) => {
                self.around(mask, draw.random)
            }
            _ => None,
        };
        let corner = centred.unwrap_or_else(|| self.anywhere(draw.random));
        self.cut(&whole, corner, sample)
    }

    fn normalization(&self) -> Option<&Normalization> {
        self.inner.normalization()
    }

    /// Names the inner data set and the settings: a crop does not have all that can be drawn.
    fn digest(&self) -> Result<String, DataError> {
        let CropConfig { height, width, background, .. } = self.config;
        let settings = format!("{height} {width} {} {background:?}", self.foreground);
        let mut hash = Sha256::new();
        hash.update("dartloom crops 1 ");
        hash.update(settings);
        hash.update(self.inner.digest()?);
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

#[cfg(test)]
mod tests;
