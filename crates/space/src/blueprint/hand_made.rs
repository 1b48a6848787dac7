//! Networks laid out by hand as blueprints, some of their blocks being choices.

use super::cell::CellSeed;
use super::{
    Blueprint, Build, Candidate, CellPlan, EdgePlan, HeadPlan, InputPlan, Phase, PortPlan,
    StemPlan, TransformPlan,
};
use crate::hand_made::{SearchedGraph, searched::stride};
use crate::{GraphInput, GraphNode, Join, OpSpec, Shape, Source, SpaceError};

/// The blueprint of a searched graph, whose image is part 0 of the stem. A node is a placement of
/// one edge, behind another one that joins its sources where channels are joined; nodes that serve
/// deep supervision alone are left out.
pub(super) fn assemble<'a>(
    searched: &SearchedGraph,
    build: Build,
    phase: Phase,
    seeds: impl Fn(usize) -> Result<CellSeed<'a>, SpaceError>,
) -> Result<Blueprint, SpaceError> {
    let graph = searched.graph();
    check(searched, build)?;
    let training_only = graph.training_only();
    let input = graph.input();
    let stem = vec![StemPlan { layers: Vec::new(), input, output: input }];
    let mut cells = Vec::new();
    let mut sources = Vec::with_capacity(graph.nodes().len());
    for (at, node) in graph.nodes().iter().enumerate() {
        if training_only[at] {
            sources.push(None);
            continue;
        }
        let reads: Vec<TransformPlan> = node
            .inputs()
            .iter()
            .filter_map(|&own| {
                let source = source(own, &sources)?;
                Some(TransformPlan { source, layers: Vec::new(), input: graph.shape(own)? })
            })
            .collect();
        let link = |source| TransformPlan { source, layers: Vec::new(), input: node.joined() };
        let links = if node.join() == Join::Concat {
            cells.push(joined(node, reads));
            vec![link(Source::Cell(cells.len() - 1))]
        } else {
            reads
        };
        let cell = searched.block_at(at);
        let plan = Placed { node, cell, links, phase };
        let own = match cell {
            Some(block) => {
                let seed = seeds(block)?;
                let edges = seed.edges.iter().map(|edge| (edge.live, edge.ops.as_slice()));
                plan.cell(&edges.collect::<Vec<_>>())?
            }
            None => plan.cell(&[(true, &[&OpSpec::hand_made()])])?,
        };
        cells.push(own);
        sources.push(Some(Source::Cell(cells.len() - 1)));
    }
    let output = graph.outputs().shape(input);
    let last = Source::Cell(cells.len().saturating_sub(1));
    let branches = vec![TransformPlan { source: last, layers: Vec::new(), input: output }];
    let head = HeadPlan { branches, output };
    Ok(Blueprint { build, phase, stem, cells, aux: None, head })
}

impl SearchedGraph {
    /// For every node of the graph, the placement of [`Blueprint::cells`] that has its layers;
    /// `None` for a node that serves deep supervision alone.
    pub fn placements(&self) -> Vec<Option<usize>> {
        let mut next = 0;
        let nodes = self.graph().nodes().iter().zip(self.graph().training_only());
        let places = nodes.map(|(node, only)| {
            if only {
                return None;
            }
            next += 1 + usize::from(node.join() == Join::Concat);
            Some(next - 1)
        });
        places.collect()
    }
}

/// Refuses images, outputs and partial channels that the graph does not have.
fn check(searched: &SearchedGraph, build: Build) -> Result<(), SpaceError> {
    let graph = searched.graph();
    let refuse = |what: &str, expected: String, found: String| {
        let place = format!("{what} of `{}`", graph.name());
        Err(SpaceError::Mismatch { place, expected, found })
    };
    if build.input != graph.input() {
        return refuse("images", graph.input().to_string(), build.input.to_string());
    }
    if build.outputs != graph.outputs() {
        return refuse("outputs", graph.outputs().to_string(), build.outputs.to_string());
    }
    if build.partial != 1 {
        return refuse("K of partial channels", "1".to_owned(), build.partial.to_string());
    }
    Ok(())
}

/// The source that a value of the graph is; `None` for one that only training has.
fn source(input: GraphInput, nodes: &[Option<Source>]) -> Option<Source> {
    match input {
        GraphInput::Image => Some(Source::Stem(0)),
        GraphInput::Node(index) => nodes.get(index).copied().flatten(),
    }
}

/// A placement whose output is the channels of all that its node reads.
fn joined(node: &GraphNode, reads: Vec<TransformPlan>) -> CellPlan {
    let concat = (0..reads.len()).collect();
    let port =
        |link: TransformPlan| PortPlan { output: link.input, links: vec![link], weighed: false };
    let ports = reads.into_iter().map(port).collect();
    plain(node.joined(), ports, concat)
}

/// A placement that no weights multiply.
fn plain(output: Shape, ports: Vec<PortPlan>, concat: Vec<usize>) -> CellPlan {
    CellPlan {
        cell: None,
        width: output.channels,
        reduction: false,
        weighted: false,
        ports,
        edges: Vec::new(),
        concat,
        residual: false,
        node: output,
        output,
    }
}

/// A node of a graph in its place.
struct Placed<'a> {
    node: &'a GraphNode,
    /// The searched block that it is.
    cell: Option<usize>,
    /// The values that it adds up.
    links: Vec<TransformPlan>,
    phase: Phase,
}

impl Placed<'_> {
    /// The placement, with an edge for each list of candidates.
    fn cell(self, edges: &[(bool, &[&OpSpec])]) -> Result<CellPlan, SpaceError> {
        let Self { node, cell, links, phase } = self;
        let stride = stride(node).unwrap_or(1);
        let width = node.shape().channels;
        let input = InputPlan { shape: node.joined(), width, stride, phase };
        let mut plans = Vec::with_capacity(edges.len());
        for &(live, ops) in edges {
            let candidate = |op: &&OpSpec| {
                let layers = SearchedGraph::candidate(node, op, phase)?;
                Ok(Candidate { op: (*op).clone(), layers: Some(layers) })
            };
            let candidates = ops.iter().map(candidate).collect::<Result<_, SpaceError>>()?;
            plans.push(EdgePlan { from: 0, to: 1, input, partial: None, candidates, live });
        }
        let port = PortPlan { links, weighed: false, output: node.joined() };
        let weighted = cell.is_some() && phase == Phase::Search;
        let reduction = stride > 1;
        let own = plain(node.shape(), vec![port], vec![1]);
        Ok(CellPlan { cell, weighted, reduction, edges: plans, ..own })
    }
}
