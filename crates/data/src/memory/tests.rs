use super::*;
use crate::{Crop, Loader, OwnedSample};

const SHAPE: ImageShape = ImageShape::new(1, 2, 2);

fn held(spec: TargetSpec, targets: Targets) -> Result<InMemory, DataError> {
    let normalization = Normalization::scaled(1.0, 1).unwrap();
    InMemory::with_targets(SHAPE, spec, (0..8).collect(), targets, normalization)
}

fn masks() -> InMemory {
    let spec = TargetSpec::Mask { classes: 8, ignore: Some(255) };
    held(spec, Targets::Indices((0..8).collect())).unwrap()
}

#[test]
fn batches_have_the_targets_of_their_kind() {
    let batch = Loader::new(&masks(), 2).unwrap().batch(0, 0).unwrap();
    assert_eq!((batch.count, batch.targets.dims()), (2, [2, 2, 2].as_slice()));
    let labels = batch.targets.flatten_all().unwrap().to_vec1::<u32>().unwrap();
    assert_eq!(labels, (0..8).collect::<Vec<_>>());
    let values = held(TargetSpec::Values(2), Targets::Numbers(vec![0.5, -1.0, 2.0, 3.0])).unwrap();
    let batch = Loader::new(&values, 2).unwrap().batch(0, 0).unwrap();
    assert_eq!(batch.targets.to_vec2::<f32>().unwrap(), [[0.5, -1.0], [2.0, 3.0]]);
    assert_eq!(OwnedSample::read(&values, 1).unwrap().targets, Targets::Numbers(vec![2.0, 3.0]));
    assert!(values.labels().is_empty());
}

/// Pixels equal labels, so they still do wherever both were moved.
#[test]
fn a_loader_moves_masks_with_their_images() {
    let data = masks();
    let loader = Loader::new(&data, 2).unwrap().seed(3).augment(Crop { padding: 1 });
    let mut moved = 0;
    for epoch in 0..20 {
        let batch = loader.batch(epoch, 0).unwrap();
        let pixels = batch.inputs.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let labels = batch.targets.flatten_all().unwrap().to_vec1::<u32>().unwrap();
        for (pixel, label) in pixels.into_iter().zip(labels) {
            moved += usize::from(label == 255);
            let expected = if label == 255 { 0.0 } else { label as f32 };
            assert_eq!(pixel.to_bits(), expected.to_bits());
        }
    }
    assert!(moved > 0);
}

#[test]
fn a_crop_of_masks_without_an_ignored_label_is_refused() {
    let spec = TargetSpec::Mask { classes: 8, ignore: None };
    let data = held(spec, Targets::Indices((0..8).collect())).unwrap();
    let crop = Crop { padding: 1 };
    let error =
        crate::Transform::check(&crop, &crate::PictureSpec::of(&data)).unwrap_err().to_string();
    assert!(error.starts_with("crop_padding: expected 0 where masks have no"), "{error}");
    let loader = Loader::new(&data, 2).unwrap().augment(crop);
    let failed = (0..20).find_map(|epoch| loader.batch(epoch, 0).err());
    assert!(matches!(failed, Some(DataError::NoIgnoredLabel)));
}

#[test]
fn targets_that_do_not_belong_to_the_images_are_refused() {
    let error = |spec, targets| held(spec, targets).unwrap_err().to_string();
    let values = TargetSpec::Values(2);
    let expected = "expected 4 numbers as targets, found 3";
    assert_eq!(error(values, Targets::Numbers(vec![0.0; 3])), expected);
    let expected = "expected room for 2 values, found room for 4 indices";
    assert_eq!(error(values, Targets::Indices(vec![0; 4])), expected);
    let expected = "sample 1, value 1: expected a finite number, found inf";
    assert_eq!(error(values, Targets::Numbers(vec![0.0, 0.0, 0.0, f32::INFINITY])), expected);
    let mask = TargetSpec::Mask { classes: 2, ignore: None };
    let expected = "sample 1, pixel 0 of the mask: expected a label below 2, found 9";
    assert_eq!(error(mask, Targets::Indices(vec![0, 1, 0, 1, 9, 0, 0, 0])), expected);
}

#[test]
fn every_kind_of_target_is_in_the_digest() {
    let digest = |spec, targets| held(spec, targets).unwrap().digest().unwrap();
    let numbers = |last| Targets::Numbers(vec![0.0, 1.0, 1.0, last]);
    let mask = |last: u32| Targets::Indices(vec![0, 1, 0, 1, 1, 0, 0, last]);
    let masked = |ignore| TargetSpec::Mask { classes: 2, ignore };
    let digests = [
        digest(TargetSpec::Class { classes: 2 }, Targets::Indices(vec![0, 1])),
        digest(TargetSpec::Labels(2), numbers(1.0)),
        digest(TargetSpec::Labels(2), numbers(0.0)),
        digest(TargetSpec::Values(2), numbers(1.0)),
        digest(TargetSpec::Values(2), numbers(0.5)),
        digest(masked(None), mask(0)),
        digest(masked(None), mask(1)),
        digest(masked(Some(255)), mask(0)),
    ];
    let different: std::collections::BTreeSet<_> = digests.iter().collect();
    assert_eq!(different.len(), digests.len());
}
