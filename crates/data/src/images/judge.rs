//! The rules of the check.

mod masks;
mod repeats;
mod shares;

use std::path::Path;

use super::labels::LabelRule;
use super::layout::Layout;
use super::raster::Bands;
use super::size::Size;
use super::source::ImageFiles;
use super::split::Part;
use super::survey::{ImageFacts, Surveyed};
use crate::ImageShape;
use crate::check::{Finding, Subject, shown};

/// Everything that is known about the data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    pub(super) files: &'a ImageFiles,
    pub(super) layout: &'a Layout,
    /// Of every entry.
    pub(super) parts: &'a [Part],
    /// Of every entry.
    pub(super) surveyed: &'a [Surveyed],
    pub(super) rule: &'a LabelRule,
    /// Number of classes of masks.
    pub(super) classes: usize,
}

impl<'a> Known<'a> {
    /// Images that could be read, with their entries.
    fn images(&self) -> impl Iterator<Item = (usize, &'a ImageFacts)> {
        let all = self.surveyed.iter().enumerate();
        all.filter_map(|(index, surveyed)| Some((index, surveyed.image.as_ref().ok()?)))
    }

    fn path(&self, index: usize) -> &'a Path {
        &self.layout.entries[index].image
    }

    /// The name of a class.
    pub(super) fn class_name(&self, class: usize) -> String {
        self.layout.names.get(class).cloned().unwrap_or_else(|| format!("class {class}"))
    }
}

