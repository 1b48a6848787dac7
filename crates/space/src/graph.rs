//! Cells and networks as graphs of a graph library, which stays private to this crate.
//!
//! The values of this crate keep their own plain lists: those are the text forms, and their order
//! has a meaning. A graph is built from them where there is a question about paths, or something
//! to draw. Its nodes and edges stand in the order of the lists, so equal values give equal graphs.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, EdgeFiltered, EdgeRef, IntoEdges, Reversed};

use crate::genotype::MOST_NODE;
use crate::{CellGenotype, CellGraph, Network, NodeOrder, Source};

/// A vertex inside a cell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CellNode {
    /// An input.
    Input(usize),
    /// A node of its own.
    Own(usize),
    /// The concatenation.
    Output,
}

/// A connection between two vertices inside a cell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CellEdge<'a> {
    /// An edge whose operation is searched.
    Searched,
    /// A chosen operation; `live` if it is ever run.
    Gene { op: &'a str, live: bool },
    /// A node, or the input of a residual cell, becomes a part of the output.
    Concat,
}

impl CellEdge<'_> {
    fn runs(self) -> bool {
        !matches!(self, Self::Gene { live: false, .. })
    }

    fn operations(self) -> usize {
        usize::from(!matches!(self, Self::Concat))
    }
}

/// A cell: inputs, own nodes by number, then the output.
#[derive(Debug, Default)]
pub(crate) struct CellPaths<'a> {
    graph: DiGraph<CellNode, CellEdge<'a>>,
    numbered: BTreeMap<usize, NodeIndex>,
}

impl<'a> CellPaths<'a> {
    /// The graph of a searchable cell.
    pub(crate) fn of_cell(cell: &CellGraph) -> Self {
        let mut paths = Self::with_nodes(cell.inputs(), 0..cell.own_nodes().end);
        for edge in cell.edges() {
            paths.connect(edge.from, edge.to, CellEdge::Searched);
        }
        paths.conclude(cell.concat(), cell.residual());
        paths
    }

    /// The graph of a chosen cell, dead genes included.
    pub(crate) fn of_genotype(cell: &'a CellGenotype, order: NodeOrder) -> Self {
        // A cell that no genotype has checked may claim any number of inputs.
        let inputs = 0..cell.inputs.min(MOST_NODE + 1);
        let ends = cell.genes.iter().flat_map(|gene| [gene.from, gene.to]);
        let mut paths = Self::with_nodes(cell.inputs, inputs.chain(ends));
        for (gene, live) in cell.genes.iter().zip(cell.live_genes(order)) {
            // Nothing is computed at an input: live genes lead forward, from rank to rank.
            let live = live && gene.to >= cell.inputs;
            paths.connect(gene.from, gene.to, CellEdge::Gene { op: &gene.op, live });
        }
        paths.conclude(&cell.output_nodes(order), cell.residual);
        paths
    }

    fn with_nodes(inputs: usize, numbers: impl Iterator<Item = usize>) -> Self {
        let mut paths = Self::default();
        for number in numbers.collect::<BTreeSet<usize>>() {
            let is_input = number < inputs;
            let node = if is_input { CellNode::Input(number) } else { CellNode::Own(number) };
            paths.numbered.insert(number, paths.graph.add_node(node));
        }
        paths
    }

    fn connect(&mut self, from: usize, to: usize, edge: CellEdge<'a>) {
        self.graph.add_edge(self.numbered[&from], self.numbered[&to], edge);
    }

    /// Adds the output, which the nodes of `concat` and, in a residual cell, input 0 are a part of.
    fn conclude(&mut self, concat: &[usize], residual: bool) {
        let output = self.graph.add_node(CellNode::Output);
        // A cell that no genotype has checked may have no input.
        let passed = self.numbered.get(&0).filter(|_| residual);
        for &node in passed.into_iter().chain(concat.iter().map(|node| &self.numbered[node])) {
            self.graph.add_edge(node, output, CellEdge::Concat);
        }
    }

