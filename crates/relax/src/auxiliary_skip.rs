//! The auxiliary skip connection of DARTS-.

use serde::Serialize;

use crate::{Progress, Ramp};

/// The share of its input that every edge passes on beside its candidates.
///
/// An edge computes `beta x + sum_o w_o o(x)`: its mixed operation plus an auxiliary skip
/// connection of coefficient `beta`, [`AuxiliarySkip::coefficient`]. The auxiliary skip provides
/// the easy gradients that otherwise let skip connections win early. At the end of the search it is
/// gone, so that only the weights `w` decide. Chu et al., *DARTS-: Robustly Stepping out of
/// Performance Collapse Without Indicators*, ICLR 2021: `beta` falls from 1 to 0 in a straight
/// line.
///
/// This is the coefficient alone; the supernet adds the skip connection.
///
/// # Differences from the paper
/// None. On an edge of stride 2, `x` stands for the input as its skip connection transforms it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AuxiliarySkip {
    ramp: Ramp,
}

impl Default for AuxiliarySkip {
    /// From 1 to 0, as in the paper.
    fn default() -> Self {
        Self::new(Ramp::new(1.0, 0.0))
    }
}

impl AuxiliarySkip {
    /// A coefficient that follows `ramp`.
    pub const fn new(ramp: Ramp) -> Self {
        Self { ramp }
    }

    /// `beta` in the current epoch.
    pub fn coefficient(&self, at: Progress) -> f64 {
        self.ramp.at(at)
    }
}

#[cfg(test)]
mod tests {
    use super::AuxiliarySkip;
    use crate::{Progress, Ramp};

    #[test]
    fn falls_from_one_to_nothing() {
        let at = |epoch| AuxiliarySkip::default().coefficient(Progress { epoch, epochs: 3 });
        approx::assert_relative_eq!([at(0), at(1), at(2)][..], [1.0, 0.5, 0.0]);
        let half = AuxiliarySkip::new(Ramp::constant(0.5));
        approx::assert_relative_eq!(half.coefficient(Progress::start(9)), 0.5);
    }
}
