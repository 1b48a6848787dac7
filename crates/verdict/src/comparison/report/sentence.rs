//! The verdict in one sentence.

use dartloom_record::{Direction, Objective};

use super::{ContenderReport, PairedReport};

/// The subject of a sentence.
pub(super) struct Verdict<'a> {
    pub(super) method: &'a ContenderReport,
    pub(super) others: &'a [ContenderReport],
    pub(super) paired: &'a [PairedReport],
    pub(super) objective: &'a Objective,
}

impl Verdict<'_> {
    /// The sentence, and one for every contender that failed with some seeds.
    pub(super) fn sentence(&self, worth_it: bool) -> String {
        let Self { method, others, paired, objective } = self;
        let name = &method.name;
        let score = objective.label();
        let all = std::iter::once(*method).chain(*others);
        let missing: String = all.filter_map(|row| missing(row, &score)).collect();
        if method.score.is_none() {
            return format!("Searching with {name} has no result here.{missing}");
        }
        let parts: Vec<String> = paired.iter().map(|pair| pair.describe(objective)).collect();
        let evidence = parts.join("; ");
        let pairs = || paired.iter().map(|pair| pair.seeds);
        let fewest = pairs().min().unwrap_or(0);
        let most = pairs().max().unwrap_or(0);
        if fewest < 2 {
            let few = if method.scores.len() < 2 { "One seed" } else { "So few paired seeds" };
            return format!(
                "{few} cannot tell whether searching with {name} is worth it: {evidence}.{missing}"
            );
        }
        let answer = if worth_it { "is" } else { "is not shown to be" };
        let seeds = if fewest == most { fewest.to_string() } else { format!("{fewest} to {most}") };
        let outlook: String = paired.iter().filter_map(PairedReport::outlook).collect();
        let way = match objective.direction {
            Direction::Higher => "",
            Direction::Lower => ", of which less is better",
        };
        format!(
            "Searching with {name} {answer} worth it here, over {seeds} paired seeds: {evidence} \
             (difference in test {score}{way}, 95 % confidence interval of the paired t test).\
             {outlook}{missing}"
        )
    }
}

/// A sentence about the seeds that a contender has no score with.
fn missing(row: &ContenderReport, score: &str) -> Option<String> {
    let first = row.failures.first()?;
    let name = &row.name;
    let failed = row.failures.len();
    let seeds = row.scores.len();
    Some(format!(" {name} has no {score} with {failed} of {seeds} seeds: {first}."))
}
