//! Each rule on a history made up so that its epoch can be worked out by hand.

use dartloom_record::{Objective, Scores};
use dartloom_space::testkit::{chain, ops, two_ops};
use dartloom_space::{CellTable, Edge, Gene, Genotype, OpSet, Space, Stem, WeightTable};

use super::{
    AllOf, AnyOf, ArchitectureDistance, Cells, Collapse, Distance, DistancePlateau, EntropySlope,
    Ever, NotBefore, Observed, RankStability, Reason, RuleConfig, SkipCount, StopConfig, StopRule,
};
use crate::SearchError;

const OPS: [&str; 4] = ["max_pool_3x3", "skip_connect", "sep_conv_3x3", "dil_conv_3x3"];
const POOL: usize = 0;
const SKIP: usize = 1;
const SEP: usize = 2;

/// A normal and a reduction cell of two nodes and so five edges each.
fn space() -> Space {
    chain(ops("four", &OPS), 2)
}

/// Four of a cell's five edges, with the given operations.
fn genotype(space: &Space, normal: [usize; 4], reduce: [usize; 4]) -> Genotype {
    let cells = [normal, reduce].into_iter().zip(space.cells()).map(|(ops, cell)| {
        let edges = cell.graph.edges()[..4].iter();
        let gene = |(&Edge { from, to }, op): (&Edge, usize)| Gene { op: OPS[op].into(), from, to };
        cell.genotype(edges.zip(ops).map(gene).collect())
    });
    space.genotype(cells.collect()).unwrap()
}

/// A cell whose first `count` operations are `op` and the others convolutions.
fn first(count: usize, op: usize) -> [usize; 4] {
    std::array::from_fn(|edge| if edge < count { op } else { SEP })
}

fn table(space: &Space, row: impl Fn(usize, usize) -> Vec<f64>) -> WeightTable {
    let cells = space.cells().iter().enumerate().map(|(index, cell)| CellTable {
        name: cell.name.clone(),
        edges: (0..cell.graph.edges().len()).map(|edge| row(index, edge)).collect(),
        edge_weights: None,
    });
    WeightTable::new(OPS.map(String::from).to_vec(), cells.collect()).unwrap()
}

fn uniform(space: &Space) -> WeightTable {
    table(space, |_, _| vec![0.25; 4])
}

/// A history of architectures; weights do not matter.
fn of_genotypes(space: &Space, genotypes: impl IntoIterator<Item = Genotype>) -> Vec<Observed> {
    let weights = uniform(space);
    let at = |(epoch, genotype)| Observed {
        epoch,
        weights: weights.clone(),
        genotype,
        scores: Scores::new().with("score", 0.5),
        objective: Objective::higher("score"),
        loss: Some(1.0),
    };
    genotypes.into_iter().enumerate().map(at).collect()
}

/// A history of weights; architectures do not matter.
fn of_weights(space: &Space, tables: impl IntoIterator<Item = WeightTable>) -> Vec<Observed> {
    let still = std::iter::repeat(genotype(space, [SEP; 4], [SEP; 4]));
    let observed = of_genotypes(space, still.take(1)).remove(0);
    let at = |(epoch, weights)| Observed { epoch, weights, ..observed.clone() };
    tables.into_iter().enumerate().map(at).collect()
}

/// The epochs in which the rule holds.
fn held(rule: &impl StopRule, space: &Space, history: &[Observed]) -> Vec<usize> {
    let holds = |end: &usize| rule.verdict(space, &history[..=*end]).unwrap().is_some();
    assert_eq!(rule.verdict(space, &[]).unwrap(), None);
    (0..history.len()).filter(holds).collect()
}

/// The first epoch in which the rule holds: in none before.
fn fires(rule: &impl StopRule, space: &Space, history: &[Observed]) -> Option<usize> {
    held(rule, space, history).first().copied()
}

