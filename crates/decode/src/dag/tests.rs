use std::cmp::Ordering;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Dag, DagEdge, DagError, DagPath, ScoreStatistics};
use crate::{DecodeError, PathCount, Spread, TieBreak};

fn edge(from: usize, to: usize, log: f64) -> DagEdge {
    DagEdge { from, to, log, counts: true }
}

/// Every path by plain recursion, edges last first: of an end, in the order of its edges.
fn listed(dag: &Dag) -> Vec<DagPath> {
    fn into(dag: &Dag, node: usize, after: &[usize], found: &mut Vec<Vec<usize>>) {
        if dag.source[node] {
            found.push(after.to_vec());
        }
        for (index, edge) in dag.edges.iter().enumerate().filter(|(_, edge)| edge.to == node) {
            if edge.log > f64::NEG_INFINITY {
                into(dag, edge.from, &[after, &[index]].concat(), found);
            }
        }
    }
    let mut paths = Vec::new();
    for &sink in &dag.sinks {
        let mut found = Vec::new();
        into(dag, sink, &[], &mut found);
        paths.extend(found.into_iter().map(|backwards| dag.path(sink, backwards)));
    }
    paths
}

/// The documented order.
fn order(dag: &Dag, a: &DagPath, b: &DagPath) -> Ordering {
    let place = |path: &DagPath| dag.sinks.iter().position(|sink| path.nodes.last() == Some(sink));
    let length = |path: &DagPath| path.edges.iter().filter(|&&edge| dag.edges[edge].counts).count();
    let by_score = b.score.total_cmp(&a.score).then(place(a).cmp(&place(b)));
    by_score.then(length(a).cmp(&length(b))).then_with(|| backwards(dag, &a.edges, &b.edges))
}

fn backwards(dag: &Dag, a: &[usize], b: &[usize]) -> Ordering {
    let log = |edges: &[usize]| edges.iter().fold(0.0, |sum, &edge| sum + dag.edges[edge].log);
    let by_log = log(b).total_cmp(&log(a));
    match (a.split_last(), b.split_last()) {
        (Some((last, a)), Some((other, b))) => {
            by_log.then(last.cmp(other)).then_with(|| backwards(dag, a, b))
        }
        _ => by_log.then(a.len().cmp(&b.len())),
    }
}

/// Graphs of up to seven nodes with parallel edges, impossible edges, edges that do not count,
/// several sources, and sinks that paths may pass. Few different logarithms make ties.
fn graphs(logs: impl Strategy<Value = f64> + Clone + 'static) -> impl Strategy<Value = Dag> {
    (3_usize..8).prop_flat_map(move |nodes| {
        let ends = (0..nodes - 1).prop_flat_map(move |from| (Just(from), from + 1..nodes));
        let edge = (ends, logs.clone(), prop::bool::weighted(0.8));
        let edges = prop::collection::vec(edge, 1..18);
        let sinks = prop::sample::subsequence((1..nodes).collect::<Vec<_>>(), 1..=2);
        (edges, sinks.prop_shuffle(), prop::bool::ANY).prop_map(move |(edges, sinks, two)| {
            let sources: &[usize] = if two { &[0, 1] } else { &[0] };
            let edges = edges.into_iter().filter(|((_, to), ..)| !sources.contains(to));
            let edges = edges.map(|((from, to), log, counts)| DagEdge { from, to, log, counts });
            Dag::new(nodes, edges.collect(), sources, sinks).unwrap()
        })
    })
}

fn any_logs() -> impl Strategy<Value = f64> + Clone {
    prop_oneof![9 => -4.0_f64..1.0, 1 => Just(f64::NEG_INFINITY)]
}

fn few_logs() -> impl Strategy<Value = f64> + Clone {
    prop_oneof![Just(0.0), Just(-1.0), Just(-0.5), Just((0.3_f64).ln()), Just((0.1_f64).ln())]
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * (1.0 + b.abs())
}

/// Plain formulas over the list.
fn check_statistics(dag: &Dag) -> Result<(), TestCaseError> {
    let scores: Vec<f64> = listed(dag).iter().map(|path| path.score).collect();
    prop_assert_eq!(dag.count(), scores.len() as u128);
    if scores.is_empty() {
        prop_assert_eq!(dag.statistics(), Err(DagError::NoPath));
        return Ok(());
    }
    let found = dag.statistics().unwrap();
    let count = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / count;
    let variance = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / count;
    prop_assert_eq!(found.count, scores.len() as u128);
    prop_assert!(close(found.mean, mean), "{} {}", found.mean, mean);
    prop_assert!(close(found.variance, variance), "{} {}", found.variance, variance);
    let of_list = ScoreStatistics::of(&scores).unwrap();
    prop_assert!(close(of_list.mean, mean) && close(of_list.variance, variance));
    Ok(())
}

