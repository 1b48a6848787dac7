//! The best paths by a rule for their number.

use super::{Dag, DagPath, ScoreStatistics};
use crate::paths::{Kept, PathCount};
use crate::{DagError, DecodeError};

/// The best paths of a [`Dag`] by their scores.
#[derive(Clone, Debug, PartialEq)]
pub struct SeveralPaths {
    /// The paths, best first, equal ones in the order of [`RankedPaths`](crate::RankedPaths): at
    /// least one.
    pub paths: Vec<DagPath>,
    /// The number that the rule alone keeps, which may be 0 or more than there are.
    pub asked: u128,
    /// The bound that the rule drew, if it draws one.
    pub bound: Option<f64>,
    /// The statistics of all scores, if the rule needs them.
    pub statistics: Option<ScoreStatistics>,
    /// The number of possible paths, as [`Dag::count`].
    pub possible: u128,
    /// The number of impossible paths, which count nowhere else.
    pub impossible: u128,
}

impl Dag {
    /// The best paths by score, as many as `count` says, and at least the best one.
    ///
    /// No path is listed that does not stay. `most` is the largest number of paths that may stay.
    ///
    /// # Errors
    /// [`DecodeError::PathCount`] for a rule that makes no sense, [`DecodeError::NoPath`] where no
    /// path is possible, [`DecodeError::TooManyPaths`] where more than `most` would stay, and
    /// [`DecodeError::Dag`] as [`Dag::statistics`] where the rule needs those.
    pub fn several(&self, count: PathCount, most: usize) -> Result<SeveralPaths, DecodeError> {
        count.check()?;
        let possible = self.count();
        if possible == 0 {
            return Err(DecodeError::NoPath);
        }
        let impossible = self.count_all().saturating_sub(possible);
        let statistics = count.needs_statistics().then(|| self.statistics()).transpose();
        let statistics = statistics.map_err(|error| match error {
            DagError::NoPath => DecodeError::NoPath,
            error => DecodeError::Dag(error),
        })?;
        let kept = count.kept(possible, statistics.as_ref());
        let bound = match kept {
            Kept::First(_) => None,
            Kept::Reaching(bound) => Some(bound),
        };
        let limit = most as u128;
        let refuse = |found: u128| DecodeError::TooManyPaths { found, most: limit };
        if let Kept::First(number) = kept
            && number.min(possible) > limit
        {
            return Err(refuse(number.min(possible)));
        }
        let mut paths: Vec<DagPath> = Vec::new();
        let mut reached: u128 = 0;
        for path in self.ranked() {
            let stays = match kept {
                Kept::First(number) => reached < number,
                Kept::Reaching(bound) => path.score >= bound,
            };
            if !stays && !paths.is_empty() {
                break;
            }
            reached += u128::from(stays);
            if reached > limit {
                return Err(refuse(reached));
            }
            paths.push(path);
            if !stays {
                break;
            }
        }
        let asked = match kept {
            Kept::First(number) => number,
            Kept::Reaching(_) => reached,
        };
        Ok(SeveralPaths { paths, asked, bound, statistics, possible, impossible })
    }
}
