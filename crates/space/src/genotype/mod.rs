//! Discrete architectures.

mod chain;
mod links;
mod published;
mod text;
mod tuples;

pub use self::links::{Links, PortLinks};
pub(crate) use self::text::is_field;

use serde::{Deserialize, Serialize};

use crate::SpaceError;
use crate::cell::{MOST_NODES, check_concat};
use crate::graph::CellPaths;
use crate::network::{MOST_PLACEMENTS, is_false};
use crate::op_set::is_op_name;

/// The version that [`Genotype`] text forms carry. Version 1 had no links, and is read as having
/// none.
const VERSION: u32 = 2;

/// One chosen operation on one edge.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gene {
    /// Operation name.
    pub op: String,
    /// Source node.
    pub from: usize,
    /// Target node.
    pub to: usize,
}

/// The order in which a cell's nodes run and stand in its output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum NodeOrder {
    /// Nodes run by number, so every source is ready before its readers; the output has them as
    /// [`CellGenotype::concat`] lists them.
    #[default]
    Listed,
    /// Nodes run, and stand in the output, as the gene list first names them: the released
    /// FairDARTS and D-DARTS networks. Genes that start at a later node are dead.
    FirstNamed,
}

/// The chosen operations of one cell.
///
/// Nodes 0 and 1 (in general `0..inputs`) are the cell's inputs. A node without genes does not
/// exist in the network: genes that start there are dead, and the output cannot name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellGenotype {
    /// Name of the cell.
    pub name: String,
    /// Number of inputs.
    #[serde(default = "two")]
    pub inputs: usize,
    /// Chosen operations, in the decoder's order.
    pub genes: Vec<Gene>,
    /// Nodes whose concatenation is the output; each has genes.
    pub concat: Vec<usize>,
    /// `true` if the output is their sum and that of input 0 instead; not written where it is
    /// false.
    #[serde(default, skip_serializing_if = "is_false")]
    pub residual: bool,
}

fn two() -> usize {
    2
}

impl CellGenotype {
    /// Own nodes with at least one gene, in order of execution.
    ///
    /// Numbers ascend, or stand as the gene list first names them.
    pub fn execution_order(&self, order: NodeOrder) -> Vec<usize> {
        let mut nodes: Vec<usize> = Vec::new();
        for gene in &self.genes {
            if !nodes.contains(&gene.to) {
                nodes.push(gene.to);
            }
        }
        if order == NodeOrder::Listed {
            nodes.sort_unstable();
        }
        nodes
    }

    /// Output nodes that exist, in the order of `concat` or of execution.
    pub fn output_nodes(&self, order: NodeOrder) -> Vec<usize> {
        let executed = self.execution_order(order);
        let (listed, known) = match order {
            NodeOrder::Listed => (&self.concat, &executed),
            NodeOrder::FirstNamed => (&executed, &self.concat),
        };
        listed.iter().copied().filter(|node| known.contains(node)).collect()
    }

    /// One value per gene: `true` if its source is computed before its target. Other genes are
    /// dead.
    pub fn live_genes(&self, order: NodeOrder) -> Vec<bool> {
        let executed = self.execution_order(order);
        let rank = |node: usize| executed.iter().position(|&known| known == node);
        let live = |gene: &Gene| {
            gene.from < self.inputs || rank(gene.from) < rank(gene.to) && rank(gene.from).is_some()
        };
        self.genes.iter().map(live).collect()
    }

    /// Depth of the cell: the most operations that any value passes, one after the other, on its
    /// way from an input to the output.
    ///
    /// With `d(i) = 0` for an input `i` and `d(j) = 1 + max d(from)` over the live genes into an
    /// own node `j`, it is the largest `d(j)` among the output nodes. Every live gene is an
    /// operation, a skip connection included; dead genes and the concatenation are none. A cell
    /// whose output no input reaches has depth 0.
    pub fn depth(&self, order: NodeOrder) -> usize {
        CellPaths::of_genotype(self, order).longest()
    }
}

/// The arrangement of a genotype's cells in a chain.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Layout {
    /// Cell 0 is the normal cell, cell 1 the reduction cell at the thirds (DARTS).
    TwoCells,
    /// One cell per position, reductions where the search had them (D-DARTS).
    PerCell {
        /// Positions of reduction cells.
        reductions: Vec<usize>,
    },
    /// Distinct cells and which of them stands at each position (DARTOpti).
    Sequence {
        /// Cell index per position.
        sequence: Vec<usize>,
        /// Positions of reduction cells.
        reductions: Vec<usize>,
    },
    /// The cells belong to a space's own network.
    Space,
}

/// A discrete architecture: what a decoder returns and a derived network is built from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawGenotype")]
pub struct Genotype {
    version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    layout: Layout,
    cells: Vec<CellGenotype>,
    #[serde(skip_serializing_if = "Links::is_empty")]
    links: Links,
}

#[derive(Deserialize)]
#[serde(rename = "Genotype", deny_unknown_fields)]
pub(crate) struct RawGenotype {
    version: u32,
    #[serde(default)]
    name: Option<String>,
    layout: Layout,
    cells: Vec<CellGenotype>,
    #[serde(default)]
    links: Links,
}