fn check_order(dag: &Dag) -> Result<(), TestCaseError> {
    let mut all = listed(dag);
    all.sort_by(|a, b| order(dag, a, b));
    let found: Vec<DagPath> = dag.ranked().collect();
    prop_assert_eq!(found, all);
    Ok(())
}

/// The chosen paths are those that the rule takes from the sorted list.
fn check_choice(dag: &Dag, count: PathCount) -> Result<(), TestCaseError> {
    let all: Vec<DagPath> = dag.ranked().collect();
    let found = match dag.several(count, 1000) {
        Ok(found) => found,
        Err(error) => {
            prop_assert_eq!(error, DecodeError::NoPath);
            prop_assert!(all.is_empty());
            return Ok(());
        }
    };
    let number = match (count, found.bound) {
        (_, Some(bound)) => all.iter().filter(|path| path.score >= bound).count(),
        (PathCount::Fixed(number), None) => number.min(all.len()),
        (PathCount::Share(share), None) => (share * all.len() as f64).ceil() as usize,
        _ => unreachable!("every other rule draws a bound"),
    };
    prop_assert_eq!(&found.paths[..], &all[..number.max(1)]);
    prop_assert_eq!(found.possible, all.len() as u128);
    prop_assert_eq!(found.impossible, dag.count_all() - found.possible);
    Ok(())
}

proptest! {
    #[test]
    fn statistics_are_those_of_all_paths(dag in graphs(any_logs()), tied in graphs(few_logs())) {
        check_statistics(&dag)?;
        check_statistics(&tied)?;
    }

    #[test]
    fn paths_come_in_the_documented_order(dag in graphs(any_logs()), tied in graphs(few_logs())) {
        check_order(&dag)?;
        check_order(&tied)?;
    }

    #[test]
    fn rules_take_what_they_would_take_from_the_list(
        dag in graphs(any_logs()),
        tied in graphs(few_logs()),
        number in 1_usize..9,
        share in 0.01_f64..=1.0,
        factor in -1.0_f64..3.0,
    ) {
        for dag in [&dag, &tied] {
            check_choice(dag, PathCount::Fixed(number))?;
            check_choice(dag, PathCount::Share(share))?;
            check_choice(dag, PathCount::AtLeast(-factor - 1.0))?;
            check_choice(dag, PathCount::AtLeast(-0.5))?;
            for spread in [Spread::Population, Spread::Sample, Spread::Variance] {
                check_choice(dag, PathCount::Deviations { factor, spread })?;
            }
        }
    }

    #[test]
    fn the_best_path_has_the_largest_sum(dag in graphs(any_logs()), tied in graphs(few_logs())) {
        for dag in [&dag, &tied] {
            let all = listed(dag);
            let largest = all.iter().map(|path| path.log_likelihood).max_by(f64::total_cmp);
            for ties in [TieBreak::LowestIndex, TieBreak::HighestIndex, TieBreak::Seeded(5)] {
                let found = dag.best(ties);
                prop_assert_eq!(found.as_ref().map(|best| best.path.log_likelihood), largest);
                if let Some(best) = found {
                    prop_assert!(all.contains(&best.path));
                    prop_assert_eq!(dag.best(ties), Some(best));
                }
            }
        }
    }
}

/// `layers` layers of `width` nodes between a source and a sink, every node reading all of the
/// layer before.
fn layered(layers: usize, width: usize, log: impl Fn(usize) -> f64) -> Dag {
    let mut edges = Vec::new();
    let node = |layer: usize, at: usize| 1 + layer * width + at;
    let sink = node(layers, 0);
    for to in 0..width {
        edges.push(edge(0, node(0, to), log(edges.len())));
    }
    for layer in 1..layers {
        for to in 0..width {
            for from in 0..width {
                edges.push(edge(node(layer - 1, from), node(layer, to), log(edges.len())));
            }
        }
    }
    for from in 0..width {
        edges.push(edge(node(layers - 1, from), sink, log(edges.len())));
    }
    Dag::new(sink + 1, edges, &[0], vec![sink]).unwrap()
}

/// Scattered logarithms, the same on every machine.
fn scattered(index: usize) -> f64 {
    -1.0 - (index as f64 * 0.618_033_988_749_894_9).fract()
}

/// 4^20, more than 10^12 paths, of which a few hundred are looked at.
#[test]
fn a_trillion_paths_take_no_time() {
    let dag = layered(20, 4, scattered);
    assert_eq!(dag.count(), 1 << 40);
    let start = Instant::now();
    let three = PathCount::Deviations { factor: 5.3, spread: Spread::Population };
    let found = dag.several(three, 1 << 18).unwrap();
    let fixed = dag.several(PathCount::Fixed(500), 500).unwrap();
    let took = start.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(found.statistics.unwrap().count, 1 << 40);
    assert!(found.paths.len() > 10, "{} in {took:?}", found.paths.len());
    assert_eq!(fixed.paths.len(), 500);
    assert!(fixed.paths.windows(2).all(|pair| pair[0].score >= pair[1].score));
    let all = dag.several(PathCount::AtLeast(-1e9), 1000);
    assert_eq!(all, Err(DecodeError::TooManyPaths { found: 1001, most: 1000 }));
    let half = dag.several(PathCount::Share(0.5), 1000);
    assert_eq!(half, Err(DecodeError::TooManyPaths { found: 1 << 39, most: 1000 }));
}

