//! Labels of masks: from the values of a file to classes.

use std::collections::BTreeMap;

use super::decode::Header;
use super::source::{Classes, MaskFiles};
use super::{ImageError, Raster, Values};

/// Values that a mask of integers can have.
const RANGE: usize = 1 << 16;
/// Different colours after which a mask is taken for a picture.
const MOST_COLOURS: usize = 256;

/// Counts of the values of a mask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RawCounts {
    /// Of one band: the value and how often it occurs.
    Values(BTreeMap<u32, u64>),
    /// Of three bands: `0xRRGGBB`.
    Colours(BTreeMap<u32, u64>),
    /// More colours than a mask has.
    Picture,
    /// Floats, or a number of bands that neither labels nor colours have.
    Unusable,
}

impl RawCounts {
    pub(super) fn none(header: &Header) -> Self {
        match (header.shape.channels, header.sample) {
            (1, super::SampleType::U8 | super::SampleType::U16) => Self::Values(BTreeMap::new()),
            (3 | 4, super::SampleType::U8) => Self::Colours(BTreeMap::new()),
            _ => Self::Unusable,
        }
    }

    /// Adds the values of a part of the mask.
    pub(super) fn add(&mut self, part: &Raster) {
        match self {
            Self::Values(counts) => count(part, counts),
            Self::Colours(counts) => {
                for colour in colours(part) {
                    *counts.entry(colour).or_default() += 1;
                    if counts.len() > MOST_COLOURS {
                        *self = Self::Picture;
                        return;
                    }
                }
            }
            Self::Picture | Self::Unusable => {}
        }
    }
}

fn count(part: &Raster, counts: &mut BTreeMap<u32, u64>) {
    let mut table = vec![0_u64; RANGE];
    match part.values() {
        Values::U8(values) => values.iter().for_each(|&value| table[usize::from(value)] += 1),
        Values::U16(values) => values.iter().for_each(|&value| table[usize::from(value)] += 1),
        Values::F32(_) => {}
    }
    for (value, &count) in (0..).zip(&table).filter(|(_, count)| **count > 0) {
        *counts.entry(value).or_default() += count;
    }
}

/// The colours of an image of at least three bands of bytes.
fn colours(part: &Raster) -> impl Iterator<Item = u32> + '_ {
    let plane = part.plane();
    let bytes: &[u8] = match part.values() {
        Values::U8(bytes) if part.shape().channels >= 3 => bytes,
        _ => &[],
    };
    let pixels = if bytes.is_empty() { 0 } else { plane };
    (0..pixels).map(move |pixel| {
        (0..3).fold(0, |colour, band| colour << 8 | u32::from(bytes[band * plane + pixel]))
    })
}

/// The rule from values to classes, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LabelRule {
    /// Values that stand for another class.
    labels: BTreeMap<u32, u32>,
    /// Colours and their classes; masks are read as colours where there is one.
    colours: BTreeMap<u32, u32>,
    pub(super) ignore: Option<u32>,
}

impl LabelRule {
    pub(super) fn new(files: &MaskFiles) -> Result<Self, ImageError> {
        let setting = |field, expected: &str, found: String| ImageError::Setting {
            field,
            expected: expected.to_owned(),
            found,
        };
        let largest = u32::from(u16::MAX);
        let numbers = files.labels.values().chain(files.colours.values()).chain(&files.ignore);
        if let Some(large) = numbers.copied().find(|&number| number > largest) {
            let field = "targets.labels";
            return Err(setting(
                field,
                "classes and ignored labels up to 65535",
                large.to_string(),
            ));
        }
        if !files.labels.is_empty() && !files.colours.is_empty() {
            let found = "both".to_owned();
            return Err(setting("targets.colours", "either `labels` or `colours`", found));
        }
        let colours = files.colours.iter().map(|(text, &class)| {
            let digits = text.trim_start_matches('#');
            let colour = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 6);
            let expected = "colours of six hexadecimal digits such as \"FF8000\"";
            let colour =
                colour.ok_or_else(|| setting("targets.colours", expected, format!("{text:?}")));
            Ok((colour?, class))
        });
        let colours = colours.collect::<Result<_, ImageError>>()?;
        Ok(Self { labels: files.labels.clone(), colours, ignore: files.ignore })
    }

    /// `true` where masks are read as colours.
    pub(super) fn reads_colours(&self) -> bool {
        !self.colours.is_empty()
    }

    /// The class of a value or colour; with colours only those that were named have one.
    pub(super) fn class(&self, value: u32) -> Option<u32> {
        if self.reads_colours() {
            return self.colours.get(&value).copied();
        }
        Some(self.labels.get(&value).copied().unwrap_or(value))
    }

    /// Values that the rule names, and the classes they stand for.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&u32, &u32)> {
        self.labels.iter().chain(&self.colours)
    }

    /// The largest class that the rule itself names.
    fn named(&self) -> Option<u32> {
        let classes = self.labels.values().chain(self.colours.values()).copied();
        classes.filter(|&class| Some(class) != self.ignore).max()
    }

    /// Number of classes: those that were given, or one more than the largest label found.
    pub(super) fn classes(&self, given: &Classes, found: Option<u32>) -> usize {
        match given {
            Classes::Names(names) => names.len(),
            Classes::Count(count) => *count,
            Classes::Found => {
                let largest = self.named().into_iter().chain(found).max();
                // One class alone leaves nothing to choose between.
                largest.map_or(2, |largest| (largest as usize + 1).max(2))
            }
        }
    }

    /// The classes of a mask, row by row. Values without a class, which the check refuses, are
    /// `u16::MAX`.
    pub(super) fn apply(&self, mask: &Raster) -> Vec<u16> {
        let class = |value: u32| {
            self.class(value).and_then(|class| u16::try_from(class).ok()).unwrap_or(u16::MAX)
        };
        if self.reads_colours() {
            return colours(mask).map(class).collect();
        }
        match mask.values() {
            Values::U8(values) => {
                let table: Vec<u16> = (0..256).map(class).collect();
                values.iter().map(|&value| table[usize::from(value)]).collect()
            }
            Values::U16(values) => values.iter().map(|&value| class(value.into())).collect(),
            Values::F32(_) => Vec::new(),
        }
    }
}

/// A colour as it is written.
pub(super) fn hexadecimal(colour: u32) -> String {
    format!("{colour:06X}")
}
