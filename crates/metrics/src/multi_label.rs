mod counts;

use candle_core::Tensor;
use dartloom_record::Scores;

use self::counts::Counts;
use crate::ranking::{Ranked, average_precision, ranked_auc};
use crate::scorer::{mean, share};
use crate::{Cell, Column, Details, MetricsError, Scorer, Table, read};

/// Measures of how well several yes-or-no labels are predicted.
///
/// Takes logits `[batch, labels]` and labels 0 or 1 of the same shape. A label is predicted if its
/// logit is above 0; a NaN always counts as a wrong prediction, and as the worst logit in a
/// ranking.
///
/// * `mean_auc` (macro), the mean of `auc_i`, the area under the receiver operating characteristic
///   of label i ([`ranked_auc`](crate::ranked_auc)), over the labels that are present in some rows
///   and not in others; `micro_auc` that of all labels as one list,
/// * `mean_ap` (macro), the mean of `ap_i`, the [average precision](crate::average_precision) of
///   label i, over the labels that are present in some row; `micro_ap` that of one list,
/// * `mean_f1` (macro), the mean of `f1_i = 2 tp / (2 tp + fp + fn)` over the labels that are
///   present or predicted in some row; `micro_f1` that of the sums over labels,
/// * `bce`, the mean over rows and labels of the binary cross-entropy,
/// * `label_accuracy`, the share of labels that are right (one less the Hamming loss),
/// * `exact_match`, the share of rows with all labels right,
/// * `auc_i`, `ap_i`, `f1_i` and `bce_i` of every label.
///
/// A ranking cannot be summed up: the state holds every logit with its label and is as long as what
/// was seen. [`Auc`](crate::Auc) has a state of fixed length, and is not exact.
#[derive(Clone, Debug, PartialEq)]
pub struct MultiLabel {
    labels: usize,
    /// Row after row, each label's logit and 0 or 1.
    seen: Vec<[f64; 2]>,
}

impl MultiLabel {
    /// Scores of `labels` labels.
    ///
    /// # Errors
    /// [`MetricsError::Setting`] for no label.
    pub fn new(labels: usize) -> Result<Self, MetricsError> {
        if labels == 0 {
            let expected = "at least 1";
            return Err(MetricsError::Setting { field: "labels", expected, found: labels });
        }
        Ok(Self { labels, seen: Vec::new() })
    }

    /// The observations of one label.
    fn of(&self, label: usize) -> impl Iterator<Item = [f64; 2]> {
        self.seen.iter().skip(label).step_by(self.labels).copied()
    }

    /// The rows with a label as a ranking, and with those of all labels for `None`. A NaN is the
    /// worst score for its label.
    #[must_use]
    pub fn ranking(&self, label: Option<usize>) -> Vec<Ranked> {
        let ranked = |[logit, there]: [f64; 2]| {
            let right = there > 0.5;
            let worst = if right { f64::NEG_INFINITY } else { f64::INFINITY };
            Ranked { score: if logit.is_nan() { worst } else { logit }, right }
        };
        match label {
            Some(label) => self.of(label).map(ranked).collect(),
            None => self.seen.iter().copied().map(ranked).collect(),
        }
    }
}

/// Area and average precision of a ranking.
fn areas(ranking: &[Ranked]) -> [Option<f64>; 2] {
    let sought = ranking.iter().filter(|entry| entry.right).count() as f64;
    [ranked_auc(ranking), average_precision(ranking, sought)]
}

impl Scorer for MultiLabel {
    fn update(&mut self, output: &Tensor, target: &Tensor) -> Result<(), MetricsError> {
        read::rows(output, target, self.labels)?;
        let there = read::numbers(target)?;
        read::binary(&there, self.labels)?;
        let logits = read::numbers(output)?;
        self.seen.extend(logits.into_iter().zip(there).map(|(logit, there)| [logit, there]));
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        self.seen.concat()
    }

    fn add(&mut self, state: &[f64]) -> Result<(), MetricsError> {
        let row = 2 * self.labels;
        if !state.len().is_multiple_of(row) {
            let expected = state.len().next_multiple_of(row);
            return Err(MetricsError::State { expected, found: state.len() });
        }
        self.seen.extend(state.chunks_exact(2).map(|pair| [pair[0], pair[1]]));
        Ok(())
    }

    fn details(&self) -> Details {
        let row = |first, areas: [Option<f64>; 2], counts: Counts| {
            let [auc, ap] = areas.map(Cell::Share);
            vec![first, Cell::Count(counts.there()), auc, ap, Cell::Share(counts.f1())]
        };
        let of = |label| {
            let counts = Counts::of(self.of(label));
            row(Cell::Output(label), areas(&self.ranking(Some(label))), counts)
        };
        let mut rows: Vec<Vec<Cell>> = (0..self.labels).map(of).collect();
        let all = Counts::of(self.seen.iter().copied());
        rows.push(row(Cell::Word("all as one"), areas(&self.ranking(None)), all));
        let columns = Column::named(&[
            ("label", "label"),
            ("present", "present"),
            ("auc", "AUC %"),
            ("ap", "AP %"),
            ("f1", "F1 %"),
        ]);
        let told = (0..self.labels)
            .flat_map(|label| ["auc", "ap", "f1"].map(|score| format!("{score}_{label}")))
            .collect();
        Details {
            tables: vec![Table { name: "labels", columns, rows }],
            told,
            ..Details::default()
        }
    }

    fn scores(&self) -> Scores {
        let labels = || 0..self.labels;
        let each: Vec<_> = labels().map(|label| areas(&self.ranking(Some(label)))).collect();
        let micro = areas(&self.ranking(None));
        let counts: Vec<_> = labels().map(|label| Counts::of(self.of(label))).collect();
        let all = Counts::of(self.seen.iter().copied());
        let rows = self.seen.len() / self.labels;
        let exact = self.seen.chunks_exact(self.labels);
        let exact = exact.filter(|row| Counts::of(row.iter().copied()).wrong() < 0.5).count();
        let mut scores = Scores::new()
            .with_some("mean_auc", mean(each.iter().map(|areas| areas[0])))
            .with_some("mean_ap", mean(each.iter().map(|areas| areas[1])))
            .with_some("mean_f1", mean(counts.iter().map(Counts::f1)))
            .with_some("micro_auc", micro[0])
            .with_some("micro_ap", micro[1])
            .with_some("micro_f1", all.f1())
            .with_some("bce", all.bce())
            .with_some("label_accuracy", share(all.seen - all.wrong(), all.seen))
            .with_some("exact_match", share(exact as f64, rows as f64));
        for (label, (areas, counts)) in each.into_iter().zip(counts).enumerate() {
            scores = scores
                .with_some(format!("auc_{label}"), areas[0])
                .with_some(format!("ap_{label}"), areas[1])
                .with_some(format!("f1_{label}"), counts.f1())
                .with_some(format!("bce_{label}"), counts.bce());
        }
        scores
    }
}

#[cfg(test)]
mod tests;