/// A sum of squares would lose everything: scores scatter by 1e-7 around -10,000. Every edge costs
/// 1e-6 more or not, so the exact figures follow from the number of dear edges.
#[test]
fn small_scatter_around_a_large_mean_is_not_cancelled() {
    let dag = layered(30, 2, |index| -1e4 - 1e-6 * (index % 2) as f64);
    let found = dag.statistics().unwrap();
    let paths = paths_by_dear_edges(&dag);
    let number: f64 = paths.iter().sum();
    let moment = |of: &dyn Fn(f64) -> f64| {
        let all = paths.iter().enumerate().map(|(dear, paths)| of(dear as f64) * paths);
        all.sum::<f64>() / number
    };
    let mean = moment(&|dear| dear);
    let variance = moment(&|dear| (dear - mean).powi(2));
    let length = 31.0;
    assert!((found.mean + 1e4 + 1e-6 * mean / length).abs() < 1e-10, "{}", found.mean);
    let expected = variance * (1e-6_f64 / length).powi(2);
    assert!((found.variance / expected - 1.0).abs() < 1e-3, "{} {expected}", found.variance);
}

/// Numbers of paths by their number of edges of odd index: exact below 2^53.
fn paths_by_dear_edges(dag: &Dag) -> Vec<f64> {
    let mut ways = vec![vec![0.0; 33]; dag.nodes()];
    ways[0][0] = 1.0;
    for (index, edge) in dag.edges().iter().enumerate() {
        let before = ways[edge.from].clone();
        for (dear, paths) in before.iter().enumerate().take(32) {
            ways[edge.to][dear + index % 2] += paths;
        }
    }
    ways.pop().unwrap()
}

/// Long paths do not use up the stack, however many of them are asked for.
#[test]
fn long_graphs_are_walked_without_recursion() {
    let length = 20_000;
    let edges = (0..2 * length).map(|index| edge(index / 2, index / 2 + 1, -((index % 2) as f64)));
    let dag = Dag::new(length + 1, edges.collect(), &[0], vec![length]).unwrap();
    assert_eq!(dag.count(), u128::MAX);
    let scores: Vec<f64> = dag.ranked().take(3).map(|path| path.log_likelihood).collect();
    assert_eq!(scores, [0.0, -1.0, -1.0]);
    assert_eq!(dag.statistics(), Err(DagError::TooManyPaths));
}

#[test]
fn what_is_no_graph_is_refused() {
    let graph = |edges: Vec<DagEdge>, sources: &[usize], sinks: &[usize]| {
        Dag::new(3, edges, sources, sinks.to_vec()).map(|_| ())
    };
    let back = DagError::Edge { index: 0, from: 2, to: 1, nodes: 3 };
    assert_eq!(graph(vec![edge(2, 1, 0.0)], &[0], &[2]), Err(back));
    let beyond = DagError::Edge { index: 1, from: 2, to: 3, nodes: 3 };
    assert_eq!(graph(vec![edge(0, 1, 0.0), edge(2, 3, 0.0)], &[0], &[2]), Err(beyond));
    for log in [f64::NAN, f64::INFINITY] {
        let found = graph(vec![edge(0, 1, log)], &[0], &[2]);
        assert!(matches!(found, Err(DagError::Log { index: 0, .. })));
    }
    let entered = DagError::Entered { index: 0, node: 1 };
    assert_eq!(graph(vec![edge(0, 1, 0.0)], &[0, 1], &[2]), Err(entered));
    let twice = DagError::End { end: "source", node: 0, nodes: 3 };
    assert_eq!(graph(Vec::new(), &[0, 0], &[2]), Err(twice));
    let unknown = DagError::End { end: "sink", node: 3, nodes: 3 };
    assert_eq!(graph(Vec::new(), &[0], &[3]), Err(unknown));
    let apart = Dag::new(3, vec![edge(0, 1, 0.0)], &[0], vec![2]).unwrap();
    assert_eq!(apart.best(TieBreak::LowestIndex), None);
    assert_eq!(apart.several(PathCount::Fixed(1), 1), Err(DecodeError::NoPath));
    // A source that is a sink is a path without an edge, for certain.
    let alone = Dag::new(1, Vec::new(), &[0], vec![0]).unwrap();
    let found = alone.ranked().next().unwrap();
    assert_eq!((found.nodes, found.score), (vec![0], 0.0));
}
