//! The verdict, one sentence for each method.

use serde::Serialize;
use serde_json::Value;

use super::table::Results;

/// The answer to the question of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// One for each method; until a run is finished, one that says so.
    pub sentences: Vec<Sentence>,
    /// Remarks on the result.
    pub remarks: Vec<String>,
}

/// A sentence of a verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sentence {
    /// The method; `None` where it is about the run.
    pub method: Option<String>,
    /// `true` if searching was worth it; `None` where nothing is known.
    pub worth_it: Option<bool>,
    /// The sentence.
    pub text: String,
    /// The comparisons behind it.
    pub paired: Vec<Comparison>,
}

/// A paired comparison of a method with another contender.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The other contender.
    pub against: String,
    /// The number of pairs.
    pub seeds: u64,
    /// Mean difference of scores, the method's minus the other's.
    pub difference: f64,
    /// The 95 % confidence interval of the paired t test.
    pub interval: Option<[f64; 2]>,
    /// Its p value; `None` where all differences are equal.
    pub p_value: Option<f64>,
    /// The p value adjusted for the number of methods, which decides; runs from before have none.
    pub adjusted_p_value: Option<f64>,
    /// The mean difference in standard deviations of the differences.
    pub effect: Option<f64>,
    /// Seeds with which a difference like this would be told from none.
    pub seeds_needed: Option<u64>,
}

impl Verdict {
    /// The verdict of a stored report, or the state of a run that has none.
    pub(crate) fn of(report: Option<&Value>, results: Option<&Results>) -> Self {
        let methods = report.and_then(|report| report.get("methods")?.as_array());
        let Some(methods) = methods else {
            return Self { sentences: vec![so_far(results)], remarks: Vec::new() };
        };
        let remarks = report.and_then(|report| report.get("remarks")?.as_array());
        let remarks = remarks.into_iter().flatten().filter_map(Value::as_str);
        let mut remarks: Vec<String> = remarks.map(str::to_owned).collect();
        if let Some(results) = results
            && results.seeds.len() < 2
        {
            remarks.push(
                "There is one seed: no spread is known, and another seed may turn the order round."
                    .to_owned(),
            );
        }
        Self { sentences: methods.iter().map(sentence).collect(), remarks }
    }
}

fn number(paired: &Value, name: &str) -> Option<f64> {
    paired.get(name).and_then(Value::as_f64)
}

fn sentence(method: &Value) -> Sentence {
    let text = |name: &str| method.get(name).and_then(Value::as_str).map(str::to_owned);
    let paired = method.get("paired").and_then(Value::as_array).into_iter().flatten();
    let paired = paired.filter_map(|paired| {
        let interval = paired.get("interval").and_then(Value::as_array);
        let interval =
            interval.and_then(|ends| Some([ends.first()?.as_f64()?, ends.get(1)?.as_f64()?]));
        Some(Comparison {
            against: paired.get("against")?.as_str()?.to_owned(),
            seeds: paired.get("seeds")?.as_u64()?,
            difference: paired.get("difference")?.as_f64()?,
            interval,
            p_value: number(paired, "p_value"),
            adjusted_p_value: number(paired, "adjusted_p_value"),
            effect: number(paired, "effect"),
            seeds_needed: paired.get("seeds_needed").and_then(Value::as_u64),
        })
    });
    Sentence {
        method: text("name"),
        worth_it: method.get("worth_it").and_then(Value::as_bool),
        paired: paired.collect(),
        text: text("sentence").unwrap_or_else(|| "There is no sentence.".to_owned()),
    }
}

/// The sentence about a run that has no verdict.
fn so_far(results: Option<&Results>) -> Sentence {
    let best = results.and_then(|results| {
        let scored = || results.rows.iter().filter_map(|row| Some((row, row.mean?.0)));
        let index = results.objective.best(scored().map(|(_, mean)| mean))?;
        scored().nth(index).map(|(row, mean)| {
            let score = results.objective.text(mean);
            let label = results.objective.label();
            let seeds = row.scores.len();
            let seeds = if seeds == 1 { "one seed".to_owned() } else { format!("{seeds} seeds") };
            format!(" Best so far: {}, test {label} {score} over {seeds}.", row.name)
        })
    });
    Sentence {
        method: None,
        worth_it: None,
        text: format!(
            "There is no verdict yet: not every part of the run is done.{}",
            best.unwrap_or_default()
        ),
        paired: Vec::new(),
    }
}
