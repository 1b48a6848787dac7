//! Answers for whole images, in one table.

use std::path::{Path, PathBuf};

use dartloom::data::ImageShape;
use dartloom::data::images::FilePixels;
use dartloom::verdict::{Answer, Prediction};
use dartloom::{Device, Tensor};

use super::{Halt, Job, Predicting};
use crate::error::EngineError;

/// The name of the table.
const TABLE: &str = "predictions.csv";

impl Job<'_> {
    /// Writes the table: a row for every image.
    pub(super) fn table(&mut self, images: &[PathBuf], out: &Path) -> Result<(), Halt> {
        let path = out.join(TABLE);
        let mut rows = Vec::new();
        for (chunk, some) in images.chunks(self.config.batch).enumerate() {
            let done = chunk * self.config.batch;
            self.tell(Predicting { image: &some[0], done, images: images.len(), share: 0.0 })?;
            let found = self.model.predict(&self.pixels(some)?)?;
            rows.extend(self.rows(some, &found)?);
        }
        write(&path, &self.head(), &rows)?;
        self.files.push(path);
        Ok(())
    }

    /// A batch of images.
    fn pixels(&self, images: &[PathBuf]) -> Result<Tensor, Halt> {
        let input = self.model.input();
        let wanted = ImageShape::new(input.channels, input.height, input.width);
        let mut pixels = Vec::new();
        for image in images {
            let config = self.config;
            let read = FilePixels::read(image, config.bands, config.size, self.constants)?;
            if read.shape != wanted {
                return Err(Halt::Failed(EngineError::Prediction {
                    expected: format!("images of {wanted}, or a size that all are given"),
                    found: format!("{} in {}", read.shape, image.display()),
                }));
            }
            pixels.extend(read.pixels);
        }
        let shape = (images.len(), wanted.channels, wanted.height, wanted.width);
        let batch = Tensor::from_vec(pixels, shape, &Device::Cpu);
        batch.map_err(dartloom::data::DataError::from).map_err(Halt::from)
    }

    /// Names of the outputs; their numbers where nobody has named them.
    fn names(&self) -> Vec<String> {
        match self.model.class_names() {
            [] => (0..self.model.kind().channels()).map(|at| at.to_string()).collect(),
            names => names.to_vec(),
        }
    }

    fn head(&self) -> Vec<String> {
        let names = self.names();
        let probabilities = names.iter().map(|name| format!("p_{name}"));
        let mut head = vec!["file".to_owned()];
        match self.model.targets() {
            dartloom::data::TargetSpec::Class { .. } => {
                head.push("class".to_owned());
                head.extend(probabilities);
            }
            dartloom::data::TargetSpec::Labels(_) => {
                head.extend(names.clone());
                head.extend(probabilities);
            }
            _ => head.extend(names.clone()),
        }
        head
    }

    /// A row for each image of a batch.
    fn rows(&self, images: &[PathBuf], found: &Prediction) -> Result<Vec<Vec<String>>, Halt> {
        let tensor = |error| Halt::from(dartloom::data::DataError::Tensor(error));
        let probabilities = match found.probabilities()? {
            Some(all) => all.to_vec2::<f32>().map_err(tensor)?,
            None => vec![Vec::new(); images.len()],
        };
        let names = self.names();
        let answer = |row: usize| -> Vec<String> {
            match &found.answer {
                Answer::Classes(all) => vec![names[all[row] as usize].clone()],
                Answer::Labels(all) => {
                    all[row].iter().map(|&there| u8::from(there).to_string()).collect()
                }
                Answer::Values(all) => all[row].iter().map(ToString::to_string).collect(),
                _ => Vec::new(),
            }
        };
        let row = |(row, image): (usize, &PathBuf)| {
            let numbers = probabilities[row].iter().map(|value| format!("{value:.6}"));
            let file = std::iter::once(image.display().to_string());
            file.chain(answer(row)).chain(numbers).collect()
        };
        Ok(images.iter().enumerate().map(row).collect())
    }
}

/// Writes a table, whole or not at all.
fn write(path: &Path, head: &[String], rows: &[Vec<String>]) -> Result<(), EngineError> {
    let failed = |source| EngineError::Write { path: path.to_owned(), source };
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = std::iter::once(head)
        .chain(rows.iter().map(Vec::as_slice))
        .try_for_each(|row| writer.write_record(row));
    written.map_err(|error| failed(std::io::Error::other(error)))?;
    let bytes =
        writer.into_inner().map_err(|error| failed(std::io::Error::other(error.to_string())))?;
    let unfinished = path.with_extension("csv.unfinished");
    std::fs::write(&unfinished, bytes).map_err(failed)?;
    std::fs::rename(&unfinished, path).map_err(failed)
}
