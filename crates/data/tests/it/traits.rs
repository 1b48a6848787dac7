//! The trait's contract, for the implementations and for pointers to them.

use std::sync::Arc;

use dartloom_data::{
    Augment, CropConfig, Crops, DataError, DataSets, Dataset, Digested, Draw, ImageShape, InMemory,
    Loader, Normalization, OwnedSample, Sample, Split, Subset, TargetSpec, check_repeats,
};

fn three() -> InMemory {
    let normalization = Normalization::scaled(1.0, 2).unwrap();
    let pixels = (0..12).collect();
    InMemory::new(ImageShape::new(2, 1, 2), 3, pixels, vec![2, 0, 1], normalization).unwrap()
}

/// The contract of data sets, which implementations of third parties should meet, too.
fn assert_contract(dataset: &dyn Dataset) {
    let count = dataset.shape().pixels().unwrap();
    let TargetSpec::Class { classes } = dataset.targets() else { panic!("other targets") };
    for index in 0..dataset.len() {
        let first = OwnedSample::read(dataset, index).unwrap();
        assert!((first.class().unwrap() as usize) < classes);
        assert!(first.pixels.iter().all(|value| value.is_finite()));
        assert_eq!(OwnedSample::read(dataset, index).unwrap(), first);
    }
    let len = dataset.len();
    assert_eq!(dataset.is_empty(), (0..len).next().is_none());
    assert!(matches!(
        OwnedSample::read(dataset, len),
        Err(DataError::IndexOutOfRange { index, len: found }) if (index, found) == (len, len)
    ));
    if !dataset.is_empty() {
        let mut sample = OwnedSample::unwritten(dataset.shape(), dataset.targets()).unwrap();
        sample.pixels.pop();
        assert!(matches!(
            dataset.read(0, &mut sample.room()),
            Err(DataError::PixelCount { expected, found }) if (expected, found) == (count, count - 1)
        ));
    }
}

#[test]
fn implementations_and_pointers_keep_the_contract() {
    assert_contract(&three());
    assert_contract(&&three());
    assert_contract(&Subset::new(three(), vec![2, 2, 0]).unwrap());
    assert_contract(&Subset::new(three(), vec![]).unwrap());
    let shared: Arc<dyn Dataset> = Arc::new(three());
    assert_contract(&shared);
    let boxed: Box<dyn Dataset> = Box::new(Subset::new(Arc::clone(&shared), vec![1]).unwrap());
    assert_contract(&boxed);
}

/// One sample, 0 where it is read and 1 where it is drawn, with constants of its own.
#[derive(Debug)]
struct Drawing(Normalization);

impl Drawing {
    fn write(sample: &mut Sample<'_>, value: f32) -> Result<(), DataError> {
        sample.check_pixels(ImageShape::new(1, 1, 1))?;
        sample.pixels.fill(value);
        sample.target.put_indices(&[0])
    }
}

impl Dataset for Drawing {
    fn len(&self) -> usize {
        1
    }

    fn shape(&self) -> ImageShape {
        ImageShape::new(1, 1, 1)
    }

    fn targets(&self) -> TargetSpec {
        TargetSpec::Mask { classes: 2, ignore: None }
    }

    fn read(&self, _: usize, sample: &mut Sample<'_>) -> Result<(), DataError> {
        Self::write(sample, 0.0)
    }

    fn draw(&self, _: usize, _: &mut Draw<'_>, sample: &mut Sample<'_>) -> Result<(), DataError> {
        Self::write(sample, 1.0)
    }

    fn normalization(&self) -> Option<&Normalization> {
        Some(&self.0)
    }
}

#[test]
fn every_wrapper_forwards_draws_and_normalization() {
    let constants = Normalization::new(255.0, &[0.25], &[0.5]).unwrap();
    let own = || Drawing(constants.clone());
    let plain: Arc<dyn Dataset> = Arc::new(own());
    let parts = Split::Full.parts(&*plain, 0).unwrap();
    let crop = CropConfig::new(1, 1);
    let sets = DataSets {
        train: Arc::new(Crops::new(own(), crop).unwrap()),
        valid: Some(Arc::new(Digested::new(own()))),
        test: Arc::new(own()),
        class_names: None,
        normalization: None,
    };
    let valid = sets.valid.as_ref().unwrap();
    let boxed: Box<dyn Dataset> = Box::new(own());
    let wrapped: [&dyn Dataset; 10] = [
        &&own(),
        &boxed,
        &plain,
        &Digested::new(own()),
        &Subset::new(own(), vec![0]).unwrap(),
        &Crops::new(own(), crop).unwrap(),
        &parts.train,
        &parts.valid,
        &sets.train,
        valid,
    ];
    for data in wrapped {
        assert_eq!(data.normalization(), Some(&constants), "{data:?}");
        let loader = || Loader::new(data, 1).unwrap();
        let value = |loader: Loader<'_>| {
            let batch = loader.batch(0, 0).unwrap();
            batch.inputs.flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        assert_eq!(value(loader()), [0.0], "{data:?}");
        let still = Augment { crop_padding: 0, flip: false, cutout: 0 };
        assert_eq!(value(loader().augment(still)), [1.0], "{data:?}");
    }
}

