//! Small image files.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use png::{BitDepth, ColorType};
use tempfile::TempDir;

/// The layout of a PNG.
#[derive(Clone, Copy)]
pub(super) struct Png {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) colour: ColorType,
    pub(super) depth: BitDepth,
}

/// A grey PNG of 8 bits.
pub(super) const fn grey(width: u32, height: u32) -> Png {
    Png { width, height, colour: ColorType::Grayscale, depth: BitDepth::Eight }
}

/// An RGB PNG of 8 bits.
pub(super) const fn rgb(width: u32, height: u32) -> Png {
    Png { width, height, colour: ColorType::Rgb, depth: BitDepth::Eight }
}

impl Png {
    pub(super) fn bytes(self, data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(self.colour);
        encoder.set_depth(self.depth);
        if self.colour == ColorType::Indexed {
            // Colours that are far from their indices.
            encoder.set_palette(vec![200, 10, 10, 10, 200, 10, 10, 10, 200, 90, 90, 90]);
        }
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(data).unwrap();
        writer.finish().unwrap();
        bytes
    }
}

/// Pixels that differ from image to image.
pub(super) fn pixels(count: usize, seed: u8) -> Vec<u8> {
    (0..count).map(|at| (at as u8).wrapping_mul(31).wrapping_add(seed.wrapping_mul(17))).collect()
}

/// A TIFF written by `write`.
pub(super) fn tiff(
    write: impl FnOnce(&mut tiff::encoder::TiffEncoder<&mut Cursor<Vec<u8>>>),
) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    write(&mut tiff::encoder::TiffEncoder::new(&mut bytes).unwrap());
    bytes.into_inner()
}

/// A grey TIFF of floats.
pub(super) fn floats(width: u32, height: u32, values: &[f32]) -> Vec<u8> {
    use tiff::encoder::colortype::Gray32Float;
    tiff(|encoder| encoder.write_image::<Gray32Float>(width, height, values).unwrap())
}

/// A folder that tests write to.
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Six images with masks of 0 and 1, four for training and two for testing.
    pub(super) fn masks() -> Self {
        let folder = Self::new();
        for (index, part) in ["train", "train", "train", "train", "test", "test"].iter().enumerate()
        {
            let image = rgb(8, 6).bytes(&pixels(8 * 6 * 3, index as u8));
            folder.write(&format!("{part}/images/{index}.png"), &image);
            let mask: Vec<u8> = (0..48).map(|at| u8::from(at % (index + 3) == 0)).collect();
            folder.write(&format!("{part}/masks/{index}.png"), &grey(8, 6).bytes(&mask));
        }
        folder
    }

    /// Three images of each of two classes for training, one for testing.
    pub(super) fn classes() -> Self {
        let folder = Self::new();
        for (class, seed) in [("cat", 0_u8), ("dog", 100)] {
            for index in 0..4_u8 {
                let part = if index < 3 { "train" } else { "test" };
                let image = grey(5, 4).bytes(&pixels(20, seed + index));
                folder.write(&format!("{part}/{class}/{index}.png"), &image);
            }
        }
        folder
    }

    /// Images with a table of counts.
    pub(super) fn table() -> Self {
        let folder = Self::new();
        for part in ["train", "test"] {
            for index in 0..3_u8 {
                let seed = index + if part == "train" { 0 } else { 50 };
                let image = grey(4, 4).bytes(&pixels(16, seed));
                folder.write(&format!("{part}/images/{index}.png"), &image);
            }
            folder
                .write(&format!("{part}/counts.csv"), b"file,count\n0.png,1\n1.png,2.5\n2.png,3\n");
        }
        folder
    }
}
