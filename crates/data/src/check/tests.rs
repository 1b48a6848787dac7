use std::sync::Arc;

use super::*;
use crate::{ImageShape, InMemory, Normalization, digits, nuclei, nuclei_counts};

fn told(report: &Report, severity: Severity) -> Vec<String> {
    let findings = report.findings().iter().filter(|finding| finding.severity == severity);
    findings.map(ToString::to_string).collect()
}

#[test]
fn embedded_sets_are_in_order() {
    let report = check(&digits().into()).unwrap();
    assert!(!report.has_errors());
    let notes = told(&report, Severity::Note);
    assert!(notes[0].starts_with("train, 1437 images: class 0 9.9"), "{notes:?}");
    for data in [nuclei().into(), nuclei_counts().into()] {
        let report = check(&data).unwrap();
        assert_eq!(told(&report, Severity::Warning), Vec::<String>::new());
        assert!(!report.has_errors());
    }
}

#[test]
fn missing_classes_and_equal_images_are_told() {
    let shape = ImageShape::new(1, 1, 2);
    let set = |pixels: &[u8], labels: &[u32]| {
        let normalization = Normalization::scaled(255.0, 1).unwrap();
        let set = InMemory::new(shape, 3, pixels.to_vec(), labels.to_vec(), normalization);
        Arc::new(set.unwrap())
    };
    let data = DataSets {
        train: set(&[1, 2, 3, 4], &[0, 1]),
        valid: None,
        test: set(&[3, 4], &[2]),
        class_names: Some(["a", "b", "c"].map(str::to_owned).to_vec()),
        normalization: None,
    };
    let warnings = told(&check(&data).unwrap(), Severity::Warning);
    let expected = [
        "`train`, c: expected samples of every class, found none",
        "`test`: expected images that are not in `train`, found 1 equal ones",
        "`test`, a: expected samples of every class, found none",
        "`test`, b: expected samples of every class, found none",
    ];
    assert_eq!(warnings, expected);
}
