//! The conversion of spaces and genotypes to blueprints.

use super::cell::{CellSeed, EdgeSeed, plan_cell};
use super::head::{plan_aux, plan_head};
use super::{Blueprint, Build, CellPlan, Phase, StemPlan, halving, hand_made};
use crate::layer::output_of;
use crate::{
    CellGenotype, Genotype, Links, Lowering, Network, NodeOrder, OpSet, PortChoice, PortId,
    PortLinks, Shape, Source, Space, SpaceError,
};

impl Blueprint {
    /// The supernet of a space: every operation on every edge.
    ///
    /// # Errors
    /// When shapes do not fit (an odd plane at a factorized reduce, a plane smaller than a
    /// kernel), naming cell, edge and operation; [`SpaceError::Range`] for a number that no
    /// network has; [`SpaceError::PartialChannels`] for a cell whose width is no multiple of
    /// [`Build::partial`].
    pub fn supernet(space: &Space, build: Build) -> Result<Self, SpaceError> {
        let seeds = |cell: usize| {
            let spec = &space.cells()[cell];
            let edges = spec.graph.edges().iter().map(|edge| EdgeSeed {
                from: edge.from,
                to: edge.to,
                ops: space.op_set().ops().iter().collect(),
                partial: build.partial,
                live: true,
            });
            Ok(CellSeed {
                inputs: spec.graph.inputs(),
                edges: edges.collect(),
                concat: spec.graph.concat().to_vec(),
                residual: spec.graph.residual(),
            })
        };
        assemble(space.network(), build, Phase::Search, seeds)
    }

    /// The network of a genotype: one operation per gene, found by name in `ops`. `network` is what
    /// [`Genotype::network_in`] gives, with the links that the genotype keeps.
    ///
    /// # Errors
    /// [`SpaceError::OpenChoice`] for a network whose choices of links have not been made,
    /// [`SpaceError::UnknownOp`] for an operation that `ops` does not have,
    /// [`SpaceError::CellIndex`] when the network places a cell the genotype lacks,
    /// [`SpaceError::PartialDerived`] for partial channels, and shape errors as for
    /// [`Blueprint::supernet`].
    pub fn derived(
        genotype: &Genotype,
        network: &Network,
        ops: &OpSet,
        build: Build,
    ) -> Result<Self, SpaceError> {
        if build.partial != 1 {
            return Err(SpaceError::PartialDerived { found: build.partial });
        }
        check_links(network)?;
        let cells = genotype.cells();
        for (placement, placed) in network.placements().iter().enumerate() {
            if let Some(found) = placed.cell.filter(|&cell| cell >= cells.len()) {
                let cells = cells.len();
                return Err(SpaceError::CellIndex { placement, found, cells });
            }
        }
        let seeds = |index: usize| genes(&cells[index], ops, build.order);
        assemble(network, build, Phase::Retrain, seeds)
    }

    /// The network of a genotype inside the supernet of `space`: the layers are those of the
    /// search (norms without scale and shift, pooled values normalised), so that it computes what
    /// the supernet computes with weight 1 on the genotype's operations and links and 0 elsewhere,
    /// from the same variables; placements that nothing needs any more stay. Nodes run in the
    /// papers' order whatever [`Build::order`] says.
    ///
    /// # Errors
    /// [`SpaceError::Mismatch`] and its like for a genotype of another space, what
    /// [`Network::chosen`] says of its links, else as for [`Blueprint::derived`].
    pub fn subnet(space: &Space, genotype: &Genotype, build: Build) -> Result<Self, SpaceError> {
        if build.partial != 1 {
            return Err(SpaceError::PartialDerived { found: build.partial });
        }
        space.admit(genotype)?;
        let cells = space.genotype(genotype.cells().to_vec())?;
        let seeds = |index: usize| genes(&cells.cells()[index], space.op_set(), NodeOrder::Listed);
        let mut plan = assemble(space.network(), build, Phase::Search, seeds)?;
        plan.phase = Phase::Retrain;
        plan.cells.iter_mut().for_each(|cell| cell.weighted = false);
        space.network().chosen(genotype.links())?;
        keep(&mut plan, genotype.links(), &space.network().head_sources());
        Ok(plan)
    }
}

/// Leaves the links that stay, and the ends that the head reads.
fn keep(plan: &mut Blueprint, links: &Links, sources: &[Source]) {
    for PortLinks { placement, port, kept } in &links.ports {
        let port = &mut plan.cells[*placement].ports[*port];
        port.weighed = false;
        port.links = kept.iter().map(|&link| port.links[link].clone()).collect();
    }
    if !links.head.is_empty() {
        // A source may have several branches.
        let kept = |source| links.head.iter().any(|&end| sources[end] == source);
        plan.head.branches.retain(|branch| kept(branch.source));
    }
}

