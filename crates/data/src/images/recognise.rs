//! Folders whose layout says what they hold.

use std::path::Path;

use super::ImageError;
use super::findings::{Finding, Report};
use super::folder;
use super::source::{Columns, FileTargets, ImageFiles, MaskFiles, TableFile};
use super::table::Rows;

/// The description of the images in a folder, by its layout.
///
/// Where the folder holds folders `train`, `test` and maybe `val`, the first of them is looked
/// into, and the parts are these folders; else the images are divided by a seed. In the folder,
///
/// 1. `images` and `masks` mean masks,
/// 2. a table in CSV with images beside it or in `images` means labels (all columns 0 or 1), values
///    (one column of numbers) or classes (one column of names, or one named `class` or `label`),
/// 3. folders with images mean a class each.
///
/// ```text
/// masks                         table                      classes
/// train/images/a.png            train/labels.csv           train/cat/1.jpg
/// train/masks/a.png             train/images/a.png         train/dog/1.jpg
/// ```
///
/// # Errors
/// [`ImageError::Read`], and [`ImageError::Kind`] for a layout that is none of these.
pub fn recognise(directory: &Path) -> Result<ImageFiles, ImageError> {
    Ok(ImageFiles { targets: targets(directory)?, ..ImageFiles::at(directory) })
}

pub(super) fn targets(directory: &Path) -> Result<FileTargets, ImageError> {
    let parts = folder::parts(directory)?;
    let base = parts.first().map_or(directory, |part| part.folder.as_path());
    let inside = folder::list(base)?;
    let has = |name: &str| inside.iter().any(|inside| inside.is_folder && inside.name == name);
    if has("images") && has("masks") {
        return Ok(FileTargets::Masks(MaskFiles::default()));
    }
    let tables: Vec<_> =
        inside.iter().filter(|inside| !inside.is_folder && inside.ending() == "csv").collect();
    let images = folder::has_images(base) || folder::has_images(&base.join("images"));
    if images && let [table] = tables.as_slice() {
        return guess(&table.path).map(FileTargets::Table);
    }
    let mut folders = inside.iter().filter(|inside| inside.is_folder);
    if !images && folders.any(|inside| folder::list(&inside.path).is_ok_and(|all| !all.is_empty()))
    {
        return Ok(FileTargets::Folders);
    }
    let found = match (images, tables.len()) {
        (true, 0) => "images without labels",
        (true, _) => "several tables; `targets: Table(file: \"..\", ..)` names one",
        (false, _) => "no images",
    };
    Err(ImageError::Kind {
        path: base.to_owned(),
        expected: "the folders `images` and `masks`, a table in CSV with images, or a folder of \
                   images for each class",
        found: found.to_owned(),
    })
}

/// The columns of a table that are to be learnt, by their cells.
fn guess(path: &Path) -> Result<TableFile, ImageError> {
    let refused = |finding: Finding| ImageError::Refused(Report::new(vec![finding]));
    let rows = Rows::read(path).map_err(refused)?;
    let image = rows.image_column(None).map_err(refused)?;
    let others: Vec<usize> = (0..rows.header.len()).filter(|&column| column != image).collect();
    let all = |column: usize, fits: fn(&str) -> bool| {
        rows.rows.iter().all(|row| fits(&row.cells[column]))
    };
    let name = |column: &usize| rows.header[*column].clone();
    let named = others.iter().find(|&&column| ["class", "label"].contains(&&*rows.header[column]));
    let learn = match others.as_slice() {
        _ if let Some(column) = named => Columns::Class(name(column)),
        [] => return Err(unknown(path, &rows)),
        many if many.iter().all(|&column| all(column, |cell| cell == "0" || cell == "1")) => {
            Columns::Labels(many.iter().map(name).collect())
        }
        [column] if all(*column, |cell| cell.parse::<f32>().is_ok()) => {
            Columns::Values(vec![name(column)])
        }
        [column] => Columns::Class(name(column)),
        _ => return Err(unknown(path, &rows)),
    };
    let file = path.file_name().map(Into::into).unwrap_or_default();
    Ok(TableFile { file, images: "images".into(), image: None, learn })
}

fn unknown(path: &Path, rows: &Rows) -> ImageError {
    ImageError::Kind {
        path: path.to_owned(),
        expected: "one column of classes or values, or columns of 0 and 1; \
                   `targets: Table(file: \"..\", learn: Values([\"..\"]))` names those to learn",
        found: format!("the columns {}", rows.header.join(", ")),
    }
}
