mod image;
mod matching;
mod rows;

use candle_core::Tensor;
use dartloom_record::Scores;
use serde::{Deserialize, Serialize};

pub use self::image::overlaps;
pub use self::matching::{Matching, Overlap};
pub use self::rows::ObjectRow;
use crate::masks::{Classes, Masks};
use crate::ranking::Ranked;
use crate::scorer::{add, mean};
use crate::surface::with_foreground;
use crate::{Connectivity, Details, MetricsError, Scorer, read};

/// Settings of [`Objects`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObjectsConfig {
    /// Thresholds of the IoU from which two objects match, rising, above 0 and at most 1.
    pub thresholds: Vec<f64>,
    /// The neighbours that belong to the same object.
    pub connectivity: Connectivity,
    /// The rule that chooses among the pairs.
    pub matching: Matching,
    /// Objects of fewer pixels, predicted or true, do not count.
    pub least_pixels: usize,
}

impl Default for ObjectsConfig {
    /// Thresholds 0.1, 0.2 to 0.9, eight neighbours, optimal matching, objects of every size.
    fn default() -> Self {
        Self {
            thresholds: (1..10).map(|tenth| f64::from(tenth) / 10.0).collect(),
            connectivity: Connectivity::default(),
            matching: Matching::default(),
            least_pixels: 0,
        }
    }
}

/// Objects found and missed: precision, recall, F1 and average precision at thresholds of the IoU.
///
/// Takes logits `[batch, classes, H, W]` and masks `[batch, H, W]`, read as
/// [`Confusion`](crate::Confusion) reads them. The objects of an image are the connected components
/// of each class but 0, the background, in its predicted and in its true mask; pixels whose label
/// is ignored belong to none. Predicted and true objects of one class are matched one to one within
/// their image. At a threshold t of the IoU, with `m` matches of `p` predicted and `n` true objects
/// of all images and classes:
///
/// * `object_precision_t = m / p`, `object_recall_t = m / n`, `object_f1_t = 2 m / (p + n)`,
/// * `object_ap_t`, the [average precision](crate::average_precision) of the predicted objects
///   ranked by their confidence, the mean over their pixels of the softmax of their class,
/// * `object_f1` and `object_ap`, the means of the two over the thresholds.
///
/// Scores of no objects (0/0) have no value. [`rows`](Self::rows) is the table and
/// [`curve`](Self::curve) the precision-recall curve over thresholds. Scores are those of the
/// matching that is configured; the table and the curve of the other one
/// ([`rows_by`](Self::rows_by)) are in the [`details`](Scorer::details), too.
///
/// The state is as long as there are predicted objects: a ranking cannot be summed up.
///
/// # Differences from other definitions
/// PASCAL VOC and COCO match in the order of confidence; here the IoU alone decides, so that
/// precision and recall do not depend on confidences.
#[derive(Clone, Debug, PartialEq)]
pub struct Objects {
    classes: Classes,
    config: ObjectsConfig,
    /// Predicted and true objects, then at each threshold matches and the sum of their IoU, of the
    /// configured matching and then of the other one.
    counts: Vec<f64>,
    found: Vec<Found>,
}

/// A predicted object.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Found {
    confidence: f64,
    /// A bit for each threshold at which it has a match, the first one's lowest, of the configured
    /// matching and of the other one.
    matches: [u64; 2],
}

/// Most thresholds: whole numbers of so many bits are exact in a state.
const MOST: usize = 48;

impl Objects {
    /// Objects of the classes from 1 to `classes - 1`.
    ///
    /// # Errors
    /// [`MetricsError::Setting`] for fewer than 2 classes or more than 65,536,
    /// [`MetricsError::Thresholds`] unless there are from 1 to 48 rising ones in `(0, 1]`.
    pub fn new(
        classes: usize,
        ignore: Option<u32>,
        config: ObjectsConfig,
    ) -> Result<Self, MetricsError> {
        let known = with_foreground(classes, ignore)?;
        let thresholds = &config.thresholds;
        let inside = thresholds.iter().all(|&threshold| threshold > 0.0 && threshold <= 1.0);
        let rising = thresholds.windows(2).all(|pair| pair[0] < pair[1]);
        if !(inside && rising && (1..=MOST).contains(&thresholds.len())) {
            return Err(MetricsError::Thresholds { found: config.thresholds });
        }
        let counts = vec![0.0; 2 + 4 * thresholds.len()];
        Ok(Self { classes: known, config, counts, found: Vec::new() })
    }

