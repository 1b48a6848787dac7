//! The logits of a search.

mod contract;

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor, Var};
use dartloom_relax::{
    Constraint, Groups, Progress, checked_initial, checked_penalty, checked_weights,
};
use dartloom_space::{CellGraph, CellWeights, Recipe, Space, WeightTable};
use rand::RngCore;

use self::contract::blamed;
use crate::{Choices, Kept, SearchError};

/// Architecture logits of a space, one `[edges, operations]` table per searchable cell, and the
/// [`Choices`] that turn them into weights; where these weigh edges, one line `[edges]` more per
/// cell, called `{cell}.edges`: the edge normalisation of PC-DARTS with a softmax, `B_(i,j)` among
/// the sources `i` of node `j`, GAEA's with a simplex.
#[derive(Debug)]
pub struct Architecture {
    /// Cell names in the space's order: the order of weights in a supernet.
    cells: Vec<String>,
    ops: Vec<String>,
    logits: BTreeMap<String, Var>,
    choices: Choices,
    /// Edges by target node, under the name of the cell's line.
    groups: BTreeMap<String, Groups>,
    /// Column of the skip connection.
    skip: Option<usize>,
    /// By cell, the rows of the edges from its last input.
    last_input: Vec<Vec<usize>>,
    /// What is left of the candidates, when some may be gone.
    kept: Option<Kept>,
}

/// Name of the line of edges among the logits.
fn line(cell: &str) -> String {
    format!("{cell}.edges")
}

impl Architecture {
    /// Logits as the choices start them, drawn from `noise`.
    ///
    /// # Errors
    /// [`SearchError::Relaxation`] when a relaxation starts with another number of logits than there
    /// are, or outside of where it says that they live; [`SearchError::Config`] when the relaxations
    /// of operations and of edges have logits that live in different places, when a start has another shape or its numbers are no logits, when
    /// penalties name a cell that
    /// the space does not have, or a skip connection is to be helped that it does not have; or
    /// when a tensor cannot be made.
    pub fn new(
        space: &Space,
        choices: impl Into<Choices>,
        device: &Device,
        dtype: DType,
        noise: &mut dyn RngCore,
    ) -> Result<Self, SearchError> {
        let choices = choices.into();
        check(space, &choices)?;
        let ops: Vec<String> = space.op_set().names().map(str::to_owned).collect();
        let var =
            |tensor: Tensor| Ok::<_, SearchError>(Var::from_tensor(&tensor.to_dtype(dtype)?)?);
        let mut logits = BTreeMap::new();
        for (index, cell) in space.cells().iter().enumerate() {
            let shape = (cell.graph.edges().len(), ops.len());
            let tensor = match &choices.start {
                Some(start) => Tensor::from_vec(start[index].concat(), shape, device)?,
                None => {
                    let relaxation = &*choices.relaxation;
                    let values = checked_initial(relaxation, shape, noise)
                        .map_err(|source| blamed(&cell.name, &relaxation, None, source))?;
                    Tensor::from_vec(values, shape, device)?
                }
            };
            logits.insert(cell.name.clone(), var(tensor)?);
        }
        let mut groups = BTreeMap::new();
        if let Some(edges) = &choices.edges {
            for cell in space.cells() {
                let targets: Vec<usize> = cell.graph.edges().iter().map(|edge| edge.to).collect();
                let nodes = Groups::of(&targets);
                let name = line(&cell.name);
                let values = nodes.initial(&**edges, noise);
                let values = values.map_err(|source| blamed(&name, edges, None, source))?;
                let values = Tensor::from_vec(values, nodes.len(), device)?;
                logits.insert(name.clone(), var(values)?);
                groups.insert(name, nodes);
            }
        }
        let cells = space.cells().iter().map(|cell| cell.name.clone()).collect();
        let last_input = space.cells().iter().map(|cell| from_last_input(&cell.graph)).collect();
        Ok(Self { cells, ops, logits, skip: skip(space), last_input, choices, groups, kept: None })
    }

    /// The logits: tables by cell name, lines of edges by `{cell}.edges`.
    pub fn logits(&self) -> &BTreeMap<String, Var> {
        &self.logits
    }

    /// Whether weights may be negative, which have no entropy.
    pub(crate) fn is_free(&self) -> bool {
        let choices = &self.choices;
        let relaxations = [Some(&choices.relaxation), choices.edges.as_ref()];
        relaxations.into_iter().flatten().any(|own| own.constraint() == Constraint::Free)
    }

