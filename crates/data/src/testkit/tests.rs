use super::*;
use crate::{DataError, ImageShape, InMemory, Normalization, Subset, TargetSpec, digits};

fn held(spec: TargetSpec, targets: Targets) -> InMemory {
    let normalization = Normalization::scaled(255.0, 1).unwrap();
    let shape = ImageShape::new(1, 1, 2);
    InMemory::with_targets(shape, spec, vec![1, 2, 3, 4], targets, normalization).unwrap()
}

#[test]
fn own_data_sets_obey() {
    let splits = digits();
    assert_eq!(check_dataset(&splits.test), Ok(()));
    let odd = (0..splits.train.len()).filter(|i| i % 2 == 1).take(50).collect();
    assert_eq!(check_dataset(&Subset::new(&splits.train, odd).unwrap()), Ok(()));
}

#[test]
fn targets_of_every_kind_obey() {
    let mask = |ignore| TargetSpec::Mask { classes: 300, ignore };
    let rows = [
        held(TargetSpec::Class { classes: 2 }, Targets::Indices(vec![1, 0])),
        held(TargetSpec::Labels(3), Targets::Numbers(vec![1.0, 0.0, 0.0, 1.0, 1.0, 0.0])),
        held(TargetSpec::Values(1), Targets::Numbers(vec![-0.5, 7.25])),
        held(mask(Some(999)), Targets::Indices(vec![0, 299, 999, 3])),
        held(mask(None), Targets::Indices(vec![0, 255, 1, 3])),
    ];
    for data in &rows {
        assert_eq!(check_dataset(data), Ok(()), "{data:?}");
        assert_eq!(check_dataset(&crate::Digested::new(data)), Ok(()), "{data:?}");
    }
}

/// Breaks one law at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    SkipsPixel,
    SkipsTarget,
    LargeLabel,
    TakesAnyIndex,
    TakesAnyBuffer,
    TakesAnyTarget,
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

    fn targets(&self) -> TargetSpec {
        TargetSpec::Class { classes: 2 }
    }

    fn read(&self, index: usize, sample: &mut Sample<'_>) -> Result<(), DataError> {
        let past = index >= self.len() && *self != Self::TakesAnyIndex;
        let short = sample.pixels.len() != 4 && *self != Self::TakesAnyBuffer;
        if past || short || *self == Self::Fails {
            return Err(DataError::IndexOutOfRange { index, len: self.len() });
        }
        let skipped = usize::from(*self == Self::SkipsPixel);
        sample.pixels[skipped..].fill(index as f32);
        match self {
            Self::SkipsTarget => Ok(()),
            Self::TakesAnyTarget => sample.target.put_class(1).or(Ok(())),
            Self::LargeLabel => sample.target.put_class(2),
            _ => sample.target.put_class(1),
        }
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
    let target = |found: u32| {
        let error = Some(format!("sample 0: expected a label below 2, found {found}"));
        Err(Broken::Target { index: 0, error })
    };
    assert_eq!(check_dataset(&Fault::SkipsTarget), target(u32::MAX));
    assert_eq!(check_dataset(&Fault::LargeLabel), target(2));
    assert_eq!(check_dataset(&Fault::TakesAnyIndex), Err(Broken::PastTheEnd { index: 3 }));
    assert_eq!(check_dataset(&Fault::TakesAnyBuffer), Err(Broken::BufferLength { length: 3 }));
    assert_eq!(check_dataset(&Fault::TakesAnyTarget), Err(Broken::TargetBuffer));
    assert!(matches!(check_dataset(&Fault::Fails), Err(Broken::Sample { index: 0, .. })));
    assert_eq!(check_dataset(&Fault::NoDigest), Err(Broken::Digest));
}