#[test]
fn subset_takes_the_chosen_samples() {
    let subset = Subset::new(three(), vec![2, 0]).unwrap();
    let sample = OwnedSample::read(&subset, 0).unwrap();
    assert_eq!(sample.class(), Some(1));
    assert_eq!(sample.pixels, [8.0, 9.0, 10.0, 11.0]);
    let sample = OwnedSample::read(&subset, 1).unwrap();
    assert_eq!(sample.class(), Some(2));
    assert_eq!(sample.pixels, [0.0, 1.0, 2.0, 3.0]);
    assert!(matches!(
        Subset::new(three(), vec![0, 3]),
        Err(DataError::IndexOutOfRange { index: 3, len: 3 })
    ));
}

#[test]
fn normalisation_is_per_channel() {
    let normalization = Normalization::new(2.0, &[1.0, 0.0], &[0.5, 4.0]).unwrap();
    let dataset = three().with_normalization(normalization).unwrap();
    let sample = OwnedSample::read(&dataset, 0).unwrap();
    assert_eq!(sample.pixels, [-2.0, -1.0, 0.25, 0.375]);
    let measured = Normalization::measured(2.0, dataset.shape(), dataset.pixels()).unwrap();
    // Channel 0 holds 0 1 4 5 8 9: mean 4.5, variance 31/3 + 1/4.
    assert!((measured.mean()[0] - 2.25).abs() < 1e-6);
    assert!((measured.mean()[1] - 3.25).abs() < 1e-6);
    let deviation = (187.0_f32 / 6.0 - 20.25).sqrt() / 2.0;
    assert!((measured.standard_deviation()[0] - deviation).abs() < 1e-6);
    assert!((measured.standard_deviation()[1] - deviation).abs() < 1e-6);
}

#[test]
fn a_constant_channel_stays_finite() {
    let shape = ImageShape::new(1, 2, 2);
    let measured = Normalization::measured(255.0, shape, &[51; 4]).unwrap();
    assert!((measured.mean()[0] - 0.2).abs() < 1e-6);
    assert!((measured.standard_deviation()[0] - 1.0).abs() < 1e-6);
}

#[test]
fn one_pixel_among_millions_has_its_exact_deviation() {
    let shape = ImageShape::new(1, 2048, 2048);
    let mut pixels = vec![255; 2048 * 2048];
    pixels[77] = 254;
    let measured = Normalization::measured(1.0, shape, &pixels).unwrap();
    let count = pixels.len() as f64;
    let expected = ((count - 1.0).sqrt() / count) as f32;
    assert_eq!(measured.standard_deviation()[0].to_bits(), expected.to_bits());
}

#[test]
fn what_cannot_be_a_data_set_is_refused() {
    let shape = ImageShape::new(1, 2, 2);
    let plain = || Normalization::scaled(255.0, 1).unwrap();
    let build = |shape, pixels: usize, labels: Vec<u32>, normalization| {
        InMemory::new(shape, 3, vec![0; pixels], labels, normalization).unwrap_err().to_string()
    };
    assert_eq!(build(shape, 7, vec![0, 1], plain()), "expected 8 pixel values, found 7");
    assert_eq!(build(shape, 8, vec![0, 3], plain()), "sample 1: expected a label below 3, found 3");
    let flat = ImageShape::new(1, 0, 2);
    assert_eq!(build(flat, 0, vec![], plain()), "an image of 1x0x2 has no pixels or too many");
    let huge = ImageShape::new(usize::MAX, 2, 2);
    assert!(build(huge, 0, vec![], plain()).ends_with("has no pixels or too many"));
    assert_eq!(
        build(shape, 4, vec![0], Normalization::scaled(255.0, 3).unwrap()),
        "expected normalisation constants for 1 channels, found 3"
    );
    let constants = |scale, mean, deviation| {
        Normalization::new(scale, &[0.0, mean], &[1.0, deviation]).unwrap_err().to_string()
    };
    let expected = "normalisation constant standard_deviation of channel 1 cannot be 0";
    assert_eq!(constants(1.0, 0.0, 0.0), expected);
    let expected = "normalisation constant mean of channel 1 cannot be NaN";
    assert_eq!(constants(1.0, f32::NAN, 1.0), expected);
    let expected = "normalisation constant scale of channel 0 cannot be -1";
    assert_eq!(constants(-1.0, 0.0, 1.0), expected);
}

