//! Results as rows.

use dartloom_record::{Contender, Leg, Objective, RecordError, Run, RunLayout, Scores, statistics};
use serde::Serialize;
use serde_json::Value;

use super::names::{Names, layout, legs, seeds};
use super::number::Number;
use super::told::Told;

/// The results of all contenders.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Results {
    /// The score that selects.
    pub objective: Objective,
    /// The seeds of the run.
    pub seeds: Vec<u64>,
    /// One row for each contender.
    pub rows: Vec<Row>,
    /// The score of the constant answer that is usually right; `None` where it is not known.
    pub constant: Option<Constant>,
}

/// The score of a constant answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Constant {
    /// The answer.
    pub answer: String,
    /// Its score.
    pub score: Number,
}

/// The results of a contender.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its part in file names and events.
    pub key: String,
    /// Its score on test data for each seed that is done.
    pub scores: Vec<SeedScore>,
    /// Their mean.
    pub mean: Option<Number>,
    /// Their standard deviation; `None` for fewer than two seeds.
    pub sd: Option<Number>,
    /// Trainable numbers, the mean over seeds.
    pub parameters: Option<f64>,
    /// Multiply-adds for one image, the mean over seeds.
    pub macs: Option<f64>,
    /// Seconds of the search, the mean over seeds.
    pub search_seconds: Option<f64>,
    /// Seconds of the training, the mean over seeds.
    pub train_seconds: Option<f64>,
    /// Multiply-adds of the search, the mean over seeds.
    pub search_macs: Option<f64>,
    /// Trainings that failed, with their reasons.
    pub failures: Vec<String>,
}

/// All scores of a network on test data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeedScore {
    /// Its seed.
    pub seed: u64,
    /// The score that selects.
    pub score: Number,
    /// All scores.
    pub all: Scores,
}

impl Results {
    /// The results that are there; `None` where nobody says by which score.
    pub(crate) fn of(
        run: &Run,
        told: &Told,
        names: &Names,
        report: Option<&Value>,
    ) -> Result<Option<Self>, RecordError> {
        let stored = report.and_then(|report| report.get("objective")).cloned();
        let stored = stored.and_then(|value| serde_json::from_value(value).ok());
        let planned = told.plan.as_ref().map(|plan| plan.objective.clone());
        let Some(objective) = stored.or(planned) else { return Ok(None) };
        let seeds = seeds(told);
        let legs = legs(told);
        let layout = layout(told);
        let contenders = legs.iter().filter_map(|leg| match leg {
            Leg::Retrain(contender) => Some(contender),
            _ => None,
        });
        let mut rows = Vec::new();
        for contender in contenders {
            let row = Row::of(run, layout, (&seeds, contender), &objective)?;
            rows.push(Row { name: names.contender(contender), ..row });
        }
        let constant = report.and_then(|report| {
            let constant = report.get("constant")?;
            let score = constant.get("scores")?.get(&objective.name)?.as_f64()?;
            let answer = constant.get("answer")?.as_str()?.to_owned();
            Some(Constant { answer, score: Number(score) })
        });
        Ok(Some(Self { objective, seeds, rows, constant }))
    }
}

impl Row {
    fn of(
        run: &Run,
        layout: RunLayout,
        (seeds, contender): (&[u64], &Contender),
        objective: &Objective,
    ) -> Result<Self, RecordError> {
        let mut trained = Vec::new();
        let mut searched = Vec::new();
        for &seed in seeds {
            let leg = Leg::Retrain(contender.clone());
            trained.extend(run.result(layout, seed, &leg)?.map(|value| (seed, value)));
            // The file of a search is the same for methods and explorers.
            let search = match contender {
                Contender::Found(key) => Some(Leg::Search(key.clone())),
                Contender::Random => Some(Leg::Random),
                Contender::Baseline => None,
            };
            if let Some(search) = search {
                searched.extend(run.result(layout, seed, &search)?);
            }
        }
        let scores = trained.iter().filter_map(|(seed, value)| {
            let all: Scores = serde_json::from_value(value.get("scores")?.clone()).ok()?;
            let score = Number(all.get(&objective.name)?);
            Some(SeedScore { seed: *seed, score, all })
        });
        let scores: Vec<SeedScore> = scores.collect();
        let values: Vec<f64> = scores.iter().map(|score| score.score.0).collect();
        let failure = |(seed, value): &(u64, Value)| {
            let said = value.get("failure")?.as_str()?;
            Some(format!("seed {seed}: {said}"))
        };
        let trainings: Vec<Value> = trained.iter().map(|(_, value)| value.clone()).collect();
        Ok(Self {
            name: contender.to_string(),
            key: contender.to_string(),
            mean: statistics::mean(&values).map(Number),
            sd: statistics::sample_sd(&values).map(Number),
            parameters: mean(&trainings, "parameters"),
            macs: mean(&trainings, "macs"),
            search_seconds: mean(&searched, "seconds"),
            train_seconds: mean(&trainings, "seconds"),
            search_macs: mean(&searched, "training_macs"),
            failures: trained.iter().filter_map(failure).collect(),
            scores,
        })
    }
}

fn mean(values: &[Value], name: &str) -> Option<f64> {
    let numbers: Vec<f64> =
        values.iter().filter_map(|value| value.get(name).and_then(Value::as_f64)).collect();
    statistics::mean(&numbers)
}
