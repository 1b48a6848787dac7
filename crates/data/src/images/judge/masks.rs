//! Rules about masks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::super::decode::Format;
use super::super::labels::{RawCounts, hexadecimal};
use super::super::source::Classes;
use super::super::split::Part;
use super::super::survey::MaskFacts;
use super::Known;
use crate::check::{Finding, Subject};

pub(super) fn findings(known: &Known<'_>) -> Vec<Finding> {
    let mut findings = sizes(known);
    findings.extend(kinds(known));
    if let Some(finding) = guessed(known) {
        // One reason: what follows from it is not told mask by mask.
        findings.push(finding);
        return findings;
    }
    findings.extend(values(known));
    findings
}

/// Masks that could be read, with their entries.
pub(super) fn masks<'a>(known: &Known<'a>) -> impl Iterator<Item = (usize, &'a MaskFacts)> {
    let all = known.surveyed.iter().enumerate();
    all.filter_map(|(index, surveyed)| Some((index, surveyed.mask.as_ref()?.as_ref().ok()?)))
}

fn sizes(known: &Known<'_>) -> Vec<Finding> {
    let wrong = masks(known).filter_map(|(index, mask)| {
        let image = known.surveyed[index].image.as_ref().ok()?;
        let expected = super::size(image.header.shape);
        let found = super::size(mask.header.shape);
        (expected != found).then(|| {
            let finding = Finding::error(Subject::Size).at(&mask.stamp.path);
            let expected = format!("{expected}, as its image {}", known.path(index).display());
            finding.expected(expected).found(found).remedy("make both of one size, or remove both")
        })
    });
    wrong.collect()
}

/// Masks that are coloured, floats or pictures.
fn kinds(known: &Known<'_>) -> Vec<Finding> {
    let coloured = known.rule.reads_colours();
    let wrong = masks(known).filter_map(|(_, mask)| {
        let finding = Finding::error(Subject::MaskKind).at(&mask.stamp.path);
        let header = mask.header;
        let bands = format!("{} of {}", header.colour, header.sample);
        if header.format == Format::Jpeg {
            let finding = finding.expected("a mask in PNG or TIFF");
            let finding = finding.found("a JPEG, whose values are not kept");
            return Some(finding.remedy("make the masks anew from their source"));
        }
        match &mask.counts {
            RawCounts::Values(_) if coloured => {
                let finding = finding.expected("colours, as `colours` says").found(bands);
                Some(finding.remedy("leave `colours` out: `labels` maps values of one band"))
            }
            RawCounts::Colours(colours) if !coloured => {
                let rows = colours.keys().take(16).enumerate();
                let rows =
                    rows.map(|(class, &colour)| format!("\"{}\": {class}", hexadecimal(colour)));
                let rows: Vec<_> = rows.collect();
                let finding = finding.expected("one band of class numbers");
                let finding = finding.found(format!("{bands}, {} colours", colours.len()));
                let rows = rows.join(", ");
                Some(finding.remedy(format!("`targets: Masks(colours: {{{rows}}})` names them")))
            }
            RawCounts::Values(_) | RawCounts::Colours(_) => None,
            RawCounts::Picture => {
                let finding = finding.expected("a mask of class numbers");
                Some(finding.found("a picture of more than 256 colours"))
            }
            RawCounts::Unusable => {
                let finding = finding.expected("one band of class numbers of 8 or 16 bits");
                Some(finding.found(bands).remedy("convert the masks"))
            }
        }
    });
    wrong.collect()
}

/// All values of all masks of one band.
fn all_values(known: &Known<'_>) -> BTreeSet<u32> {
    let counts = masks(known).filter_map(|(_, mask)| match &mask.counts {
        RawCounts::Values(counts) => Some(counts.keys().copied()),
        _ => None,
    });
    counts.flatten().collect()
}

