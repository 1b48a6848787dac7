//! Arbitrary spaces.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::op_set;
use crate::{
    Aux, AuxHead, CellGraph, CellSpec, Edge, Head, Lattice, LinkWeights, Network, OpSet, Placement,
    Port, Resize, Source, Space, Stem,
};

/// Any graph of up to three inputs and four nodes, or a residual one of up to two towers.
pub fn cell_graph() -> impl Strategy<Value = CellGraph> {
    let towers = (1_usize..=2, 1_usize..=2)
        .prop_filter_map("a valid block", |(towers, depth)| CellGraph::towers(towers, depth).ok());
    prop_oneof![4 => concatenating_graph(), 1 => towers]
}

fn concatenating_graph() -> impl Strategy<Value = CellGraph> {
    (1_usize..=3, 1_usize..=4).prop_flat_map(|(inputs, nodes)| {
        let end = inputs + nodes;
        let sources: Vec<_> =
            (inputs..end).map(|to| subsequence((0..to).collect::<Vec<_>>(), 1..=to)).collect();
        let concat = subsequence((inputs..end).collect::<Vec<_>>(), 1..=nodes).prop_shuffle();
        (sources, concat).prop_filter_map("a valid graph", move |(sources, concat)| {
            let edges = (inputs..end).zip(sources);
            let edges =
                edges.flat_map(|(to, from)| from.into_iter().map(move |from| Edge { from, to }));
            CellGraph::new(inputs, nodes, edges.collect(), concat).ok()
        })
    })
}

/// One of the built-in stems.
pub fn stem() -> impl Strategy<Value = Stem> {
    prop_oneof![
        (1_usize..=4).prop_map(Stem::cifar),
        Just(Stem::imagenet()),
        Just(Stem::imagenet_quarter()),
    ]
}

/// A placement of a random network; sources are drawn once the earlier ones are known.
#[derive(Clone, Debug)]
struct Draft {
    /// `None` for a sum.
    cell: Option<Index>,
    width: usize,
    level: usize,
    reduction: bool,
    ports: Vec<PortDraft>,
}

#[derive(Clone, Debug)]
struct PortDraft {
    sources: Vec<Index>,
    weights: LinkWeights,
}

fn draft() -> impl Strategy<Value = Draft> {
    let weights = prop_oneof![
        2 => Just(LinkWeights::WhereSeveral),
        1 => Just(LinkWeights::Always),
        1 => Just(LinkWeights::Never),
    ];
    let port = (vec(any::<Index>(), 1..=3), weights)
        .prop_map(|(sources, weights)| PortDraft { sources, weights });
    let cell = option::weighted(0.8, any::<Index>());
    (cell, 1_usize..=4, 1_usize..=4, any::<bool>(), vec(port, 3)).prop_map(
        |(cell, width, level, reduction, ports)| Draft { cell, width, level, reduction, ports },
    )
}

/// The placements of a random network, one after the other.
struct Drafted {
    stem: Stem,
    placements: Vec<Placement>,
}

impl Drafted {
    fn source(&self, index: &Index) -> Source {
        let parts = self.stem.parts().len();
        match index.index(parts + self.placements.len()) {
            part if part < parts => Source::Stem(part),
            cell => Source::Cell(cell - parts),
        }
    }

    fn level(&self, source: Source) -> usize {
        match source {
            Source::Stem(part) => self.stem.level(part),
            Source::Cell(index) => self.placements[index].level,
        }
    }