impl TryFrom<RawGenotype> for Genotype {
    type Error = SpaceError;

    fn try_from(raw: RawGenotype) -> Result<Self, SpaceError> {
        if !(1..=VERSION).contains(&raw.version) || raw.version == 1 && !raw.links.is_empty() {
            return Err(SpaceError::Version {
                what: "genotype",
                found: raw.version,
                known: VERSION,
            });
        }
        let genotype = Self::new(raw.layout, raw.cells)?.with_links(raw.links)?;
        Ok(Self { name: raw.name, ..genotype })
    }
}

/// Far above any published cell; bounds what a text file can make us allocate.
pub(crate) const MOST_NODE: usize = 128;

impl Genotype {
    /// A genotype of the given cells.
    ///
    /// # Errors
    /// [`SpaceError::CellSize`] for a cell without inputs, [`SpaceError::Gene`],
    /// [`SpaceError::Concat`], [`SpaceError::EmptyCell`], [`SpaceError::OutputWithoutGenes`] or
    /// [`SpaceError::Layout`], naming the offending cell, gene or node.
    pub fn new(layout: Layout, cells: Vec<CellGenotype>) -> Result<Self, SpaceError> {
        for cell in &cells {
            check_cell(cell)?;
        }
        check_layout(&layout, cells.len())?;
        Ok(Self::trusted(layout, cells))
    }

    /// The same genotype under a name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The same genotype without a name.
    #[must_use]
    pub fn unnamed(mut self) -> Self {
        self.name = None;
        self
    }

    /// The published name, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The arrangement of the cells in a chain.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The cells.
    pub fn cells(&self) -> &[CellGenotype] {
        &self.cells
    }

    /// Number of positions the genotype was made for; `None` when any number will do.
    pub fn layers(&self) -> Option<usize> {
        match &self.layout {
            Layout::TwoCells | Layout::Space => None,
            Layout::PerCell { .. } => Some(self.cells.len()),
            Layout::Sequence { sequence, .. } => Some(sequence.len()),
        }
    }

    /// A genotype that its maker knows to be valid.
    pub(crate) fn trusted(layout: Layout, cells: Vec<CellGenotype>) -> Self {
        Self { version: VERSION, name: None, layout, cells, links: Links::default() }
    }
}

fn check_cell(cell: &CellGenotype) -> Result<(), SpaceError> {
    let name = || cell.name.clone();
    if let Some(gene) = cell.genes.iter().find(|gene| !is_op_name(&gene.op)) {
        return Err(SpaceError::OpName { op: gene.op.clone() }.at(format!("cell `{}`", cell.name)));
    }
    for (index, gene) in cell.genes.iter().enumerate() {
        let ordered = gene.from < gene.to && gene.to >= cell.inputs && gene.to <= MOST_NODE;
        if !ordered {
            return Err(SpaceError::Gene {
                cell: name(),
                index,
                gene: format!("{} {}->{}", gene.op, gene.from, gene.to),
            });
        }
    }
    if cell.genes.is_empty() {
        return Err(SpaceError::EmptyCell { cell: name() });
    }
    if cell.inputs == 0 {
        let nodes = cell.execution_order(NodeOrder::Listed).len();
        let most = MOST_NODES;
        let error = SpaceError::CellSize { inputs: 0, nodes, most };
        return Err(error.at(format!("cell `{}`", cell.name)));
    }
    check_concat(&cell.concat, cell.inputs, MOST_NODE + 1)
        .map_err(|error| error.at(format!("cell `{}`", cell.name)))?;
    let order = cell.execution_order(NodeOrder::Listed);
    if let Some(&node) = cell.concat.iter().find(|node| !order.contains(node)) {
        return Err(SpaceError::OutputWithoutGenes { cell: name(), node });
    }
    Ok(())
}

fn check_layout(layout: &Layout, cells: usize) -> Result<(), SpaceError> {
    let refuse = |reason: String| Err(SpaceError::Layout { reason });
    if let Layout::PerCell { reductions } | Layout::Sequence { reductions, .. } = layout
        && let Some(far) = reductions.iter().find(|&&position| position >= MOST_PLACEMENTS)
    {
        return refuse(format!("reductions stand below {MOST_PLACEMENTS}, found {far}"));
    }
    let longest = match layout {
        Layout::Sequence { sequence, .. } => sequence.len().max(cells),
        _ => cells,
    };
    if longest > MOST_PLACEMENTS {
        return refuse(format!("at most {MOST_PLACEMENTS} cells expected, found {longest}"));
    }
    match layout {
        Layout::TwoCells if cells != 2 => refuse(format!("two cells expected, found {cells}")),
        Layout::PerCell { .. } | Layout::Space if cells == 0 => {
            refuse("at least one cell expected, found none".to_owned())
        }
        Layout::Sequence { sequence, .. } if sequence.is_empty() => {
            refuse("a non-empty sequence expected".to_owned())
        }
        Layout::Sequence { sequence, .. } => match sequence.iter().find(|&&cell| cell >= cells) {
            Some(cell) => refuse(format!("sequence names cell {cell} of {cells}")),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}
