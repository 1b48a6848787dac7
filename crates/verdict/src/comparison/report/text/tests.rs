use dartloom_search::stop::Reason;
use dartloom_task::Constant;

use super::*;

fn row(name: &str, score_sd: Option<f64>, search_macs: f64) -> ContenderReport {
    ContenderReport {
        name: name.to_owned(),
        scores: vec![Some(0.9)],
        failures: Vec::new(),
        score: Some(0.9),
        score_sd,
        parameters: Some(12_345.4),
        macs: Some(1e6),
        search_seconds: 12.34,
        train_seconds: 5.0,
        search_macs,
    }
}

fn method(name: &str, sentence: &str) -> MethodReport {
    let scores = |accuracy| Scores::new().with("accuracy", accuracy);
    let gap = Gap {
        relaxed_loss: 0.5,
        hard_loss: 0.75,
        relaxed_scores: scores(0.8),
        hard_scores: scores(0.7),
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
    let scores = Scores::new().with("accuracy", 0.104);
    let report = Report {
        objective: Objective::share("accuracy"),
        seeds: vec![0, 1, 2],
        contenders: rows,
        methods,
        random: random.to_vec(),
        constant: Some(Constant { answer: "class 3".to_owned(), scores }),
        remarks: vec!["every label is 0".to_owned()],
    };
    report.to_string()
}

#[test]
fn everything_that_was_measured_is_said() {
    let rows = vec![row("DARTS", Some(0.0123), 1.0), row("tiny ResNet", None, 0.0)];
    let text = rendered(vec![method("DARTS", "It is not.")], rows);
    let expected = "\
contender       test accuracy %  parameters     MACs  search s  train s
--------------  ---------------  ----------  -------  --------  -------
DARTS              90.00 ± 1.23       12345  1000000      12.3      5.0
tiny ResNet               90.00       12345  1000000         -      5.0
always class 3            10.40           -        -         -        -

discretisation gap: loss 0.500 relaxed, 0.750 hard (+0.250); accuracy 80.00 % relaxed, 70.00 % hard (-10.00 points)
seed 1 stopped after epoch 8: skips: 3 of 8
random search tried 3, 4 architectures
every label is 0

It is not.";
    assert_eq!(text, expected);
}

#[test]
fn what_failed_and_what_a_space_lacks_is_said() {
    let one = Tried { architectures: 6, exhausted: true, ..Tried::default() };
    assert_eq!(tried(std::slice::from_ref(&one)), "tried 6 architectures, all that the space has");
    let failure = |candidates, reason: &str| FailureCount { candidates, reason: reason.to_owned() };
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
    let row = ContenderReport { score: None, parameters: None, ..row("DARTS", None, 1.0) };
    let cells = contender(&row, &Objective::share("accuracy"));
    assert_eq!([&*cells[1], &*cells[2], &*cells[3]], ["-", "-", "1000000"]);
}

#[test]
fn several_methods_have_a_line_each() {
    let rows = vec![row("DARTS", None, 1.0), row("PC-DARTS", None, 1.0)];
    let methods = vec![method("DARTS", "It is not."), method("PC-DARTS", "It is.")];
    let text = rendered(methods, rows);
    let expected = "
DARTS: discretisation gap: loss 0.500 relaxed, 0.750 hard (+0.250); accuracy 80.00 % relaxed, 70.00 % hard (-10.00 points)
DARTS: seed 1 stopped after epoch 8: skips: 3 of 8
PC-DARTS: discretisation gap: loss 0.500 relaxed, 0.750 hard (+0.250); accuracy 80.00 % relaxed, 70.00 % hard (-10.00 points)
PC-DARTS: seed 1 stopped after epoch 8: skips: 3 of 8
random search tried 3, 4 architectures, at the cost of the most expensive search
every label is 0

It is not.
It is.

Each of the 2 methods is tested by itself: the more there are, the more often one seems better by chance.";
    assert!(text.contains(expected), "{text}");
}
