//! Parts of somebody else's, asked for by name in an experiment file.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use dartloom::data::{Splits, digits};
use dartloom::decode::{DecodeError, Decoded, Decoder, TopK};
use dartloom::explore::{Domain, ExploreError, Explorer};
use dartloom::noise::Noise;
use dartloom::relax::{Progress, RelaxError, Relaxation, Softmax, ZeroOne};
use dartloom::search::SearchError;
use dartloom::search::stop::{Observed, Reason, StopRule};
use dartloom::space::{Space, WeightTable};
use dartloom::verdict::{ConfiguredExplorer, MakeExplorer};
use dartloom_engine::experiment::{self, Chosen, Settings};
use dartloom_engine::run::{Host, Options, Outcome, Run, Start};
use dartloom_engine::{Catalog, EngineError, PartError, Plan};
use serde::Deserialize;

/// A softmax of logits times a number.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sharp {
    times: f64,
}

impl Relaxation for Sharp {
    fn weights(
        &self,
        logits: &dartloom::Tensor,
        at: Progress,
        noise: &mut dyn rand::RngCore,
    ) -> Result<dartloom::Tensor, RelaxError> {
        Softmax::default().weights(&(logits * self.times)?, at, noise)
    }

    fn identity(&self) -> Option<String> {
        Some(format!("Sharp {}", self.times))
    }
}

/// The first edges of every node, whatever they weigh.
#[derive(Debug)]
struct Firsts(TopK);

impl Decoder for Firsts {
    fn decode(&self, space: &Space, weights: &WeightTable) -> Result<Decoded, DecodeError> {
        let mut decoded = self.0.decode(space, weights)?;
        decoded.notes.clear();
        Ok(decoded)
    }

    fn identity(&self) -> Option<String> {
        Some(format!("Firsts {}", self.0.edges))
    }
}

/// A rule that holds from an epoch on.
#[derive(Debug)]
struct Since(usize);

impl StopRule for Since {
    fn verdict(&self, _: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        let last = history.last().filter(|last| last.epoch >= self.0);
        Ok(last
            .map(|last| Reason { rule: "since".to_owned(), seen: format!("epoch {}", last.epoch) }))
    }

    fn identity(&self) -> Option<String> {
        Some(format!("Since {}", self.0))
    }
}

/// Random genotypes under a name of their own.
#[derive(Debug)]
struct Dice;

impl MakeExplorer for Dice {
    fn title(&self) -> String {
        "dice".to_owned()
    }

    fn make(&self, domain: Domain, noise: Noise) -> Result<Box<dyn Explorer>, ExploreError> {
        ConfiguredExplorer::Random.make(domain, noise)
    }

    fn identity(&self) -> Option<String> {
        Some("dice 1".to_owned())
    }
}

fn few_digits(settings: &Settings) -> Result<Splits, PartError> {
    if settings.read::<usize>()? == 0 {
        return Err("no digits are no data".into());
    }
    Ok(digits())
}

fn catalog() -> Catalog {
    Catalog::standard()
        .relaxation("Sharp", |settings| Ok(Arc::new(settings.read::<Sharp>()?)))
        .decoder("Firsts", |settings| {
            Ok(Box::new(Firsts(TopK { edges: settings.read()?, ..TopK::darts() })))
        })
        .regulariser("Push", |_| Ok(Box::new(ZeroOne::default())))
        .stop_rule("Since", |settings| Ok(Box::new(Since(settings.read()?))))
        .explorer("Dice", |_| Ok(Box::new(Dice)))
        .data("FewDigits", few_digits)
}

const EXPERIMENT: &str = r#"(
    data: FewDigits(3), scale: Small, layers: 3, nodes: 1, channels: 1, seeds: [4],
    method: (preset: "darts", relaxation: Sharp(times: 2.0), decoder: Firsts(1)),
    penalties: [(kind: Push, to: 0.1)],
    rules: [Stop(Since(0))],
    explorers: [(explorer: Dice, rules: (candidates: 2))],
    search: (epochs: 2),
    random: (fit: (epochs: 1)),
    retrain: (channels: 1, fit: (epochs: 1)),
)"#;

