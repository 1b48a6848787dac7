//! The words of the command line.

use std::error::Error;

use dartloom::presets::Method;

/// The place of images, and the lengths of search and training.
#[derive(Debug)]
pub(super) struct Asked {
    /// `None` for the embedded tiles.
    pub folder: Option<String>,
    /// Side of the patches that are cut out of larger images.
    pub crop: Option<usize>,
    /// Epochs of the search.
    pub epochs: usize,
    /// Epochs of every training after it.
    pub training: usize,
    /// The directory of results.
    pub directory: String,
}

impl Asked {
    /// Reads `[FOLDER] [--crop SIDE] [--epochs N] [--training N] [--out DIRECTORY]`. With a folder
    /// the epochs are the preset's, and 80 to train; without, 3 and 5.
    pub(super) fn read(
        method: &Method,
        mut words: impl Iterator<Item = String>,
    ) -> Result<Self, Box<dyn Error>> {
        let mut folder = None;
        let mut crop = None;
        let mut epochs = None;
        let mut training = None;
        let mut directory = format!("runs/examples/{}", method.key);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--crop" => crop = Some(value()?.parse()?),
                "--epochs" => epochs = Some(value()?.parse()?),
                "--training" => training = Some(value()?.parse()?),
                "--out" => directory = value()?,
                flag if flag.starts_with('-') => {
                    return Err(format!("unknown flag {flag}").into());
                }
                _ => folder = Some(word),
            }
        }
        let usual = if folder.is_some() { [method.search.epochs, 80] } else { [3, 5] };
        Ok(Self {
            folder,
            crop,
            epochs: epochs.unwrap_or(usual[0]),
            training: training.unwrap_or(usual[1]),
            directory,
        })
    }
}