#[test]
fn skips_are_counted_in_each_normal_cell() {
    let space = space();
    // The reduction cell is full of them from the beginning.
    let of = |skips| genotype(&space, first(skips, SKIP), [SKIP; 4]);
    let history = of_genotypes(&space, [0, 1, 1, 2, 1, 3].map(of));
    assert_eq!(held(&SkipCount::default(), &space, &history), [3, 5]);
    assert_eq!(fires(&SkipCount { skips: 1, ..SkipCount::default() }, &space, &history), Some(1));
    assert_eq!(fires(&SkipCount { skips: 3, ..SkipCount::default() }, &space, &history), Some(5));
    assert_eq!(fires(&SkipCount { skips: 4, ..SkipCount::default() }, &space, &history), None);
    assert_eq!(fires(&SkipCount { skips: 4, cells: Cells::All }, &space, &history), Some(0));
    // Pooling is no skip connection.
    let pools = of_genotypes(&space, [genotype(&space, [POOL; 4], [POOL; 4])]);
    assert_eq!(fires(&SkipCount { skips: 1, cells: Cells::All }, &space, &pools), None);
    let reason = SkipCount::default().verdict(&space, &history[..4]).unwrap().unwrap();
    assert_eq!(reason.to_string(), "skip count: 2 skip connections in cell `normal`, 2 stop");
}

#[test]
fn a_rank_is_stable_when_no_operation_that_learns_changes_its_place() {
    let space = space();
    // On the last edge of the second cell the two convolutions change places in epoch 3. Pooling
    // and skip connections change theirs all the time.
    let at = |epoch: usize| {
        table(&space, move |cell, edge| {
            let swapped = epoch < 3 && (cell, edge) == (1, 4);
            let (sep, dil) = if swapped { (0.1, 0.2) } else { (0.2, 0.1) };
            let (pool, skip) = if epoch.is_multiple_of(2) { (0.0, 0.7) } else { (0.7, 0.0) };
            vec![pool, skip, sep, dil]
        })
    };
    let history = of_weights(&space, (0..16).map(at));
    // Epochs 3 to 3 + 4 are alike; at 3 + 3 the fourth epoch before is the second.
    assert_eq!(fires(&RankStability { epochs: 4 }, &space, &history), Some(7));
    assert_eq!(fires(&RankStability { epochs: 2 }, &space, &history), Some(2), "0, 1, 2 alike");
    assert_eq!(held(&RankStability { epochs: 2 }, &space, &history)[..2], [2, 5]);
    assert_eq!(fires(&RankStability::default(), &space, &history), Some(13));
    assert_eq!(fires(&RankStability { epochs: 13 }, &space, &history), None);
    assert_eq!(fires(&RankStability { epochs: usize::MAX }, &space, &history), None);
}

#[test]
fn equal_weights_have_a_rank_and_a_single_operation_has_none() {
    let space = space();
    let history = of_weights(&space, (0..4).map(|_| uniform(&space)));
    assert_eq!(fires(&RankStability { epochs: 3 }, &space, &history), Some(3));
    let space = chain(two_ops(), 2);
    assert_eq!(fires(&RankStability { epochs: 3 }, &space, &history), None);
}

#[test]
fn genes_that_differ_are_a_share_of_those_of_both() {
    let space = space();
    let none = [SEP; 4];
    let all = [SKIP; 4];
    let between = |a: &Genotype, b: &Genotype| Distance::Genes.between(a, b).unwrap();
    let start = genotype(&space, none, none);
    // k of 8 genes exchanged: k on each side, 8 + k in all.
    for (count, share) in [(0, 0.0), (1, 2.0 / 9.0), (2, 4.0 / 10.0), (4, 8.0 / 12.0)] {
        let other = genotype(&space, first(count, SKIP), none);
        assert_eq!(between(&start, &other).to_bits(), f64::to_bits(share));
        assert_eq!(between(&other, &start).to_bits(), f64::to_bits(share));
    }
    assert_eq!(between(&start, &genotype(&space, all, all)).to_bits(), 1.0_f64.to_bits());
    // The same operations in the other cell are other genes.
    let left = genotype(&space, all, none);
    let right = genotype(&space, none, all);
    assert!(between(&left, &right) > 0.99);
}

/// Genes of the normal and then of the reduction cell become skip connections, one per epoch, until
/// six of the eight have.
fn drifting(space: &Space, epochs: usize) -> Vec<Observed> {
    let at = |epoch: usize| {
        let moved = epoch.min(6);
        let normal = moved.min(4);
        let reduce = moved.saturating_sub(4);
        genotype(space, first(normal, SKIP), first(reduce, SKIP))
    };
    of_genotypes(space, (0..epochs).map(at))
}

