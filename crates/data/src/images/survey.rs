//! One pass over all files: digests, headers, sums of pixels, counts of labels.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use super::ImageError;
use super::decode::{Header, ImageFile, Meaning};
use super::labels::RawCounts;
use super::layout::{Entry, Target};
use super::raster::{Bands, Raster, Values, Window};
use crate::ImageShape;

/// Bytes of a file from which on it is not held in memory as a whole.
const LARGE: u64 = 1 << 25;
/// Values that are read together where a file is read in parts.
const PART: usize = 1 << 22;

/// A file and the contents it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) path: PathBuf,
    pub(super) length: u64,
    /// SHA-256 of its bytes.
    pub(super) digest: [u8; 32],
}

/// Facts about an image.
#[derive(Clone, Debug)]
pub(super) struct ImageFacts {
    pub(super) stamp: Stamp,
    pub(super) header: Header,
    /// Shape after its bands were chosen; `None` where they cannot be.
    pub(super) shape: Option<ImageShape>,
    /// Of each band.
    pub(super) moments: Vec<Moments>,
    /// Place and value of the first that is not finite.
    pub(super) not_finite: Option<NotFinite>,
    /// SHA-256 of shape and pixels.
    pub(super) pixels: [u8; 32],
    /// `true` where all pixels are equal.
    pub(super) is_constant: bool,
}

/// A value that is no number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct NotFinite {
    pub(super) band: usize,
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) value: f32,
}

/// Facts about a mask.
#[derive(Clone, Debug)]
pub(super) struct MaskFacts {
    pub(super) stamp: Stamp,
    pub(super) header: Header,
    pub(super) counts: RawCounts,
}

/// Facts about an entry.
#[derive(Debug)]
pub(super) struct Surveyed {
    pub(super) image: Result<ImageFacts, ImageError>,
    pub(super) mask: Option<Result<MaskFacts, ImageError>>,
}

/// Surveys all entries, several at a time; the result does not depend on their number.
pub(super) fn all(entries: &[Entry], bands: Bands, limit: u64) -> Vec<Surveyed> {
    let one = |entry: &Entry| Surveyed {
        image: image(&entry.image, bands, limit),
        mask: match &entry.target {
            Target::Mask(path) => Some(mask(path, limit)),
            _ => None,
        },
    };
    entries.par_iter().map(one).collect()
}

/// An open file and its stamp.
fn open(path: &Path, meaning: Meaning, limit: u64) -> Result<(ImageFile, Stamp), ImageError> {
    let failed = |source| ImageError::Read { path: path.to_owned(), source };
    let facts = fs::metadata(path).map_err(failed)?;
    if facts.is_dir() || facts.len() > LARGE {
        let file = ImageFile::open(path, meaning, limit)?;
        return Ok((file, streamed(path)?));
    }
    let bytes = fs::read(path).map_err(failed)?;
    let stamp = Stamp {
        path: path.to_owned(),
        length: bytes.len() as u64,
        digest: Sha256::digest(&bytes).into(),
    };
    Ok((ImageFile::of_bytes(path, bytes, meaning, limit)?, stamp))
}

/// The stamp of a file, whose bytes are read one after the other.
fn streamed(path: &Path) -> Result<Stamp, ImageError> {
    let digest = || -> io::Result<(u64, [u8; 32])> {
        let mut file = File::open(path)?;
        let mut hash = Sha256::new();
        let mut room = vec![0; 1 << 20];
        let mut length = 0;
        loop {
            match file.read(&mut room)? {
                0 => return Ok((length, hash.finalize().into())),
                count => {
                    hash.update(&room[..count]);
                    length += count as u64;
                }
            }
        }
    };
    let (length, digest) =
        digest().map_err(|source| ImageError::Read { path: path.to_owned(), source })?;
    Ok(Stamp { path: path.to_owned(), length, digest })
}

/// Calls `visit` with the rows of a file from the top on, as many as fit [`PART`], and the number
/// of the first.
fn rows(file: &mut ImageFile, mut visit: impl FnMut(usize, Raster)) -> Result<(), ImageError> {
    let header = file.header();
    let ImageShape { channels, height, width } = header.shape;
    let band = header.band.max(1);
    let most = (PART / (channels * width).max(1)).max(1);
    let step = (most / band).max(1) * band;
    for top in (0..height).step_by(step) {
        let window = Window { top, left: 0, height: step, width };
        visit(top, file.region(window)?);
    }
    Ok(())
}

