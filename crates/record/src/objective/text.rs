//! Scores in texts for people.

use super::Objective;

/// Digits of a number that is no share.
const DIGITS: i32 = 4;

impl Objective {
    /// The name for people: `accuracy`, `mean iou`.
    #[must_use]
    pub fn label(&self) -> String {
        self.name.replace('_', " ")
    }

    /// Name and unit, as the head of a column: `accuracy %`, `rmse mm`, `rmse`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}{}", self.label(), spaced(&self.unit))
    }

    /// A score without its unit: `91.50` for a share of 0.915, `0.1234`.
    #[must_use]
    pub fn number(&self, score: f64) -> String {
        let shown = self.shown(score);
        if self.is_share() { format!("{shown:.2}") } else { plain(shown) }
    }

    /// A score with its unit: `91.50 %`, `0.1234 mm`.
    #[must_use]
    pub fn text(&self, score: f64) -> String {
        format!("{}{}", self.number(score), spaced(&self.unit))
    }

    /// A difference of scores without its unit, always with a sign: `+1.50`.
    #[must_use]
    pub fn signed(&self, difference: f64) -> String {
        let sign = if difference.is_sign_negative() { "" } else { "+" };
        format!("{sign}{}", self.number(difference))
    }

    /// A difference of scores with its unit, which is points for shares: `+1.50 points`,
    /// `-0.01200 mm`.
    #[must_use]
    pub fn difference(&self, difference: f64) -> String {
        let unit = if self.is_share() { "points" } else { &self.unit };
        format!("{}{}", self.signed(difference), spaced(unit))
    }

    pub(super) fn is_share(&self) -> bool {
        self.unit == Self::PERCENT
    }
}

fn spaced(unit: &str) -> String {
    if unit.is_empty() { String::new() } else { format!(" {unit}") }
}

/// Four digits that say something, in powers of ten for what is very large or small.
fn plain(number: f64) -> String {
    let size = number.abs();
    if size <= 0.0 || !size.is_finite() {
        return format!("{number}");
    }
    if !(1e-4..1e6).contains(&size) {
        return format!("{number:.3e}");
    }
    // Between -4 and 5 here.
    let before = size.log10().floor() as i32 + 1;
    let after = usize::try_from(DIGITS - before).unwrap_or(0);
    format!("{number:.after$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_percent_and_their_differences_points() {
        let accuracy = Objective::share("mean_iou");
        assert_eq!(accuracy.title(), "mean iou %");
        assert_eq!(accuracy.text(0.915), "91.50 %");
        assert_eq!(accuracy.difference(0.01), "+1.00 points");
        assert_eq!(accuracy.difference(-0.102), "-10.20 points");
    }

    #[test]
    fn other_scores_keep_four_digits_and_their_unit() {
        let error = Objective::lower("rmse").with_unit("mm");
        assert_eq!(error.title(), "rmse mm");
        let cases = [(0.123_456, "0.1235 mm"), (12.345_6, "12.35 mm"), (123_456.0, "123456 mm")];
        for (score, expected) in cases {
            assert_eq!(error.text(score), expected);
        }
        assert_eq!(error.text(0.0), "0 mm");
        assert_eq!(error.text(1.5e-7), "1.500e-7 mm");
        assert_eq!(Objective::lower("rmse").difference(-0.012), "-0.01200");
    }

    #[test]
    fn more_quality_is_better_both_ways() {
        for objective in [Objective::share("a"), Objective::lower("b")] {
            let one = objective.quality(1.0);
            let two = objective.quality(2.0);
            assert_eq!(one > two, objective.better(1.0, 2.0));
            assert_eq!(objective.quality(one).to_bits(), 1.0_f64.to_bits());
        }
    }
}
