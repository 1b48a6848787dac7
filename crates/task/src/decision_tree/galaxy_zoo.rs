//! The decision tree of Galaxy Zoo 2.

use super::{Question, Tree};
use crate::TaskError;

impl Tree {
    /// The tree of Galaxy Zoo 2: 11 questions about a galaxy with 37 answers (Willett et al. 2013,
    /// MNRAS 435, 2835, table 2), weighted as in the Galaxy Challenge of Kaggle (2013), whose
    /// columns `Class1.1` to `Class11.6` are the answers in order.
    ///
    /// # Differences from the paper
    /// In the paper several answers can lead to one question. The challenge weighs each question by
    /// one answer, and so does this: that nothing is seen edge-on weighs bar, spiral and bulge; a
    /// spiral weighs the winding and the number of its arms; whether anything is odd is asked of
    /// everybody.
    ///
    /// # Errors
    /// None: the tree is tested.
    pub fn galaxy_zoo_2() -> Result<Self, TaskError> {
        const SHAPE: &str = "shape";
        const EDGE_ON: &str = "edge on";
        const SPIRAL: &str = "spiral";
        const ODD: &str = "odd";
        Self::new([
            Question::new(SHAPE, ["smooth", "features or disk", "star or artifact"]),
            Question::new(EDGE_ON, ["yes", "no"]).after(SHAPE, "features or disk"),
            Question::new("bar", ["yes", "no"]).after(EDGE_ON, "no"),
            Question::new(SPIRAL, ["yes", "no"]).after(EDGE_ON, "no"),
            Question::new("bulge", ["none", "just noticeable", "obvious", "dominant"])
                .after(EDGE_ON, "no"),
            Question::new(ODD, ["yes", "no"]),
            Question::new("roundness", ["completely round", "in between", "cigar-shaped"])
                .after(SHAPE, "smooth"),
            Question::new(
                "odd feature",
                ["ring", "lens or arc", "disturbed", "irregular", "other", "merger", "dust lane"],
            )
            .after(ODD, "yes"),
            Question::new("bulge edge-on", ["rounded", "boxy", "none"]).after(EDGE_ON, "yes"),
            Question::new("winding", ["tight", "medium", "loose"]).after(SPIRAL, "yes"),
            Question::new("arms", ["1", "2", "3", "4", "more than 4", "cannot tell"])
                .after(SPIRAL, "yes"),
        ])
    }
}
