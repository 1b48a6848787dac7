//! Rules about masks.

use std::collections::BTreeSet;

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
    let rows: Vec<_> = (0..).zip(&values).filter(|(class, value)| class != *value).collect();
    let rows: Vec<_> =
        rows.iter().take(16).map(|(class, value)| format!("{value}: {class}")).collect();
    Some(finding.remedy(format!(
        "class {gap} has no pixel: `targets: Masks(labels: {{{}}})` numbers the others anew, \
         `targets: Masks(classes: Count({}))` keeps it",
        rows.join(", "),
        u64::from(largest) + 1
    )))
}

/// Values in words.
fn listed(values: &BTreeSet<u32>) -> String {
    let shown: Vec<_> = values.iter().take(12).map(u32::to_string).collect();
    let more =
        if values.len() > 12 { format!(" and {} more", values.len() - 12) } else { String::new() };
    format!("the values {}{more}", shown.join(", "))
}

/// Values that are no class.
fn values(known: &Known<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, mask) in masks(known) {
        let (counts, coloured) = match &mask.counts {
            RawCounts::Values(counts) if !known.rule.reads_colours() => (counts, false),
            RawCounts::Colours(counts) if known.rule.reads_colours() => (counts, true),
            _ => continue,
        };
        let unknown = counts.iter().find(|(value, _)| {
            known.rule.class(**value).is_none_or(|class| {
                class as usize >= known.classes && Some(class) != known.rule.ignore
            })
        });
        let Some((&value, count)) = unknown else { continue };
        let finding = Finding::error(Subject::MaskValue).at(&mask.stamp.path);
        findings.push(if coloured {
            let colour = hexadecimal(value);
            let finding = finding.expected("colours that `colours` names");
            let finding = finding.found(format!("{colour} in {count} pixels"));
            finding.remedy(format!("`colours: {{.., \"{colour}\": CLASS}}`"))
        } else {
            let finding = finding.expected(format!("classes below {}", known.classes));
            let finding = finding.found(format!("{value} in {count} pixels"));
            let classes = u64::from(value) + 1;
            let part = known.parts[index];
            let more = if part == Part::Train { "" } else { ", which no training mask has" };
            finding.remedy(format!(
                "`targets: Masks(ignore: {value})`, `targets: Masks(labels: {{{value}: CLASS}})` \
                 or `targets: Masks(classes: Count({classes}))`{more}"
            ))
        });
    }
    findings
}