/// The number of classes was to be found in the masks, and their values suggest that they mean
/// something else: said once, with the option.
pub(super) fn guessed(known: &Known<'_>) -> Option<Finding> {
    let super::super::source::FileTargets::Masks(files) = &known.files.targets else { return None };
    if files.classes != Classes::Found || !files.labels.is_empty() || known.rule.reads_colours() {
        return None;
    }
    let mut values = all_values(known);
    if let Some(ignore) = files.ignore {
        values.remove(&ignore);
    }
    let largest = values.last().copied()?;
    let first = masks(known).find(|(_, mask)| match &mask.counts {
        RawCounts::Values(counts) => counts.contains_key(&largest),
        _ => false,
    });
    let finding = Finding::error(Subject::MaskValue).at(&first?.1.stamp.path);
    let listed = listed(&values);
    if values.len() == 2 && values.contains(&0) && largest > 1 {
        let finding = finding.expected("class numbers 0 and 1");
        let finding = finding.found(format!("the values 0 and {largest} in all masks"));
        return Some(finding.remedy(format!("`targets: Masks(labels: {{{largest}: 1}})`")));
    }
    let gap = (0..largest).find(|class| !values.contains(class))?;
    let below = values.iter().rev().nth(1).copied().unwrap_or_default();
    let others_are_dense = (0..=below).all(|class| values.contains(&class));
    let finding = finding.expected("class numbers from 0 on without a gap").found(listed);
    if largest == 255 && others_are_dense {
        return Some(finding.remedy(
            "`targets: Masks(ignore: 255)` if 255 marks pixels without a class, \
             `targets: Masks(classes: Count(256))` if it is one",
        ));
    }
    let keeps = format!("`targets: Masks(classes: Count({}))` keeps it", u64::from(largest) + 1);
    let rows = (0..).zip(&values).filter(|(class, value)| class != *value);
    let rows: Vec<_> = rows.map(|(class, value)| format!("{value}: {class}")).collect();
    if rows.len() > ROWS {
        // Whoever has so many values has instances, or a picture.
        return Some(finding.remedy(format!(
            "class {gap} has no pixel: {keeps}, `targets: Masks(labels: {{{}, ..}})` with a row \
             for each of {} values numbers the others anew",
            rows[..2].join(", "),
            rows.len()
        )));
    }
    Some(finding.remedy(format!(
        "class {gap} has no pixel: `targets: Masks(labels: {{{}}})` numbers the others anew, \
         {keeps}",
        rows.join(", "),
    )))
}

/// Values in words.
fn listed(values: &BTreeSet<u32>) -> String {
    if values.len() > 12 {
        return format!("{} values: {}", values.len(), ranges(values));
    }
    let shown: Vec<_> = values.iter().map(u32::to_string).collect();
    format!("the values {}", shown.join(", "))
}

