//! The logits of a search.

mod contract;
mod fits;
mod gradients;

use dartloom_ops::Place;
use std::collections::BTreeMap;

use candle_core::{DType, Tensor, Var};
use dartloom_record::Refused;
use dartloom_relax::{
    Constraint, Groups, Progress, checked_initial, checked_penalty, checked_weights,
    entropy_of_rows,
};
use dartloom_space::{ArchWeights, CellId, CellTable, CellWeights, LogitId, Space, WeightTable};
use rand::RngCore;

use self::contract::blamed;
use self::fits::{check, from_last_input, links, skip};
pub use self::gradients::LogitGradients;
use crate::{Choices, Kept, LinkChoices, LinkLine, SearchError};

/// Architecture logits of a space, one table `[edges, operations]` per searchable cell
/// ([`LogitId::Ops`]), and the [`Choices`] that turn them into weights. If these weigh edges, there
/// is one line `[edges]` more per cell ([`LogitId::Edges`]): the edge normalisation of PC-DARTS
/// with a softmax, `B_(i,j)` among the sources `i` of node `j`, GAEA's with a simplex.
#[derive(Debug)]
pub struct Architecture {
    /// Cell names in the space's order: the order of weights in a supernet.
    cells: Vec<String>,
    ops: Vec<String>,
    logits: BTreeMap<LogitId, Var>,
    /// The same variables under their names in files.
    named: BTreeMap<String, Var>,
    ids: BTreeMap<String, LogitId>,
    choices: Choices,
    /// By cell, its edges by target node; empty if edges are not weighed.
    groups: Vec<Groups>,
    /// The order of links in their line of logits, and the choices that relax them; `None` for a
    /// network that leaves no choice of links.
    links: Option<(LinkLine, LinkChoices)>,
    /// Bytes of links in the order of their line, once a supernet has said them.
    link_bytes: Option<Vec<f64>>,
    /// Column of the skip connection.
    skip: Option<usize>,
    /// By cell, the rows of the edges from its last input.
    last_input: Vec<Vec<usize>>,
    /// The remaining candidates, if some may have been removed.
    kept: Option<Kept>,
}

/// The name of the logits and entropies of links.
pub(crate) const LINKS: &str = "links";

/// The name of logits in files, for cells of these names.
fn name(cells: &[String], id: LogitId) -> String {
    let cell = |CellId(index): CellId| cells.get(index).map_or("", String::as_str);
    match id {
        LogitId::Ops(own) => cell(own).to_owned(),
        LogitId::Edges(own) => format!("{}.edges", cell(own)),
        LogitId::Links => LINKS.to_owned(),
    }
}