#[test]
fn a_plateau_is_a_distance_that_was_the_same_for_some_epochs() {
    let space = space();
    let history = drifting(&space, 16);
    let start = Some(history[0].genotype.clone());
    for reference in [None, start] {
        let rule = |epochs| {
            let plateau = DistancePlateau::new(Distance::Genes);
            DistancePlateau { epochs, reference: reference.clone(), ..plateau }
        };
        // At rest from epoch 6: 6 + 5 in the paper, 6 + 4 in its code, neither before epoch 10.
        assert_eq!(fires(&rule(5), &space, &history), Some(11));
        assert_eq!(fires(&rule(4), &space, &history), Some(10));
        let two = DistancePlateau { epochs: 2, ..rule(5) };
        assert_eq!(fires(&two, &space, &history), Some(10), "from epoch 10 on");
        let early = DistancePlateau { from: 0, ..two };
        assert_eq!(fires(&early, &space, &history), Some(8));
        // One gene is 2/9, so without a reference epoch 5 belongs to the plateau. The distance to
        // the start is 2 k / (8 + k) after k genes: 8/12 in epoch 4 and 12/14 in epoch 6, but
        // 6/11 in epoch 3 and 10/13, more than 2/9 away, in epoch 5.
        let loose = DistancePlateau { tolerance: 2.0 / 9.0, ..early };
        let expected = if reference.is_some() { 6 } else { 7 };
        assert_eq!(fires(&loose, &space, &history), Some(expected));
    }
    let tolerance = 12.0 / 14.0 - 10.0 / 13.0 + 1e-9;
    let start = Some(history[0].genotype.clone());
    let step = DistancePlateau { tolerance, reference: start, ..DistancePlateau::default() };
    assert_eq!(fires(&step, &space, &history), Some(10));
    let short = DistancePlateau { tolerance: tolerance - 2e-9, ..step };
    assert_eq!(fires(&short, &space, &history), Some(11));
}

#[test]
fn circling_around_the_reference_is_a_plateau_only_with_one() {
    let space = space();
    let turn =
        |epoch: usize| std::array::from_fn(|edge| if edge == epoch % 4 { SKIP } else { SEP });
    let history = of_genotypes(&space, (0..14).map(|e| genotype(&space, turn(e), [SEP; 4])));
    let still: DistancePlateau = DistancePlateau::default();
    assert_eq!(fires(&still, &space, &history), None);
    let reference = Some(genotype(&space, [SEP; 4], [SEP; 4]));
    let around = DistancePlateau { reference, ..still };
    assert_eq!(fires(&around, &space, &history), Some(10));
}

/// A foreign distance, which is NaN now and then.
#[derive(Debug)]
struct Undefined;

impl ArchitectureDistance for Undefined {
    fn between(&self, a: &Genotype, _: &Genotype) -> Result<f64, SearchError> {
        let skips = a.cells()[0].genes.iter().filter(|gene| gene.op == OPS[SKIP]).count();
        Ok(if skips == 0 { f64::NAN } else { 0.0 })
    }
}

#[test]
fn what_is_no_number_is_not_near() {
    let space = space();
    let history = drifting(&space, 14);
    let distance: Box<dyn ArchitectureDistance> = Box::new(Undefined);
    let rule = DistancePlateau { from: 0, ..DistancePlateau::new(distance) };
    // Epoch 0 has no skip connection; the window is free of it at 1 + 5.
    assert_eq!(fires(&rule, &space, &history), Some(6));
}

/// Rows of entropy 1, 1/2 and 0: four, two and one operation of four.
fn of_entropies(space: &Space, halves: &[usize]) -> Vec<Observed> {
    let at = |&halves: &usize| {
        table(space, move |_, _| match halves {
            2 => vec![0.25; 4],
            1 => vec![0.5, 0.0, 0.5, 0.0],
            _ => vec![0.0, 0.0, 1.0, 0.0],
        })
    };
    of_weights(space, halves.iter().map(at))
}

