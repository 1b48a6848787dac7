//! Repetitions of single kernels.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::figures::Figures;
use super::machine::{MOST_STEAL_PERCENT, Ticks};
use super::programs::{LAYOUTS, Programs};
use super::ratio::Spread;
use super::record::Record;
use super::{Options, steps};
use crate::error::Error;
use crate::say::say;

/// Kernel, batch and shape.
type Key = (String, u64, String);

/// Milliseconds forward, and with gradients.
type Times = [f64; 2];

const FIELDS: [&str; 2] = ["forward_ms", "both_ms"];

/// Measures all kernels in turn and prints a table.
pub(super) fn run(
    programs: &Programs,
    options: &Options,
    record: &mut Record,
) -> Result<(), Error> {
    say!("\nkernels: milliseconds forward, and forward with gradients");
    let mut all: Vec<BTreeMap<Key, [Times; 2]>> = Vec::new();
    for index in 0..options.repetitions {
        let before = Ticks::now()?;
        let (references, candidate) = once(programs, options.threads, index)?;
        let steal = before.zip(Ticks::now()?).map(|(before, after)| after.steal_percent(before));
        steps::warn("of the time was stolen by the hypervisor", steal, MOST_STEAL_PERCENT);
        record.line(&json!({
            "kind": "kernels", "repetition": index, "steal_percent": steal,
            "reference": references.iter().map(|f| f.value.clone()).collect::<Vec<_>>(),
            "candidate": candidate.value,
        }))?;
        all.push(pairs(&references, &candidate)?);
    }
    print(&all);
    Ok(())
}

fn once(programs: &Programs, threads: u32, index: u32) -> Result<(Vec<Figures>, Figures), Error> {
    let candidate = || programs.candidate(&format!("bench kernels --json --threads {threads}"));
    let reference = |layout: &&str| {
        programs.reference("kernels.py", &format!("--threads {threads} --layout {layout}"))
    };
    let references = || LAYOUTS.iter().map(reference).collect::<Result<Vec<_>, _>>();
    if index.is_multiple_of(2) {
        let references = references()?;
        Ok((references, candidate()?))
    } else {
        let candidate = candidate()?;
        Ok((references()?, candidate))
    }
}

/// Times by kernel: those of PyTorch's better layout, and ours. Kernels that only one of both has
/// measured are left out.
pub(super) fn pairs(
    references: &[Figures],
    candidate: &Figures,
) -> Result<BTreeMap<Key, [Times; 2]>, Error> {
    let mut best: BTreeMap<Key, Times> = BTreeMap::new();
    for figures in references {
        for (key, times) in rows(figures)? {
            let known = best.entry(key).or_insert(times);
            // Each figure in the layout that is better for it.
            *known = [known[0].min(times[0]), known[1].min(times[1])];
        }
    }
    let ours = rows(candidate)?;
    let both = ours.into_iter().filter_map(|(key, ours)| {
        let theirs = *best.get(&key)?;
        Some((key, [theirs, ours]))
    });
    Ok(both.collect())
}

fn rows(figures: &Figures) -> Result<BTreeMap<Key, Times>, Error> {
    let row = |row: &Value| {
        let key = (row["kernel"].as_str()?, row["batch"].as_u64()?, row["shape"].as_str()?);
        let [forward, both] = FIELDS.map(|field| row[field].as_f64());
        Some(((key.0.to_owned(), key.1, key.2.to_owned()), [forward?, both?]))
    };
    let rows = figures.value["kernels"].as_array();
    let rows: Option<BTreeMap<_, _>> = rows.and_then(|rows| rows.iter().map(row).collect());
    let rows = rows.filter(|rows| !rows.is_empty());
    rows.ok_or_else(|| figures.lacks("times of kernels".to_owned()))
}

fn print(all: &[BTreeMap<Key, [Times; 2]>]) {
    say!(
        "  {:<11} {:>5} {:>6} {:>9} {:>9} {:>9} {:>9}  ratio forward, with gradients",
        "kernel",
        "batch",
        "shape",
        "PyTorch f",
        "f+b",
        "ours f",
        "f+b"
    );
    let keys = all.first().into_iter().flat_map(BTreeMap::keys);
    for key in keys {
        let times: Vec<_> = all.iter().filter_map(|times| times.get(key)).collect();
        let of = |pick: &dyn Fn(&[Times; 2]) -> f64| {
            Spread::of(&times.iter().map(|times| pick(times)).collect::<Vec<_>>())
        };
        let median = |who: usize, what: usize| {
            of(&|times| times[who][what]).map_or(f64::NAN, |spread| spread.median)
        };
        let ratio = |what: usize| {
            let ratio = of(&|times| times[0][what] / times[1][what]);
            ratio.map_or_else(String::new, |ratio| ratio.to_string())
        };
        say!(
            "  {:<11} {:>5} {:>6} {:>9.3} {:>9.3} {:>9.3} {:>9.3}  {}, {}",
            key.0,
            key.1,
            key.2,
            median(0, 0),
            median(0, 1),
            median(1, 0),
            median(1, 1),
            ratio(0),
            ratio(1)
        );
    }
}