    /// The groups of a line of edges.
    pub(crate) fn groups(&self, name: &str) -> Option<&Groups> {
        self.groups.get(name)
    }

    /// What turns the logits into weights.
    pub(crate) fn choices(&self) -> &Choices {
        &self.choices
    }

    /// Names of the cells in the space's order.
    pub fn cells(&self) -> &[String] {
        &self.cells
    }

    /// The cell that a table or a line of edges belongs to, by its name among the logits.
    pub(crate) fn cell_of(&self, name: &str) -> Result<usize, SearchError> {
        let cell = self.cells.iter().position(|cell| cell == name || line(cell) == name);
        cell.ok_or_else(|| SearchError::Logits {
            expected: self.cells.clone(),
            found: name.to_owned(),
        })
    }

    /// Operations of an edge.
    pub(crate) fn operations(&self) -> usize {
        self.ops.len()
    }

    /// Column of the skip connection, if the operations have one.
    pub(crate) fn skip(&self) -> Option<usize> {
        self.skip
    }

    /// Rows of the edges that lead from a cell's last input, its nearest predecessor.
    pub(crate) fn rows_from_last_input(&self, cell: usize) -> &[usize] {
        &self.last_input[cell]
    }

    /// Where the logits live.
    pub fn domain(&self) -> Constraint {
        self.choices.relaxation.domain()
    }

    /// The candidates that are left; `None` for all of them.
    pub fn kept(&self) -> Option<&Kept> {
        self.kept.as_ref()
    }

    /// Leaves these candidates: the weights of others are exactly 0 from now on.
    pub fn keep(&mut self, kept: Option<Kept>) {
        self.kept = kept;
    }

