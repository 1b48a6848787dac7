//! Every way in which folders of images can be wrong is told with the file, the place, both values
//! and the change that mends it.

mod files;
mod labels;
mod settings;
mod sizes;
mod tables;

use std::fs;

use dartloom_data::DataError;
use dartloom_data::check::Severity;
use dartloom_data::images::{
    Bands, Classes, Columns, FileSplit, FileTargets, Group, ImageFiles, MaskFiles, RandomSplit,
    Size, TableFile, Tiles,
};
use png::BitDepth;

use super::make::{Folder, Png, floats, grey, pixels, rgb, tiff};

/// A case: its name, the folder, the settings, and parts of the message in their order.
struct Case {
    name: &'static str,
    folder: Folder,
    files: ImageFiles,
    says: &'static [&'static str],
}

type Spoil = fn(&Folder);
type Settings = fn(&mut ImageFiles);

fn case(
    name: &'static str,
    (folder, spoil): (Folder, Spoil),
    settings: Settings,
    says: &'static [&'static str],
) -> Case {
    spoil(&folder);
    let mut files = ImageFiles::at(folder.root());
    settings(&mut files);
    Case { name, folder, files, says }
}

fn masks(files: &mut ImageFiles, masks: MaskFiles) {
    files.targets = FileTargets::Masks(masks);
}

fn counts(files: &mut ImageFiles, learn: Columns) {
    files.targets = FileTargets::Table(TableFile {
        file: "counts.csv".into(),
        images: "images".into(),
        image: None,
        learn,
    });
}

fn count() -> Columns {
    Columns::Values(vec!["count".to_owned()])
}

fn table(name: &'static str, spoil: Spoil, says: &'static [&'static str]) -> Case {
    case(name, (Folder::table(), spoil), |files| counts(files, count()), says)
}

fn cut(folder: &Folder, name: &str, end: usize) {
    let bytes = fs::read(folder.path(name)).unwrap();
    fs::write(folder.path(name), &bytes[..bytes.len() - end]).unwrap();
}

/// The images of [`Folder::classes`] as floats.
fn all_floats(folder: &Folder) {
    for (class, seed) in [("cat", 0.5), ("dog", 1.5)] {
        for (index, part) in ["train", "train", "train", "test"].iter().enumerate() {
            let values: Vec<f32> = (0..20).map(|at| seed + (at * (index + 2)) as f32).collect();
            folder.write(&format!("{part}/{class}/{index}.png"), &floats(5, 4, &values));
        }
    }
}

const CMYK: &[u8] = include_bytes!("../../../fixtures/cmyk.jpg");
const GREY: &[u8] = include_bytes!("../../../fixtures/grey.jpg");
const RGB: &[u8] = include_bytes!("../../../fixtures/rgb.jpg");

/// A PNG that claims to be large: width and height of its header with the checksum mended.
fn bomb() -> Vec<u8> {
    let mut bytes = grey(8, 8).bytes(&[0; 64]);
    bytes[16..20].copy_from_slice(&100_000_u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&100_000_u32.to_be_bytes());
    let checksum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

fn check(cases: Vec<Case>) -> usize {
    let count = cases.len();
    for Case { name, folder, files, says } in cases {
        let error = match files.open() {
            Err(error) => error,
            Ok(opened) => panic!("{name}: accepted: {:#?}", opened.report),
        };
        assert!(matches!(error, DataError::Images(_)), "{name}: {error:?}");
        let message = error.to_string();
        let mut rest = message.as_str();
        for part in says {
            let at = rest.find(part).unwrap_or_else(|| panic!("{name}: no {part:?} in\n{message}"));
            rest = &rest[at..];
        }
        let report = files.check();
        assert!(report.has_errors(), "{name}: {report:#?}");
        assert_eq!(report.findings()[0].severity, Severity::Error, "{name}");
        drop(folder);
    }
    count
}

#[test]
fn sixty_kinds_of_bad_input_are_told() {
    let counts =
        [files::cases(), sizes::cases(), labels::cases(), tables::cases(), settings::cases()]
            .map(check);
    assert!(counts.iter().sum::<usize>() >= 60, "{counts:?}");
}
