//! The table of classes.

use super::Confusion;

/// One row of the table of classes: shares from 0 to 1, `None` where a score has no value and a
/// table has a `-`.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassRow {
    /// The class.
    pub class: usize,
    /// Pixels of the class, all images together.
    pub pixels: f64,
    /// Intersection over union.
    pub iou: Option<f64>,
    /// Dice coefficient.
    pub dice: Option<f64>,
    /// Share of the predicted pixels that are right.
    pub precision: Option<f64>,
    /// Share of the true pixels that were found.
    pub recall: Option<f64>,
}

impl Confusion {
    /// The table of all classes, in order.
    #[must_use]
    pub fn rows(&self) -> Vec<ClassRow> {
        let row = |class| ClassRow {
            class,
            pixels: self.there(class),
            iou: self.iou(class),
            dice: self.dice(class),
            precision: self.precision(class),
            recall: self.recall(class),
        };
        (0..self.classes.count).map(row).collect()
    }
}

impl ClassRow {
    /// The heads of the columns of [`cells`](Self::cells).
    pub const HEADS: [&'static str; 6] =
        ["class", "pixels", "IoU %", "Dice %", "precision %", "recall %"];

    /// The row as text: percent with two digits, and `-` for a score without a value.
    #[must_use]
    pub fn cells(&self) -> [String; 6] {
        let [iou, dice, precision, recall] =
            [self.iou, self.dice, self.precision, self.recall].map(percent);
        [self.class.to_string(), self.pixels.to_string(), iou, dice, precision, recall]
    }
}

/// A share in percent with two digits, `-` for none.
pub(crate) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.2}", 100.0 * share))
}