    /// Nodes in order.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = CellNode> {
        self.graph.node_weights().copied()
    }

    /// Edges in order: positions of source and target among the nodes, and the kind of connection.
    pub(crate) fn edges(&self) -> impl Iterator<Item = (usize, usize, CellEdge<'a>)> {
        let edges = self.graph.edge_references();
        edges.map(|e| (e.source().index(), e.target().index(), *e.weight()))
    }

    /// The most operations on a way from an input to the output; 0 when there is no way.
    pub(crate) fn longest(&self) -> usize {
        let live = EdgeFiltered::from_fn(&self.graph, |edge| edge.weight().runs());
        // Live edges lead forward, so there always is an order.
        let order = toposort(&live, None).unwrap_or_default();
        let mut longest: Vec<Option<usize>> = vec![None; self.graph.node_count()];
        for node in order {
            match self.graph[node] {
                CellNode::Input(_) => longest[node.index()] = Some(0),
                CellNode::Output => return longest[node.index()].unwrap_or(0),
                CellNode::Own(_) => {}
            }
            for edge in live.edges(node) {
                let steps = edge.weight().operations();
                let reached = longest[node.index()].map(|earlier| earlier + steps);
                let known = &mut longest[edge.target().index()];
                *known = reached.max(*known);
            }
        }
        0
    }
}

/// A vertex of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Station {
    /// A stem part or a placed cell.
    Value(Source),
    /// The head.
    Head,
    /// The auxiliary head.
    Aux,
}

/// The manner in which a station of a network reads another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reading {
    /// All it reads.
    Whole,
    /// Into a port of a placed cell; with `choice`, by a link that has a weight.
    Port { port: usize, choice: bool },
}

/// A network: stem parts, placed cells, the head, then the auxiliary head if there is one.
#[derive(Debug)]
pub(crate) struct NetworkPaths {
    graph: DiGraph<Station, Reading>,
    parts: usize,
    placements: usize,
}

impl NetworkPaths {
    /// The graph of a network.
    pub(crate) fn of(network: &Network) -> Self {
        let parts = network.stem().parts().len();
        let placements = network.placements().len();
        let mut paths = Self { graph: DiGraph::new(), parts, placements };
        let stem = (0..parts).map(Source::Stem);
        for source in stem.chain((0..placements).map(Source::Cell)) {
            paths.graph.add_node(Station::Value(source));
        }
        for part in 1..parts {
            let to = paths.index(Source::Stem(part));
            paths.read(Source::Stem(part - 1), to, Reading::Whole);
        }
        paths.add_ports(network);
        paths.add_heads(network);
        paths
    }

    fn add_ports(&mut self, network: &Network) {
        for (index, placement) in network.placements().iter().enumerate() {
            let to = self.index(Source::Cell(index));
            for (port, own) in placement.ports.iter().enumerate() {
                for link in &own.links {
                    self.read(link.source, to, Reading::Port { port, choice: own.chooses() });
                }
            }
        }
    }

    fn add_heads(&mut self, network: &Network) {
        let head = self.graph.add_node(Station::Head);
        for source in network.head_sources() {
            self.read(source, head, Reading::Whole);
        }
        if let Some(aux) = network.aux() {
            let head = self.graph.add_node(Station::Aux);
            self.read(Source::Cell(aux.after), head, Reading::Whole);
        }
    }

    fn index(&self, source: Source) -> NodeIndex {
        NodeIndex::new(match source {
            Source::Stem(part) => part,
            Source::Cell(index) => self.parts + index,
        })
    }

    fn read(&mut self, source: Source, reader: NodeIndex, reading: Reading) {
        self.graph.add_edge(self.index(source), reader, reading);
    }

    /// Stations in order.
    pub(crate) fn stations(&self) -> impl Iterator<Item = Station> {
        self.graph.node_weights().copied()
    }

    /// Readings in order: positions of source and reader among the stations, and the kind of
    /// reading.
    pub(crate) fn readings(&self) -> impl Iterator<Item = (usize, usize, Reading)> {
        let edges = self.graph.edge_references();
        edges.map(|e| (e.source().index(), e.target().index(), *e.weight()))
    }

    /// One value per placed cell: `true` if a way leads from it to the head or the auxiliary head.
    pub(crate) fn needed(&self) -> Vec<bool> {
        let sources = Reversed(&self.graph);
        let mut search = Dfs::empty(sources);
        for reader in self.graph.node_indices() {
            if matches!(self.graph[reader], Station::Head | Station::Aux) {
                search.move_to(reader);
                while search.next(sources).is_some() {}
            }
        }
        let reached = |cell| search.discovered.contains(self.index(Source::Cell(cell)).index());
        (0..self.placements).map(reached).collect()
    }
}
