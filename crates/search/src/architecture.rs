//! The logits of a search.

use std::collections::BTreeMap;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor, Var};
use dartloom_relax::{Constraint, Groups, Progress, Relaxation};
use dartloom_space::{CellWeights, Space, WeightTable};
use rand::RngCore;

use crate::SearchError;

/// Architecture logits of a space, one `[edges, operations]` table per searchable cell, and the
/// relaxation that turns them into weights; [with edges](Self::with_edges), one line `[edges]` more
/// per cell.
#[derive(Debug)]
pub struct Architecture {
    /// Cell names in the space's order: the order of weights in a supernet.
    cells: Vec<String>,
    ops: Vec<String>,
    logits: BTreeMap<String, Var>,
    relaxation: Arc<dyn Relaxation>,
    edges: Option<Edges>,
}

/// How the edges into each node are weighed.
#[derive(Debug)]
struct Edges {
    relaxation: Arc<dyn Relaxation>,
    /// Edges by target node, under the name of the cell's line.
    groups: BTreeMap<String, Groups>,
}

/// Name of the line of edges among the logits.
fn line(cell: &str) -> String {
    format!("{cell}.edges")
}

impl Architecture {
    /// Logits as the relaxation starts them, drawn from `noise`.
    ///
    /// # Errors
    /// When a tensor cannot be made.
    pub fn new(
        space: &Space,
        relaxation: Arc<dyn Relaxation>,
        device: &Device,
        dtype: DType,
        noise: &mut dyn RngCore,
    ) -> Result<Self, SearchError> {
        let ops: Vec<String> = space.op_set().names().map(str::to_owned).collect();
        let mut logits = BTreeMap::new();
        for cell in space.cells() {
            let shape = (cell.graph.edges().len(), ops.len());
            let values = relaxation.initial(shape.0, shape.1, noise);
            let tensor = Tensor::from_vec(values, shape, device)?.to_dtype(dtype)?;
            logits.insert(cell.name.clone(), Var::from_tensor(&tensor)?);
        }
        let cells = space.cells().iter().map(|cell| cell.name.clone()).collect();
        Ok(Self { cells, ops, logits, relaxation, edges: None })
    }

    /// Weighs the edges into each node as well, `B_(i,j)` among the sources `i` of node `j`: the
    /// edge normalisation of PC-DARTS with a softmax, GAEA's with a simplex. Their logits are
    /// called `{cell}.edges`.
    ///
    /// # Errors
    /// [`SearchError::Config`] when the two relaxations' logits do not live in the same place, or
    /// when a tensor cannot be made.
    pub fn with_edges(
        mut self,
        space: &Space,
        relaxation: Arc<dyn Relaxation>,
        noise: &mut dyn RngCore,
    ) -> Result<Self, SearchError> {
        if relaxation.domain() != self.relaxation.domain() {
            return Err(SearchError::Config {
                field: "relaxation of edges",
                expected: "logits that live where those of operations do, as one rule moves both",
                found: format!("{relaxation:?} beside {:?}", self.relaxation),
            });
        }
        let mut groups = BTreeMap::new();
        for cell in space.cells() {
            let own = &self.logits[&cell.name];
            let targets: Vec<usize> = cell.graph.edges().iter().map(|edge| edge.to).collect();
            let nodes = Groups::of(&targets);
            let values = nodes.initial(&*relaxation, noise);
            let tensor = Tensor::from_vec(values, nodes.len(), own.device())?;
            let var = Var::from_tensor(&tensor.to_dtype(own.dtype())?)?;
            self.logits.insert(line(&cell.name), var);
            groups.insert(line(&cell.name), nodes);
        }
        self.edges = Some(Edges { relaxation, groups });
        Ok(self)
    }

    /// The logits: tables by cell name, lines of edges by `{cell}.edges`.
    pub fn logits(&self) -> &BTreeMap<String, Var> {
        &self.logits
    }