fn write(folder: &Path, text: &str) -> std::path::PathBuf {
    let path = folder.join("mine.ron");
    fs::write(&path, text).unwrap();
    path
}

fn plan(path: &Path) -> Result<Plan, EngineError> {
    Plan::with(experiment::load(path, &Chosen::default())?, "mine.ron", &catalog())
}

#[test]
fn a_run_of_named_parts_ends_with_a_verdict_and_is_known_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), EXPERIMENT);
    let clock = || 0.0;
    let host = Host {
        command: vec!["test".to_owned()],
        system: "any".to_owned(),
        worker: None,
        clock: &clock,
        date: || f64::NAN,
    };
    let options = Options { out: folder.path().join("run"), ..Options::default() };
    let open = || Run::open(plan(&path).unwrap(), &options, &host, &mut |line| panic!("{line}"));
    let mut run = open().unwrap();
    assert_eq!(*run.start(), Start::Fresh);
    let Outcome::Finished { report, verdict } = run.go(Vec::new(), &host).unwrap() else {
        panic!("nobody stopped it")
    };
    assert!(verdict.contains("DARTS"), "{verdict}");
    assert_eq!(report.methods.len(), 2);
    let stopped = report.methods[0].stopped[0].as_ref().unwrap();
    assert_eq!((stopped.epoch, &*stopped.reason.seen), (0, "epoch 0"));
    assert_eq!(report.methods[1].name, "Dice");
    assert!(report.methods[1].tried[0].architectures > 0);
    drop(run);
    // The stored experiment names the parts as the file did, and is the same experiment.
    let stored = fs::read_to_string(options.out.join("experiment.ron")).unwrap();
    for part in ["FewDigits(3)", "Sharp(times: 2.0)", "Firsts(1)", "kind: Push", "Since(0)", "Dice"]
    {
        assert!(stored.contains(part), "{stored}");
    }
    assert!(matches!(open().unwrap().start(), Start::Finished(text) if *text == verdict));
}

#[test]
fn names_that_nobody_knows_are_answered_with_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    let rows = [
        ("Sharp(times: 2.0)", "Sharq(times: 2.0)", "relaxation: unknown name `Sharq`", "`Sharp`"),
        ("Firsts(1)", "Constraind()", "decoder: unknown name `Constraind`", "`Constrained`"),
        ("kind: Push", "kind: Pull", "penalties: unknown name `Pull`", "Push"),
        ("Since(0)", "Sinse(0)", "rules: unknown name `Sinse`", "`Since`"),
        ("Dice", "Dize", "explorer: unknown name `Dize`", "`Dice`"),
        ("FewDigits(3)", "FewDigit(3)", "data: unknown name `FewDigit`", "`FewDigits`"),
    ];
    for (right, wrong, message, nearest) in rows {
        let path = write(folder.path(), &EXPERIMENT.replace(right, wrong));
        let error = plan(&path).unwrap_err().to_string();
        assert!(error.contains(message) && error.contains(nearest), "{error}");
    }
}

#[test]
fn settings_that_do_not_fit_are_refused_by_the_part() {
    let folder = tempfile::tempdir().unwrap();
    let rows = [
        ("Sharp(times: 2.0)", "Sharp(time: 2.0)", "relaxation: "),
        ("Firsts(1)", "Firsts(\"all\")", "decoder: "),
        ("FewDigits(3)", "FewDigits(0)", "data: no digits are no data"),
    ];
    for (right, wrong, message) in rows {
        let path = write(folder.path(), &EXPERIMENT.replace(right, wrong));
        let error = plan(&path).unwrap_err();
        assert!(matches!(error, EngineError::Part { .. }), "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn a_decoder_with_limits_can_be_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &EXPERIMENT.replace("Firsts(1)", "Constrained(skips: 1)"));
    assert!(plan(&path).is_ok());
}
