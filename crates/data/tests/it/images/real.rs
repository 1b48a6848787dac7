//! Real data in folders, if somebody has them.

use std::path::PathBuf;

use dartloom_data::check::Severity;
use dartloom_data::images::{
    Columns, FileTargets, ImageFiles, MaskFiles, Opened, TableFile, Tiles, recognise,
};
use dartloom_data::{DataError, Dataset, ImageShape, OwnedSample, TargetSpec, Targets};

/// The folder of `aerial-seg`, `landcover-seg` and `nuclei`, if it is there.
#[allow(clippy::print_stderr, reason = "a test that skips says so")]
fn folder(name: &str) -> Option<PathBuf> {
    let Some(directory) = std::env::var_os("DARTLOOM_IMAGES_DIR") else {
        eprintln!("skipped: DARTLOOM_IMAGES_DIR does not name a directory of image sets");
        return None;
    };
    Some(PathBuf::from(directory).join(name))
}

fn near(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-4, "{found} for {expected}");
    }
}

fn lengths(opened: &Opened) -> [usize; 3] {
    let len = |set: &Option<_>| set.as_ref().map_or(0, Dataset::len);
    [opened.train.len(), len(&opened.valid), len(&opened.test)]
}

#[test]
fn ships_are_recognised_as_masks() {
    let Some(directory) = folder("aerial-seg") else { return };
    let opened = recognise(&directory).unwrap().open().unwrap();
    assert_eq!(lengths(&opened), [242, 68, 70]);
    assert_eq!(opened.train.shape(), ImageShape::new(3, 128, 128));
    assert_eq!(opened.train.targets(), TargetSpec::Mask { classes: 2, ignore: None });
    near(opened.train.normalization().mean(), &[0.2385, 0.2447, 0.2164]);
    near(opened.train.normalization().standard_deviation(), &[0.1943, 0.1608, 0.1429]);
    let told: Vec<_> = opened.report.findings().iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|line| line.contains("class 1 0.71 %")), "{told:#?}");
    dartloom_data::testkit::check_dataset(&opened.train).unwrap();
}

#[test]
fn land_cover_asks_for_the_ignored_label_and_is_read_with_it() {
    let Some(directory) = folder("landcover-seg") else { return };
    let plain = recognise(&directory).unwrap();
    let Err(DataError::Images(refused)) = plain.open() else { panic!("255 is no class") };
    let refused = refused.to_string();
    assert!(refused.contains("`targets: Masks(ignore: 255)`"), "{refused}");
    assert_eq!(plain.check().findings().len(), 1, "one reason, said once");

    let masks = MaskFiles { ignore: Some(255), ..MaskFiles::default() };
    let files = ImageFiles { targets: FileTargets::Masks(masks), ..plain };
    let opened = files.open().unwrap();
    assert_eq!(lengths(&opened), [288, 48, 48]);
    assert_eq!(opened.train.targets(), TargetSpec::Mask { classes: 5, ignore: Some(255) });
    near(opened.train.normalization().mean(), &[0.4761, 0.4764, 0.4823]);

    let tiles = ImageFiles { tiles: Some(Tiles { size: 96, overlap: 32 }), ..files };
    let opened = tiles.open().unwrap();
    assert_eq!(opened.train.len(), 4 * 288);
    dartloom_data::testkit::check_dataset(opened.test.as_ref().unwrap()).unwrap();
}

#[test]
fn land_cover_has_labels_in_a_table() {
    let Some(directory) = folder("landcover-seg") else { return };
    let names = ["building", "land", "road", "vegetation", "water"].map(str::to_owned);
    let table = TableFile {
        file: "multilabel.csv".into(),
        images: "images".into(),
        image: None,
        learn: Columns::Labels(names.to_vec()),
    };
    let files = ImageFiles { targets: FileTargets::Table(table), ..ImageFiles::at(directory) };
    let opened = files.open().unwrap();
    assert_eq!(lengths(&opened), [288, 48, 48]);
    assert_eq!(opened.class_names, names);
    assert_eq!(opened.train.targets(), TargetSpec::Labels(5));
}

#[test]
fn nuclei_have_masks_and_counts() {
    let Some(directory) = folder("nuclei") else { return };
    let opened = recognise(&directory).unwrap().open().unwrap();
    assert_eq!(lengths(&opened), [400, 64, 100]);
    near(opened.train.normalization().mean(), &[0.1658]);
    near(opened.train.normalization().standard_deviation(), &[0.2479]);
    let errors = opened.report.findings().iter().filter(|f| f.severity == Severity::Error);
    assert_eq!(errors.count(), 0);

    let table = TableFile {
        file: "counts.csv".into(),
        images: "images".into(),
        image: None,
        learn: Columns::Values(vec!["count".to_owned()]),
    };
    let files = ImageFiles { targets: FileTargets::Table(table), ..ImageFiles::at(directory) };
    let opened = files.open().unwrap();
    let told: Vec<_> = opened.report.findings().iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|line| line.contains("count from 0 to 38, mean 6.4")), "{told:?}");
    let counts = opened.train;
    let mean: f32 = (0..counts.len())
        .map(|index| match OwnedSample::read(&counts, index).unwrap().targets {
            Targets::Numbers(count) => count[0],
            Targets::Indices(_) => panic!("counts are values"),
        })
        .sum::<f32>()
        / counts.len() as f32;
    assert!((mean - 6.4).abs() < 0.1, "{mean}");
}