#[test]
fn what_cannot_be_a_loader_is_refused() {
    let dataset = three();
    let empty = Subset::new(three(), vec![]).unwrap();
    assert!(matches!(Loader::new(&empty, 1), Err(DataError::EmptyDataset)));
    assert!(matches!(Loader::new(&dataset, 0), Err(DataError::BatchSize { found: 0 })));
    let huge = usize::MAX / 8;
    assert!(matches!(Loader::new(&dataset, huge), Err(DataError::BatchSize { .. })));
}

/// A data set in code whose last label is none of its classes.
#[derive(Debug)]
struct Careless;

impl Dataset for Careless {
    fn len(&self) -> usize {
        4
    }

    fn shape(&self) -> ImageShape {
        ImageShape::new(1, 1, 1)
    }

    fn targets(&self) -> TargetSpec {
        TargetSpec::Class { classes: 3 }
    }

    fn read(&self, index: usize, sample: &mut Sample<'_>) -> Result<(), DataError> {
        sample.pixels.fill(0.5);
        sample.target.put_class(index as u32)
    }
}

/// No loss sees such a label: it would read beside the logits.
#[test]
fn labels_beyond_the_classes_are_refused_where_batches_are_made() {
    let loader = Loader::new(&Careless, 2).unwrap();
    assert_eq!(loader.batch(0, 0).unwrap().targets.to_vec1::<u32>().unwrap(), [0, 1]);
    let expected = "sample 3: expected a label below 3, found 3";
    assert_eq!(loader.batch(0, 1).unwrap_err().to_string(), expected);
    assert_eq!(loader.batch_rows(0, 1, 1..2).unwrap_err().to_string(), expected);
    assert!(loader.batch_rows(0, 1, 0..1).is_ok());
}

/// A data set in code that writes all pixels of its images but one, or a number that is none.
#[derive(Debug)]
struct Gap(Option<f32>);

impl Dataset for Gap {
    fn len(&self) -> usize {
        4
    }

    fn shape(&self) -> ImageShape {
        ImageShape::new(1, 2, 2)
    }

    fn targets(&self) -> TargetSpec {
        TargetSpec::Class { classes: 3 }
    }

    fn read(&self, index: usize, sample: &mut Sample<'_>) -> Result<(), DataError> {
        sample.pixels[..3].fill(0.5);
        if index < 2 {
            sample.pixels[3] = 0.5;
        } else if let Some(value) = self.0 {
            sample.pixels[3] = value;
        }
        sample.target.put_class(0)
    }
}

/// An unwritten pixel was whatever the buffer held: zeros, and nobody saw it.
#[test]
fn pixels_that_are_unwritten_or_not_finite_are_refused_with_their_place() {
    for (written, found) in [(None, "NaN"), (Some(f32::INFINITY), "inf")] {
        let gap = Gap(written);
        let loader = Loader::new(&gap, 2).unwrap();
        loader.batch(0, 0).unwrap();
        let error = loader.batch(0, 1).unwrap_err().to_string();
        let expected = "sample 2, value 3 of the image: expected a finite number, found ";
        assert!(error.starts_with(&format!("{expected}{found}")), "{error}");
    }
}

/// A data set in code that augments its images by itself.
#[derive(Debug, Default)]
struct Restless(std::sync::atomic::AtomicU32);

impl Dataset for Restless {
    fn len(&self) -> usize {
        4
    }

    fn shape(&self) -> ImageShape {
        ImageShape::new(1, 1, 1)
    }

    fn targets(&self) -> TargetSpec {
        TargetSpec::Class { classes: 3 }
    }

    fn read(&self, _: usize, sample: &mut Sample<'_>) -> Result<(), DataError> {
        sample.pixels.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) as f32);
        sample.target.put_class(0)
    }
}

/// Such a set trains, and no run with it can be repeated or gone on with.
#[test]
fn a_data_set_that_draws_by_itself_is_refused() {
    check_repeats(&three()).unwrap();
    let error = check_repeats(&Restless::default()).unwrap_err();
    assert!(matches!(error, DataError::Unrepeatable { index: 0 }), "{error}");
}
