use dartloom_space::{
    CellTable, Genotype, Head, Network, OpSet, PortChoice, PortId, Source, Space, SpaceError, Stem,
    WeightTable,
};
use proptest::prelude::*;

use super::{
    BestPath, DecodedPaths, Entry, Kept, MeanOver, MultiPath, Path, PathCount, PathDecoder,
    PathNote, Spread, Transitions, decode_network,
};
use crate::{DecodeError, ScoreStatistics, TieBreak, TopK};

fn lattice(layers: usize) -> Space {
    let ops = OpSet::builtin("S").unwrap();
    Space::auto_deeplab(ops, layers, 2, Stem::imagenet_quarter()).unwrap()
}

fn nested(depth: usize) -> Space {
    Space::nested_unet(OpSet::builtin("S").unwrap(), depth, 2, Stem::cifar(3)).unwrap()
}

fn table(space: &Space, links: Vec<Vec<f64>>) -> Result<WeightTable, SpaceError> {
    let cells = space.cells().iter().map(|cell| CellTable {
        name: cell.name.clone(),
        edges: vec![vec![0.5; space.op_set().len()]; cell.graph.edges().len()],
        edge_weights: None,
    });
    let ops = space.op_set().names().map(str::to_owned).collect();
    WeightTable::new(ops, cells.collect())?.with_links(links)
}

/// Link weights from a list that is long enough.
fn links(space: &Space, weights: &[f64]) -> Vec<Vec<f64>> {
    let mut weights = weights.iter().copied();
    let choices = space.network().choices();
    choices.map(|choice| weights.by_ref().take(choice.links).collect()).collect()
}

fn equal(space: &Space) -> WeightTable {
    let choices = space.network().choices();
    table(space, choices.map(|PortChoice { links, .. }| vec![1.0 / links as f64; links]).collect())
        .unwrap()
}

/// The sum of the weights of the links by which paths leave each placement.
fn out_sums(network: &Network, links: &[Vec<f64>]) -> Vec<f64> {
    let mut sums = vec![0.0; network.placements().len()];
    for (cell, placement) in network.placements().iter().enumerate() {
        let port = placement.ports.len() - 1;
        let row =
            network.choices().position(|choice| choice.port == PortId { placement: cell, port });
        for (position, link) in placement.ports[port].links.iter().enumerate() {
            if let Source::Cell(source) = link.source {
                sums[source] += row.map_or(1.0, |row| links[row][position]);
            }
        }
    }
    sums
}

/// All paths by recursion over the network itself: (placements, product, weighted links).
fn all_paths(network: &Network, links: &[Vec<f64>], entry: Entry) -> Vec<(Vec<usize>, f64, usize)> {
    fn into(
        network: &Network,
        links: &[Vec<f64>],
        entry: Entry,
        cell: usize,
    ) -> Vec<(Vec<usize>, f64, usize)> {
        let ports = &network.placements()[cell].ports;
        let mut found = Vec::new();
        let mut fixed: Vec<Source> = Vec::new();
        for (port, candidates) in ports.iter().enumerate() {
            if entry == Entry::LastPort && port + 1 < ports.len() {
                continue;
            }
            let row = network
                .choices()
                .position(|choice| choice.port == PortId { placement: cell, port });
            for (position, link) in candidates.links.iter().enumerate() {
                if row.is_none() && fixed.contains(&link.source) {
                    continue;
                }
                fixed.extend(row.is_none().then_some(link.source));
                let (weight, own) = row.map_or((1.0, 0), |row| (links[row][position], 1));
                let before = match link.source {
                    Source::Stem(_) => vec![(Vec::new(), 1.0, 0)],
                    Source::Cell(earlier) => into(network, links, entry, earlier),
                };
                found.extend(before.into_iter().map(|(mut placements, product, count)| {
                    placements.push(cell);
                    (placements, product * weight, count + own)
                }));
            }
        }
        found
    }
    let ends = network.head_sources().into_iter().filter_map(|source| match source {
        Source::Cell(cell) => Some(cell),
        Source::Stem(_) => None,
    });
    ends.flat_map(|end| into(network, links, entry, end)).collect()
}

