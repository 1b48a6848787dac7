//! Small data sets in IDX files.

use std::path::Path;

use crate::program::Program;

/// Images of one data set: each has its label's number of bright columns, or rows where these do
/// not suffice, so that there is something to learn.
#[derive(Clone, Copy)]
pub(crate) struct Images<'a> {
    pub(crate) height: u8,
    pub(crate) width: u8,
    /// Labels of training images.
    pub(crate) train: &'a [u8],
    /// Labels of test images.
    pub(crate) test: &'a [u8],
}

impl Images<'_> {
    /// Writes the four files into `folder`.
    pub(crate) fn write(&self, program: &Program, folder: &str) {
        let folder = program.path(folder);
        std::fs::create_dir_all(&folder).unwrap();
        self.pair(&folder, "train", self.train);
        self.pair(&folder, "t10k", self.test);
    }

    fn pair(&self, folder: &Path, name: &str, labels: &[u8]) {
        let count = u32::try_from(labels.len()).unwrap().to_be_bytes();
        let side = |side: u8| u32::from(side).to_be_bytes();
        let mut images =
            [&[0, 0, 8, 3], &count[..], &side(self.height), &side(self.width)].concat();
        for label in labels {
            for row in 0..self.height {
                images.extend((0..self.width).map(|column| {
                    let bright = column < label % self.width || row < label / self.width;
                    if bright { 200_u8.wrapping_add(row) } else { column }
                }));
            }
        }
        let labels = [&[0, 0, 8, 1], &count[..], labels].concat();
        std::fs::write(folder.join(format!("{name}-images-idx3-ubyte")), images).unwrap();
        std::fs::write(folder.join(format!("{name}-labels-idx1-ubyte")), labels).unwrap();
    }
}
