//! From a folder to data sets.

use std::sync::{Arc, Mutex};

use super::cache::Cache;
use super::decode::Header;
use super::files::{FileEntry, Files};
use super::judge::{self, Known};
use super::labels::{LabelRule, RawCounts};
use super::layout::{self, Kind, Layout};
use super::list::{FileList, ListedFile, StoredList};
use super::set::ImageSet;
use super::source::{FileTargets, ImageFiles, MaskFiles};
use super::split::{FileSplit, Group, Part, RandomSplit};
use super::survey::{self, ImageFacts, Moments, Surveyed};
use super::{ImageError, recognise};
use crate::check::{Finding, Report, Subject};
use crate::{CropConfig, Crops, DataError, DataSets, Dataset, Normalization, TargetSpec};

/// Data sets of a folder, and what else is known of it.
#[derive(Debug)]
pub struct Opened {
    /// For training; where there are `crops`, the images that they are cut out of.
    pub train: ImageSet,
    /// For choosing, where there is such a part.
    pub valid: Option<ImageSet>,
    /// For the final report, where there is such a part.
    pub test: Option<ImageSet>,
    /// The random crops that training images are cut into by [`into_sets`](Self::into_sets).
    pub crops: Option<CropConfig>,
    /// Names of classes, labels or values; empty for masks whose classes have none.
    pub class_names: Vec<String>,
    /// Warnings and notes; there is no error.
    pub report: Report,
    /// The division into parts, to be stored.
    pub list: FileList,
}

impl Opened {
    /// The three parts as data sets for a comparison.
    ///
    /// # Errors
    /// [`ImageError::Refused`] without images for testing, and those of [`Crops::new`].
    pub fn into_sets(self) -> Result<DataSets, DataError> {
        let normalization = self.train.normalization().clone();
        let Some(test) = self.test else {
            let finding = Finding::error(Subject::Layout);
            let finding = finding.expected("images to test with").found("none");
            let finding = finding.remedy("add a folder `test`, or `split: Random(test: 0.2)`");
            return Err(ImageError::Refused(Report::new(vec![finding])).into());
        };
        let train: Arc<dyn Dataset> = match self.crops {
            Some(crops) => Arc::new(Crops::new(self.train, crops)?),
            None => Arc::new(self.train),
        };
        Ok(DataSets {
            train,
            valid: self.valid.map(|valid| Arc::new(valid) as _),
            test: Arc::new(test),
            class_names: (!self.class_names.is_empty()).then_some(self.class_names),
            normalization: Some(normalization),
        })
    }
}

/// Everything that one pass over the files told.
#[derive(Debug)]
struct Survey {
    files: ImageFiles,
    layout: Layout,
    parts: Vec<Part>,
    surveyed: Vec<Surveyed>,
    rule: LabelRule,
    classes: usize,
    report: Report,
}

impl ImageFiles {
    /// Everything that is wrong with the data, or worth knowing: the check that
    /// [`open`](Self::open) makes, too. Every file is read once.
    #[must_use]
    pub fn check(&self) -> Report {
        match self.survey() {
            Ok(survey) => survey.report,
            Err(error) => Report::new(vec![Finding::from(&error)]),
        }
    }

    /// The data sets. Every file is read once: for its digest, for the constants of normalisation,
    /// and to check it.
    ///
    /// # Errors
    /// [`ImageError::Refused`] with every error of the check, [`ImageError::Setting`] for settings
    /// that make no sense, [`ImageError::Read`] for a folder that cannot be read.
    pub fn open(&self) -> Result<Opened, DataError> {
        Ok(self.survey()?.open()?)
    }

    fn survey(&self) -> Result<Survey, ImageError> {
        let mut files = self.clone();
        if files.targets == FileTargets::Recognised {
            files.targets = recognise::targets(&files.directory)?;
        }
        files.check_settings()?;
        let rule = match &files.targets {
            FileTargets::Masks(masks) => LabelRule::new(masks)?,
            _ => LabelRule::default(),
        };
        let mut layout = layout::read(&files, &files.targets)?;
        let mut findings = std::mem::take(&mut layout.findings);
        let mut stored = None;
        let parts = match &files.split {
            _ if layout.by_folder => layout.entries.iter().map(|entry| entry.part).collect(),
            FileSplit::Stored(path) => match StoredList::read(path) {
                Ok(list) => {
                    let (parts, missing) = list.parts(&layout.entries, &files.directory);
                    findings.extend(missing);
                    stored = Some(list);
                    parts
                }
                Err(finding) => {
                    findings.push(*finding);
                    vec![Part::Train; layout.entries.len()]
                }
            },
            FileSplit::Random(split) => {
                split.check()?;
                grouped(split, &files.targets)?;
                split.parts(&layout.entries, &files.directory)
            }
            _ => RandomSplit::default().parts(&layout.entries, &files.directory),
        };
        let surveyed = survey::all(&layout.entries, files.bands, files.limit());
        if let Some(list) = stored {
            findings.extend(list.changed(&layout.entries, &surveyed, &files.directory));
        }
        let classes = classes(&files.targets, &rule, (&parts, &surveyed));
        let known = Known {
            files: &files,
            layout: &layout,
            parts: &parts,
            surveyed: &surveyed,
            rule: &rule,
            classes,
        };
        findings.extend(judge::findings(&known));
        let report = Report::new(findings);
        Ok(Survey { files, layout, parts, surveyed, rule, classes, report })
    }
}