/// Layer 0 has cells 0 and 1, layer 1 cells 2, 3 and 4, of which 4 reads 1 alone.
#[test]
fn ways_on_share_one_unless_told_otherwise() {
    let space = lattice(2);
    let weights = table(&space, vec![vec![0.9, 0.1], vec![0.05, 0.95]]).unwrap();
    let found = BestPath::default().paths(&space, &weights).unwrap();
    let best = &found.paths[0];
    assert_eq!((&best.placements[..], &best.links[..]), (&[0, 2][..], &[(0, 0)][..]));
    // 0.9 of 0.9 + 0.05; from cell 1 at most 1 of 0.1 + 0.95 + 1.
    assert!(close(best.score, (0.9_f64 / 0.95).ln()));
    // The choice that no path meets keeps its heaviest link.
    assert_eq!(found.links, [vec![0], vec![1]]);
    let plain = BestPath { transitions: Transitions::LinksIn, ..BestPath::default() };
    let found = plain.paths(&space, &weights).unwrap();
    assert_eq!(found.paths[0].placements, [1, 4], "a single way in is certain");
    assert!(close(found.paths[0].score, 0.0));
}

#[test]
fn ties_prefer_the_first_source_or_the_last() {
    let space = lattice(4);
    let ends = |ties| {
        let found = BestPath { ties, ..BestPath::default() }.paths(&space, &equal(&space)).unwrap();
        assert!(found.notes.iter().all(|note| matches!(note, PathNote::Tie { .. })));
        found.paths[0].placements.clone()
    };
    assert_eq!(ends(TieBreak::Seeded(3)), ends(TieBreak::Seeded(3)));
    let level = |cell: &usize| space.network().placements()[*cell].level;
    let low = ends(TieBreak::LowestIndex);
    let high = ends(TieBreak::HighestIndex);
    assert!(low.iter().map(level).sum::<usize>() <= high.iter().map(level).sum::<usize>());
}

#[test]
fn long_lattices_do_not_underflow() {
    let space = lattice(60);
    let weights: Vec<Vec<f64>> =
        space.network().choices().map(|choice| vec![1e-12; choice.links]).collect();
    let found = BestPath::default().paths(&space, &table(&space, weights).unwrap()).unwrap();
    assert!(found.paths[0].score.is_finite());
    assert_eq!(found.paths[0].placements.len(), 60);
}

#[test]
fn the_network_of_a_path_leaves_no_choice() {
    let space = lattice(5);
    let decoded =
        decode_network(&space, &equal(&space), &BestPath::default(), &TopK::darts()).unwrap();
    let network = decoded.genotype.network_in(&space).unwrap();
    assert_eq!(network.choices().count(), 0);
    assert!(network.placements().len() < space.network().placements().len());
    let Head::PerPixel { sources, .. } = network.head() else { panic!("per pixel") };
    assert_eq!(sources.len(), 1);
    let text = decoded.genotype.to_json().unwrap();
    assert_eq!(Genotype::from_json(&text), Ok(decoded.genotype.clone()));
    // Cells are those of any decoding, links those of the paths.
    let found = BestPath::default().paths(&space, &equal(&space)).unwrap();
    let kept: Vec<_> = decoded.genotype.links().ports.iter().map(|own| own.kept.clone()).collect();
    assert_eq!(kept, found.links);
    assert_eq!(network, found.network(space.network()).unwrap());
    space.admit(&decoded.genotype).unwrap();
    assert!(lattice(6).admit(&decoded.genotype).is_err(), "of another lattice");
    let chain = Space::darts(space.op_set().clone(), 3, 2, Stem::cifar(3)).unwrap();
    assert!(chain.admit(&decoded.genotype).is_err());
}

#[test]
fn equation_13_keeps_nothing_of_fewer_than_ten_paths_so_the_best_stays() {
    let space = nested(2);
    let weights = table(&space, links(&space, &[0.999, 0.001, 0.5, 0.5])).unwrap();
    let all = all_paths(space.network(), weights.links(), Entry::AnyPort);
    assert!(all.len() < 10, "{}", all.len());
    let found = MultiPath::default().paths(&space, &weights).unwrap();
    assert_eq!(found.paths.len(), 1);
    assert!(matches!(found.notes[..], [PathNote::NoneReached { .. }]));
}

/// The bound itself, on scores alone: one outlier of ten lies exactly three population deviations
/// above the mean, and nine can never reach that.
#[test]
fn three_deviations_need_ten_scores() {
    let rule = |spread| PathCount::Deviations { factor: 3.0 - 1e-9, spread };
    let reaching = |spread, n: usize| {
        let scores = [vec![0.0], vec![-1.0; n - 1]].concat();
        let statistics = ScoreStatistics::of(&scores).unwrap();
        match rule(spread).kept(statistics.count, Some(&statistics)) {
            Kept::Reaching(bound) => scores.iter().filter(|&&score| score >= bound).count(),
            Kept::First(number) => panic!("a bound, found {number}"),
        }
    };
    assert_eq!(reaching(Spread::Population, 9), 0);
    assert_eq!(reaching(Spread::Population, 10), 1);
    assert_eq!(reaching(Spread::Sample, 10), 0);
    assert_eq!(reaching(Spread::Sample, 11), 1);
    // Variances of scores below 1 are smaller than deviations: ten is no bound for them.
    assert_eq!(reaching(Spread::Variance, 9), 1);
}

