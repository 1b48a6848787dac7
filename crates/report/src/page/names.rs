//! Names of contenders and phases for people.

use std::collections::BTreeMap;

use dartloom_record::{Contender, Leg, RunLayout, RunPlan, Where};
use serde_json::Value;

use super::told::Told;

/// Titles by the keys of methods, and the plan of a run that does not state one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    titles: BTreeMap<String, String>,
}

impl Names {
    /// The names that a report has for its contenders, in the order in which they are trained; else
    /// the titles that the configuration has for the methods, in the order of its searches.
    pub(crate) fn of(told: &Told, report: Option<&Value>) -> Self {
        let methods = told.config.get("method").and_then(Value::as_array);
        let titles = methods.into_iter().flatten().map(|method| method.get("title"));
        let titles = titles.map(|title| title.and_then(Value::as_str).map(str::to_owned));
        let searches = legs(told).into_iter().filter_map(|leg| match leg {
            Leg::Search(key) => Some(key),
            _ => None,
        });
        let pairs = searches.zip(titles).filter_map(|(key, title)| Some((key, title?)));
        let mut titles: BTreeMap<String, String> = pairs.collect();
        let rows = report.and_then(|report| report.get("contenders")?.as_array());
        let rows = rows.into_iter().flatten().map(|row| row.get("name").and_then(Value::as_str));
        let contenders = legs(told).into_iter().filter_map(|leg| match leg {
            Leg::Retrain(contender) => Some(contender.to_string()),
            _ => None,
        });
        let named = contenders.zip(rows).filter_map(|(key, name)| Some((key, name?.to_owned())));
        titles.extend(named);
        Self { titles }
    }

    /// A contender.
    pub(crate) fn contender(&self, contender: &Contender) -> String {
        if let Some(title) = self.titles.get(&contender.to_string()) {
            return title.clone();
        }
        match contender {
            Contender::Found(key) => key.clone(),
            Contender::Random => "random search".to_owned(),
            Contender::Baseline => "hand-made network".to_owned(),
        }
    }

    /// A leg as an activity.
    pub(crate) fn leg(&self, leg: &Leg) -> String {
        match leg {
            Leg::Search(key) | Leg::Explore(key) => {
                format!("search: {}", self.contender(&Contender::Found(key.clone())))
            }
            Leg::Random => "random search".to_owned(),
            Leg::Retrain(contender) => format!("training: {}", self.contender(contender)),
            Leg::Own(name) => name.clone(),
        }
    }

    /// A place.
    pub(crate) fn place(&self, place: &Where) -> String {
        let leg = self.leg(&place.leg);
        let seed = place.seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
        let candidate = place.candidate.map(|index| format!(", candidate {}", index + 1));
        format!("{leg}{seed}{}", candidate.unwrap_or_default())
    }
}

/// The legs of a run, in order: those of its plan, or those that have begun.
pub(crate) fn legs(told: &Told) -> Vec<Leg> {
    if let Some(plan) = &told.plan {
        return plan.legs.clone();
    }
    let mut legs: Vec<Leg> = Vec::new();
    for (place, _) in &told.phases {
        if !legs.contains(&place.leg) {
            legs.push(place.leg.clone());
        }
    }
    // As they are run; what has begun for a later seed alone stands where it belongs.
    legs.sort_by_key(|leg| match leg {
        Leg::Search(_) | Leg::Explore(_) => 0,
        Leg::Random => 1,
        Leg::Retrain(Contender::Found(_)) => 2,
        Leg::Retrain(Contender::Random) => 3,
        Leg::Retrain(Contender::Baseline) => 4,
        Leg::Own(_) => 5,
    });
    legs
}

/// The names of a run's files.
pub(crate) fn layout(told: &Told) -> RunLayout {
    let searches = legs(told).into_iter();
    let searches = searches.filter(|leg| matches!(leg, Leg::Search(_) | Leg::Explore(_)));
    RunLayout::of(searches.count())
}

/// The seeds of a run: those of its plan, its configuration or its phases.
pub(crate) fn seeds(told: &Told) -> Vec<u64> {
    if let Some(RunPlan { seeds, .. }) = &told.plan {
        return seeds.clone();
    }
    let config = told.config.get("seeds").and_then(Value::as_array);
    let config: Vec<u64> = config.into_iter().flatten().filter_map(Value::as_u64).collect();
    if !config.is_empty() {
        return config;
    }
    let mut seeds: Vec<u64> = told.phases.iter().filter_map(|(place, _)| place.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    seeds
}