impl Architecture {
    /// Logits as the choices start them, drawn from `noise`.
    ///
    /// # Errors
    /// [`SearchError::Relaxation`] when a relaxation starts with a wrong number of logits, or
    /// outside of its own domain. [`SearchError::Config`] when the relaxations of operations and of
    /// edges have logits in different domains, when a start has another shape or contains numbers
    /// that are not logits, when penalties name a cell that the space does not have, or when a skip
    /// connection is to be helped that the space does not have. Or when a tensor cannot be made.
    pub fn new(
        space: &Space,
        choices: impl Into<Choices>,
        place: &Place,
        noise: &mut dyn RngCore,
    ) -> Result<Self, SearchError> {
        let Place { device, dtype } = place;
        let choices = choices.into();
        check(space, &choices)?;
        let ops: Vec<String> = space.op_set().names().map(str::to_owned).collect();
        let var =
            |tensor: Tensor| Ok::<_, SearchError>(Var::from_tensor(&tensor.to_dtype(*dtype)?)?);
        let mut logits = BTreeMap::new();
        for (index, cell) in space.cells().iter().enumerate() {
            let shape = (cell.graph.edges().len(), ops.len());
            let tensor = match &choices.start {
                Some(start) => Tensor::from_vec(start.cells[index].edges.concat(), shape, device)?,
                None => {
                    let relaxation = &*choices.relaxation;
                    let values = checked_initial(relaxation, shape, noise)
                        .map_err(|source| blamed(&cell.name, &relaxation, None, source))?;
                    Tensor::from_vec(values, shape, device)?
                }
            };
            logits.insert(LogitId::Ops(CellId(index)), var(tensor)?);
        }
        let cells: Vec<String> = space.cells().iter().map(|cell| cell.name.clone()).collect();
        let mut groups = Vec::new();
        if let Some(edges) = &choices.edges {
            for (index, cell) in space.cells().iter().enumerate() {
                let targets: Vec<usize> = cell.graph.edges().iter().map(|edge| edge.to).collect();
                let nodes = Groups::of(&targets);
                let id = LogitId::Edges(CellId(index));
                let values = nodes.initial(&**edges, noise);
                let values =
                    values.map_err(|source| blamed(&name(&cells, id), edges, None, source))?;
                let values = Tensor::from_vec(values, nodes.len(), device)?;
                logits.insert(id, var(values)?);
                groups.push(nodes);
            }
        }
        let links = links(space, &choices)?;
        if let Some((line, links)) = &links {
            let values = line.groups().initial(&*links.relaxation, noise);
            let values = values.map_err(|source| blamed(LINKS, &links.relaxation, None, source))?;
            logits.insert(LogitId::Links, var(Tensor::from_vec(values, line.len(), device)?)?);
        }
        let last_input = space.cells().iter().map(|cell| from_last_input(&cell.graph)).collect();
        let named = named(&cells, &logits)?;
        let ids = logits.keys().map(|&id| (name(&cells, id), id)).collect();
        Ok(Self {
            cells,
            ops,
            logits,
            named,
            ids,
            skip: skip(space),
            last_input,
            choices,
            groups,
            links,
            link_bytes: None,
            kept: None,
        })
    }

    /// The logits: tables of operations, then lines of edges.
    pub fn logits(&self) -> &BTreeMap<LogitId, Var> {
        &self.logits
    }

    /// The same variables by [name](Self::name), for optimisers and files.
    pub fn named(&self) -> &BTreeMap<String, Var> {
        &self.named
    }

    /// The name of logits in files and messages: `{cell}` for operations, `{cell}.edges` for edges,
    /// `links` for links.
    pub fn name(&self, id: LogitId) -> String {
        name(&self.cells, id)
    }

    /// `true` if weights may be negative; such weights have no entropy.
    pub(crate) fn is_free(&self) -> bool {
        let choices = &self.choices;
        let links = self.links.as_ref().map(|(_, links)| &links.relaxation);
        let relaxations = [Some(&choices.relaxation), choices.edges.as_ref(), links];
        relaxations.into_iter().flatten().any(|own| own.constraint() == Constraint::Free)
    }

    /// The logits of this name.
    pub(crate) fn id(&self, name: &str) -> Option<LogitId> {
        self.ids.get(name).copied()
    }

    /// The groups of a line of edges or links; `None` for other logits.
    pub(crate) fn groups(&self, id: LogitId) -> Option<&Groups> {
        match id {
            LogitId::Edges(CellId(cell)) => self.groups.get(cell),
            LogitId::Links => self.links.as_ref().map(|(line, _)| line.groups()),
            LogitId::Ops(_) => None,
        }
    }

    /// The choices that turn the logits into weights.
    pub(crate) fn choices(&self) -> &Choices {
        &self.choices
    }

    /// Names of the cells in the space's order.
    pub fn cells(&self) -> &[String] {
        &self.cells
    }

    /// Column of the skip connection, if the operations have one.
    pub(crate) fn skip(&self) -> Option<usize> {
        self.skip
    }

    /// Rows of the edges that lead from a cell's last input, its nearest predecessor.
    pub(crate) fn rows_from_last_input(&self, cell: usize) -> &[usize] {
        &self.last_input[cell]
    }

    /// The domain of the logits.
    pub fn domain(&self) -> Constraint {
        self.choices.relaxation.domain()
    }

    /// The same with the bytes that the links of each port stand for, which a
    /// [penalty](crate::LinkPenalties) reads; before it is told, every link counts alike. A
    /// [`Bilevel`](crate::Bilevel) asks its supernet.
    #[must_use]
    pub fn with_link_bytes(mut self, ports: &[Vec<u64>]) -> Self {
        let numbers = |port: &Vec<u64>| port.iter().map(|&bytes| bytes as f64).collect();
        let ports: Vec<Vec<f64>> = ports.iter().map(numbers).collect();
        self.link_bytes = self.links.as_ref().map(|(line, _)| line.in_line(&ports));
        self
    }

