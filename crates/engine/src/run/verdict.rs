//! The verdict as text.

use std::path::Path;

use std::fmt::Write as _;

use dartloom::explore::FailureCount;
use dartloom::record::Scores;
use dartloom::record::statistics::mean;
use dartloom::search::Gap;
use dartloom::search::stop::Stopped;
use dartloom::verdict::{ContenderReport, Majority, MethodReport, Report, Tried};

use crate::experiment::Experiment;
use dartloom_report::table;

/// Threads of the kernels.
pub(super) fn threads() -> usize {
    rayon::current_num_threads()
}

/// The table, what else was measured, the sentence, and where everything is.
pub(super) fn render(experiment: &Experiment, report: &Report, out: &Path, system: &str) -> String {
    let seeds: Vec<String> = experiment.seeds.iter().map(u64::to_string).collect();
    let mut text = format!("{} (seeds {})\n\n", experiment.name, seeds.join(", "));
    text.push_str(&contenders(report));
    text.push('\n');
    let several = report.methods.len() > 1;
    for method in &report.methods {
        for line in measured(method, &experiment.seeds) {
            let whose = if several { format!("{}: ", method.name) } else { String::new() };
            text.push_str(&format!("{whose}{line}\n"));
        }
    }
    let cost = if several { ", at the cost of the most expensive search" } else { "" };
    text.push_str(&format!("random search {}{cost}\n", tried(&report.random)));
    report.remarks.iter().for_each(|remark| text.push_str(&format!("{remark}\n")));
    for method in &report.methods {
        text.push_str(&format!("\n{}", method.sentence));
    }
    if several {
        let count = report.methods.len();
        text.push_str(&format!(
            "\n\nEach of the {count} methods is tested by itself: the more there are, the more \
             often one seems better by chance."
        ));
    }
    text.push_str(&format!(
        "\n\n{} threads, dartloom {}, {}\nfiles: {}\n",
        threads(),
        env!("CARGO_PKG_VERSION"),
        system,
        out.display()
    ));
    text
}

