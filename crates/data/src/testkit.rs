//! Laws for data sets, for this crate's own and for third parties'.

use crate::{Dataset, Task};

/// The first law a data set breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Broken {
    /// `is_empty` and `len` disagree.
    Empty {
        /// What `len` says.
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
    /// Two reads gave different labels, or a label beyond the task's classes.
    Label {
        /// Index of the sample.
        index: usize,
        /// The label.
        label: u32,
    },
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
    /// Two digests differ, or there is none.
    Digest,
}

/// Checks every sample of `data` against the contract of [`Dataset`]: all pixels are written, reads
/// repeat bit for bit, labels are classes of the task, indices and buffers that do not fit are
/// refused, and the digest repeats.
///
/// # Errors
/// The first law that is broken.
pub fn check_dataset(data: &dyn Dataset) -> Result<(), Broken> {
    let len = data.len();
    if data.is_empty() != (len == 0) {
        return Err(Broken::Empty { len });
    }
    let pixels = data.shape().pixels().map_err(|_| Broken::Shape)?;
    for index in 0..len {
        check_sample(data, index, pixels)?;
    }
    if data.sample(len, &mut vec![0.0; pixels]).is_ok() {
        return Err(Broken::PastTheEnd { index: len });
    }
    for length in [pixels - 1, pixels + 1] {
        if len > 0 && data.sample(0, &mut vec![0.0; length]).is_ok() {
            return Err(Broken::BufferLength { length });
        }
    }
    match (data.digest(), data.digest()) {
        (Ok(first), Ok(second)) if first == second => Ok(()),
        _ => Err(Broken::Digest),
    }
}

fn check_sample(data: &dyn Dataset, index: usize, pixels: usize) -> Result<(), Broken> {
    // Two different fills: a pixel nobody writes differs between the reads.
    let read = |fill: f32| {
        let mut buffer = vec![fill; pixels];
        match data.sample(index, &mut buffer) {
            Ok(label) => Ok((buffer, label)),
            Err(error) => Err(Broken::Sample { index, error: error.to_string() }),
        }
    };
    let ((first, label), (second, again)) = (read(1.0)?, read(-2.0)?);
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    if bits(&first) != bits(&second) {
        return Err(Broken::Pixels { index });
    }
    let Task::Classification { classes } = data.task();
    if label != again || label as usize >= classes {
        return Err(Broken::Label { index, label });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DataError, ImageShape, Subset, digits};

    #[test]
    fn own_data_sets_obey() {
        let splits = digits();
        assert_eq!(check_dataset(&splits.test), Ok(()));
        let odd = (0..splits.train.len()).filter(|i| i % 2 == 1).take(50).collect();
        assert_eq!(check_dataset(&Subset::new(&splits.train, odd).unwrap()), Ok(()));
    }

    /// Breaks one law at a time.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Fault {
        None,
        SkipsPixel,
        LargeLabel,
        TakesAnyIndex,
        TakesAnyBuffer,
        Fails,
        NoDigest,
    }

    impl Dataset for Fault {
        fn len(&self) -> usize {
            3
        }

        fn shape(&self) -> ImageShape {
            ImageShape::new(1, 2, 2)
        }

        fn task(&self) -> Task {
            Task::Classification { classes: 2 }
        }

        fn sample(&self, index: usize, pixels: &mut [f32]) -> Result<u32, DataError> {
            let past = index >= self.len() && *self != Self::TakesAnyIndex;
            let short = pixels.len() != 4 && *self != Self::TakesAnyBuffer;
            if past || short || *self == Self::Fails {
                return Err(DataError::IndexOutOfRange { index, len: self.len() });
            }
            let skipped = usize::from(*self == Self::SkipsPixel);
            pixels[skipped..].fill(index as f32);
            Ok(if *self == Self::LargeLabel { 2 } else { 1 })
        }

        fn digest(&self) -> Result<String, DataError> {
            match self {
                Self::NoDigest => Err(DataError::EmptyDataset),
                _ => crate::digest::of(self),
            }
        }
    }

    #[test]
    fn every_fault_is_found() {
        assert_eq!(check_dataset(&Fault::None), Ok(()));
        assert_eq!(check_dataset(&Fault::SkipsPixel), Err(Broken::Pixels { index: 0 }));
        assert_eq!(check_dataset(&Fault::LargeLabel), Err(Broken::Label { index: 0, label: 2 }));
        assert_eq!(check_dataset(&Fault::TakesAnyIndex), Err(Broken::PastTheEnd { index: 3 }));
        assert_eq!(check_dataset(&Fault::TakesAnyBuffer), Err(Broken::BufferLength { length: 3 }));
        assert!(matches!(check_dataset(&Fault::Fails), Err(Broken::Sample { index: 0, .. })));
        assert_eq!(check_dataset(&Fault::NoDigest), Err(Broken::Digest));
    }
}