    fn port(&self, draft: &PortDraft) -> Port {
        let mut sources: Vec<Source> = Vec::new();
        for source in draft.sources.iter().map(|index| self.source(index)) {
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        Port { weights: draft.weights, ..Port::choice(sources) }
    }

    /// Places a cell of `inputs` by kind, or a sum of values of one level.
    fn place(&mut self, draft: &Draft, inputs: &[usize]) {
        let ports = draft.ports.iter().map(|port| self.port(port));
        let placement = match draft.cell {
            Some(cell) => {
                let cell = cell.index(inputs.len());
                let ports = ports.take(inputs[cell]).collect();
                let Draft { width, level, reduction, .. } = *draft;
                Placement { cell: Some(cell), width, level, reduction, ports }
            }
            None => {
                let mut ports: Vec<Port> = ports.take(1).collect();
                let level = self.level(ports[0].links[0].source);
                ports[0].links.retain(|link| self.level(link.source) == level);
                Placement { ports, ..Placement::sum(level, []) }
            }
        };
        self.placements.push(placement);
    }
}

/// Any network of up to six cells and sums, of whose cells the `i`-th kind has `inputs[i]` inputs
/// (at most 3, at least one kind). Its ports choose, weigh a single link, or add up. Shapes need
/// not fit.
pub fn network(inputs: Vec<usize>) -> impl Strategy<Value = Network> {
    let heads = [AuxHead::Cifar, AuxHead::ImageNet, AuxHead::ImageNetNormed];
    let aux = option::of((proptest::sample::select(heads.to_vec()), any::<Index>()));
    let head = (any::<bool>(), vec(any::<Index>(), 1..=3));
    (stem(), vec(draft(), 1..=6), head, aux).prop_filter_map(
        "a valid network",
        move |(stem, drafts, (classifier, reads), aux)| {
            let mut drafted = Drafted { stem, placements: Vec::new() };
            for draft in &drafts {
                drafted.place(draft, &inputs);
            }
            let sources: Vec<Source> = reads.iter().map(|read| drafted.source(read)).collect();
            let head = if classifier {
                Head::pooled(sources[0])
            } else {
                Head::per_pixel(sources, Resize::Nearest)
            };
            let Drafted { stem, placements } = drafted;
            let aux = aux.map(|(head, after)| Aux { head, after: after.index(placements.len()) });
            Network::new(stem, placements, head, aux).ok()
        },
    )
}

/// Any space of up to three cells; shapes need not fit.
pub fn space() -> impl Strategy<Value = Space> {
    (op_set(), vec(("\\PC{1,8}", cell_graph()), 1..=3), "\\PC{0,10}").prop_flat_map(
        |(ops, cells, name)| {
            let cells: Vec<CellSpec> = cells
                .into_iter()
                .enumerate()
                .map(|(index, (name, graph))| CellSpec { name: format!("{name}{index}"), graph })
                .collect();
            let inputs = cells.iter().map(|cell| cell.graph.inputs()).collect();
            network(inputs).prop_filter_map("a valid space", move |network| {
                Space::new(name.clone(), ops.clone(), cells.clone(), network).ok()
            })
        },
    )
}

/// A space with a built-in operation set that can be lowered for square images of the given side
/// and any even number of channels.
pub fn buildable_space() -> impl Strategy<Value = (Space, usize)> {
    let set = proptest::sample::select(vec!["S", "O_base", "S_o", "O_large", "nasbench201"]);
    let parts = (set, 0..9_usize, 3_usize..=5, 1_usize..=3, stem());
    parts.prop_filter_map("a valid space", |(set, kind, layers, nodes, stem)| {
        let ops = OpSet::builtin(set).ok()?;
        let space = match kind {
            0 => Space::darts(ops, layers, nodes, stem),
            1 => Space::individual(ops, layers, nodes, stem),
            2 => Space::unet(ops, layers - 2, nodes, stem),
            3 => Space::nested_unet(ops, layers - 2, nodes, stem),
            4 => Space::auto_deeplab(ops, layers, nodes, stem),
            5 => Space::darts_unet_pp(ops, layers - 2, nodes, stem),
            6 => Space::resnext_unet(ops, layers - 2, (2, nodes), stem),
            7 => Space::lattice(ops, Lattice::auto_deeplab(layers, 3), nodes, stem),
            _ => Space::lattice(ops, Lattice::dints(layers, 2), nodes, Stem::pyramid(2).ok()?),
        };
        Some((space.ok()?, 64))
    })
}