fn contenders(report: &Report) -> String {
    let head = ["contender", "test accuracy %", "parameters", "MACs", "search s", "train s"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(report.contenders.iter().map(contender));
    let Majority { class, accuracy, .. } = report.majority;
    let mut always = vec![format!("always class {class}"), format!("{:.2}", 100.0 * accuracy)];
    always.resize(head.len(), NONE.to_owned());
    rows.push(always);
    table(&rows)
}

/// The mark where there is no number.
const NONE: &str = "-";

fn contender(row: &ContenderReport) -> Vec<String> {
    let spread = row.accuracy_sd.map_or_else(String::new, |sd| format!(" ± {:.2}", 100.0 * sd));
    let searched = row.search_macs > 0.0;
    let none = || NONE.to_owned();
    let whole = |number: Option<f64>| number.map_or_else(none, |number| format!("{number:.0}"));
    vec![
        row.name.clone(),
        row.accuracy.map_or_else(none, |mean| format!("{:.2}{spread}", 100.0 * mean)),
        whole(row.parameters),
        whole(row.macs),
        if searched { format!("{:.1}", row.search_seconds) } else { none() },
        format!("{:.1}", row.train_seconds),
    ]
}

/// `tried 3, 4 architectures, all that the space has with 1 of 2 seeds; 1 candidate has no measurement: ..`
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

/// How many candidates have no measurement, and why.
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

/// What a method's searches showed beside accuracies, a line each.
fn measured(method: &MethodReport, seeds: &[u64]) -> Vec<String> {
    let stopped = seeds.iter().zip(&method.stopped).filter_map(|(seed, stopped)| {
        let Stopped { epoch, reason } = stopped.as_ref()?;
        Some(format!("seed {seed} stopped after epoch {}: {reason}", epoch + 1))
    });
    let own = (!method.tried.is_empty()).then(|| tried(&method.tried));
    gap(&method.gaps).into_iter().chain(own).chain(stopped).collect()
}

/// What the search's supernet loses when its weights become a decision.
fn gap(gaps: &[Gap]) -> Option<String> {
    let over = |value: fn(&Gap) -> f64| mean(&gaps.iter().map(value).collect::<Vec<_>>());
    let (relaxed, hard) = (over(|gap| gap.relaxed_loss)?, over(|gap| gap.hard_loss)?);
    let mut said = format!(
        "discretisation gap: loss {relaxed:.3} relaxed, {hard:.3} hard ({:+.3})",
        hard - relaxed
    );
    // The score that selects is the first.
    let first = gaps.first()?.hard_scores.iter().next();
    let scores = |of: fn(&Gap) -> &Scores, name: &str| {
        mean(&gaps.iter().map(|gap| of(gap).get(name)).collect::<Option<Vec<_>>>()?)
    };
    if let Some((name, _)) = first
        && let Some(soft) = scores(|gap| &gap.relaxed_scores, name)
        && let Some(sharp) = scores(|gap| &gap.hard_scores, name)
    {
        let lost = sharp - soft;
        let _ = write!(said, "; {name} {soft:.4} relaxed, {sharp:.4} hard ({lost:+.4})");
    }
    Some(said)
}

#[cfg(test)]
mod tests {
    use dartloom::search::stop::Reason;

    use super::*;
    use crate::experiment::Data;

    fn row(name: &str, accuracy_sd: Option<f64>, search_macs: f64) -> ContenderReport {
        ContenderReport {
            name: name.to_owned(),
            accuracies: vec![Some(0.9)],
            failures: Vec::new(),
            accuracy: Some(0.9),
            accuracy_sd,
            parameters: Some(12_345.4),
            macs: Some(1e6),
            search_seconds: 12.34,
            train_seconds: 5.0,
            search_macs,
        }
    }

    fn method(name: &str, sentence: &str) -> MethodReport {
        let gap = Gap {
            relaxed_loss: 0.5,
            hard_loss: 0.75,
            relaxed_scores: Scores::new().with("accuracy", 0.8),
            hard_scores: Scores::new().with("accuracy", 0.7),
        };
        MethodReport {
            name: name.to_owned(),
            paired: Vec::new(),
            gaps: vec![gap],
            tried: Vec::new(),
            stopped: vec![None, Some(Stopped { epoch: 7, reason: Reason::new("skips", "3 of 8") })],
            worth_it: false,
            sentence: sentence.to_owned(),
        }
    }

    fn rendered(methods: Vec<MethodReport>, rows: Vec<ContenderReport>) -> String {
        let random = [3, 4].map(|architectures| Tried { architectures, ..Tried::default() });
        let majority = Majority { class: 3, train: 0.11, accuracy: 0.104 };
        let report = Report {
            contenders: rows,
            methods,
            random: random.to_vec(),
            majority,
            remarks: vec!["every label is 0".to_owned()],
        };
        let experiment = Experiment::on(Data::Digits).unwrap();
        render(&experiment, &report, Path::new("runs/digits"), "linux x86_64")
    }

    #[test]
    fn everything_that_was_measured_is_said() {
        let rows = vec![row("DARTS", Some(0.0123), 1.0), row("tiny ResNet", None, 0.0)];
        let text = rendered(vec![method("DARTS", "It is not.")], rows);
        let expected = "\
digits (seeds 0, 1, 2)

contender       test accuracy %  parameters     MACs  search s  train s
--------------  ---------------  ----------  -------  --------  -------
DARTS              90.00 ± 1.23       12345  1000000      12.3      5.0
tiny ResNet               90.00       12345  1000000         -      5.0
always class 3            10.40           -        -         -        -

discretisation gap: loss 0.500 relaxed, 0.750 hard (+0.250); accuracy 0.8000 relaxed, 0.7000 hard (-0.1000)
seed 1 stopped after epoch 8: skips: 3 of 8
random search tried 3, 4 architectures
every label is 0

It is not.
";
        assert!(text.starts_with(expected), "{text}");
        assert!(text.ends_with("files: runs/digits\n"), "{text}");
        assert!(text.contains(" threads, dartloom "), "{text}");
    }

    #[test]
    fn what_failed_and_what_a_space_lacks_is_said() {
        let one = Tried { architectures: 6, exhausted: true, ..Tried::default() };
        assert_eq!(
            tried(std::slice::from_ref(&one)),
            "tried 6 architectures, all that the space has"
        );
        let failure =
            |candidates, reason: &str| FailureCount { candidates, reason: reason.to_owned() };
        let mut failures = vec![failure(4, "no progress for 60 s"), failure(1, "panicked: oh")];
        let three = Tried { architectures: 3, failures: failures.clone(), ..Tried::default() };
        let expected = "tried 6, 3 architectures, all that the space has with 1 of 2 seeds; \
                        5 candidates have no measurement: 4 times no progress for 60 s; panicked: oh";
        assert_eq!(tried(&[one, three]), expected);
        failures.extend(["a", "b", "c"].map(|reason| failure(1, reason)));
        let many = Tried { architectures: 20, failures, ..Tried::default() };
        assert!(tried(std::slice::from_ref(&many)).ends_with("; a; 2 for other reasons"));
        let mut method = method("evolution", "It is not.");
        method.tried = vec![many];
        let text = rendered(vec![method], vec![row("evolution", None, 1.0)]);
        assert!(text.contains("architectures; 8 candidates have no measurement: "), "{text}");
        let row = ContenderReport { accuracy: None, parameters: None, ..row("DARTS", None, 1.0) };
        let cells = contender(&row);
        assert_eq!([&*cells[1], &*cells[2], &*cells[3]], ["-", "-", "1000000"]);
    }

    #[test]
    fn several_methods_have_a_line_each() {
        let rows = vec![row("DARTS", None, 1.0), row("PC-DARTS", None, 1.0)];
        let methods = vec![method("DARTS", "It is not."), method("PC-DARTS", "It is.")];
        let text = rendered(methods, rows);
        let expected = "
DARTS: discretisation gap: loss 0.500 relaxed, 0.750 hard (+0.250); accuracy 0.8000 relaxed, 0.7000 hard (-0.1000)
DARTS: seed 1 stopped after epoch 8: skips: 3 of 8
PC-DARTS: discretisation gap: loss 0.500 relaxed, 0.750 hard (+0.250); accuracy 0.8000 relaxed, 0.7000 hard (-0.1000)
PC-DARTS: seed 1 stopped after epoch 8: skips: 3 of 8
random search tried 3, 4 architectures, at the cost of the most expensive search
every label is 0

It is not.
It is.

Each of the 2 methods is tested by itself: the more there are, the more often one seems better by chance.

";
        assert!(text.contains(expected), "{text}");
    }
}