/// All findings about files that were surveyed.
pub(super) fn findings(known: &Known<'_>) -> Vec<Finding> {
    let rules: [fn(&Known<'_>) -> Vec<Finding>; 10] = [
        unread,
        bands,
        samples,
        sizes,
        not_finite,
        orientations,
        masks::findings,
        repeats::findings,
        shares::findings,
        parts,
    ];
    rules.iter().flat_map(|rule| shown(rule(known))).collect()
}

fn unread(known: &Known<'_>) -> Vec<Finding> {
    let errors = known.surveyed.iter().flat_map(|surveyed| {
        let mask = surveyed.mask.as_ref().and_then(|mask| mask.as_ref().err());
        surveyed.image.as_ref().err().into_iter().chain(mask)
    });
    errors.map(Finding::from).collect()
}

fn bands(known: &Known<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut first: Option<(usize, usize)> = None;
    for (index, facts) in known.images() {
        let stored = facts.header.shape.channels;
        let finding = Finding::error(Subject::Bands).at(known.path(index));
        let Some(shape) = facts.shape else {
            let expected = match known.files.bands {
                Bands::First(count) => format!("at least {count} bands"),
                _ => "1 to 4 bands, of which grey or colours are made".to_owned(),
            };
            let finding = finding.expected(expected).found(format!("{stored} bands"));
            findings.push(finding.remedy("`bands: First(N)` or `bands: AsStored` reads others"));
            continue;
        };
        let (other, channels) = *first.get_or_insert((index, shape.channels));
        if channels != shape.channels {
            let other = known.path(other).display();
            let expected = format!("{channels} bands, as in {other}");
            let finding = finding.expected(expected);
            let finding = finding.found(format!("{} ({})", shape.channels, facts.header.colour));
            findings.push(finding.remedy("`bands: Rgb` or `bands: Grey` makes them alike"));
        }
    }
    findings.extend(alpha(known));
    findings
}

fn alpha(known: &Known<'_>) -> Option<Finding> {
    use super::decode::Colour;
    let has_alpha = |facts: &ImageFacts| {
        matches!(facts.header.colour, Colour::GreyAlpha | Colour::Rgba)
            && facts.shape.is_some_and(|shape| shape.channels % 2 == 0)
    };
    let all: Vec<_> = known.images().filter(|(_, facts)| has_alpha(facts)).collect();
    let (index, facts) = *all.first()?;
    let finding = Finding::warning(Subject::Bands).at(known.path(index));
    let finding = finding.found(format!(
        "{} in {} of the images: alpha counts as a band",
        facts.header.colour,
        all.len()
    ));
    Some(finding.remedy("`bands: Rgb` or `bands: Grey` drops it"))
}

fn samples(known: &Known<'_>) -> Vec<Finding> {
    let mut first = None;
    let different = known.images().filter_map(|(index, facts)| {
        let (other, sample) = *first.get_or_insert((index, facts.header.sample));
        (sample != facts.header.sample).then(|| {
            let expected = format!("{sample}, as in {}", known.path(other).display());
            let finding = Finding::error(Subject::Bands).at(known.path(index));
            let finding = finding.expected(expected).found(facts.header.sample.to_string());
            finding.remedy("convert the files to one type")
        })
    });
    different.collect()
}

fn sizes(known: &Known<'_>) -> Vec<Finding> {
    if let Size::CentreCrop(height, width) = known.files.size {
        let small = known.images().filter(|(_, facts)| {
            facts.header.shape.height < height || facts.header.shape.width < width
        });
        let finding = |(index, facts): (usize, &ImageFacts)| {
            let finding = Finding::error(Subject::Size).at(known.path(index));
            let finding = finding.expected(format!("at least {height} x {width} pixels"));
            let finding = finding.found(size(facts.header.shape));
            finding.remedy(format!("`size: Cover({height}, {width})` enlarges small images"))
        };
        return small.map(finding).collect();
    }
    if known.files.size != Size::AsStored {
        return Vec::new();
    }
    if let Some(tiles) = known.files.tiles {
        return padding(known, tiles.size);
    }
    let Some((first, facts)) = known.images().next() else { return Vec::new() };
    let expected = facts.header.shape;
    let others: Vec<_> =
        known.images().filter(|(_, facts)| size(facts.header.shape) != size(expected)).collect();
    let Some((index, facts)) = others.first() else {
        return beyond(known, expected, first).into_iter().collect();
    };
    let finding = Finding::error(Subject::Size).at(known.path(*index));
    let finding =
        finding.expected(format!("{}, as in {}", size(expected), known.path(first).display()));
    let more = match others.len() {
        1 => String::new(),
        count => format!(" ({count} images differ)"),
    };
    let ImageShape { height, width, .. } = expected;
    let masks = if known.layout.kind == super::layout::Kind::Mask {
        ", or cut all into tiles with `tiles: (size: 512, overlap: 180)`"
    } else {
        ""
    };
    vec![finding.found(format!("{}{more}", size(facts.header.shape))).remedy(format!(
        "choose `size: Resize({height}, {width})`, `size: Cover({height}, {width})` or \
         `size: CentreCrop({height}, {width})`{masks}"
    ))]
}

/// Crops that are larger than images of one size.
fn beyond(known: &Known<'_>, shape: ImageShape, first: usize) -> Option<Finding> {
    let crops = known.files.crops?;
    if crops.height <= shape.height && crops.width <= shape.width {
        return None;
    }
    let ImageShape { height, width, .. } = shape;
    let finding = Finding::error(Subject::Size).at(known.path(first));
    let finding =
        finding.expected(format!("images of at least {} x {} pixels", crops.height, crops.width));
    let finding = finding.found(size(shape));
    Some(finding.remedy(format!("`crops: (height: {height}, width: {width})` or less fits")))
}

/// Images smaller than a tile, whose masks need a label for what is filled up.
fn padding(known: &Known<'_>, tile: usize) -> Vec<Finding> {
    if known.rule.ignore.is_some() {
        return Vec::new();
    }
    let small =
        |facts: &ImageFacts| facts.header.shape.height < tile || facts.header.shape.width < tile;
    let Some((index, facts)) = known.images().find(|(_, facts)| small(facts)) else {
        return Vec::new();
    };
    let ImageShape { height, width, .. } = facts.header.shape;
    let finding = Finding::error(Subject::Size).at(known.path(index));
    let finding = finding.expected(format!("images of at least {tile} x {tile} pixels"));
    vec![finding.found(size(facts.header.shape)).remedy(format!(
        "`targets: Masks(ignore: 255)` gives the pixels beside smaller images a label, \
         `tiles: (size: {}, overlap: 0)` cuts smaller tiles",
        height.min(width)
    ))]
}

fn size(shape: ImageShape) -> String {
    format!("{} x {}", shape.height, shape.width)
}

fn not_finite(known: &Known<'_>) -> Vec<Finding> {
    let found = known.images().filter_map(|(index, facts)| Some((index, facts.not_finite?)));
    let finding = |(index, at): (usize, super::survey::NotFinite)| {
        let finding = Finding::error(Subject::NotFinite).at(known.path(index));
        let place = format!("band {}, row {}, column {}", at.band, at.row, at.column);
        let finding = finding.place(place).expected("finite numbers").found(at.value.to_string());
        finding.remedy("replace such pixels by a number, such as the mean, or remove the file")
    };
    found.map(finding).collect()
}

fn orientations(known: &Known<'_>) -> Vec<Finding> {
    let turned: Vec<_> =
        known.images().filter(|(_, facts)| facts.header.orientation != 1).collect();
    let Some((index, facts)) = turned.first() else { return Vec::new() };
    let finding = Finding::warning(Subject::Orientation).at(known.path(*index));
    let found = format!(
        "EXIF orientation {} ({} of the images have one), which is not applied",
        facts.header.orientation,
        turned.len()
    );
    vec![finding.found(found).remedy("turn the pixels themselves where that matters")]
}

fn parts(known: &Known<'_>) -> Vec<Finding> {
    let count = |part| known.parts.iter().filter(|&&other| other == part).count();
    let directory = &known.files.directory;
    let mut findings = Vec::new();
    if count(Part::Train) == 0 && !known.parts.is_empty() {
        let finding = Finding::error(Subject::Layout).at(directory);
        findings.push(finding.expected("images to train with").found("none in that part"));
    }
    if count(Part::Test) == 0 && !known.parts.is_empty() {
        let finding = Finding::warning(Subject::Layout).at(directory);
        let finding = finding.expected("images to test with").found("none in that part");
        findings.push(finding.remedy(
            "add a folder `test`, or divide by a seed with `split: Random(test: 0.2)`; a \
             comparison needs them",
        ));
    }
    findings
}
