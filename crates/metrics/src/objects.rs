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
use crate::{Connectivity, MetricsError, Scorer, read};

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
/// [`curve`](Self::curve) the precision-recall curve over thresholds.
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
    /// Predicted and true objects, then at each threshold matches and the sum of their IoU.
    counts: Vec<f64>,
    found: Vec<Found>,
}

/// A predicted object.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Found {
    confidence: f64,
    /// A bit for each threshold at which it has a match, the first one's lowest.
    matches: u64,
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
        let counts = vec![0.0; 2 + 2 * thresholds.len()];
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
        let mut matches = vec![0_u64; objects.said()];
        let counts = self.counts[2..].chunks_exact_mut(2);
        for (at, (&threshold, counts)) in self.config.thresholds.iter().zip(counts).enumerate() {
            for pair in self.config.matching.pairs(objects.overlaps(), threshold) {
                counts[0] += 1.0;
                counts[1] += pair.iou;
                matches[pair.said] |= 1 << at;
            }
        }
        let found = confidences.iter().zip(matches);
        self.found.extend(found.map(|(&confidence, matches)| Found { confidence, matches }));
    }

    /// The predicted objects as a ranking, right where they have a match at a threshold.
    #[must_use]
    pub fn ranking(&self, threshold: usize) -> Vec<Ranked> {
        let ranked = |found: &Found| {
            let right = threshold < MOST && found.matches >> threshold & 1 == 1;
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
        let found = self.found.iter().flat_map(|one| [one.confidence, one.matches as f64]);
        self.counts.iter().copied().chain(found).collect()
    }

    fn add(&mut self, state: &[f64]) -> Result<(), MetricsError> {
        let expected = self.counts.len();
        let refused = MetricsError::State { expected, found: state.len() };
        let (counts, found) = state.split_at_checked(expected).ok_or(refused)?;
        if found.len() % 2 != 0 {
            return Err(MetricsError::State { expected: state.len() + 1, found: state.len() });
        }
        add(&mut self.counts, counts)?;
        let read = |pair: &[f64]| Found { confidence: pair[0], matches: pair[1] as u64 };
        self.found.extend(found.chunks_exact(2).map(read));
        Ok(())
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
