//! The check of an experiment's data.

use std::path::Path;

use dartloom::data::DataError;
use dartloom::data::check::{Report, check};
use dartloom::data::images::{FileList, ImageError, ImageFiles, recognise};

use crate::catalog::{Catalog, Place};
use crate::crops::CropShares;
use crate::error::EngineError;
use crate::experiment::{Chosen, Data, IdxFiles, ImageFolder, Named, load};

/// Data that were checked.
#[derive(Debug)]
pub struct Checked {
    /// Everything that was found.
    pub report: Report,
    /// The division of image files into parts, where there are such files and no errors.
    pub list: Option<FileList>,
    /// The classes that training crops show, where images are cut into random crops and there are
    /// no errors; drawn with seed 0.
    pub crops: Option<CropShares>,
}

/// The data that a name on the command line means: a folder of CIFAR, IDX or image files, whose
/// layout says which, or those of an experiment file.
///
/// # Errors
/// [`EngineError::Field`] for a folder of an unknown layout, and those of
/// [`load`].
pub fn named(path: &Path) -> Result<Named<Data>, EngineError> {
    if path.is_dir() {
        return of_folder(path).map(Named::Known);
    }
    load(path, &Chosen::default()).map(|experiment| experiment.data)
}

/// The data in a folder, by its layout.
fn of_folder(path: &Path) -> Result<Data, EngineError> {
    let refuse = |found: String| EngineError::Field {
        origin: path.display().to_string(),
        field: "data",
        expected: "a folder of CIFAR, IDX or image files",
        found,
    };
    let entries = std::fs::read_dir(path)
        .map_err(|source| EngineError::Read { path: path.to_owned(), source })?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let names: Vec<String> = names.collect();
    let has = |fits: fn(&str) -> bool| names.iter().any(|name| fits(name));
    if has(|name| name.starts_with("data_batch_") && name.ends_with(".bin"))
        || has(|n| n == "train.bin")
    {
        return Ok(Data::Cifar(path.to_owned()));
    }
    if has(|name| name.contains("idx3-ubyte")) {
        return Ok(Data::Idx(IdxFiles { directory: path.to_owned(), classes: None }));
    }
    match recognise(path) {
        Ok(files) => Ok(Data::Images(ImageFolder(files))),
        Err(ImageError::Kind { path, expected, found }) => {
            Err(refuse(format!("{found} in {}; expected {expected}", path.display())))
        }
        Err(error) => Err(refuse(error.to_string())),
    }
}

/// Checks data; `origin` (a file name) stands before errors.
///
/// # Errors
/// Data that are no image files and cannot be read at all.
pub fn data(data: &Named<Data>, origin: &str) -> Result<Checked, EngineError> {
    if let Named::Known(Data::Images(ImageFolder(files))) = data {
        return of_files(files).map_err(|error| EngineError::experiment(origin, error));
    }
    let sets = Catalog::standard().make_data(data, Place { origin, field: "data" })?;
    let report = check(&sets).map_err(|error| EngineError::experiment(origin, error))?;
    Ok(Checked { report, list: None, crops: None })
}

fn of_files(files: &ImageFiles) -> Result<Checked, DataError> {
    Ok(match files.open() {
        Ok(opened) => {
            let crops = CropShares::of_files(&opened, 0)?;
            Checked { report: opened.report, list: Some(opened.list), crops }
        }
        // What is refused is told by the report.
        Err(_) => Checked { report: files.check(), list: None, crops: None },
    })
}