#[test]
fn other_counts_keep_what_they_say() {
    let space = nested(3);
    let weights = equal(&space);
    let all = all_paths(space.network(), weights.links(), Entry::AnyPort).len();
    let count = |count| {
        MultiPath { count, ..MultiPath::default() }.paths(&space, &weights).unwrap().paths.len()
    };
    assert_eq!(count(PathCount::Fixed(3)), 3);
    assert_eq!(count(PathCount::Fixed(10 * all)), all);
    let rule = MultiPath { count: PathCount::Fixed(10 * all), ..MultiPath::default() };
    let notes = rule.paths(&space, &weights).unwrap().notes;
    assert!(notes.contains(&PathNote::Fewer { asked: 10 * all, paths: all }), "{notes:?}");
    assert_eq!(count(PathCount::Share(1.0)), all);
    assert_eq!(count(PathCount::Share(1e-9)), 1);
    assert_eq!(count(PathCount::AtLeast(-1e9)), all);
    assert_eq!(count(PathCount::AtLeast(1.0)), 1);
}

#[test]
fn links_of_weight_zero_rule_paths_out() {
    let space = nested(1);
    // X^{0,1} has one link per port: no choice, so no weights either.
    assert_eq!(space.network().choices().count(), 0);
    let found = MultiPath::default().paths(&space, &equal(&space)).unwrap();
    assert!(found.paths.iter().all(|path| path.score.abs() <= 0.0));
    let space = lattice(3);
    let none = space.network().choices().map(|choice| vec![0.0; choice.links]).collect();
    let weights = table(&space, none).unwrap();
    // Cells with a single way in have it for certain; all others are out of reach.
    let entry = Entry::LastPort;
    let found = MultiPath { entry, ..MultiPath::default() }.paths(&space, &weights).unwrap();
    assert!(matches!(found.notes[0], PathNote::Impossible { paths } if paths > 0));
    assert_eq!(found.paths.len(), 1);
}

#[test]
fn what_does_not_fit_is_refused() {
    let space = lattice(3);
    let none = table(&space, Vec::new()).unwrap();
    let choices = space.network().choices().count();
    let both: [&dyn PathDecoder; 2] = [&BestPath::default(), &MultiPath::default()];
    for rule in both {
        assert_eq!(rule.paths(&space, &none), Err(DecodeError::NoLinkWeights { choices }));
        let mut negative = equal(&space).links().to_vec();
        negative[1][0] = -0.5;
        let expected = DecodeError::LinkWeight { row: 1, link: 0, found: -0.5 };
        assert_eq!(rule.paths(&space, &table(&space, negative).unwrap()), Err(expected));
        let other = equal(&lattice(4));
        assert!(matches!(rule.paths(&space, &other), Err(DecodeError::Table(_))));
    }
    let counts = [PathCount::Fixed(0), PathCount::Share(0.0), PathCount::AtLeast(f64::NAN)];
    for count in counts {
        let found = MultiPath { count, ..MultiPath::default() }.paths(&space, &equal(&space));
        assert!(matches!(found, Err(DecodeError::PathCount { .. })));
    }
}

/// More than 10^15 paths: too many to stay, but none too many to choose from.
#[test]
fn a_limit_is_on_the_paths_that_stay() {
    let long = lattice(40);
    let weights: Vec<f64> = (1..800).map(|index| f64::from(index * 7 % 10 + 1) / 10.0).collect();
    let weights = table(&long, links(&long, &weights)).unwrap();
    let rule = |count| MultiPath { count, ..MultiPath::default() }.paths(&long, &weights);
    let found = rule(PathCount::Fixed(50)).unwrap();
    assert_eq!(found.paths.len(), 50);
    assert!(found.paths.windows(2).all(|pair| pair[0].score >= pair[1].score));
    assert_eq!(rule(PathCount::Share(1e-30)).unwrap().paths, found.paths[..1]);
    let most = MultiPath::MOST as u128;
    for count in [PathCount::Share(0.5), PathCount::Fixed(MultiPath::MOST + 1)] {
        assert!(
            matches!(rule(count), Err(DecodeError::TooManyPaths { found, .. }) if found > most)
        );
    }
    let all = DecodeError::TooManyPaths { found: most + 1, most };
    assert_eq!(rule(PathCount::AtLeast(-1e9)), Err(all));
}

