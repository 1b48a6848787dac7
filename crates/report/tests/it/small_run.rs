//! The directory of a small run, as a process would have left it.

use std::collections::BTreeMap;

use dartloom_record::{
    ArchitectureWeights, CellEntropy, Contender, EdgeWeights, Event, Identity, JsonLines, Leg,
    Objective, Observer, RunDir, RunLayout, RunPlan, Where,
};
use dartloom_space::Genotype;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A run of one method called `darts`.
pub(crate) struct SmallRun {
    pub(crate) title: &'static str,
    pub(crate) objective: Objective,
    pub(crate) seeds: Vec<u64>,
    /// Legs that are done for each seed, out of five.
    pub(crate) done: usize,
    /// The training loss of the last epoch.
    pub(crate) loss: f64,
    pub(crate) finished: bool,
}

impl Default for SmallRun {
    fn default() -> Self {
        Self {
            title: "DARTS",
            objective: Objective::share("accuracy"),
            seeds: vec![0, 1],
            done: 5,
            loss: 0.25,
            finished: true,
        }
    }
}

fn metrics(values: &[(&str, f64)]) -> BTreeMap<String, f64> {
    values.iter().map(|&(name, value)| (name.to_owned(), value)).collect()
}

impl SmallRun {
    pub(crate) fn legs() -> Vec<Leg> {
        ["search/darts", "random", "retrain/darts", "retrain/random", "retrain/baseline"]
            .map(Leg::from)
            .into()
    }

    /// The score of a contender and seed.
    fn score(contender: &Contender, seed: u64) -> f64 {
        let base = match contender {
            Contender::Found(_) => 0.5,
            Contender::Random => 0.375,
            Contender::Baseline => 0.25,
        };
        base + 0.0625 * seed as f64
    }

    fn started(&self) -> Event {
        Event::RunStarted {
            name: format!("run of {}", self.title),
            seed: 0,
            config: json!({
                "data": "Digits",
                "seeds": self.seeds,
                "method": [{"preset": "darts", "title": self.title, "search": {"epochs": 2}}],
            }),
            plan: Some(RunPlan {
                seeds: self.seeds.clone(),
                legs: Self::legs(),
                objective: self.objective.clone(),
            }),
        }
    }

    fn leg(&self, seed: u64, leg: &Leg) -> Vec<Event> {
        let phase = Where::of_seed(seed, leg.clone());
        let mut events = Vec::new();
        let place = match leg {
            Leg::Random => phase.clone().with_candidate(0),
            _ => phase.clone(),
        };
        events.push(Event::PhaseStarted {
            phase: place.clone(),
            epochs: 2,
            steps_per_epoch: 1,
            epoch: 0,
        });
        for epoch in 0..2 {
            let loss = if epoch == 1 { self.loss } else { 0.5 };
            let part = if matches!(leg, Leg::Retrain(_)) { "test" } else { "valid" };
            let score = format!("{part}_{}", self.objective.name);
            let values = metrics(&[("train_loss", loss), (&score, 0.25)]);
            events.push(Event::EpochFinished { phase: place.clone(), epoch, metrics: values });
            if matches!(leg, Leg::Search(_)) {
                events.extend(searched(&phase, epoch));
            }
        }
        let mut end = metrics(&[("seconds", 4.0)]);
        if let Leg::Retrain(contender) = leg {
            let name = format!("test_{}", self.objective.name);
            end.insert(name, Self::score(contender, seed));
        }
        events.push(Event::PhaseFinished { phase, metrics: end });
        events
    }

    /// Writes the directory.
    pub(crate) fn write(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let dir = RunDir::open(folder.path()).unwrap();
        let time = std::cell::Cell::new(1000.0);
        let clock = move || {
            time.set(time.get() + 1.0);
            time.get()
        };
        let log = dir.append(RunLayout::EVENTS).unwrap();
        let mut log = JsonLines::with_clock(log, Box::new(clock));
        let mut tell = |event: &Event| {
            let _ = log.on_event(event).unwrap();
        };
        tell(&self.started());
        for &seed in &self.seeds {
            for leg in Self::legs().iter().take(self.done) {
                self.leg(seed, leg).iter().for_each(&mut tell);
                let value = result(&self.objective, seed, leg);
                let name = RunLayout::of(1).result(leg);
                let inside = dir.inside(&RunLayout::seed(seed)).unwrap();
                inside.store(&name, &Identity::new(), &value).unwrap();
            }
        }
        if self.finished {
            tell(&Event::Finished { metrics: BTreeMap::new() });
            let text = self.report().to_string();
            dir.write(RunLayout::REPORT, text.as_bytes()).unwrap();
        }
        dir.write(RunLayout::EXPERIMENT, b"(data: Digits)\n").unwrap();
        dir.write(RunLayout::LOG, b"[  0 %] begun\n").unwrap();
        folder
    }

    fn report(&self) -> Value {
        let names = [self.title, "random search", "tiny ResNet"];
        let contenders: Vec<Value> = names.map(|name| json!({"name": name})).into();
        json!({
            "objective": self.objective,
            "contenders": contenders,
            "methods": [{
                "name": self.title,
                "worth_it": true,
                "sentence": format!("Searching with {} is worth it.", self.title),
                "paired": [{
                    "against": "random search", "seeds": 2, "difference": 0.125,
                    "interval": [0.1, 0.15], "p_value": 0.01,
                }],
            }],
            "constant": null,
            "remarks": [],
        })
    }
}

fn searched(phase: &Where, epoch: usize) -> [Event; 3] {
    let edge = EdgeWeights { from: 0, to: 2, operations: vec![0.25, 0.75], among: None };
    let operations = ["sep_conv_3x3", "max_pool_3x3"].map(str::to_owned).into();
    let cells = BTreeMap::from([("normal".to_owned(), vec![edge])]);
    let weights = ArchitectureWeights { operations, cells, links: vec![vec![0.5, 0.5]] };
    let entropy = CellEntropy { edges: vec![0.8], nodes: None };
    let genotype = serde_json::to_value(Genotype::published("DARTS_V2").unwrap()).unwrap();
    let notes = vec!["normal 0->2: max_pool_3x3 leads by 0.5".to_owned()];
    let phase = phase.clone();
    [
        Event::Weights { phase: phase.clone(), epoch, weights },
        Event::Entropy {
            phase: phase.clone(),
            epoch,
            cells: BTreeMap::from([("normal".to_owned(), entropy)]),
        },
        Event::Architecture { phase, epoch, genotype, notes },
    ]
}

fn result(objective: &Objective, seed: u64, leg: &Leg) -> Value {
    match leg {
        Leg::Retrain(contender) => json!({
            "seconds": 4.0, "training_macs": 10,
            "scores": {objective.name.clone(): SmallRun::score(contender, seed), "other": 0.5},
            "parameters": 1000, "macs": 2_000_000,
        }),
        Leg::Search(_) => json!({
            "seconds": 8.0, "training_macs": 30,
            "gap": {"relaxed_loss": 0.5, "hard_loss": 0.75},
        }),
        _ => json!({"seconds": 2.0, "training_macs": 20}),
    }
}
