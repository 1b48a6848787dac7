//! Errors of data sets and of the files they are read from.

use std::path::PathBuf;

/// The reason for which data could not be read or served.
///
/// Errors about a file name it and give the byte offset at which the problem shows. For a gzipped
/// IDX file the offset counts decompressed bytes, except in [`DataError::CorruptGzip`], where it
/// counts compressed ones.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file or directory could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A directory holds no file of the wanted name.
    #[error("{} holds no {expected}", directory.display())]
    MissingFile {
        /// The directory searched.
        directory: PathBuf,
        /// The name or pattern looked for.
        expected: String,
    },
    /// A directory holds several files that fit one name.
    #[error("{} holds several files for {expected}: {}", directory.display(), found.join(", "))]
    AmbiguousFile {
        /// The directory searched.
        directory: PathBuf,
        /// The name or pattern looked for.
        expected: String,
        /// The names found, sorted.
        found: Vec<String>,
    },
    /// The first four bytes are not those of an IDX file of unsigned bytes.
    #[error("{file}, byte {offset}: expected magic number {expected}, found {found}")]
    BadMagic {
        /// The file.
        file: String,
        /// The offset of the magic number.
        offset: u64,
        /// The magic number of the wanted kind (2051 images, 2049 labels).
        expected: u32,
        /// The number read.
        found: u32,
    },
    /// An IDX file of unsigned bytes with the wrong number of dimensions.
    #[error("{file}, byte {offset}: expected {expected} dimensions, found {found}")]
    DimensionCount {
        /// The file.
        file: String,
        /// The offset of the count.
        offset: u64,
        /// 3 for images, 1 for labels.
        expected: u8,
        /// The count read.
        found: u8,
    },
    /// A dimension that is zero or larger than any image.
    #[error("{file}, byte {offset}: expected a dimension from 1 to {largest}, found {found}")]
    DimensionSize {
        /// The file.
        file: String,
        /// The offset of the dimension.
        offset: u64,
        /// The largest value accepted here.
        largest: u32,
        /// The value read.
        found: u32,
    },
    /// The product of the dimensions does not fit this machine's address space.
    #[error("{file}, byte {offset}: the product of the dimensions {dimensions:?} overflows")]
    SizeOverflow {
        /// The file.
        file: String,
        /// The offset of the dimensions.
        offset: u64,
        /// The dimensions read.
        dimensions: Vec<u32>,
    },
    /// The file ends before the header or body does.
    #[error("{file}, byte {offset}: expected {expected} bytes in all, found {found}")]
    Truncated {
        /// The file.
        file: String,
        /// The offset at which the data stop, or (for a claim that no compressed file of this
        /// length can meet) at which the body starts.
        offset: u64,
        /// The length the header asks for, or the length of the header itself.
        expected: u64,
        /// The length found, or the largest length a gzip file of this size can unpack to.
        found: u64,
    },
    /// Bytes follow the body.
    #[error("{file}, byte {offset}: expected {expected} bytes in all, found more")]
    TrailingBytes {
        /// The file.
        file: String,
        /// The offset at which the body ends.
        offset: u64,
        /// The length the header asks for.
        expected: u64,
    },
    /// The gzip container is damaged or cut short.
    #[error("{file}, compressed byte {offset}: corrupt gzip data: {source}")]
    CorruptGzip {
        /// The file.
        file: String,
        /// The number of compressed bytes that had been consumed.
        offset: u64,
        /// The error of the decompressor.
        source: std::io::Error,
    },
    /// A file of fixed-size records whose length is not a positive multiple of the record.
    #[error(
        "{file}, byte {offset}: expected a positive multiple of {record} bytes, found {found} bytes"
    )]
    RecordLength {
        /// The file.
        file: String,
        /// The offset of the last, incomplete record.
        offset: u64,
        /// The record's length in bytes.
        record: u64,
        /// The file's length in bytes.
        found: u64,
    },
    /// A label in a file is not below the number of classes.
    #[error("{file}, byte {offset}: expected a label below {classes}, found {found}")]
    LabelOutOfRange {
        /// The file.
        file: String,
        /// The offset of the label.
        offset: u64,
        /// The number of classes.
        classes: usize,
        /// The label read.
        found: u32,
    },
    /// An image file and its label file disagree on the number of samples.
    #[error("{images_file} holds {images} images, but {labels_file} holds {labels} labels")]
    CountMismatch {
        /// The image file.
        images_file: String,
        /// The label file.
        labels_file: String,
        /// Images found.
        images: usize,
        /// Labels found.
        labels: usize,
    },
    /// Training and test images differ in shape.
    #[error("{train_file} holds images of {train}, but {test_file} of {test}")]
    ShapeMismatch {
        /// The training image file.
        train_file: String,
        /// The test image file.
        test_file: String,
        /// Shape of the training images.
        train: crate::ImageShape,
        /// Shape of the test images.
        test: crate::ImageShape,
    },
    /// A pixel that is not a finite number, such as one that a data set did not write.
    #[error(
        "sample {index}, value {pixel} of the image: expected a finite number, found {found}; values \
         that `Dataset::read` does not write are NaN"
    )]
    Pixel {
        /// The sample.
        index: usize,
        /// Position in the image, channel by channel and row by row.
        pixel: usize,
        /// The value found.
        found: f32,
    },
    /// A sample that differs between two readings.
    #[error(
        "sample {index}: expected equal pixels and an equal target at every reading, found others; what \
         is random belongs to `Loader`"
    )]
    Unrepeatable {
        /// The sample.
        index: usize,
    },
    /// A label given from memory, or by a data set in code, is not below the number of classes.
    #[error("sample {index}: expected a label below {classes}, found {found}")]
    LabelTooLarge {
        /// The sample.
        index: usize,
        /// The number of classes.
        classes: usize,
        /// Its label.
        found: u32,
    },
    /// A pixel of a mask whose label is neither a class nor the ignored one.
    #[error(
        "sample {index}, pixel {pixel} of the mask: expected a label below {classes}, found {found}"
    )]
    MaskLabel {
        /// The sample.
        index: usize,
        /// Position in the mask, row by row.
        pixel: usize,
        /// The number of classes.
        classes: usize,
        /// Its label.
        found: u32,
    },
    /// One of several labels that is neither 0 nor 1.
    #[error("sample {index}, label {label}: expected 0 or 1, found {found}")]
    Label {
        /// The sample.
        index: usize,
        /// The index of the label.
        label: usize,
        /// The value found.
        found: f32,
    },
    /// A value to be learnt that is not a finite number.
    #[error("sample {index}, value {value}: expected a finite number, found {found}")]
    Value {
        /// The sample.
        index: usize,
        /// The index of the value.
        value: usize,
        /// The value found.
        found: f32,
    },
    /// A buffer for a target of another kind or size.
    #[error("expected room for {expected}, found room for {found}")]
    TargetBuffer {
        /// The target that is to be written, or is wanted.
        expected: String,
        /// The target that the buffer is for.
        found: String,
    },
    /// Targets with 0 classes, labels or values.
    #[error("nothing can be learnt from {targets}")]
    UnusableTargets {
        /// The targets.
        targets: crate::TargetSpec,
    },
    /// A number of targets that does not fit the number of images.
    #[error("expected {expected} numbers as targets, found {found}")]
    TargetCount {
        /// Numbers that are wanted.
        expected: usize,
        /// Numbers given.
        found: usize,
    },
    /// A change that leaves pixels of the mask empty although the mask has no label for pixels that
    /// do not count.
    #[error("a change moves pixels from outside into a mask that has no ignored label")]
    NoIgnoredLabel,
    /// A pixel buffer of the wrong length.
    #[error("expected {expected} pixel values, found {found}")]
    PixelCount {
        /// Length wanted.
        expected: usize,
        /// Length given.
        found: usize,
    },
    /// An image shape with a zero dimension, or too large to address.
    #[error("an image of {shape} has no pixels or too many")]
    UnusableShape {
        /// The shape given.
        shape: crate::ImageShape,
    },
    /// A normalisation whose number of channels differs from the images'.
    #[error("expected normalisation constants for {expected} channels, found {found}")]
    ChannelCount {
        /// Channels of the images.
        expected: usize,
        /// Channels of the normalisation.
        found: usize,
    },
    /// A normalisation constant that cannot be used: not finite, or a divisor that is not positive.
    #[error("normalisation constant {name} of channel {channel} cannot be {value}")]
    NormalizationConstant {
        /// `scale`, `mean` or `standard_deviation`.
        name: &'static str,
        /// The channel (0 for `scale`).
        channel: usize,
        /// The value given.
        value: f32,
    },
    /// A random change that makes no sense on images of this shape.
    #[error("{field}: expected {expected}, found {found} on images of {shape}")]
    Augmentation {
        /// Field of the change, as configurations call it.
        field: String,
        /// Values that are allowed.
        expected: String,
        /// The value.
        found: String,
        /// Shape of the images.
        shape: crate::ImageShape,
    },
    /// A setting of a [`SlidingWindow`](crate::SlidingWindow) that makes no sense.
    #[error("sliding window, {field}: expected {expected}, found {found}")]
    Window {
        /// The setting.
        field: &'static str,
        /// Values that are allowed.
        expected: &'static str,
        /// The value.
        found: String,
    },
    /// Outputs for a window of another shape.
    #[error("outputs of a window: expected shape {expected:?}, found {found:?}")]
    WindowOutput {
        /// Batch, channels, height and width that are wanted.
        expected: Vec<usize>,
        /// The shape of the outputs.
        found: Vec<usize>,
    },
    /// A sample index past the end of the data set.
    #[error("sample {index} of a data set of {len}")]
    IndexOutOfRange {
        /// The index asked for.
        index: usize,
        /// Samples in the data set.
        len: usize,
    },
    /// A batch past the end of the epoch.
    #[error("step {step} of an epoch of {steps} batches")]
    StepOutOfRange {
        /// The step asked for.
        step: usize,
        /// Batches in an epoch.
        steps: usize,
    },
    /// Rows outside the batch.
    #[error("rows {start}..{end} of a batch of {len}")]
    RowsOutOfRange {
        /// First row asked for.
        start: usize,
        /// One past the last row asked for.
        end: usize,
        /// Rows in the batch.
        len: usize,
    },
    /// A loader over a data set without samples.
    #[error("the data set holds no samples")]
    EmptyDataset,
    /// Too few images to share them between weights and logits.
    #[error("training images: expected at least 2, found {found}")]
    TooFewToSplit {
        /// Images there are.
        found: usize,
    },
    /// A batch size that is zero, or so large that its pixels cannot be addressed.
    #[error("batch size {found} is zero or too large")]
    BatchSize {
        /// The batch size given.
        found: usize,
    },
    /// Image files that cannot be used.
    #[cfg(feature = "images")]
    #[error(transparent)]
    Images(Box<crate::images::ImageError>),
    /// The tensor library refused to build a batch.
    #[error("cannot build the batch tensor: {0}")]
    Tensor(#[from] candle_core::Error),
}

#[cfg(feature = "images")]
impl From<crate::images::ImageError> for DataError {
    fn from(error: crate::images::ImageError) -> Self {
        Self::Images(Box::new(error))
    }
}