#[test]
fn entropy_is_flat_when_it_has_fallen_and_rests() {
    let space = space();
    let rule = EntropySlope { window: 3, ..EntropySlope::default() };
    // H = 1, 1, 1, 1/2, 0, 0, 0, 0. Slopes of three: 0, -1/4, -1/2, -1/4, 0, 0 from epoch 2 on.
    let history = of_entropies(&space, &[2, 2, 2, 1, 0, 0, 0, 0]);
    assert_eq!(held(&rule, &space, &history), [6, 7]);
    assert_eq!(held(&EntropySlope { fall: 0.0, ..rule }, &space, &history), [2, 6, 7]);
    let slow = EntropySlope { threshold: 0.26, ..rule };
    assert_eq!(held(&slow, &space, &history), [3, 5, 6, 7], "epoch 4 is too steep");
    let flat = EntropySlope { threshold: 0.24, ..rule };
    assert_eq!(held(&flat, &space, &history), [6, 7]);
    assert_eq!(fires(&EntropySlope { window: 5, ..rule }, &space, &history), None, "four at rest");
    // Rising is not resting.
    let history = of_entropies(&space, &[2, 0, 0, 1, 1]);
    assert_eq!(held(&EntropySlope { window: 2, ..rule }, &space, &history), [2, 4]);
}

#[test]
fn a_collapse_is_a_share_of_operations_without_weights() {
    let space = space();
    let of = |free| genotype(&space, first(free, if free == 2 { POOL } else { SKIP }), [POOL; 4]);
    let history = of_genotypes(&space, [0, 1, 2, 3, 4].map(of));
    assert_eq!(held(&Collapse::default(), &space, &history), [3, 4], "half is no collapse");
    assert_eq!(fires(&Collapse { share: 0.4, ..Collapse::default() }, &space, &history), Some(2));
    assert_eq!(fires(&Collapse { share: 0.0, ..Collapse::default() }, &space, &history), Some(1));
    // With the reduction cell it is 4, 5, 6, 7 and 8 of 8.
    assert_eq!(fires(&Collapse { share: 0.8, cells: Cells::All }, &space, &history), Some(3));
    let reason = Collapse::default().verdict(&space, &history[..4]).unwrap().unwrap();
    assert_eq!(reason.to_string(), "collapse: 3 of 4 operations have no weights");
}

#[test]
fn published_cells_are_not_collapsed() {
    let space = Space::darts(OpSet::builtin("O_base").unwrap(), 8, 4, Stem::cifar(3)).unwrap();
    let quarter = Collapse { share: 0.25, ..Collapse::default() };
    for name in ["DARTS_V2", "PC_DARTS_cifar"] {
        let genotype = Genotype::published(name).unwrap();
        let names = space.op_set().names().map(String::from).collect();
        let weights = WeightTable::new(names, Vec::new()).unwrap();
        let at = Observed {
            epoch: 0,
            weights,
            genotype,
            scores: Scores::new(),
            objective: Objective::higher("score"),
            loss: None,
        };
        let verdict = |rule: Collapse| rule.verdict(&space, std::slice::from_ref(&at)).unwrap();
        // Two of eight each, as the documentation says.
        assert_eq!(verdict(quarter), None, "{name}");
        assert!(verdict(Collapse { share: 0.24, ..quarter }).is_some(), "{name}");
    }
}

/// A foreign rule, which holds in the given epochs.
#[derive(Clone, Debug)]
struct In(&'static str, &'static [usize]);

impl StopRule for In {
    fn verdict(&self, _: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        let now = history.last().filter(|now| self.1.contains(&now.epoch));
        Ok(now.map(|now| Reason::new(self.0, format!("{} at {}", self.0, now.epoch))))
    }
}

#[test]
fn rules_are_made_of_rules() {
    let space = space();
    let history = drifting(&space, 8);
    let a = In("a", &[1, 4, 5]);
    let b = In("b", &[2, 5, 6]);
    let both = vec![a.clone(), b.clone()];
    assert_eq!(held(&AnyOf(both.clone()), &space, &history), [1, 2, 4, 5, 6]);
    assert_eq!(held(&AllOf(both.clone()), &space, &history), [5]);
    assert_eq!(held(&NotBefore { epoch: 2, rule: a.clone() }, &space, &history), [4, 5]);
    assert_eq!(held(&Ever(b.clone()), &space, &history), [2, 3, 4, 5, 6, 7]);
    let each = AllOf(both.iter().cloned().map(Ever).collect());
    assert_eq!(held(&each, &space, &history), [2, 3, 4, 5, 6, 7]);
    assert_eq!(fires(&AnyOf::<In>(vec![]), &space, &history), None);
    assert_eq!(fires(&AllOf::<In>(vec![]), &space, &history), None);
    let boxed: Vec<Box<dyn StopRule>> = vec![Box::new(b), Box::new(AllOf(both.clone()))];
    assert_eq!(held(&AnyOf(boxed), &space, &history), [2, 5, 6]);
    let reason = |rule: &dyn StopRule, end: usize| {
        rule.verdict(&space, &history[..=end]).unwrap().unwrap().to_string()
    };
    assert_eq!(reason(&AnyOf(both.clone()), 5), "a: a at 5");
    assert_eq!(reason(&AllOf(both), 5), "a and b: a at 5 and b at 5");
    assert_eq!(reason(&each, 7), "a and b: a at 1 and b at 2");
}