/// Ranges of numbers that follow each other, the first eight of them.
fn ranges(values: &BTreeSet<u32>) -> String {
    let mut ranges: Vec<[u32; 2]> = Vec::new();
    for &value in values {
        match ranges.last_mut() {
            Some(last) if last[1] + 1 == value => last[1] = value,
            _ => ranges.push([value; 2]),
        }
    }
    let shown = ranges.iter().take(RANGES).map(|[least, most]| match most - least {
        0 => least.to_string(),
        1 => format!("{least}, {most}"),
        _ => format!("{least} to {most}"),
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    match ranges.get(RANGES..).unwrap_or_default() {
        [] => shown,
        [rest @ .., last] => {
            let most = last[1];
            format!("{shown} and {} more ranges up to {most}", rest.len() + 1)
        }
    }
}

/// Ranges that are shown.
const RANGES: usize = 8;
/// Values that are shown with their pixels.
const SHOWN: usize = 4;
/// Values for which a remedy has a row each.
const ROWS: usize = 16;

/// Values without a class in all masks of one kind.
#[derive(Default)]
struct Unknown<'a> {
    /// Pixels of each.
    pixels: BTreeMap<u32, u64>,
    masks: usize,
    first: Option<&'a Path>,
    in_training: bool,
}

/// Values that are no class, told once for all masks.
fn values(known: &Known<'_>) -> Option<Finding> {
    let coloured = known.rule.reads_colours();
    let mut unknown = Unknown::default();
    for (index, mask) in masks(known) {
        let counts = match &mask.counts {
            RawCounts::Values(counts) if !coloured => counts,
            RawCounts::Colours(counts) if coloured => counts,
            _ => continue,
        };
        let without = counts.iter().filter(|(value, _)| {
            known.rule.class(**value).is_none_or(|class| {
                class as usize >= known.classes && Some(class) != known.rule.ignore
            })
        });
        let before = unknown.masks;
        for (&value, &count) in without {
            *unknown.pixels.entry(value).or_default() += count;
            unknown.masks = before + 1;
        }
        if unknown.masks > before {
            unknown.first.get_or_insert(&mask.stamp.path);
            unknown.in_training |= known.parts[index] == Part::Train;
        }
    }
    let finding = Finding::error(Subject::MaskValue).at(unknown.first?);
    let finding = if coloured {
        finding.expected("colours that `colours` names")
    } else {
        finding.expected(format!("classes below {}", known.classes))
    };
    Some(finding.found(unknown.said(coloured)).remedy(unknown.remedy(coloured)))
}

impl Unknown<'_> {
    fn said(&self, coloured: bool) -> String {
        let shown = self.pixels.iter().take(SHOWN).map(|(&value, count)| {
            let value = if coloured { hexadecimal(value) } else { value.to_string() };
            format!("{value} in {count} pixels")
        });
        let shown = shown.collect::<Vec<_>>().join(", ");
        let masks =
            if self.masks > 1 { format!(" of {} masks", self.masks) } else { String::new() };
        let all = match (self.pixels.len(), coloured) {
            (..=SHOWN, _) => return format!("{shown}{masks}"),
            (count, true) => format!("{count} other colours"),
            (_, false) => listed(&self.pixels.keys().copied().collect()),
        };
        format!("{all}: {shown}, ..{masks}")
    }

    fn remedy(&self, coloured: bool) -> String {
        let rows = self.pixels.keys().take(ROWS).map(|&value| {
            if coloured {
                format!("\"{}\": CLASS", hexadecimal(value))
            } else {
                format!("{value}: CLASS")
            }
        });
        let rows = rows.collect::<Vec<_>>().join(", ");
        let more = if self.pixels.len() > ROWS { ", .." } else { "" };
        if coloured {
            return format!("`colours: {{.., {rows}{more}}}`");
        }
        let largest = self.pixels.keys().last().copied().unwrap_or_default();
        let rows = format!("`targets: Masks(labels: {{{rows}{more}}})`");
        let classes = format!("`targets: Masks(classes: Count({}))`", u64::from(largest) + 1);
        let training = if self.in_training { "" } else { ", which no training mask has" };
        if self.pixels.len() == 1 {
            return format!("`targets: Masks(ignore: {largest})`, {rows} or {classes}{training}");
        }
        format!("{classes} makes classes of all of them, {rows} classes of your own{training}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_values_are_few_ranges() {
        let said = |values: &[u32]| listed(&values.iter().copied().collect());
        assert_eq!(said(&[0, 2, 255]), "the values 0, 2, 255");
        let dense: Vec<u32> = (0..14).chain([20, 21, 255]).collect();
        assert_eq!(said(&dense), "17 values: 0 to 13, 20, 21, 255");
        let sparse: Vec<u32> = (0..100).map(|at| 2 * at).collect();
        let expected = "100 values: 0, 2, 4, 6, 8, 10, 12, 14 and 92 more ranges up to 198";
        assert_eq!(said(&sparse), expected);
    }

    #[test]
    fn many_unknown_values_are_told_in_a_line_with_what_mends_them() {
        let pixels: BTreeMap<u32, u64> = (2..202).map(|value| (value, u64::from(value))).collect();
        let unknown = Unknown { pixels: pixels.clone(), masks: 6, first: None, in_training: true };
        let expected = "200 values: 2 to 201: 2 in 2 pixels, 3 in 3 pixels, 4 in 4 pixels, 5 in 5 \
                        pixels, .. of 6 masks";
        assert_eq!(unknown.said(false), expected);
        let remedy = unknown.remedy(false);
        assert!(remedy.starts_with("`targets: Masks(classes: Count(202))` makes"), "{remedy}");
        assert!(remedy.contains("{2: CLASS, 3: CLASS, ") && remedy.len() < 300, "{remedy}");
        let said = unknown.said(true);
        assert!(said.starts_with("200 other colours: 000002 in 2 pixels"), "{said}");
        let one = Unknown { pixels: BTreeMap::from([(7, 48)]), masks: 1, ..Unknown::default() };
        assert_eq!(one.said(false), "7 in 48 pixels");
        let expected = "`targets: Masks(ignore: 7)`, `targets: Masks(labels: {7: CLASS})` or \
                        `targets: Masks(classes: Count(8))`, which no training mask has";
        assert_eq!(one.remedy(false), expected);
    }
}
