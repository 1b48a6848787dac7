//! The memory that single operations of a derived cell need.

use dartloom_ops::{Builder, Registry};
use dartloom_space::CellPlan;

use super::fused::{Whole, fuse_edges};
use super::memory::Sizes;
use super::{CellMemory, parts};
use crate::NetError;
use crate::memory::Workload;

/// Bytes of a derived cell by gene, for cells that hold some of the genes of a plan.
///
/// A cell with the genes `G` keeps `fused.kept + fused.output + sum_{g in G} g.fused` if all of
/// them can be one operation. Otherwise it keeps `staged` and, for every node that reaches the
/// output, the sum of its genes' `staged` and `node` times the distance of their number from one.
#[derive(Clone, Debug)]
pub(crate) struct CellGenes {
    /// The cell without genes as one operation; `None` if it cannot be one.
    pub(crate) fused: Option<CellMemory>,
    /// The cell without genes, one operation after the other.
    pub(crate) staged: CellMemory,
    /// Bytes of a node.
    pub(crate) node: u64,
    /// One entry per gene; `None` for a gene that is never run.
    pub(crate) genes: Vec<Option<GeneMemory>>,
}

/// Bytes that a gene adds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GeneMemory {
    /// Added to the kept bytes where the whole cell is one operation; `None` if it cannot be one.
    pub(crate) fused: Option<Kept>,
    /// Added to the bytes held while that operation runs, without the gradient of its operand.
    pub(crate) inner: u64,
    /// Gradient of its packed parameters.
    pub(crate) packed: u64,
    /// Added to the kept bytes where the cell runs staged.
    pub(crate) staged: Kept,
    /// Held while the gene runs staged.
    pub(crate) transient: u64,
    /// Scratch memory of each thread.
    pub(crate) scratch: u64,
}

/// Bytes that are kept for the backward pass.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kept {
    pub(crate) all: u64,
    /// The part of them in the arena.
    pub(crate) slabs: u64,
}

impl CellGenes {
    /// The genes of a plan whose edges have one candidate each.
    ///
    /// # Errors
    /// The error of an operation that cannot be built.
    pub(crate) fn of(
        plan: &CellPlan,
        registry: &Registry,
        vars: &mut Builder<'_>,
        work: &Workload,
    ) -> Result<Self, NetError> {
        let sizes = Sizes::of(plan)?;
        let (ports, mut edges) = parts(plan, registry, vars)?;
        let whole = |edges: &[_]| {
            let recompute = work.fused()?;
            Some(sizes.fused(&Whole::new(plan, &ports, edges)?, recompute, work))
        };
        let fused = whole(&[]);
        let alone: Vec<Option<CellMemory>> =
            edges.iter().map(|edge| whole(std::slice::from_ref(edge))).collect();
        if work.fused().is_some() {
            fuse_edges(plan, &mut edges);
        }
        let node = work.bytes(sizes.node);
        let mut genes = vec![None; plan.edges.len()];
        for (edge, alone) in edges.iter().zip(alone).filter(|(edge, _)| !edge.ops.is_empty()) {
            let mut beside = CellMemory::default();
            let (all, _) = edge.memory(work, &mut beside);
            let mut gene = GeneMemory {
                staged: Kept { all, slabs: beside.slabs },
                transient: beside.forward.max(beside.backward),
                scratch: beside.scratch,
                ..GeneMemory::default()
            };
            if let (Some(with), Some(without)) = (alone, fused) {
                let all = with.kept - without.kept;
                let slabs = with.slabs - without.slabs;
                gene.fused = Some(Kept { all, slabs });
                gene.packed = with.packed - without.packed;
                let more = with.transient().saturating_sub(without.transient());
                gene.inner = more.saturating_sub(gene.packed);
                gene.scratch = gene.scratch.max(with.scratch);
            }
            genes[edge.row] = Some(gene);
        }
        Ok(Self { fused, staged: sizes.staged(work), node, genes })
    }
}
