//! Laws for data sets and random changes, for this crate's own and for third parties', and
//! small data sets for tests.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::dataset::bits;
use crate::{DataError, Dataset, Draw, OwnedSample, Sample, Target, Targets};

mod samples;
mod transform;

pub use samples::{black, bright_and_dark, first_digits, patterned};
pub use transform::{BrokenTransform, check_transform};

/// The first law a data set breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Broken {
    /// `is_empty` and `len` disagree.
    Empty {
        /// The number that `len` returns.
        len: usize,
    },
    /// The shape has no pixels, or too many to address.
    Shape,
    /// A sample inside the set failed.
    Sample {
        /// Its index.
        index: usize,
        /// The error.
        error: String,
    },
    /// Two reads of a sample differ, or a pixel was left as it was.
    Pixels {
        /// Index of the sample.
        index: usize,
    },
    /// Two reads gave different targets, or a target that does not belong to the set.
    Target {
        /// Index of the sample.
        index: usize,
        /// The error of the sample; `None` if two reads differ.
        error: Option<String>,
    },
    /// A buffer for a target of another kind or size was taken instead of refused.
    TargetBuffer,
    /// A sample past the end was given instead of refused.
    PastTheEnd {
        /// Its index.
        index: usize,
    },
    /// A buffer of the wrong length was taken instead of refused.
    BufferLength {
        /// Its length.
        length: usize,
    },
    /// Two draws of a sample with equal numbers differ, or a drawn sample is none of the set.
    Draw {
        /// Index of the sample.
        index: usize,
        /// The error of the sample; `None` if two draws differ.
        error: Option<String>,
    },
    /// Two digests differ, or there is none.
    Digest,
}

/// Checks every sample of `data` against the contract of [`Dataset`]: all pixels and the whole
/// target are written, reads and draws repeat bit for bit, targets are what [`Dataset::targets`]
/// says, indices and buffers that do not fit are refused, and the digest repeats.
///
/// # Errors
/// The first law that is broken.
pub fn check_dataset(data: &dyn Dataset) -> Result<(), Broken> {
    let len = data.len();
    if data.is_empty() != (len == 0) {
        return Err(Broken::Empty { len });
    }
    let unwritten =
        OwnedSample::unwritten(data.shape(), data.targets()).map_err(|_| Broken::Shape)?;
    for index in 0..len {
        check_sample(data, index, &unwritten)?;
    }
    if data.read(len, &mut unwritten.clone().room()).is_ok() {
        return Err(Broken::PastTheEnd { index: len });
    }
    if len > 0 {
        check_rooms(data, &unwritten)?;
    }
    match (data.digest(), data.digest()) {
        (Ok(first), Ok(second)) if first == second => Ok(()),
        _ => Err(Broken::Digest),
    }
}

/// Buffers that do not fit, for the first sample.
fn check_rooms(data: &dyn Dataset, unwritten: &OwnedSample) -> Result<(), Broken> {
    let pixels = unwritten.pixels.len();
    for length in [pixels - 1, pixels + 1] {
        let mut room = OwnedSample { pixels: vec![0.0; length], ..unwritten.clone() };
        if data.read(0, &mut room.room()).is_ok() {
            return Err(Broken::BufferLength { length });
        }
    }
    let mut pixels = unwritten.pixels.clone();
    let count = unwritten.targets.count();
    let mut longer = (vec![0_u32; count + 1], vec![0.0_f32; count + 1]);
    let mut equal = (vec![0_u32; count], vec![0.0_f32; count]);
    let (wrong_length, wrong_kind) = match &unwritten.targets {
        Targets::Indices(_) => (Target::Indices(&mut longer.0), Target::Numbers(&mut equal.1)),
        Targets::Numbers(_) => (Target::Numbers(&mut longer.1), Target::Indices(&mut equal.0)),
    };
    for target in [wrong_length, wrong_kind] {
        if data.read(0, &mut Sample { pixels: &mut pixels, target }).is_ok() {
            return Err(Broken::TargetBuffer);
        }
    }
    Ok(())
}

fn check_sample(data: &dyn Dataset, index: usize, unwritten: &OwnedSample) -> Result<(), Broken> {
    let read = |fill: f32| {
        // Two different fills: a pixel nobody writes differs between the reads.
        let pixels = vec![fill; unwritten.pixels.len()];
        let mut sample = OwnedSample { pixels, ..unwritten.clone() };
        match data.read(index, &mut sample.room()) {
            Ok(()) => Ok(sample),
            Err(error) => Err(Broken::Sample { index, error: error.to_string() }),
        }
    };
    let mut first = read(1.0)?;
    let second = read(-2.0)?;
    let only_pixels = |sample: &OwnedSample| {
        sample.pixels.iter().map(|pixel| pixel.to_bits()).collect::<Vec<_>>()
    };
    if only_pixels(&first) != only_pixels(&second) {
        return Err(Broken::Pixels { index });
    }
    if bits(&first) != bits(&second) {
        return Err(Broken::Target { index, error: None });
    }
    let checked = data.targets().check(index, &first.room().target);
    checked.map_err(|error| Broken::Target { index, error: Some(error.to_string()) })?;
    check_draws(data, index, unwritten)
}

fn check_draws(data: &dyn Dataset, index: usize, unwritten: &OwnedSample) -> Result<(), Broken> {
    let broken = |error: DataError| Broken::Draw { index, error: Some(error.to_string()) };
    let drawn = |position: u64, fill: f32| {
        let pixels = vec![fill; unwritten.pixels.len()];
        let mut sample = OwnedSample { pixels, ..unwritten.clone() };
        let random = &mut ChaCha8Rng::seed_from_u64(position);
        data.draw(index, &mut Draw { position, random }, &mut sample.room())?;
        data.targets().check(index, &sample.room().target)?;
        Ok(sample)
    };
    for position in 0..3 {
        let first = drawn(position, 1.0).map_err(broken)?;
        if bits(&first) != bits(&drawn(position, -2.0).map_err(broken)?) {
            return Err(Broken::Draw { index, error: None });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