    pub(crate) fn see(&mut self, masks: &Masks, output: &Tensor) -> Result<(), MetricsError> {
        let logits = read::numbers(output)?;
        let size = self.classes.count * masks.places;
        for (image, logits) in masks.images().zip(logits.chunks_exact(size.max(1))) {
            for class in 1..self.classes.count {
                let objects = image::Objects::new(&image, class, &self.config);
                let confidences = objects.confidences(logits, self.classes.count, class);
                self.count(&objects, &confidences);
            }
        }
        Ok(())
    }

    fn count(&mut self, objects: &image::Objects, confidences: &[f64]) {
        self.counts[0] += objects.said() as f64;
        self.counts[1] += objects.there() as f64;
        let mut matches = vec![[0_u64; 2]; objects.said()];
        let rules = [self.config.matching, self.config.matching.other()];
        let thresholds = &self.config.thresholds;
        for (at, &threshold) in thresholds.iter().enumerate() {
            let pairs = |rule: Matching| rule.pairs(objects.overlaps(), threshold);
            let own = pairs(rules[0]);
            // Above one half, no object overlaps enough with two others: there is no choice.
            let other = if threshold > 0.5 { own.clone() } else { pairs(rules[1]) };
            for (rule, pairs) in [own, other].into_iter().enumerate() {
                let counts = &mut self.counts[2 + 2 * (rule * thresholds.len() + at)..];
                for pair in pairs {
                    counts[0] += 1.0;
                    counts[1] += pair.iou;
                    matches[pair.said][rule] |= 1 << at;
                }
            }
        }
        let found = confidences.iter().zip(matches);
        self.found.extend(found.map(|(&confidence, matches)| Found { confidence, matches }));
    }

    /// The predicted objects as a ranking, right where they have a match at the threshold of this
    /// index.
    #[must_use]
    pub fn ranking(&self, threshold: usize) -> Vec<Ranked> {
        self.ranked(0, threshold)
    }

    /// The ranking by the configured matching, 0, or by the other one, 1.
    fn ranked(&self, rule: usize, threshold: usize) -> Vec<Ranked> {
        let ranked = |found: &Found| {
            let right = threshold < MOST && found.matches[rule] >> threshold & 1 == 1;
            Ranked { score: found.confidence, right }
        };
        self.found.iter().map(ranked).collect()
    }
}

impl Scorer for Objects {
    fn update(&mut self, output: &Tensor, target: &Tensor) -> Result<(), MetricsError> {
        let masks = self.classes.read(output, target)?;
        self.see(&masks, output)
    }

    fn state(&self) -> Vec<f64> {
        let numbers = |one: &Found| {
            let [own, other] = one.matches.map(|matches| matches as f64);
            [one.confidence, own, other]
        };
        let found = self.found.iter().flat_map(numbers);
        self.counts.iter().copied().chain(found).collect()
    }

    fn add(&mut self, state: &[f64]) -> Result<(), MetricsError> {
        let expected = self.counts.len();
        let refused = MetricsError::State { expected, found: state.len() };
        let (counts, found) = state.split_at_checked(expected).ok_or(refused)?;
        if found.len() % 3 != 0 {
            let expected = expected + found.len().next_multiple_of(3);
            return Err(MetricsError::State { expected, found: state.len() });
        }
        add(&mut self.counts, counts)?;
        let read =
            |one: &[f64]| Found { confidence: one[0], matches: [one[1] as u64, one[2] as u64] };
        self.found.extend(found.chunks_exact(3).map(read));
        Ok(())
    }

    fn details(&self) -> Details {
        self.tables()
    }

    fn scores(&self) -> Scores {
        let rows = self.rows();
        let mut scores = Scores::new()
            .with_some("object_f1", mean(rows.iter().map(|row| row.f1)))
            .with_some("object_ap", mean(rows.iter().map(|row| row.average_precision)));
        for row in rows {
            let name = |score: &str| format!("object_{score}_{}", row.threshold);
            scores = scores
                .with_some(name("precision"), row.precision)
                .with_some(name("recall"), row.recall)
                .with_some(name("f1"), row.f1)
                .with_some(name("ap"), row.average_precision);
        }
        scores
    }
}

#[cfg(test)]
mod tests;
