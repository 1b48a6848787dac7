//! Curves over epochs, one line for each part, its seeds together.

use std::collections::BTreeMap;

use dartloom_record::{Leg, Objective, statistics};
use serde::Serialize;

use super::names::{Names, legs};
use super::number::Number;
use super::told::Told;

/// A metric over epochs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curve {
    /// Its title.
    pub title: String,
    /// The title of its values.
    pub y: String,
    /// One line for each method or contender.
    pub lines: Vec<Line>,
}

/// A line of a curve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// The seeds behind it.
    pub seeds: Vec<u64>,
    /// Its points, by epoch.
    pub points: Vec<Point>,
}

/// A point of a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The epoch, from 1.
    pub epoch: usize,
    /// The value of each seed that has one.
    pub values: Vec<Number>,
    /// The mean of those that are finite.
    pub mean: Option<f64>,
    /// The standard deviation of those that are finite; `None` for fewer than two.
    pub sd: Option<f64>,
}

/// A metric that is drawn.
struct Drawn<'a> {
    title: String,
    y: String,
    /// Its names, the first one that is there.
    metrics: Vec<String>,
    legs: &'a dyn Fn(&Leg) -> bool,
    /// Makes a share a percentage.
    scale: f64,
}

/// All curves that the events have values for.
pub(crate) fn curves(told: &Told, names: &Names, objective: Option<&Objective>) -> Vec<Curve> {
    let trained = |leg: &Leg| matches!(leg, Leg::Retrain(_));
    let searched = |leg: &Leg| matches!(leg, Leg::Search(_));
    let plain = |title: &str, metric: &str, legs| Drawn {
        title: title.to_owned(),
        y: "loss".to_owned(),
        metrics: vec![metric.to_owned()],
        legs,
        scale: 1.0,
    };
    let scored = |title: &str, parts: [&str; 2], legs| {
        objective.map(|objective| Drawn {
            title: format!("{title}: {}", objective.label()),
            y: objective.title(),
            metrics: parts.map(|part| format!("{part}_{}", objective.name)).into(),
            legs,
            scale: objective.shown(1.0),
        })
    };
    let drawn = [
        scored("Final training", ["test", "valid"], &trained),
        Some(plain("Final training: loss on training data", "train_loss", &trained)),
        Some(plain("Final training: loss on test data", "test_loss", &trained)),
        scored("Search", ["valid", "test"], &searched),
        Some(plain("Search: loss on training data", "train_loss", &searched)),
        Some(plain("Search: loss on validation data", "valid_loss", &searched)),
        Some(plain("Search: loss of the architecture's steps", "arch_loss", &searched)),
    ];
    let curves = drawn.into_iter().flatten().map(|drawn| curve(told, names, &drawn));
    curves.filter(|curve| !curve.lines.is_empty()).collect()
}

fn curve(told: &Told, names: &Names, drawn: &Drawn<'_>) -> Curve {
    let legs = legs(told).into_iter().filter(|leg| (drawn.legs)(leg));
    let lines = legs.filter_map(|leg| line(told, names, &leg, drawn));
    Curve { title: drawn.title.clone(), y: drawn.y.clone(), lines: lines.collect() }
}

fn line(told: &Told, names: &Names, leg: &Leg, drawn: &Drawn<'_>) -> Option<Line> {
    let mut seeds = Vec::new();
    let mut values: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    let own = told.phases.iter().filter(|(place, _)| place.leg == *leg);
    for (place, phase) in own.filter(|(place, _)| place.candidate.is_none()) {
        let mut any = false;
        for (epoch, metrics) in &phase.epochs {
            let value = drawn.metrics.iter().find_map(|metric| metrics.get(metric));
            if let Some(value) = value {
                values.entry(*epoch).or_default().push(drawn.scale * value);
                any = true;
            }
        }
        if any {
            seeds.extend(place.seed);
        }
    }
    let point = |(epoch, values): (usize, Vec<f64>)| {
        let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        Point {
            epoch: epoch + 1,
            mean: statistics::mean(&finite),
            sd: statistics::sample_sd(&finite),
            values: values.into_iter().map(Number).collect(),
        }
    };
    let points: Vec<Point> = values.into_iter().map(point).collect();
    let contender = match leg {
        Leg::Search(key) | Leg::Explore(key) => names.contender(&key_of(key)),
        Leg::Retrain(contender) => names.contender(contender),
        Leg::Random | Leg::Own(_) => names.leg(leg),
    };
    (!points.is_empty()).then_some(Line { name: contender, seeds, points })
}

fn key_of(key: &str) -> dartloom_record::Contender {
    dartloom_record::Contender::Found(key.to_owned())
}
