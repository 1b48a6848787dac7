//! Images larger than the memory that is kept for them. The peak is that of the process: this test
//! is alone in its program.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use dartloom_data::images::FileSplit;
use dartloom_data::images::{FileTargets, ImageFiles, MaskFiles, RandomSplit, Tiles};
use dartloom_data::{Dataset as _, OwnedSample};
use tiff::encoder::TiffEncoder;
use tiff::encoder::colortype::Gray8;

/// Rows and columns.
const SIDE: u32 = 6_000;

/// Writes an image strip by strip; its values follow from their place.
fn write(folder: &Path, name: &str, value: fn(u32, u32) -> u8) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let file = BufWriter::new(File::create(path).unwrap());
    let mut encoder = TiffEncoder::new(file).unwrap();
    let mut image = encoder.new_image::<Gray8>(SIDE, SIDE).unwrap();
    image.rows_per_strip(16).unwrap();
    let mut row = 0;
    while image.next_strip_sample_count() > 0 {
        let count = image.next_strip_sample_count() as u32;
        let strip = (0..count).map(|at| value(row + at / SIDE, at % SIDE));
        image.write_strip(&strip.collect::<Vec<_>>()).unwrap();
        row += count / SIDE;
    }
    image.finish().unwrap();
}

/// The most memory that this process has had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[test]
fn images_larger_than_the_memory_kept_for_them_are_surveyed_and_read_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        write(
            folder.path(),
            &format!("images/{name}.tif"),
            if name == "a" {
                |row, column| (row * 7 + column * 3) as u8
            } else {
                |row, column| (row + column * 5) as u8
            },
        );
        write(folder.path(), &format!("masks/{name}.tif"), |row, column| {
            u8::from((row + column) % 50 == 0)
        });
    }
    let before = peak();
    let files = ImageFiles {
        targets: FileTargets::Masks(MaskFiles::default()),
        tiles: Some(Tiles::default()),
        split: FileSplit::Random(RandomSplit { test: 0.5, ..RandomSplit::default() }),
        cache: 4 << 20,
        ..ImageFiles::at(folder.path())
    };
    let train = files.open().unwrap().train;
    // ceil((6000 - 512) / 332) + 1 = 18 along a side.
    assert_eq!(train.len(), 18 * 18);
    for index in [0, 17, 18, 150, 323] {
        let sample = OwnedSample::read(&train, index).unwrap();
        assert!(sample.pixels.iter().all(|pixel| pixel.is_finite()));
    }
    let grown = peak() - before;
    // Less than one of the four files holds.
    assert!(grown < u64::from(SIDE).pow(2), "{} MiB", grown >> 20);
}
