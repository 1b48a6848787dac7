//! Rules about the shares of classes.

use super::super::labels::RawCounts;
use super::super::layout::{Kind, Target};
use super::super::split::Part;
use super::Known;
use super::masks::{guessed, masks};
use crate::check::{Finding, Subject};

/// A share below which a class is called rare.
const RARE: f64 = 0.02;

/// Counts of classes, in images or pixels, of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Counts {
    pub(in super::super) of: Vec<u64>,
    pub(in super::super) ignored: u64,
}

impl Counts {
    pub(in super::super) fn all(&self) -> u64 {
        self.of.iter().sum()
    }
}

/// Counts of a part: images of each class, images with each label, or pixels of each class.
pub(in super::super) fn counts(known: &Known<'_>, part: Part) -> Counts {
    let names = known.layout.names.len();
    let mut counts = Counts { of: vec![0; names.max(known.classes)], ignored: 0 };
    let entries = known.layout.entries.iter().zip(known.parts);
    for (entry, _) in entries.filter(|(_, other)| **other == part) {
        match &entry.target {
            Target::Class(class) => {
                if let Some(count) = counts.of.get_mut(*class as usize) {
                    *count += 1;
                }
            }
            Target::Numbers(numbers) if known.layout.kind == Kind::Labels => {
                for (count, &number) in counts.of.iter_mut().zip(numbers) {
                    *count += u64::from(number > 0.5);
                }
            }
            Target::Numbers(_) | Target::Mask(_) => {}
        }
    }
    for (_, mask) in masks(known).filter(|(index, _)| known.parts[*index] == part) {
        let (RawCounts::Values(values) | RawCounts::Colours(values)) = &mask.counts else {
            continue;
        };
        for (&value, &count) in values {
            match known.rule.class(value) {
                Some(class) if Some(class) == known.rule.ignore => counts.ignored += count,
                Some(class) => {
                    if let Some(of) = counts.of.get_mut(class as usize) {
                        *of += count;
                    }
                }
                None => {}
            }
        }
    }
    counts
}

pub(super) fn findings(known: &Known<'_>) -> Vec<Finding> {
    let directory = &known.files.directory;
    let mut findings = Vec::new();
    if known.layout.kind == Kind::Values {
        let spread = Part::ALL.iter().filter_map(|&part| spread(known, part));
        return spread.chain(constants(known)).collect();
    }
    if guessed(known).is_some() {
        // Shares of classes that nobody meant.
        return findings;
    }
    let train = counts(known, Part::Train);
    for part in Part::ALL {
        let here = counts(known, part);
        let images = known.parts.iter().filter(|&&other| other == part).count();
        if images == 0 {
            continue;
        }
        findings.push(Finding::note(Subject::Shares).at(directory).found(told(known, part, &here)));
        for (class, _) in here.of.iter().enumerate().filter(|(_, count)| **count == 0) {
            let name = known.class_name(class);
            let is_missing = train.of[class] == 0;
            let finding = match (part, known.layout.kind) {
                (Part::Train, Kind::Class) => Finding::error(Subject::EmptyClass),
                (_, _) if part == Part::Train || !is_missing => {
                    Finding::warning(Subject::EmptyClass)
                }
                _ => continue,
            };
            let finding = finding.at(directory).place(format!("`{part}`, {name}"));
            let what = if known.layout.kind == Kind::Mask { "pixels" } else { "images" };
            findings.push(finding.expected(format!("{what} of every class")).found("none"));
        }
    }
    findings.extend(one_class(known, &train));
    findings
}

fn one_class(known: &Known<'_>, train: &Counts) -> Option<Finding> {
    let all = train.all();
    let largest = train.of.iter().copied().max()?;
    let is_alone = known.layout.kind != Kind::Labels && all > 0 && largest == all;
    let is_empty = known.layout.kind == Kind::Labels && all == 0;
    if !is_alone && !is_empty {
        return None;
    }
    let finding = Finding::error(Subject::EmptyClass).at(&known.files.directory);
    let finding = finding.place("`train`").expected("at least two classes");
    Some(finding.found(if is_empty { "no label" } else { "one: there is nothing to learn" }))
}

/// The values to learn of a part, row by row.
fn rows<'a>(known: &Known<'a>, part: Part) -> Vec<&'a Vec<f32>> {
    let rows = known.layout.entries.iter().zip(known.parts);
    let rows = rows.filter(|(_, other)| **other == part);
    rows.filter_map(|(entry, _)| match &entry.target {
        Target::Numbers(numbers) => Some(numbers),
        _ => None,
    })
    .collect()
}

/// The range and the mean of every column in a part.
fn spread(known: &Known<'_>, part: Part) -> Option<Finding> {
    let rows = rows(known, part);
    let columns = rows.first()?.len();
    let told = (0..columns).map(|column| {
        let values = rows.iter().map(|row| row[column]);
        let least = values.clone().fold(f32::INFINITY, f32::min);
        let most = values.clone().fold(f32::NEG_INFINITY, f32::max);
        let mean = values.map(f64::from).sum::<f64>() / rows.len() as f64;
        format!("{} from {least} to {most}, mean {mean:.3}", known.class_name(column))
    });
    let told = told.collect::<Vec<_>>().join("; ");
    let found = format!("{part}, {} images: {told}", rows.len());
    Some(Finding::note(Subject::Shares).at(&known.files.directory).found(found))
}

/// Columns of equal values.
fn constants(known: &Known<'_>) -> Vec<Finding> {
    let rows = rows(known, Part::Train);
    let Some(first) = rows.first() else { return Vec::new() };
    let same = |column: usize| {
        rows.len() > 1 && rows.iter().all(|row| row[column].to_bits() == first[column].to_bits())
    };
    let constant = (0..first.len()).filter(|&column| same(column));
    let finding = |column: usize| {
        let finding = Finding::error(Subject::EmptyClass).at(&known.files.directory);
        let place = format!("`train`, column `{}`", known.class_name(column));
        let finding = finding.place(place).expected("different values");
        finding.found(format!("{} in every row: there is nothing to learn", first[column]))
    };
    constant.map(finding).collect()
}

/// The shares of a part in words.
fn told(known: &Known<'_>, part: Part, counts: &Counts) -> String {
    let images = known.parts.iter().filter(|&&other| other == part).count();
    let all = match known.layout.kind {
        Kind::Labels => images as u64,
        _ => counts.all(),
    };
    let share = |count: u64| count as f64 / all.max(1) as f64;
    let shares = counts.of.iter().enumerate().take(20);
    let shares = shares.map(|(class, &count)| {
        format!("{} {:.2} %", known.class_name(class), 100.0 * share(count))
    });
    let shares: Vec<String> = shares.collect();
    let ignored = match counts.ignored {
        0 => String::new(),
        count => {
            let whole = (count + counts.all()).max(1);
            format!("; ignored {:.2} % of all", 100.0 * count as f64 / whole as f64)
        }
    };
    let rare = counts.of.iter().any(|&count| count > 0 && share(count) < RARE);
    let rare = if rare && part == Part::Train {
        "; a rare class asks for class weights, a Dice loss or crops around it"
    } else {
        ""
    };
    format!("{part}, {images} images: {}{ignored}{rare}", shares.join(", "))
}