    /// The remaining candidates; `None` for all of them.
    pub fn kept(&self) -> Option<&Kept> {
        self.kept.as_ref()
    }

    /// Keeps only these candidates: the weights of others are exactly 0 from now on.
    pub fn keep(&mut self, kept: Option<Kept>) {
        self.kept = kept;
    }

    /// Weights of every cell in the space's order, differentiable with respect to the logits.
    ///
    /// # Errors
    /// [`SearchError::Relaxation`] when a relaxation fails or breaks its contract, with the table.
    pub fn weights(
        &self,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<ArchWeights<Tensor>, SearchError> {
        let mut cells = Vec::with_capacity(self.cells.len());
        for index in 0..self.cells.len() {
            let ops = self.op_weights(index, at, noise)?;
            let ops = self.with_auxiliary_skip(index, ops, at)?;
            cells.push(CellWeights { ops, edges: self.edge_weights(index, at, noise)? });
        }
        Ok(ArchWeights { cells, links: self.link_weights(at, noise)? })
    }

    /// Weights of the links of each weighed port.
    fn link_weights(
        &self,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Vec<Tensor>, SearchError> {
        let Some((line, choices)) = &self.links else { return Ok(Vec::new()) };
        let logits = self.logits[&LogitId::Links].as_tensor();
        let weights = line.weights(choices, logits, at, noise);
        weights.map_err(|source| blamed(LINKS, &choices.relaxation, Some(at), source))
    }

    /// Normalised entropies of the choices of links with these weights, or of each link where they
    /// are independent; `None` for a network that leaves no choice.
    pub(crate) fn link_entropies(
        &self,
        ports: &[Vec<f64>],
    ) -> Result<Option<Vec<f64>>, SearchError> {
        let Some((line, choices)) = &self.links else { return Ok(None) };
        let rows = line.by_choice(ports);
        let rows: Vec<Vec<f64>> = if choices.relaxation.constraint() == Constraint::Simplex {
            let share = |row: &Vec<f64>| {
                let sum: f64 = row.iter().sum();
                row.iter().map(|weight| weight / sum.max(f64::MIN_POSITIVE)).collect()
            };
            rows.iter().map(share).collect()
        } else {
            let on = |weight: &f64| vec![weight.clamp(0.0, 1.0), (1.0 - weight).clamp(0.0, 1.0)];
            rows.concat().iter().map(on).collect()
        };
        let rows = rows.iter().filter(|row| row.len() > 1);
        Ok(Some(entropy_of_rows(rows.map(Vec::as_slice))?.rows))
    }

    /// The order of links in their line of logits; `None` for a network that leaves no choice.
    pub(crate) fn link_line(&self) -> Option<&LinkLine> {
        self.links.as_ref().map(|(line, _)| line)
    }

    /// The logits of a cell's operations.
    fn op_logits(&self, cell: usize) -> &Tensor {
        self.logits[&LogitId::Ops(CellId(cell))].as_tensor()
    }

    fn op_weights(
        &self,
        index: usize,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Tensor, SearchError> {
        let logits = self.op_logits(index);
        let relaxation = &*self.choices.relaxation;
        let mut relax = |logits: &Tensor| {
            checked_weights(relaxation, logits, at, noise)
                .map_err(|source| blamed(&self.cells[index], &relaxation, Some(at), source))
        };
        match &self.kept {
            None => relax(logits),
            Some(kept) => kept.weights(index, (logits, self.domain()), relax),
        }
    }

    /// The logits of a cell's remaining candidates.
    fn left(&self, cell: usize) -> Result<Tensor, SearchError> {
        let logits = self.op_logits(cell);
        match &self.kept {
            None => Ok(logits.clone()),
            Some(kept) => kept.logits(cell, (logits, self.domain())),
        }
    }

    /// Adds `beta` to the weight of every skip connection that remains, as `beta x` beside an
    /// edge's candidates does, while the search still searches.
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
        cell: usize,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Option<Tensor>, SearchError> {
        let Some(edges) = &self.choices.edges else { return Ok(None) };
        let id = LogitId::Edges(CellId(cell));
        let logits = self.logits[&id].as_tensor();
        let weights = self.groups[cell].weights(&**edges, logits, at, noise);
        Ok(Some(weights.map_err(|source| blamed(&self.name(id), edges, Some(at), source))?))
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
                let weights = self.op_weights(index, at, noise)?;
                parts.push(terms.loss(logits, &weights, at).map_err(blame)?);
            }
            for part in parts.into_iter().flatten() {
                total = Some(match total {
                    Some(total) => (total + part)?,
                    None => part,
                });
            }
        }
        match (total, self.link_penalty(at)?) {
            (Some(total), Some(links)) => Ok(Some((total + links)?)),
            (total, links) => Ok(total.or(links)),
        }
    }

    fn link_penalty(&self, at: Progress) -> Result<Option<Tensor>, SearchError> {
        let Some((line, choices)) = &self.links else { return Ok(None) };
        let logits = self.logits[&LogitId::Links].as_tensor();
        let own = choices.penalties.loss(line, logits, at, self.link_bytes.as_deref());
        own.map_err(|source| blamed(LINKS, &choices.penalties, Some(at), source))
    }

    /// The weights as host numbers, for decoders.
    ///
    /// # Errors
    /// When a weight is not finite.
    pub fn table(&self, at: Progress, noise: &mut dyn RngCore) -> Result<WeightTable, SearchError> {
        let mut cells = Vec::with_capacity(self.cells.len());
        for (index, name) in self.cells.iter().enumerate() {
            let ops = self.op_weights(index, at, noise)?;
            let own = self.edge_weights(index, at, noise)?;
            let host = |tensor: Tensor| tensor.detach().to_dtype(DType::F64);
            let edge_weights = own.map(|own| host(own)?.to_vec1()).transpose()?;
            let edges = host(ops)?.to_vec2()?;
            cells.push(CellTable { name: name.clone(), edges, edge_weights });
        }
        let host = |line: &Tensor| Ok(line.detach().to_dtype(DType::F64)?.to_vec1()?);
        let links = self.link_weights(at, noise)?;
        let links = links.iter().map(host).collect::<Result<Vec<_>, SearchError>>()?;
        Ok(WeightTable::new(self.ops.clone(), cells)?.with_links(links)?)
    }

    /// The logits by name, as tensors that do not change when the search goes on.
    ///
    /// # Errors
    /// When a copy fails.
    pub fn snapshot(&self) -> Result<BTreeMap<String, Tensor>, SearchError> {
        let copy = |(name, var): (&String, &Var)| Ok((name.clone(), var.copy()?.detach()));
        self.named.iter().map(copy).collect()
    }

    /// Sets the logits.
    ///
    /// # Errors
    /// [`SearchError::Config`] when names or shapes differ; nothing has been set then.
    pub fn load(&self, tensors: &BTreeMap<String, Tensor>) -> Result<(), SearchError> {
        let shapes = |(name, tensor): (&String, &Tensor)| (name.clone(), tensor.dims().to_vec());
        let found: Vec<_> = tensors.iter().map(shapes).collect();
        let own = self.named.iter().map(|(name, var)| shapes((name, var.as_tensor())));
        if !own.eq(found.iter().cloned()) {
            return Err(Refused::new(
                "logits",
                "one table of edges and operations for each cell of the space, and one \
                           line of edges where they are weighed",
                format!("{found:?}"),
            )
            .into());
        }
        for (name, var) in &self.named {
            var.set(&tensors[name].to_dtype(var.dtype())?)?;
        }
        Ok(())
    }
}

/// The variables by name.
fn named(
    cells: &[String],
    logits: &BTreeMap<LogitId, Var>,
) -> Result<BTreeMap<String, Var>, SearchError> {
    let mut named = BTreeMap::new();
    for (&id, var) in logits {
        if named.insert(name(cells, id), var.clone()).is_some() {
            return Err(Refused::new(
                "relaxation of edges",
                "no cell that is called like another with `.edges` behind it",
                format!("`{}`", name(cells, id)),
            )
            .into());
        }
    }
    Ok(named)
}
