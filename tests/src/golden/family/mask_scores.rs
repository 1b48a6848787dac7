//! Confusion matrices, components, and matched objects.

use candle_core::{Device, Tensor};
use dartloom_metrics::{
    Confusion, Connectivity, Matching, Objects, ObjectsConfig, Overlap, Scorer, components,
    overlaps,
};
use serde_json::Value;

use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::numbers::{Numbers, mean, name_of};
use crate::golden::{GoldenError, Outcome};

type Complaints = Result<Vec<String>, GoldenError>;

pub(crate) fn run(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let thresholds = value.numbers("thresholds")?;
    let mut outcomes = Vec::new();
    let mut each = |part: &str, check: &dyn Fn(&Value) -> Complaints| -> Result<(), GoldenError> {
        for (at, entry) in value.list(part)?.iter().enumerate() {
            let name = name_of(&case.name, &format!("{part}/"), at, entry);
            outcomes.push(Outcome::of(name, check(entry)));
        }
        Ok(())
    };
    each("cases", &|entry| confusion(case, entry))?;
    each("components", &|entry| both_connectivities(case, entry))?;
    each("objects", &|entry| objects(case, entry, &thresholds))?;
    each("matching", &|entry| matching(case, entry, &thresholds))?;
    Ok(outcomes)
}

/// Masks of one size, one after the other.
struct Planes {
    labels: Vec<u32>,
    sides: [usize; 2],
}

impl Planes {
    /// A list of masks, or a single one.
    fn read(entry: &Value, name: &str) -> Result<Self, GoldenError> {
        let wrong = || entry.wrong(name, "masks");
        let rows = |value: &Value| -> Option<Vec<Vec<u32>>> {
            let number = |value: &Value| value.as_u64().and_then(|label| u32::try_from(label).ok());
            let row = |row: &Value| row.as_array()?.iter().map(number).collect();
            value.as_array()?.iter().map(row).collect()
        };
        let value = entry.field(name).ok_or_else(wrong)?;
        let planes = match rows(value) {
            Some(plane) => vec![plane],
            None => {
                let planes = value.as_array().ok_or_else(wrong)?;
                planes.iter().map(rows).collect::<Option<Vec<_>>>().ok_or_else(wrong)?
            }
        };
        let sides = planes.first().and_then(|plane| Some([plane.len(), plane.first()?.len()]));
        Ok(Self { labels: planes.concat().concat(), sides: sides.ok_or_else(wrong)? })
    }

    fn images(&self) -> usize {
        self.labels.len() / (self.sides[0] * self.sides[1])
    }

    fn tensor(&self) -> Result<Tensor, GoldenError> {
        let dims = (self.images(), self.sides[0], self.sides[1]);
        Ok(Tensor::from_slice(&self.labels, dims, &Device::Cpu)?)
    }

    /// Logits whose highest class is the label.
    fn logits(&self, classes: usize) -> Result<Tensor, GoldenError> {
        let classes =
            Tensor::arange(0_u32, classes as u32, &Device::Cpu)?.reshape((1, (), 1, 1))?;
        let said = self.tensor()?.unsqueeze(1)?.broadcast_eq(&classes)?;
        Ok(said.to_dtype(candle_core::DType::F32)?)
    }

    fn mask(&self) -> Vec<bool> {
        self.labels.iter().map(|&label| label > 0).collect()
    }
}

fn confusion(case: &Case<'_>, entry: &Value) -> Complaints {
    let classes = entry.count("classes")?;
    let ignore = entry.field("ignore").map(|_| entry.count("ignore")).transpose()?;
    let output = Planes::read(entry, "prediction")?.logits(classes)?;
    let target = Planes::read(entry, "target")?.tensor()?;
    let mut scorer = Confusion::new(classes, ignore.map(|label| label as u32))?;
    scorer.update(&output, &target)?;
    let mut numbers = Numbers::new(entry, &case.entry.tolerance);
    let found: Vec<Vec<f64>> = (0..classes)
        .map(|there| (0..classes).map(|said| scorer.count(there, said)).collect())
        .collect();
    numbers.equal("confusion", &found, &entry.rows("confusion")?);
    let each = |score: &dyn Fn(usize) -> Option<f64>| (0..classes).map(score).collect::<Vec<_>>();
    let iou = each(&|class| scorer.iou(class));
    let recall = each(&|class| scorer.recall(class));
    numbers.list("iou", &iou)?;
    numbers.list("dice", &each(&|class| scorer.dice(class)))?;
    numbers.list("precision", &each(&|class| scorer.precision(class)))?;
    numbers.list("recall", &recall)?;
    let rows = scorer.rows();
    numbers.number("pixels", Some(rows.iter().map(|row| row.pixels).sum()))?;
    let there = iou.iter().zip(&rows).map(|(iou, row)| iou.filter(|_| row.pixels > 0.0));
    numbers.number("mean_iou_of_target_classes", mean(there))?;
    numbers.number("mean_iou_absent_as_0", mean(iou.iter().map(|iou| iou.or(Some(0.0)))))?;
    numbers.number("frequency_weighted_iou", scorer.frequency_weighted_iou())?;
    let scores = scorer.scores();
    for (name, own) in [
        ("mean_iou", "mean_iou"),
        ("mean_dice", "mean_dice"),
        ("pixel_accuracy", "pixel_accuracy"),
        ("mean_recall", "mean_accuracy"),
    ] {
        numbers.number(name, scores.get(own))?;
    }
    Ok(numbers.finish())
}