/// Links that are no choice pull the mean of all links towards 0.
#[test]
fn the_mean_is_over_weighted_links_or_over_all() {
    let space = nested(2);
    let weights = table(&space, links(&space, &[0.9, 0.1, 0.5, 0.5])).unwrap();
    let rule = |mean| {
        let count = PathCount::Share(1.0);
        MultiPath { mean, count, ..MultiPath::default() }.paths(&space, &weights).unwrap().paths
    };
    let mut weighted = rule(MeanOver::WeightedLinks);
    let mut all = rule(MeanOver::AllLinks);
    assert!(weighted.iter().any(|path| path.links.len() < path.placements.len()));
    let order =
        |a: &Path, b: &Path| a.placements.cmp(&b.placements).then_with(|| a.links.cmp(&b.links));
    weighted.sort_by(order);
    all.sort_by(order);
    assert_eq!(weighted.len(), all.len());
    for (weighted, all) in weighted.iter().zip(&all) {
        assert_eq!(weighted.links, all.links);
        // As many links as cells lead to the last cell.
        let sum = weighted.score * weighted.links.len() as f64;
        assert!(close(all.score, sum / all.placements.len() as f64));
    }
}

#[test]
fn rules_and_results_survive_text() {
    let rule: MultiPath = ron::from_str("(count: Fixed(4), entry: LastPort)").unwrap();
    let count = PathCount::Fixed(4);
    assert_eq!(rule, MultiPath { entry: Entry::LastPort, count, ..MultiPath::default() });
    let rule: MultiPath = ron::from_str("(mean: AllLinks)").unwrap();
    assert_eq!(rule, MultiPath { mean: MeanOver::AllLinks, ..MultiPath::default() });
    assert_eq!(ron::from_str::<BestPath>("()").unwrap(), BestPath::default());
    let space = lattice(3);
    let found = BestPath::default().paths(&space, &equal(&space)).unwrap();
    let text = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<DecodedPaths>(&text).unwrap(), found);
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

/// The found path is one of those of the largest product.
fn check_best(rule: &BestPath, space: &Space, weights: &WeightTable, all: Vec<(Vec<usize>, f64)>) {
    let found = &rule.paths(space, weights).unwrap().paths[0];
    let largest = all.iter().map(|path| path.1).fold(0.0, f64::max);
    assert!(close(found.score, largest.ln()), "{found:?}, {largest}");
    let own = all.iter().find(|path| path.0 == found.placements).unwrap();
    assert!(close(own.1.ln(), largest.ln()));
}

fn some_links() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.01_f64..1.0, 80)
}

proptest! {
    #[test]
    fn the_best_path_is_the_best_of_all(weights in some_links(), layers in 1_usize..6) {
        let space = lattice(layers);
        let weights = table(&space, links(&space, &weights)).unwrap();
        let sums = out_sums(space.network(), weights.links());
        let shared = |(placements, product, _): (Vec<usize>, f64, usize)| {
            let sources = &placements[..placements.len() - 1];
            let shared = sources.iter().fold(product, |product, &source| product / sums[source]);
            (placements, shared)
        };
        let all = all_paths(space.network(), weights.links(), Entry::LastPort);
        let plain = BestPath { transitions: Transitions::LinksIn, ..BestPath::default() };
        check_best(&plain, &space, &weights, all.iter().map(|p| (p.0.clone(), p.1)).collect());
        check_best(&BestPath::default(), &space, &weights, all.into_iter().map(shared).collect());
    }

    #[test]
    fn enumerated_paths_are_all_paths(weights in some_links(), depth in 1_usize..4) {
        let space = nested(depth);
        let weights = table(&space, links(&space, &weights)).unwrap();
        let rule = MultiPath { count: PathCount::Share(1.0), ..MultiPath::default() };
        let found = rule.paths(&space, &weights).unwrap();
        prop_assert!(found.paths.windows(2).all(|pair| pair[0].score >= pair[1].score));
        let means = all_paths(space.network(), weights.links(), Entry::AnyPort);
        let mut means: Vec<(Vec<usize>, f64)> = means
            .into_iter()
            .map(|(placements, product, count)| (placements, product.ln() / count.max(1) as f64))
            .collect();
        let mut listed: Vec<(Vec<usize>, f64)> = found
            .paths
            .iter()
            .map(|Path { placements, score, .. }| (placements.clone(), *score))
            .collect();
        let order = |a: &(Vec<usize>, f64), b: &(Vec<usize>, f64)| {
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        };
        means.sort_by(order);
        listed.sort_by(order);
        prop_assert_eq!(means.len(), listed.len());
        for (a, b) in means.iter().zip(&listed) {
            prop_assert!(a.0 == b.0 && close(a.1, b.1));
        }
        // Everything on a path stays.
        for path in &found.paths {
            prop_assert!(path.links.iter().all(|&(row, link)| found.links[row].contains(&link)));
        }
    }
}
