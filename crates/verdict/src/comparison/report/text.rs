//! The report as text.

use std::fmt;

use dartloom_explore::FailureCount;
use dartloom_record::statistics::mean;
use dartloom_record::{Objective, Scores};
use dartloom_report::table;
use dartloom_search::Gap;
use dartloom_search::stop::Stopped;

use super::{ContenderReport, MethodReport, Report};
use crate::Tried;

/// The table, what else was measured, remarks and the sentences; ends without a line break.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", contenders(self))?;
        let several = self.methods.len() > 1;
        for method in &self.methods {
            let whose = if several { format!("{}: ", method.name) } else { String::new() };
            for line in measured(method, self) {
                writeln!(f, "{whose}{line}")?;
            }
        }
        let cost = if several { ", at the cost of the most expensive search" } else { "" };
        writeln!(f, "random search {}{cost}", tried(&self.random))?;
        self.remarks.iter().try_for_each(|remark| writeln!(f, "{remark}"))?;
        self.methods.iter().try_for_each(|method| write!(f, "\n{}", method.sentence))?;
        if several {
            let count = self.methods.len();
            write!(
                f,
                "\n\nEach of the {count} methods is tested by itself: the more there are, the more \
                 often one seems better by chance."
            )?;
        }
        Ok(())
    }
}

fn contenders(report: &Report) -> String {
    let objective = &report.objective;
    let score = format!("test {}", objective.title());
    let head = ["contender", &score, "parameters", "MACs", "search s", "train s"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(report.contenders.iter().map(|row| contender(row, objective)));
    if let Some(constant) = &report.constant {
        let score = constant.scores.get(&objective.name);
        let score = score.map_or_else(|| NONE.to_owned(), |score| objective.number(score));
        let mut always = vec![format!("always {}", constant.answer), score];
        always.resize(head.len(), NONE.to_owned());
        rows.push(always);
    }
    table(&rows)
}

/// The mark where there is no number.
const NONE: &str = "-";

fn contender(row: &ContenderReport, objective: &Objective) -> Vec<String> {
    let spread = row.score_sd.map(|sd| format!(" ± {}", objective.number(sd)));
    let spread = spread.unwrap_or_default();
    let searched = row.search_macs > 0.0;
    let none = || NONE.to_owned();
    let whole = |number: Option<f64>| number.map_or_else(none, |number| format!("{number:.0}"));
    vec![
        row.name.clone(),
        row.score.map_or_else(none, |mean| format!("{}{spread}", objective.number(mean))),
        whole(row.parameters),
        whole(row.macs),
        if searched { format!("{:.1}", row.search_seconds) } else { none() },
        format!("{:.1}", row.train_seconds),
    ]
}

/// `tried 3, 4 architectures, all that the space has with 1 of 2 seeds; 1 candidate has no
/// measurement: ..`
fn tried(seeds: &[Tried]) -> String {
    let counts: Vec<String> = seeds.iter().map(|seed| seed.architectures.to_string()).collect();
    let mut text = format!("tried {} architectures", counts.join(", "));
    let exhausted = seeds.iter().filter(|seed| seed.exhausted).count();
    if exhausted > 0 {
        let with = if exhausted == seeds.len() {
            String::new()
        } else {
            format!(" with {exhausted} of {} seeds", seeds.len())
        };
        text.push_str(&format!(", all that the space has{with}"));
    }
    let failures: Vec<&FailureCount> = seeds.iter().flat_map(|seed| &seed.failures).collect();
    if !failures.is_empty() {
        text.push_str(&format!("; {}", failed(&failures)));
    }
    text
}

/// Reasons that are told; the rest is counted.
const REASONS: usize = 3;

/// The number of candidates without a measurement, and the reasons.
fn failed(failures: &[&FailureCount]) -> String {
    let count = |failures: &[&FailureCount]| -> usize {
        failures.iter().map(|failure| failure.candidates).sum()
    };
    let reason = |failure: &&FailureCount| match failure.candidates {
        1 => failure.reason.clone(),
        candidates => format!("{candidates} times {}", failure.reason),
    };
    let (told, rest) = failures.split_at(failures.len().min(REASONS));
    let told: Vec<String> = told.iter().map(reason).collect();
    let rest = match count(rest) {
        0 => String::new(),
        rest => format!("; {rest} for other reasons"),
    };
    let whose = match count(failures) {
        1 => "1 candidate has".to_owned(),
        all => format!("{all} candidates have"),
    };
    format!("{whose} no measurement: {}{rest}", told.join("; "))
}

/// The findings of a method's searches beside scores, a line each.
fn measured(method: &MethodReport, report: &Report) -> Vec<String> {
    let stopped = report.seeds.iter().zip(&method.stopped).filter_map(|(seed, stopped)| {
        let Stopped { epoch, reason } = stopped.as_ref()?;
        Some(format!("seed {seed} stopped after epoch {}: {reason}", epoch + 1))
    });
    let own = (!method.tried.is_empty()).then(|| tried(&method.tried));
    gap(&method.gaps, &report.objective).into_iter().chain(own).chain(stopped).collect()
}

/// The loss of the search's supernet when its weights become a decision.
fn gap(gaps: &[Gap], objective: &Objective) -> Option<String> {
    let over = |value: fn(&Gap) -> f64| mean(&gaps.iter().map(value).collect::<Vec<_>>());
    let relaxed = over(|gap| gap.relaxed_loss)?;
    let hard = over(|gap| gap.hard_loss)?;
    let losses = format!(
        "discretisation gap: loss {relaxed:.3} relaxed, {hard:.3} hard ({:+.3})",
        hard - relaxed
    );
    let of = |scores: fn(&Gap) -> &Scores| {
        let scores: Option<Vec<f64>> =
            gaps.iter().map(|gap| scores(gap).get(&objective.name)).collect();
        mean(&scores?)
    };
    let (Some(soft), Some(sharp)) = (of(|gap| &gap.relaxed_scores), of(|gap| &gap.hard_scores))
    else {
        return Some(losses);
    };
    Some(format!(
        "{losses}; {} {} relaxed, {} hard ({})",
        objective.label(),
        objective.text(soft),
        objective.text(sharp),
        objective.difference(sharp - soft)
    ))
}

#[cfg(test)]
mod tests;