fn both_connectivities(case: &Case<'_>, entry: &Value) -> Complaints {
    let planes = Planes::read(entry, "mask")?;
    let mut complaints = Vec::new();
    for (name, connectivity) in [("four", Connectivity::Four), ("eight", Connectivity::Eight)] {
        let want = entry.field(name).ok_or_else(|| entry.wrong(name, "components"))?;
        let found = components(&planes.mask(), planes.sides[1], connectivity);
        let mut numbers = Numbers::new(want, &case.entry.tolerance);
        numbers.equal(name, &found.labels, &Planes::read(want, "labels")?.labels);
        numbers.equal(name, &found.sizes, &want.counts("sizes")?);
        numbers.equal(name, &found.sizes.len(), &want.count("count")?);
        complaints.extend(numbers.finish());
    }
    Ok(complaints)
}

const MATCHINGS: [(&str, Matching); 2] =
    [("greedy", Matching::Greedy), ("optimal", Matching::Optimal)];

/// The components of two masks, alone and through the scorer.
fn objects(case: &Case<'_>, entry: &Value, thresholds: &[f64]) -> Complaints {
    let said = Planes::read(entry, "prediction")?;
    let there = Planes::read(entry, "target")?;
    let [one, other] = [&said, &there]
        .map(|planes| components(&planes.mask(), planes.sides[1], Connectivity::Eight));
    let found = overlaps(&one, &other);
    let mut numbers = Numbers::new(entry, &case.entry.tolerance);
    let counts = [one.sizes.len(), other.sizes.len()];
    numbers.equal("predicted_objects", &counts[0], &entry.count("predicted_objects")?);
    numbers.equal("target_objects", &counts[1], &entry.count("target_objects")?);
    let mut table = vec![vec![0.0; counts[1]]; counts[0]];
    found.iter().for_each(|overlap| table[overlap.said][overlap.there] = overlap.iou);
    numbers.equal("iou", &table, &entry.rows("iou")?);
    let mut complaints = numbers.finish();
    complaints.extend(pairs(case, entry, &found)?);
    for (name, matching) in MATCHINGS {
        let config =
            ObjectsConfig { thresholds: thresholds.to_vec(), matching, ..ObjectsConfig::default() };
        let mut scorer = Objects::new(2, None, config)?;
        scorer.update(&said.logits(2)?, &there.tensor()?)?;
        for (row, want) in scorer.rows().iter().zip(entry.list("by_threshold")?) {
            let want = want.field(name).ok_or_else(|| want.wrong(name, "a matching"))?;
            let mut numbers = Numbers::new(want, &case.entry.tolerance);
            numbers.number("true_positives", Some(row.matches))?;
            numbers.number("false_positives", Some(row.said - row.matches))?;
            numbers.number("false_negatives", Some(row.there - row.matches))?;
            numbers.number("precision", row.precision)?;
            numbers.number("recall", row.recall)?;
            numbers.number("f1", row.f1)?;
            numbers.number("mean_iou_of_pairs", row.mean_iou)?;
            complaints.extend(numbers.finish());
        }
    }
    Ok(complaints)
}

/// Overlaps that were made up.
fn matching(case: &Case<'_>, entry: &Value, thresholds: &[f64]) -> Complaints {
    let rows = entry.rows("iou")?;
    let mut found = Vec::new();
    for (said, row) in rows.iter().enumerate() {
        let row = row.iter().enumerate().filter(|(_, iou)| **iou > 0.0);
        found.extend(row.map(|(there, &iou)| Overlap { said, there, iou }));
    }
    let mut numbers = Numbers::new(entry, &case.entry.tolerance);
    numbers.equal("thresholds", &entry.list("by_threshold")?.len(), &thresholds.len());
    let mut complaints = numbers.finish();
    complaints.extend(pairs(case, entry, &found)?);
    Ok(complaints)
}

/// The pairs at every threshold.
fn pairs(case: &Case<'_>, entry: &Value, found: &[Overlap]) -> Complaints {
    let mut complaints = Vec::new();
    for at in entry.list("by_threshold")? {
        let threshold = at.number("threshold")?;
        for (name, matching) in MATCHINGS {
            let want = at.field(name).ok_or_else(|| at.wrong(name, "a matching"))?;
            let pairs = matching.pairs(found, threshold);
            let own: Vec<Vec<f64>> =
                pairs.iter().map(|pair| vec![pair.said as f64, pair.there as f64]).collect();
            let mut numbers = Numbers::new(want, &case.entry.tolerance);
            numbers.equal(&format!("{name}, {threshold}"), &own, &want.rows("pairs")?);
            numbers.number("true_positives", Some(pairs.len() as f64))?;
            complaints.extend(numbers.finish());
        }
    }
    Ok(complaints)
}
