//! Contents of folders.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::ImageError;
use super::decode::ENDINGS;
use super::split::Part;
use crate::check::{Finding, Subject};

/// Endings of images of formats that are not read.
const OTHER_IMAGES: [&str; 10] =
    ["bmp", "gif", "webp", "jp2", "heic", "heif", "avif", "npy", "dcm", "exr"];

/// A file or folder in a folder.
#[derive(Clone, Debug)]
pub(super) struct Inside {
    pub(super) path: PathBuf,
    pub(super) name: OsString,
    pub(super) is_folder: bool,
}

impl Inside {
    /// The ending of the name in small letters, empty for none.
    pub(super) fn ending(&self) -> String {
        self.path
            .extension()
            .map(|ending| ending.to_string_lossy().to_lowercase())
            .unwrap_or_default()
    }

    fn is_image(&self) -> bool {
        ENDINGS.contains(&self.ending().as_str())
    }
}

/// The contents of a folder by name, but for hidden files. Links are followed.
pub(super) fn list(folder: &Path) -> Result<Vec<Inside>, ImageError> {
    let failed = |source| ImageError::Read { path: folder.to_owned(), source };
    let mut inside = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        if is_hidden(&name) {
            continue;
        }
        let path = entry.path();
        // A link that leads nowhere is a file that cannot be read.
        let is_folder = fs::metadata(&path).is_ok_and(|facts| facts.is_dir());
        inside.push(Inside { path, name, is_folder });
    }
    inside.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(inside)
}

/// Files that systems leave behind.
fn is_hidden(name: &std::ffi::OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') || ["Thumbs.db", "desktop.ini", "__MACOSX"].contains(&&*name)
}

/// The images in a folder, by name; `findings` get what is not one.
pub(super) fn images(
    folder: &Path,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Inside>, ImageError> {
    let mut images = Vec::new();
    for inside in list(folder)? {
        if inside.is_folder {
            let finding = if inside.is_image() {
                Finding::error(Subject::File).expected("an image file").found("a folder")
            } else {
                let finding = Finding::warning(Subject::Layout).found("a folder among images");
                finding.remedy("it is not read: move its images up")
            };
            findings.push(finding.at(&inside.path));
        } else if inside.is_image() {
            images.push(inside);
        } else if OTHER_IMAGES.contains(&inside.ending().as_str()) {
            let finding = Finding::error(Subject::File).at(&inside.path);
            let found = format!("a file named .{}", inside.ending());
            let finding = finding.expected("PNG, JPEG or TIFF files").found(found);
            findings.push(finding.remedy("convert or remove the file"));
        }
    }
    Ok(images)
}

/// `true` where a folder holds at least one image.
pub(super) fn has_images(folder: &Path) -> bool {
    list(folder).is_ok_and(|all| all.iter().any(|inside| !inside.is_folder && inside.is_image()))
}

/// The folders of the parts in `directory`; none where it has no `train`.
pub(super) fn parts(directory: &Path) -> Result<Vec<PartFolder>, ImageError> {
    let mut found = Vec::new();
    for inside in list(directory)?.into_iter().filter(|inside| inside.is_folder) {
        let name = inside.name.to_string_lossy().to_lowercase();
        let part = match name.as_str() {
            "train" | "training" => Part::Train,
            "val" | "valid" | "validation" => Part::Valid,
            "test" | "testing" => Part::Test,
            _ => continue,
        };
        found.push(PartFolder { part, folder: inside.path });
    }
    found.sort_by(|a, b| (a.part, &a.folder).cmp(&(b.part, &b.folder)));
    let has_train = found.iter().any(|found| found.part == Part::Train);
    Ok(if has_train { found } else { Vec::new() })
}

/// A folder of one part.
#[derive(Clone, Debug)]
pub(super) struct PartFolder {
    pub(super) part: Part,
    pub(super) folder: PathBuf,
}
