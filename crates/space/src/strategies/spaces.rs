//! Arbitrary spaces.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use super::op_set;
use crate::{
    Aux, AuxHead, CellGraph, CellSpec, Edge, Head, Network, OpSet, Placement, Port, Resize, Source,
    Space, Stem,
};

/// Any graph of up to three inputs and four nodes.
pub fn cell_graph() -> impl Strategy<Value = CellGraph> {
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

/// Cell, width, level, whether a reduction, and the sources of each port.
type Draft = (Index, usize, usize, bool, Vec<Vec<Index>>);

fn draft() -> impl Strategy<Value = Draft> {
    let ports = vec(vec(any::<Index>(), 1..=3), 3);
    (any::<Index>(), 1_usize..=4, 1_usize..=4, any::<bool>(), ports)
}

/// Any network of up to six cells, of which the `i`-th kind has `inputs[i]` inputs (at most 3, at
/// least one kind). Shapes need not fit.
pub fn network(inputs: Vec<usize>) -> impl Strategy<Value = Network> {
    let heads = [AuxHead::Cifar, AuxHead::ImageNet, AuxHead::ImageNetNormed];
    let aux = option::of((proptest::sample::select(heads.to_vec()), any::<Index>()));
    let head = (any::<bool>(), vec(any::<Index>(), 1..=3));
    (stem(), vec(draft(), 1..=6), head, aux).prop_filter_map(
        "a valid network",
        move |(stem, drafts, (classifier, reads), aux)| {
            let parts = stem.parts().len();
            let source = |index: &Index, cells: usize| match index.index(parts + cells) {
                part if part < parts => Source::Stem(part),
                cell => Source::Cell(cell - parts),
            };
            let placements: Vec<Placement> = drafts
                .iter()
                .enumerate()
                .map(|(index, (cell, width, level, reduction, ports))| {
                    let cell = cell.index(inputs.len());
                    let port = |links: &Vec<Index>| {
                        let mut sources: Vec<Source> =
                            links.iter().map(|link| source(link, index)).collect();
                        sources.dedup();
                        if sources.len() == 3 && sources[0] == sources[2] {
                            sources.pop();
                        }
                        Port::choice(sources)
                    };
                    let ports = ports.iter().take(inputs[cell]).map(port).collect();
                    Placement {
                        cell: Some(cell),
                        width: *width,
                        level: *level,
                        reduction: *reduction,
                        ports,
                    }
                })
                .collect();
            let cells = placements.len();
            let sources: Vec<Source> = reads.iter().map(|read| source(read, cells)).collect();
            let head = if classifier {
                Head::pooled(sources[0])
            } else {
                Head::PerPixel { sources, resize: Resize::Nearest }
            };
            let aux = aux.map(|(head, after)| Aux { head, after: after.index(cells) });
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
    let parts = (set, 0..5_usize, 3_usize..=5, 1_usize..=3, stem());
    parts.prop_filter_map("a valid space", |(set, kind, layers, nodes, stem)| {
        let ops = OpSet::builtin(set).ok()?;
        let space = match kind {
            0 => Space::darts(ops, layers, nodes, stem),
            1 => Space::individual(ops, layers, nodes, stem),
            2 => Space::unet(ops, layers - 2, nodes, stem),
            3 => Space::nested_unet(ops, layers - 2, nodes, stem),
            _ => Space::auto_deeplab(ops, layers, nodes, stem),
        };
        Some((space.ok()?, 64))
    })
}