/// Refuses a network whose choices of links are not made.
fn check_links(network: &Network) -> Result<(), SpaceError> {
    match network.choices().next() {
        None => Ok(()),
        Some(PortChoice { port: PortId { placement, port }, links }) => {
            Err(SpaceError::OpenChoice { placement, port, links })
        }
    }
}

/// One operation per gene.
fn genes<'a>(
    cell: &'a CellGenotype,
    ops: &'a OpSet,
    order: NodeOrder,
) -> Result<CellSeed<'a>, SpaceError> {
    let genes = cell.genes.iter().zip(cell.live_genes(order));
    let edges = genes.map(|(gene, live)| {
        let op = ops.get(&gene.op).map_err(|e| e.at(format!("cell `{}`", cell.name)))?;
        Ok(EdgeSeed { from: gene.from, to: gene.to, ops: vec![op], partial: 1, live })
    });
    let edges = edges.collect::<Result<_, SpaceError>>()?;
    let concat = cell.output_nodes(order);
    Ok(CellSeed { inputs: cell.inputs, edges, concat, residual: cell.residual })
}

const MOST_CHANNELS: usize = 1 << 16;

/// A blueprint of a hundred megabytes or so; published supernets have some ten thousand stages.
const MOST_STAGES: usize = 1 << 20;

fn assemble<'a>(
    network: &Network,
    build: Build,
    phase: Phase,
    seeds: impl Fn(usize) -> Result<CellSeed<'a>, SpaceError>,
) -> Result<Blueprint, SpaceError> {
    check(build)?;
    if let Some(searched) = network.hand_made() {
        return hand_made::assemble(searched, build, phase, seeds);
    }
    let stem = plan_stem(network, build, phase)?;
    let mut stages: usize = 0;
    let mut cells: Vec<CellPlan> = Vec::with_capacity(network.placements().len());
    for (index, placement) in network.placements().iter().enumerate() {
        let shape = |source: Source| match source {
            Source::Stem(part) => stem[part].output,
            Source::Cell(earlier) => cells[earlier].output,
        };
        let seed = placement.cell.map_or_else(|| Ok(CellSeed::sum()), &seeds)?;
        if seed.inputs != placement.ports.len() {
            let expected = seed.inputs;
            let found = placement.ports.len();
            return Err(SpaceError::Ports { placement: index, expected, found });
        }
        stages = stages.saturating_add(seed.stages());
        if stages > MOST_STAGES {
            let what = "stages of all operations on all edges";
            return Err(SpaceError::Range { what, most: MOST_STAGES, found: stages });
        }
        let width = build.channels * placement.width;
        range("cell width", width)?;
        let plan = plan_cell(network, placement, width, phase, shape, seed)
            .map_err(|error| halving::told(error.at(format!("cell {index}")), network, build))?;
        cells.push(plan);
    }
    let aux = network.aux().map(|aux| plan_aux(aux, cells[aux.after].output, build)).transpose()?;
    let mut blueprint = Blueprint {
        build,
        phase,
        stem,
        cells,
        aux,
        head: super::HeadPlan { branches: Vec::new(), output: build.input },
    };
    blueprint.head =
        plan_head(&blueprint, network).map_err(|error| halving::told(error, network, build))?;
    Ok(blueprint)
}

fn check(build: Build) -> Result<(), SpaceError> {
    range("channels", build.channels)?;
    range("outputs", build.outputs.channels())?;
    range("K of partial channels", build.partial)?;
    range("image channels", build.input.channels)?;
    range("image height", build.input.height)?;
    range("image width", build.input.width)
}

fn range(what: &'static str, found: usize) -> Result<(), SpaceError> {
    if (1..=MOST_CHANNELS).contains(&found) {
        return Ok(());
    }
    Err(SpaceError::Range { what, most: MOST_CHANNELS, found })
}

fn plan_stem(network: &Network, build: Build, phase: Phase) -> Result<Vec<StemPlan>, SpaceError> {
    let mut input: Shape = build.input;
    let mut parts = Vec::new();
    for (index, recipe) in network.stem().parts().iter().enumerate() {
        let at = Lowering {
            inputs: input.channels,
            width: build.channels,
            stride: 2,
            affine: true,
            phase,
        };
        let place = |error: SpaceError| error.at(format!("stem part {index}"));
        let layers = recipe.lower(at).map_err(place)?;
        let output = output_of(&layers, input).map_err(place)?;
        parts.push(StemPlan { layers, input, output });
        input = output;
    }
    Ok(parts)
}