fn image(path: &Path, bands: Bands, limit: u64) -> Result<ImageFacts, ImageError> {
    let (mut file, stamp) = open(path, Meaning::Picture, limit)?;
    let header = file.header();
    let mut hash = Sha256::new();
    for number in [header.shape.channels, header.shape.height, header.shape.width] {
        hash.update((number as u64).to_le_bytes());
    }
    let mut channels = None;
    let mut moments: Vec<Moments> = Vec::new();
    let mut not_finite = None;
    let mut first: Option<Vec<f32>> = None;
    let mut is_constant = true;
    rows(&mut file, |top, part| {
        hash.update(part.values().le_bytes());
        let Ok(part) = part.banded(bands) else { return };
        channels = Some(part.shape().channels);
        moments.resize(part.shape().channels, Moments::default());
        not_finite = not_finite.or_else(|| find_not_finite(&part, top));
        let corner = first.get_or_insert_with(|| corner(&part));
        is_constant &= is_one_colour(&part, corner);
        let plane = part.plane();
        for (band, moments) in moments.iter_mut().enumerate() {
            moments.add(part.values(), band * plane..(band + 1) * plane);
        }
    })?;
    Ok(ImageFacts {
        stamp,
        header,
        shape: channels.map(|channels| ImageShape { channels, ..header.shape }),
        moments,
        not_finite,
        pixels: hash.finalize().into(),
        is_constant,
    })
}

fn find_not_finite(part: &Raster, top: usize) -> Option<NotFinite> {
    let Values::F32(values) = part.values() else { return None };
    let at = values.iter().position(|value| !value.is_finite())?;
    let plane = part.plane();
    let width = part.shape().width;
    Some(NotFinite {
        band: at / plane,
        row: top + at % plane / width,
        column: at % width,
        value: values[at],
    })
}

fn corner(part: &Raster) -> Vec<f32> {
    let plane = part.plane();
    let values = part.values();
    (0..part.shape().channels).map(|band| value(values, band * plane)).collect()
}

fn value(values: &Values, at: usize) -> f32 {
    match values {
        Values::U8(values) => f32::from(values[at]),
        Values::U16(values) => f32::from(values[at]),
        Values::F32(values) => values[at],
    }
}

fn is_one_colour(part: &Raster, colour: &[f32]) -> bool {
    let plane = part.plane();
    let same = |at: usize| value(part.values(), at).to_bits() == colour[at / plane].to_bits();
    (0..part.values().len()).all(same)
}

fn mask(path: &Path, limit: u64) -> Result<MaskFacts, ImageError> {
    let (mut file, stamp) = open(path, Meaning::Labels, limit)?;
    let header = file.header();
    let mut counts = RawCounts::none(&header);
    rows(&mut file, |_, part| counts.add(&part))?;
    Ok(MaskFacts { stamp, header, counts })
}

/// Number, sum and squares of the values of a band. Sums of integers are exact.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Moments {
    count: u64,
    sum: u128,
    squares: u128,
    /// Mean of floats.
    mean: f64,
    /// Sum of squared distances of floats from their mean.
    distances: f64,
}

impl Moments {
    fn add(&mut self, values: &Values, range: std::ops::Range<usize>) {
        match values {
            Values::U8(values) => {
                let values = &values[range];
                let sum: u64 = values.iter().map(|&value| u64::from(value)).sum();
                let squares: u64 = values.iter().map(|&value| u64::from(value).pow(2)).sum();
                self.whole(values.len(), sum, squares);
            }
            Values::U16(values) => {
                let values = &values[range];
                let sum: u64 = values.iter().map(|&value| u64::from(value)).sum();
                let squares: u64 = values.iter().map(|&value| u64::from(value).pow(2)).sum();
                self.whole(values.len(), sum, squares);
            }
            Values::F32(values) => {
                let values = &values[range];
                let count = values.len() as f64;
                let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
                let distance = |&value: &f32| (f64::from(value) - mean).powi(2);
                let distances = values.iter().map(distance).sum();
                let other = Self { count: values.len() as u64, mean, distances, ..Self::default() };
                self.merge(&other);
            }
        }
    }

    fn whole(&mut self, count: usize, sum: u64, squares: u64) {
        self.count += count as u64;
        self.sum += u128::from(sum);
        self.squares += u128::from(squares);
    }

    /// Adds the values of another part, in the manner of Chan, Golub and LeVeque (1983).
    pub(super) fn merge(&mut self, other: &Self) {
        let counts = [self.count as f64, other.count as f64];
        let all = counts[0] + counts[1];
        if all > 0.0 {
            let delta = other.mean - self.mean;
            self.mean += delta * counts[1] / all;
            self.distances += other.distances + delta * delta * counts[0] * counts[1] / all;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    /// Mean and standard deviation in units of `range`; a constant band gets 1 as its deviation.
    pub(super) fn constants(&self, range: f32) -> (f32, f32) {
        let count = self.count.max(1) as f64;
        let range = f64::from(range);
        let whole_mean = self.sum as f64 / count;
        let whole_variance = {
            let counted = u128::from(self.count);
            let scaled = counted.checked_mul(self.squares).zip(self.sum.checked_mul(self.sum));
            match scaled {
                Some((squares, sum)) => squares.saturating_sub(sum) as f64 / (count * count),
                None => (self.squares as f64 / count - whole_mean.powi(2)).max(0.0),
            }
        };
        // One of the two is 0: values are integers or floats.
        let mean = whole_mean + self.mean;
        let variance = whole_variance + self.distances / count;
        let deviation = if variance > 0.0 { variance.sqrt() / range } else { 1.0 };
        ((mean / range) as f32, deviation as f32)
    }
}
