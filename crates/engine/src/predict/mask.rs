//! Masks of images of any size.

use std::path::{Path, PathBuf};

use dartloom::data::images::{
    Bands, FileRows, GeoTags, ImageFile, MAX_PIXELS_IN_PARTS, Meaning, NewImage, PixelType, Row,
    RowSink, Values, Window,
};
use dartloom::data::{DataError, ImageRows as _, ImageShape, PredictedRows};

use super::colours::{colour, painted};
use super::outputs::Outputs;
use super::{Halt, Job, Predicting};
use crate::error::EngineError;

impl Job<'_> {
    /// Writes the files of every image.
    pub(super) fn masks(&mut self, images: &[PathBuf], outputs: &[Outputs]) -> Result<(), Halt> {
        for (done, (image, outputs)) in images.iter().zip(outputs).enumerate() {
            self.mask(Predicting { image, done, images: images.len(), share: 0.0 }, outputs)?;
            self.files.extend(outputs.all().cloned());
        }
        Ok(())
    }

    fn mask(&mut self, at: Predicting<'_>, outputs: &Outputs) -> Result<(), Halt> {
        let rows = FileRows::open(at.image, self.config.bands, self.constants)?;
        let shape = rows.shape();
        let classes = self.model.kind().channels();
        let tags = GeoTags::read(at.image).map_err(DataError::from)?;
        let new = |path: &PathBuf, pixels| -> Result<NewImage, DataError> {
            Ok(NewImage::new(path, shape.height, shape.width, pixels)?.with_tags(tags.clone()))
        };
        let labels = if classes > 256 { PixelType::Word } else { PixelType::Byte };
        let bands = u16::try_from(classes).map_err(|_| EngineError::Prediction {
            expected: "at most 65535 classes, as many as a TIFF file has bands".to_owned(),
            found: classes.to_string(),
        })?;
        let mut files = Vec::new();
        for (path, pixels) in [
            (&outputs.mask, labels),
            (&outputs.probabilities, PixelType::Floats(bands)),
            (&outputs.overlay, PixelType::Rgb),
        ] {
            files.extend(path.as_ref().map(|path| new(path, pixels)).transpose()?);
        }
        let overlay = outputs.overlay.as_ref().map(|_| Picture::open(at.image)).transpose()?;
        let mut drawn = Drawn { at, shape, classes, overlay };
        let mut rows = Some(rows);
        open(&files, &mut Vec::new(), &mut |sinks| match rows.take() {
            Some(rows) => self.window(rows, &mut drawn, sinks),
            None => Ok(()),
        })
    }

    /// Slides the window over an image and gives every finished row to the open files.
    fn window(
        &mut self,
        mut rows: FileRows,
        drawn: &mut Drawn<'_>,
        sinks: &mut Vec<&mut dyn RowSink>,
    ) -> Result<(), Halt> {
        let model = self.model;
        let window = self.window.clone();
        let mut network = |windows: &dartloom::Tensor| -> Result<dartloom::Tensor, Halt> {
            let predicted = model.predict(windows)?;
            let found = predicted.probabilities()?;
            // A network of masks has probabilities.
            Ok(found.unwrap_or(predicted.outputs))
        };
        window.predict(&mut rows, drawn.classes, &mut network, &mut |found| {
            drawn.put(found, sinks)?;
            let share = (found.first + found.rows()) as f64 / drawn.shape.height as f64;
            self.tell(Predicting { share, ..drawn.at })
        })
    }
}

/// The work that is done with all files open.
type Then<'a> = dyn FnMut(&mut Vec<&mut dyn RowSink>) -> Result<(), Halt> + 'a;

/// Opens the files one after the other and runs `then` with all of them open.
fn open(
    files: &[NewImage],
    sinks: &mut Vec<&mut dyn RowSink>,
    then: &mut Then<'_>,
) -> Result<(), Halt> {
    let Some((first, others)) = files.split_first() else { return then(sinks) };
    first.write(|sink| {
        let mut all: Vec<&mut dyn RowSink> = Vec::with_capacity(sinks.len() + 1);
        all.extend(sinks.iter_mut().map(|sink| &mut **sink as &mut dyn RowSink));
        all.push(sink);
        open(others, &mut all, then)
    })
}