#[test]
fn configurations_are_read_with_the_papers_values() {
    let text = r#"[
        {"Stop": {"SkipCount": {}}}, {"Stop": {"RankStability": {}}},
        {"Stop": {"DistancePlateau": {}}}, {"Warn": {"Collapse": {"cells": "All"}}},
        {"Stop": {"NotBefore": {"epoch": 10, "rule": {"AnyOf": [{"EntropySlope": {"window": 9}}]}}}},
        {"Stop": {"AllOf": [{"Ever": {"SkipCount": {"skips": 3}}}]}}
    ]"#;
    let rules: Vec<StopConfig> = serde_json::from_str(text).unwrap();
    assert_eq!(rules[0], StopConfig::Stop(RuleConfig::SkipCount(SkipCount::default())));
    let slope = EntropySlope { window: 9, ..EntropySlope::default() };
    let any = RuleConfig::AnyOf(AnyOf(vec![RuleConfig::EntropySlope(slope)]));
    let rule = Box::new(any);
    let later = RuleConfig::NotBefore(NotBefore { epoch: 10, rule });
    assert_eq!(rules[4], StopConfig::Stop(later));
    let stored = serde_json::to_string(&rules).unwrap();
    assert_eq!(serde_json::from_str::<Vec<StopConfig>>(&stored).unwrap(), rules);
    rules.iter().try_for_each(|stop| stop.rule().check()).unwrap();
    for unknown in [
        r#"{"Stop": {"SkipCount": {"limit": 2}}}"#,
        r#"{"Stop": {"DistancePlateau": {"epoch": 2}}}"#,
        r#"{"Stop": {"NotBefore": {"epoch": 2, "rule": {"Collapse": {}}, "until": 3}}}"#,
        r#"{"Pause": {"SkipCount": {}}}"#,
        r#"{"Stop": {"Patience": {}}}"#,
    ] {
        assert!(serde_json::from_str::<StopConfig>(unknown).is_err(), "{unknown}");
    }
}

#[test]
fn values_that_make_no_sense_are_refused_by_name() {
    let bad = [
        ("stop.skips", r#"{"SkipCount": {"skips": 0}}"#),
        ("stop.epochs", r#"{"RankStability": {"epochs": 0}}"#),
        ("stop.epochs", r#"{"DistancePlateau": {"epochs": 0}}"#),
        ("stop.tolerance", r#"{"DistancePlateau": {"tolerance": -0.1}}"#),
        ("stop.window", r#"{"EntropySlope": {"window": 1}}"#),
        ("stop.threshold", r#"{"EntropySlope": {"threshold": -1}}"#),
        ("stop.fall", r#"{"EntropySlope": {"fall": -1}}"#),
        ("stop.share", r#"{"Collapse": {"share": 1.0}}"#),
        ("stop.rules", r#"{"AnyOf": []}"#),
        ("stop.rules", r#"{"NotBefore": {"epoch": 1, "rule": {"AllOf": []}}}"#),
        ("stop.skips", r#"{"AllOf": [{"Ever": {"SkipCount": {"skips": 0}}}]}"#),
    ];
    for (name, text) in bad {
        let rule: RuleConfig = serde_json::from_str(text).unwrap();
        let error = rule.check().unwrap_err();
        assert!(matches!(&error, SearchError::Config(refused) if refused.what == name), "{error}");
        let stop = vec![StopConfig::Warn(rule)];
        let config = crate::SearchConfig { stop, ..crate::SearchConfig::default() };
        assert!(config.check().is_err());
    }
    for number in [f64::NAN, f64::INFINITY] {
        let rule = EntropySlope { threshold: number, ..EntropySlope::default() };
        assert!(RuleConfig::EntropySlope(rule).check().is_err());
        let rule = Collapse { share: number, ..Collapse::default() };
        assert!(RuleConfig::Collapse(rule).check().is_err());
    }
}