    /// The groups of a line of edges.
    pub(crate) fn groups(&self, name: &str) -> Option<&Groups> {
        self.edges.as_ref().and_then(|edges| edges.groups.get(name))
    }

    /// Where the logits live.
    pub fn domain(&self) -> Constraint {
        self.relaxation.domain()
    }

    /// Weights of every cell in the space's order, differentiable with respect to the logits; where
    /// edges are weighed, in one more column.
    ///
    /// # Errors
    /// The relaxation's error.
    pub fn weights(
        &self,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Vec<Tensor>, SearchError> {
        let mut tables = Vec::with_capacity(self.cells.len());
        for cell in &self.cells {
            let ops = self.relaxation.weights(self.logits[cell].as_tensor(), at, noise)?;
            tables.push(match self.edge_weights(cell, at, noise)? {
                Some(edges) => Tensor::cat(&[ops, edges.unsqueeze(1)?], 1)?,
                None => ops,
            });
        }
        Ok(tables)
    }

    fn edge_weights(
        &self,
        cell: &str,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Option<Tensor>, SearchError> {
        let Some(edges) = &self.edges else { return Ok(None) };
        let name = line(cell);
        let logits = self.logits[&name].as_tensor();
        Ok(Some(edges.groups[&name].weights(&*edges.relaxation, logits, at, noise)?))
    }

    /// The relaxation's penalty summed over cells, if it has one.
    ///
    /// # Errors
    /// The relaxation's error.
    pub fn penalty(&self) -> Result<Option<Tensor>, SearchError> {
        let mut total: Option<Tensor> = None;
        for cell in &self.cells {
            if let Some(penalty) = self.relaxation.penalty(self.logits[cell].as_tensor())? {
                total = Some(match total {
                    Some(total) => (total + penalty)?,
                    None => penalty,
                });
            }
        }
        Ok(total)
    }

    /// The weights as host numbers: what a decoder reads.
    ///
    /// # Errors
    /// When a weight is not finite.
    pub fn table(&self, at: Progress, noise: &mut dyn RngCore) -> Result<WeightTable, SearchError> {
        let mut cells = Vec::with_capacity(self.cells.len());
        for name in &self.cells {
            let ops = self.relaxation.weights(self.logits[name].as_tensor(), at, noise)?;
            let own = self.edge_weights(name, at, noise)?;
            let host = |tensor: Tensor| tensor.detach().to_dtype(DType::F64);
            let edge_weights = own.map(|own| host(own)?.to_vec1()).transpose()?;
            let edges = host(ops)?.to_vec2()?;
            cells.push(CellWeights { name: name.clone(), edges, edge_weights });
        }
        Ok(WeightTable::new(self.ops.clone(), cells)?)
    }

    /// The logits as tensors that do not change when the search goes on.
    ///
    /// # Errors
    /// When a copy fails.
    pub fn snapshot(&self) -> Result<BTreeMap<String, Tensor>, SearchError> {
        let copy = |(name, var): (&String, &Var)| Ok((name.clone(), var.copy()?.detach()));
        self.logits.iter().map(copy).collect()
    }

    /// Sets the logits.
    ///
    /// # Errors
    /// [`SearchError::Config`] when names or shapes differ; nothing has been set then.
    pub fn load(&self, tensors: &BTreeMap<String, Tensor>) -> Result<(), SearchError> {
        let shapes = |(name, tensor): (&String, &Tensor)| (name.clone(), tensor.dims().to_vec());
        let found: Vec<_> = tensors.iter().map(shapes).collect();
        let own = self.logits.iter().map(|(name, var)| shapes((name, var.as_tensor())));
        if !own.eq(found.iter().cloned()) {
            return Err(SearchError::Config {
                field: "logits",
                expected: "one table of edges and operations for each cell of the space, and one \
                           line of edges where they are weighed",
                found: format!("{found:?}"),
            });
        }
        for (name, var) in &self.logits {
            var.set(&tensors[name].to_dtype(var.dtype())?)?;
        }
        Ok(())
    }
}
