//! Layouts of folders: the images, and the value to learn from each.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::ImageError;
use super::findings::{Finding, Subject};
use super::folder::{self, Inside, PartFolder};
use super::source::{FileTargets, ImageFiles, MaskFiles};
use super::split::{FileSplit, Part};
use super::{recognise, table};

/// One image and the value to learn from it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) image: PathBuf,
    pub(super) target: Target,
    /// Value of the column by which images are grouped.
    pub(super) group: Option<String>,
    /// By the folder it lies in.
    pub(super) part: Part,
}

/// The value to learn from an image.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    Class(u32),
    Numbers(Vec<f32>),
    Mask(PathBuf),
}

/// The kind of all values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Class,
    Labels,
    Values,
    Mask,
}

/// The images of a folder.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) kind: Kind,
    /// Names of classes, labels or values; empty for masks whose classes have none.
    pub(super) names: Vec<String>,
    pub(super) entries: Vec<Entry>,
    pub(super) findings: Vec<Finding>,
    /// `true` where `part` of the entries says something.
    pub(super) by_folder: bool,
}

impl Layout {
    pub(super) fn new(kind: Kind) -> Self {
        let (names, entries, findings) = Default::default();
        Self { kind, names, entries, findings, by_folder: false }
    }
}

/// The layout of `files`, with its targets recognised.
pub(super) fn read(files: &ImageFiles, targets: &FileTargets) -> Result<Layout, ImageError> {
    let directory = &files.directory;
    let mut folders = folder::parts(directory)?;
    let by_folder = match &files.split {
        FileSplit::Folders if folders.is_empty() => {
            let finding = Finding::error(Subject::Layout).at(directory);
            let finding = finding.expected("the folders `train` and `test`").found("no `train`");
            let finding = finding.remedy("`split: Random(test: 0.2)` divides the images by a seed");
            let mut layout = Layout::new(Kind::Class);
            layout.findings.push(finding);
            return Ok(layout);
        }
        FileSplit::Recognised | FileSplit::Folders => !folders.is_empty(),
        FileSplit::Random(_) | FileSplit::Stored(_) => false,
    };
    if folders.is_empty() {
        folders.push(PartFolder { part: Part::Train, folder: directory.clone() });
    }
    let mut layout = match targets {
        FileTargets::Recognised => {
            return read(files, &recognise::targets(directory)?);
        }
        FileTargets::Folders => class_folders(&folders)?,
        FileTargets::Masks(masks) => pairs(&folders, masks)?,
        FileTargets::Table(table) => table::read(&folders, table, &files.split)?,
    };
    layout.by_folder = by_folder;
    if layout.entries.is_empty() && layout.findings.is_empty() {
        let finding = Finding::error(Subject::Layout).at(directory);
        layout.findings.push(finding.expected("PNG, JPEG or TIFF files").found("no image"));
    }
    Ok(layout)
}

/// A folder for each class in the folder of each part.
fn class_folders(folders: &[PartFolder]) -> Result<Layout, ImageError> {
    let mut layout = Layout::new(Kind::Class);
    let mut classes: BTreeMap<String, u32> = BTreeMap::new();
    for PartFolder { part, folder } in folders {
        for inside in folder::list(folder)?.into_iter().filter(|inside| inside.is_folder) {
            let Some(name) = inside.name.to_str() else {
                let finding = Finding::error(Subject::Name).at(&inside.path);
                let finding = finding.expected("the name of a class in UTF-8");
                layout.findings.push(finding.found("other bytes").remedy("rename the folder"));
                continue;
            };
            let known = classes.contains_key(name);
            if *part == Part::Train && !known {
                // Folders are listed by name, and so classes are numbered.
                let next = classes.len() as u32;
                classes.insert(name.to_owned(), next);
                layout.names.push(name.to_owned());
            }
            let images = folder::images(&inside.path, &mut layout.findings)?;
            let Some(&class) = classes.get(name) else {
                if !images.is_empty() {
                    let finding = Finding::error(Subject::EmptyClass).at(&inside.path);
                    let expected =
                        format!("one of the classes of `train`: {}", layout.names.join(", "));
                    let finding = finding.expected(expected).found(format!("`{name}`"));
                    layout.findings.push(finding.remedy("rename the folder, or add it to `train`"));
                }
                continue;
            };
            if images.is_empty() && *part == Part::Train {
                let finding = Finding::error(Subject::EmptyClass).at(&inside.path);
                let finding = finding.expected("images of the class").found("none");
                layout.findings.push(finding.remedy("add images, or remove the folder"));
            }
            let entry = |image: Inside| Entry {
                image: image.path,
                target: Target::Class(class),
                group: None,
                part: *part,
            };
            layout.entries.extend(images.into_iter().map(entry));
        }
    }
    if layout.names.len() < 2 && layout.findings.is_empty() {
        let finding = Finding::error(Subject::Layout);
        let finding =
            finding.at(&folders[0].folder).expected("a folder for each of two classes or more");
        let found = format!("{} with images", layout.names.len());
        layout.findings.push(finding.found(found));
    }
    Ok(layout)
}

/// Images and masks of equal names, whatever they end in.
fn pairs(folders: &[PartFolder], files: &MaskFiles) -> Result<Layout, ImageError> {
    let mut layout = Layout::new(Kind::Mask);
    if let super::source::Classes::Names(names) = &files.classes {
        layout.names.clone_from(names);
    }
    for PartFolder { part, folder } in folders {
        let images = stems(&folder.join(&files.images), &mut layout.findings)?;
        let mut masks = stems(&folder.join(&files.masks), &mut layout.findings)?;
        for (stem, image) in images {
            match masks.remove(&stem) {
                Some(mask) => layout.entries.push(Entry {
                    image: image.path,
                    target: Target::Mask(mask.path),
                    group: None,
                    part: *part,
                }),
                None => {
                    let expected = format!(
                        "a mask of the same name in {}",
                        folder.join(&files.masks).display()
                    );
                    let finding = Finding::error(Subject::Pair).at(&image.path);
                    let finding = finding.expected(expected).found("none");
                    layout.findings.push(finding.remedy("add the mask, or remove the image"));
                }
            }
        }
        for mask in masks.into_values() {
            let expected =
                format!("an image of the same name in {}", folder.join(&files.images).display());
            let finding = Finding::error(Subject::Pair).at(&mask.path);
            let finding = finding.expected(expected).found("none");
            layout.findings.push(finding.remedy("add the image, or remove the mask"));
        }
    }
    Ok(layout)
}

/// The images of a folder by name without ending.
fn stems(
    folder: &Path,
    findings: &mut Vec<Finding>,
) -> Result<BTreeMap<OsString, Inside>, ImageError> {
    let mut stems: BTreeMap<OsString, Inside> = BTreeMap::new();
    for image in folder::images(folder, findings)? {
        let stem = image.path.file_stem().unwrap_or_default().to_owned();
        if let Some(other) = stems.get(&stem) {
            let finding = Finding::error(Subject::Name).at(&image.path);
            let found = format!("{} beside it", other.name.to_string_lossy());
            let finding = finding.expected("names that differ without their endings").found(found);
            findings.push(finding.remedy("rename or remove one"));
        } else {
            stems.insert(stem, image);
        }
    }
    Ok(stems)
}
