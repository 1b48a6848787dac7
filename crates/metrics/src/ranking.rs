//! Average precision of a ranking.

/// An entry of a ranking: its score, and whether it is right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// The score; more is earlier.
    pub score: f64,
    /// True where the entry is what is sought.
    pub right: bool,
}

/// A point of a precision-recall curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// The score or threshold of the point: everything at or above it is predicted.
    pub threshold: f64,
    /// Share of what is sought that is found.
    pub recall: f64,
    /// Share of what is predicted that is right.
    pub precision: f64,
}

/// The points of a ranking's precision-recall curve, one for each different score, falling; entries
/// of equal scores enter together. `sought` is the number of things to be found, those that are not
/// in the ranking included. Empty if nothing is sought.
#[must_use]
pub fn ranked_curve(entries: &[Ranked], sought: f64) -> Vec<CurvePoint> {
    if sought <= 0.0 {
        return Vec::new();
    }
    let mut falling = entries.to_vec();
    falling.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut points: Vec<CurvePoint> = Vec::new();
    let mut right = 0.0;
    for (at, entry) in falling.iter().enumerate() {
        right += f64::from(u8::from(entry.right));
        let last = falling.get(at + 1).is_none_or(|next| next.score < entry.score);
        if last {
            let precision = right / (at + 1) as f64;
            points.push(CurvePoint { threshold: entry.score, recall: right / sought, precision });
        }
    }
    points
}

/// The average precision of a ranking, from 0 to 1: `sum_k (R_k - R_(k-1)) P_k` over the points of
/// its [curve](ranked_curve), with recall R and precision P; `None` if nothing is sought.
///
/// # Differences from other definitions
/// PASCAL VOC and COCO replace a precision by the highest of those at no lower recall, and COCO
/// reads the curve at 101 places; here, as in scikit-learn, nothing is interpolated.
#[must_use]
pub fn average_precision(entries: &[Ranked], sought: f64) -> Option<f64> {
    if sought <= 0.0 {
        return None;
    }
    let mut before = 0.0;
    let mut sum = 0.0;
    for point in ranked_curve(entries, sought) {
        sum += (point.recall - before) * point.precision;
        before = point.recall;
    }
    Some(sum)
}

/// The area under the receiver operating characteristic of a ranking: the share of pairs of a right
/// and a wrong entry in which the right one has the higher score, equal ones counted half (Hanley
/// and McNeil 1982); `None` without both kinds.
#[must_use]
pub fn ranked_auc(entries: &[Ranked]) -> Option<f64> {
    let mut rising = entries.to_vec();
    rising.sort_by(|a, b| a.score.total_cmp(&b.score));
    let mut below = 0.0;
    let mut pairs = 0.0;
    for group in rising.chunk_by(|a, b| a.score >= b.score) {
        let right = group.iter().filter(|entry| entry.right).count() as f64;
        let wrong = group.len() as f64 - right;
        pairs += right * (below + wrong / 2.0);
        below += wrong;
    }
    let right = entries.len() as f64 - below;
    (right > 0.0 && below > 0.0).then(|| pairs / (right * below))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking(entries: &[(f64, bool)]) -> Vec<Ranked> {
        entries.iter().map(|&(score, right)| Ranked { score, right }).collect()
    }

    #[test]
    fn precision_is_averaged_over_steps_of_recall() {
        let entries = ranking(&[(0.9, true), (0.8, false), (0.7, true), (0.1, false)]);
        // Recall 1/2 at precision 1, then 1 at 2/3.
        let expected = 0.5 + 0.5 * 2.0 / 3.0;
        assert!((average_precision(&entries, 2.0).unwrap() - expected).abs() < 1e-12);
        // One that is sought is in no entry.
        let found = average_precision(&entries, 4.0).unwrap();
        assert!((found - expected / 2.0).abs() < 1e-12);
        assert_eq!(average_precision(&entries, 0.0), None);
        assert_eq!(average_precision(&[], 2.0), Some(0.0));
    }

    #[test]
    fn equal_scores_enter_together() {
        let entries = ranking(&[(0.5, true), (0.5, false), (0.5, false), (0.5, false)]);
        assert_eq!(average_precision(&entries, 1.0), Some(0.25));
        assert_eq!(ranked_auc(&entries), Some(0.5));
        assert_eq!(ranked_curve(&entries, 1.0).len(), 1);
    }

    #[test]
    fn infinite_scores_are_the_ends() {
        let entries = ranking(&[(f64::NEG_INFINITY, true), (0.0, false), (f64::INFINITY, false)]);
        assert_eq!(ranked_auc(&entries), Some(0.0));
        assert_eq!(ranked_auc(&entries[..1]), None);
    }
}