/// Refuses groups by the column of a table that there is not.
fn grouped(split: &RandomSplit, targets: &FileTargets) -> Result<(), ImageError> {
    match (&split.by, targets) {
        (Group::Column(name), FileTargets::Folders | FileTargets::Masks(_)) => {
            Err(ImageError::Setting {
                field: "split.by",
                expected: "`Image` or `Prefix(\"_\")` for images without a table".to_owned(),
                found: format!("`Column(\"{name}\")`"),
            })
        }
        _ => Ok(()),
    }
}

/// Classes of masks; 0 for other targets.
fn classes(
    targets: &FileTargets,
    rule: &LabelRule,
    (parts, surveyed): (&[Part], &[Surveyed]),
) -> usize {
    let FileTargets::Masks(MaskFiles { classes, .. }) = targets else { return 0 };
    let train = surveyed.iter().zip(parts).filter(|(_, part)| **part == Part::Train);
    let masks = train.filter_map(|(surveyed, _)| surveyed.mask.as_ref()?.as_ref().ok());
    let values = masks.flat_map(|mask| match &mask.counts {
        RawCounts::Values(counts) if !rule.reads_colours() => counts.keys().copied().collect(),
        RawCounts::Colours(counts) if rule.reads_colours() => counts.keys().copied().collect(),
        // Colours where numbers are expected are no classes, but millions.
        _ => Vec::new(),
    });
    let classes_found = values.filter_map(|value| rule.class(value));
    let largest = classes_found.filter(|&class| Some(class) != rule.ignore).max();
    rule.classes(classes, largest)
}

impl Survey {
    fn open(self) -> Result<Opened, ImageError> {
        if self.report.has_errors() {
            return Err(ImageError::Refused(self.report));
        }
        let normalization = self.normalization()?;
        let spec = self.spec();
        let list = self.list();
        let Self { files, layout, parts, surveyed, rule, report, .. } = self;
        let room = files.cache;
        let entries = layout.entries.into_iter().zip(surveyed);
        // Without errors every file could be read.
        let entries = entries.filter_map(|(entry, surveyed)| {
            let image = surveyed.image.ok()?;
            let shape = image.shape?;
            let mask = surveyed.mask.and_then(Result::ok).map(|mask| mask.stamp);
            let pixels = shape.pixels().ok()?;
            let bytes = pixels * image.header.sample.bytes();
            Some(FileEntry { image: image.stamp, mask, target: entry.target, shape, bytes })
        });
        let shared = Arc::new(Files {
            entries: entries.collect(),
            bands: files.bands,
            size: files.size,
            limit: files.limit(),
            rule,
            room,
            cache: Cache::new(room),
            open: Mutex::new(None),
        });
        let set = |part: Part| {
            let entries = parts.iter().enumerate().filter(|(_, other)| **other == part);
            let entries = entries.map(|(index, _)| index);
            ImageSet::new(&shared, entries, spec, &normalization, files.grid(part))
        };
        let Some(train) = set(Part::Train) else { return Err(ImageError::Refused(report)) };
        Ok(Opened {
            train,
            valid: set(Part::Valid),
            test: set(Part::Test),
            crops: files.crops,
            class_names: layout.names,
            report,
            list,
        })
    }

    /// The constants of the training images.
    fn normalization(&self) -> Result<Normalization, ImageError> {
        let train = self.surveyed.iter().zip(&self.parts);
        let train = train.filter(|(_, part)| **part == Part::Train);
        let facts: Vec<&ImageFacts> =
            train.filter_map(|(surveyed, _)| surveyed.image.as_ref().ok()).collect();
        let header: Option<Header> = facts.first().map(|facts| facts.header);
        let range = header.map_or(1.0, |header| header.sample.range());
        let mut moments: Vec<Moments> = Vec::new();
        for facts in facts {
            moments.resize(facts.moments.len(), Moments::default());
            for (sum, own) in moments.iter_mut().zip(&facts.moments) {
                sum.merge(own);
            }
        }
        let constants = moments.iter().map(|moments| moments.constants(range));
        let (mean, deviation): (Vec<f32>, Vec<f32>) = constants.unzip();
        Normalization::new(range, &mean, &deviation).map_err(|error| ImageError::Setting {
            field: "data",
            expected: "pixels that can be normalised".to_owned(),
            found: error.to_string(),
        })
    }

    fn spec(&self) -> TargetSpec {
        let names = self.layout.names.len();
        match self.layout.kind {
            Kind::Class => TargetSpec::Class { classes: names },
            Kind::Labels => TargetSpec::Labels(names),
            Kind::Values => TargetSpec::Values(names),
            Kind::Mask => TargetSpec::Mask { classes: self.classes, ignore: self.rule.ignore },
        }
    }

    fn list(&self) -> FileList {
        let all = self.surveyed.iter().zip(&self.parts);
        let listed = all.filter_map(|(surveyed, &part)| {
            let image = &surveyed.image.as_ref().ok()?.stamp;
            let mask = surveyed.mask.as_ref().and_then(|mask| mask.as_ref().ok());
            Some(ListedFile { part, image, mask: mask.map(|mask| &mask.stamp) })
        });
        FileList::of(&listed.collect::<Vec<_>>(), &self.files.directory)
    }
}