/// An image whose results are written.
struct Drawn<'a> {
    at: Predicting<'a>,
    shape: ImageShape,
    classes: usize,
    overlay: Option<Picture>,
}

impl Drawn<'_> {
    /// Gives finished rows to the open files, to each what its pixels are for.
    fn put(
        &mut self,
        found: PredictedRows<'_>,
        sinks: &mut [&mut dyn RowSink],
    ) -> Result<(), DataError> {
        let rows = found.rows();
        for row in 0..rows {
            let at = |class: usize, column: usize| {
                found.values[(class * rows + row) * found.width + column]
            };
            let labels: Vec<usize> = (0..found.width)
                .map(|column| first_of_the_highest(self.classes, |class| at(class, column)))
                .collect();
            for sink in &mut *sinks {
                match sink.pixels() {
                    PixelType::Byte => {
                        let bytes: Vec<u8> = labels.iter().map(|&label| label as u8).collect();
                        sink.put(Row::Bytes(&bytes))?;
                    }
                    PixelType::Word => {
                        let words: Vec<u16> = labels.iter().map(|&label| label as u16).collect();
                        sink.put(Row::Words(&words))?;
                    }
                    PixelType::Floats(_) => {
                        let places = 0..found.width * self.classes;
                        let value = |place| at(place % self.classes, place / self.classes);
                        sink.put(Row::Floats(&places.map(value).collect::<Vec<f32>>()))?;
                    }
                    PixelType::Rgb => {
                        if let Some(picture) = &mut self.overlay {
                            let pixels = picture.row(found.first + row)?;
                            let painted = pixels.iter().zip(&labels).flat_map(|(pixel, &label)| {
                                painted(*pixel, colour(label, self.classes))
                            });
                            sink.put(Row::Bytes(&painted.collect::<Vec<u8>>()))?;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// The first class of the highest value.
fn first_of_the_highest(classes: usize, value: impl Fn(usize) -> f32) -> usize {
    let better = |best: usize, class: usize| if value(class) > value(best) { class } else { best };
    (1..classes).fold(0, better)
}

/// An image in red, green and blue bytes, row by row.
struct Picture {
    file: ImageFile,
    /// The first row of `read`.
    first: usize,
    read: Vec<[u8; 3]>,
}

/// Rows of a picture that are read together at least.
const LEAST: usize = 16;

impl Picture {
    fn open(path: &Path) -> Result<Self, DataError> {
        let file = ImageFile::open(path, Meaning::Picture, MAX_PIXELS_IN_PARTS)?;
        Ok(Self { file, first: 0, read: Vec::new() })
    }

    /// Row `row`; rows are asked for from the top to the bottom.
    fn row(&mut self, row: usize) -> Result<&[[u8; 3]], DataError> {
        let header = self.file.header();
        let width = header.shape.width;
        if row >= self.first + self.read.len() / width {
            let height = header.band * LEAST.div_ceil(header.band);
            let part = self.file.region(Window { top: row, left: 0, height, width })?;
            let bands = part.shape().channels;
            // Of images with other bands the first three, or the first one, are shown.
            let part = match bands {
                1..=4 => part.banded(Bands::Rgb),
                _ => part.banded(Bands::First(3)),
            };
            let part = part.map_err(|found| DataError::ChannelCount { expected: 3, found })?;
            let bytes = bytes(part.values());
            let plane = bytes.len() / 3;
            self.read =
                (0..plane).map(|at| [0, 1, 2].map(|band| bytes[band * plane + at])).collect();
            self.first = row;
        }
        Ok(&self.read[(row - self.first) * width..][..width])
    }
}

/// Values as bytes to look at; floats from 0 to 1.
fn bytes(values: &Values) -> Vec<u8> {
    match values {
        Values::U8(all) => all.clone(),
        Values::U16(all) => all.iter().map(|value| (value >> 8) as u8).collect(),
        Values::F32(all) => all.iter().map(|value| (value * 255.0) as u8).collect(),
    }
}
