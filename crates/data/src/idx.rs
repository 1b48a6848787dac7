//! IDX files of unsigned bytes, raw or gzipped: MNIST, Fashion-MNIST and others of that form.
//!
//! The format: two zero bytes, the element type (8 for unsigned bytes), the number of dimensions,
//! each dimension as a big-endian 32-bit integer, then the elements. Images have three dimensions
//! (magic number 2051), labels one (2049).

use std::path::Path;

use crate::{DataError, ImageShape, InMemory, Normalization, Splits, files};

mod names;
mod stream;

use names::Prefix;
use stream::read_array;

/// Divisor of the bytes of image files.
const SCALE: f32 = 255.0;

/// Grey images as read from an IDX file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// Number of images.
    pub count: usize,
    /// Rows of each image.
    pub height: usize,
    /// Columns of each image.
    pub width: usize,
    /// `count * height * width` values, image after image, row by row.
    pub pixels: Vec<u8>,
}

/// Reads an image file (magic number 2051), gzipped or not, from `bytes`. `name` is for errors.
///
/// # Errors
/// Any of the variants of [`DataError`] about the contents of a file.
pub fn read_images(bytes: &[u8], name: &str) -> Result<Images, DataError> {
    let ([count, height, width], pixels) = read_array::<3>(bytes, name)?;
    Ok(Images { count, height, width, pixels })
}

/// Reads a label file (magic number 2049), gzipped or not, from `bytes`. `name` is for errors.
///
/// # Errors
/// Any of the variants of [`DataError`] about the contents of a file.
pub fn read_labels(bytes: &[u8], name: &str) -> Result<Vec<u8>, DataError> {
    let ([_], labels) = read_array::<1>(bytes, name)?;
    Ok(labels)
}

/// Reads a directory of four IDX files of ten classes, such as MNIST or Fashion-MNIST; see
/// [`load_classes`].
///
/// # Errors
/// As [`load_classes`].
pub fn load_dir(directory: impl AsRef<Path>) -> Result<Splits, DataError> {
    load_classes(directory, 10)
}

/// Reads a directory of four IDX files with labels below `classes`.
///
/// The names are `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`. Each may end in `.gz`, have a dot before `idx`, or have something
/// before (as in `fashion-mini-train-images-idx3-ubyte.gz`); `test` is read for `t10k`. Where a
/// plain file and a gzipped one stand side by side, the plain one is read.
///
/// Bytes are divided by 255 and normalised with the mean and standard deviation of the training
/// images.
///
/// # Errors
/// [`DataError::Read`], [`DataError::MissingFile`], [`DataError::AmbiguousFile`],
/// [`DataError::CountMismatch`], [`DataError::ShapeMismatch`], [`DataError::LabelOutOfRange`], and
/// those of [`read_images`] and [`read_labels`].
pub fn load_classes(directory: impl AsRef<Path>, classes: usize) -> Result<Splits, DataError> {
    let directory = directory.as_ref();
    let present = files::names(directory)?;
    // All four files are found before the first is read: a missing one shows at once.
    let train = Prefix::find(directory, &present, &["train"])?;
    let test = Prefix::find(directory, &present, &["t10k", "test"])?;
    let train = Pair::read(directory, &train, classes)?;
    let test = Pair::read(directory, &test, classes)?;
    if train.shape != test.shape {
        return Err(DataError::ShapeMismatch {
            train_file: train.file,
            test_file: test.file,
            train: train.shape,
            test: test.shape,
        });
    }
    let normalization = Normalization::measured(SCALE, train.shape, &train.pixels)?;
    Ok(Splits {
        train: train.into_memory(classes, normalization.clone())?,
        test: test.into_memory(classes, normalization)?,
    })
}

/// Reads the one image file and the one label file of `directory` whose names start with `prefix`,
/// such as `digits-images-idx3-ubyte.gz` and `digits-labels-idx1-ubyte.gz` for `digits`.
///
/// Bytes are divided by 255 and normalised with these images' own mean and standard deviation;
/// [`InMemory::with_normalization`] changes that.
///
/// # Errors
/// As [`load_classes`].
pub fn load_pair(
    directory: impl AsRef<Path>,
    prefix: &str,
    classes: usize,
) -> Result<InMemory, DataError> {
    let directory = directory.as_ref();
    let prefix = Prefix::named(directory, &files::names(directory)?, prefix)?;
    let pair = Pair::read(directory, &prefix, classes)?;
    let normalization = Normalization::measured(SCALE, pair.shape, &pair.pixels)?;
    pair.into_memory(classes, normalization)
}

/// Images with their labels, checked against each other.
struct Pair {
    file: String,
    shape: ImageShape,
    pixels: Vec<u8>,
    labels: Vec<u32>,
}

impl Pair {
    fn read(directory: &Path, prefix: &Prefix, classes: usize) -> Result<Self, DataError> {
        let images_path = directory.join(&prefix.images);
        let labels_path = directory.join(&prefix.labels);
        let images_file = images_path.display().to_string();
        let labels_file = labels_path.display().to_string();
        let images = read_images(&files::read(&images_path)?, &images_file)?;
        let labels = read_labels(&files::read(&labels_path)?, &labels_file)?;
        if images.count != labels.len() {
            return Err(DataError::CountMismatch {
                images_file,
                labels_file,
                images: images.count,
                labels: labels.len(),
            });
        }
        if let Some((index, &label)) =
            labels.iter().enumerate().find(|&(_, &label)| usize::from(label) >= classes)
        {
            return Err(DataError::LabelOutOfRange {
                file: labels_file,
                offset: (stream::header_length(1) + index) as u64,
                classes,
                found: u32::from(label),
            });
        }
        Ok(Self {
            file: images_file,
            shape: ImageShape::new(1, images.height, images.width),
            pixels: images.pixels,
            labels: labels.into_iter().map(u32::from).collect(),
        })
    }

    fn into_memory(
        self,
        classes: usize,
        normalization: Normalization,
    ) -> Result<InMemory, DataError> {
        InMemory::new(self.shape, classes, self.pixels, self.labels, normalization)
    }
}