    /// Weights of every cell in the space's order, differentiable with respect to the logits; where
    /// edges are weighed, in one more column.
    ///
    /// # Errors
    /// [`SearchError::Relaxation`] when a relaxation fails or breaks its contract, with the table.
    pub fn weights(
        &self,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Vec<Tensor>, SearchError> {
        let mut tables = Vec::with_capacity(self.cells.len());
        for (index, cell) in self.cells.iter().enumerate() {
            let ops = self.op_weights((index, cell), at, noise)?;
            let ops = self.with_auxiliary_skip(index, ops, at)?;
            tables.push(match self.edge_weights(cell, at, noise)? {
                Some(edges) => Tensor::cat(&[ops, edges.unsqueeze(1)?], 1)?,
                None => ops,
            });
        }
        Ok(tables)
    }

    fn op_weights(
        &self,
        (index, cell): (usize, &str),
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Tensor, SearchError> {
        let logits = self.logits[cell].as_tensor();
        let relaxation = &*self.choices.relaxation;
        let mut relax = |logits: &Tensor| {
            checked_weights(relaxation, logits, at, noise)
                .map_err(|source| blamed(cell, &relaxation, Some(at), source))
        };
        match &self.kept {
            None => relax(logits),
            Some(kept) => kept.weights(index, (logits, self.domain()), relax),
        }
    }

    /// The logits of a cell's candidates that are left.
    fn left(&self, cell: usize) -> Result<Tensor, SearchError> {
        let logits = self.logits[&self.cells[cell]].as_tensor();
        match &self.kept {
            None => Ok(logits.clone()),
            Some(kept) => kept.logits(cell, (logits, self.domain())),
        }
    }

    /// `beta x` beside an edge's candidates is `beta` more for its skip connection, where that is
    /// left and the search still searches.
    fn with_auxiliary_skip(
        &self,
        index: usize,
        ops: Tensor,
        at: Progress,
    ) -> Result<Tensor, SearchError> {
        let helped = self.choices.auxiliary_skip.zip(self.skip);
        let Some((auxiliary, column)) = helped else { return Ok(ops) };
        let mut row = vec![0.0; self.ops.len()];
        row[column] = auxiliary.coefficient(at);
        let row = Tensor::from_vec(row, (1, self.ops.len()), ops.device())?;
        let row = row.to_dtype(ops.dtype())?;
        Ok(match &self.kept {
            None => ops.broadcast_add(&row)?,
            Some(kept) if kept.is_decided() => ops,
            Some(kept) => (&ops + kept.mask(index, &ops)?.broadcast_mul(&row)?)?,
        })
    }

    fn edge_weights(
        &self,
        cell: &str,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Option<Tensor>, SearchError> {
        let Some(edges) = &self.choices.edges else { return Ok(None) };
        let name = line(cell);
        let logits = self.logits[&name].as_tensor();
        let weights = self.groups[&name].weights(&**edges, logits, at, noise);
        Ok(Some(weights.map_err(|source| blamed(&name, edges, Some(at), source))?))
    }

    /// The sum over cells of the relaxation's own penalty and of the choices' penalties, if there
    /// are any. Relaxations with noise draw from `noise`.
    ///
    /// # Errors
    /// [`SearchError::Relaxation`] when the relaxation or a term fails or breaks its contract, with
    /// the table.
    pub fn penalty(
        &self,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Option<Tensor>, SearchError> {
        let mut total: Option<Tensor> = None;
        for (index, cell) in self.cells.iter().enumerate() {
            let logits = &self.left(index)?;
            let relaxation = &*self.choices.relaxation;
            let blame = |source| blamed(cell, &relaxation, Some(at), source);
            let own = self.choices.cell_penalties.get(cell);
            let terms = [Some(&self.choices.penalties), own].into_iter().flatten();
            let mut parts = vec![checked_penalty(relaxation, logits).map_err(blame)?];
            for terms in terms.filter(|terms| !terms.is_empty()) {
                let weights = self.op_weights((index, cell), at, noise)?;
                parts.push(terms.loss(logits, &weights, at).map_err(blame)?);
            }
            for part in parts.into_iter().flatten() {
                total = Some(match total {
                    Some(total) => (total + part)?,
                    None => part,
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
        for (index, name) in self.cells.iter().enumerate() {
            let ops = self.op_weights((index, name), at, noise)?;
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

/// Refuses choices that are none of the space's.
fn check(space: &Space, choices: &Choices) -> Result<(), SearchError> {
    let refuse = |field, expected, found| Err(SearchError::Config { field, expected, found });
    let Choices { relaxation, edges, start, cell_penalties, .. } = choices;
    if let Some(edges) = edges
        && edges.domain() != relaxation.domain()
    {
        return refuse(
            "relaxation of edges",
            "logits that live where those of operations do, as one rule moves both",
            format!("{edges:?} beside {relaxation:?}"),
        );
    }
    let unknown = |name: &&String| space.cells().iter().all(|cell| cell.name != **name);
    if let Some(name) = cell_penalties.keys().find(unknown) {
        return refuse("penalties of a cell", "a cell of the space", name.clone());
    }
    if choices.auxiliary_skip.is_some() && skip(space).is_none() {
        let found = space.op_set().names().collect::<Vec<_>>().join(", ");
        return refuse("auxiliary skip", "a skip connection among the operations", found);
    }
    let Some(start) = start else { return Ok(()) };
    let fits = start.len() == space.cells().len()
        && start.iter().zip(space.cells()).all(|(rows, cell)| {
            rows.len() == cell.graph.edges().len()
                && rows.iter().all(|row| row.len() == space.op_set().len())
        });
    if !fits {
        let shape = |rows: &Vec<Vec<f64>>| (rows.len(), rows.first().map_or(0, Vec::len));
        let shapes: Vec<_> = start.iter().map(shape).collect();
        let expected = "a table of edges and operations for each cell of the space";
        return refuse("start", expected, format!("tables of {shapes:?}"));
    }
    let mut rows = start.iter().flatten();
    let wrong = match relaxation.domain() {
        Constraint::Simplex => rows.find(|row| {
            let sum: f64 = row.iter().sum();
            !row.iter().all(|share| *share >= 0.0) || (sum - 1.0).abs() > 1e-6
        }),
        _ => rows.find(|row| row.iter().any(|logit| !logit.is_finite())),
    };
    match wrong {
        Some(row) => {
            refuse("start", "finite logits, shares of 1 on the simplex", format!("{row:?}"))
        }
        None => Ok(()),
    }
}

fn from_last_input(graph: &CellGraph) -> Vec<usize> {
    let last = graph.inputs().saturating_sub(1);
    let rows = graph.edges().iter().enumerate().filter(|(_, edge)| edge.from == last);
    rows.map(|(row, _)| row).collect()
}

/// The operation that passes its input on.
fn skip(space: &Space) -> Option<usize> {
    space
        .op_set()
        .ops()
        .iter()
        .position(|spec| spec.recipe.as_ref().is_some_and(Recipe::is_identity))
}
