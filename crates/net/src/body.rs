//! The part that supernets and derived networks share: a blueprint made of tensors.

use candle_core::{DType, Tensor};
use dartloom_kernels::fused::Arena;
use dartloom_ops::{Operation, Output, Pass, Place, Registry, Sequence, Variables};
use dartloom_space::{ArchWeights, Blueprint, CellWeights, Cost, Outputs, Phase, Shape, Source};
use rand::RngCore;

use crate::address::{CellAddress, EdgeAddress};
use crate::cell::{Cell, PlacedWeights};
use crate::memory::{self, Breakdown, Magnitude, Workload};
use crate::transform::{Transform, Values};
use crate::{Mask, Mixing, NetError};

/// The weights of a supernet in one pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mixed<'a> {
    pub(crate) weights: &'a ArchWeights<Tensor>,
    pub(crate) mixing: &'a Mixing,
}

impl<'a> Mixed<'a> {
    /// The weights of `cell`, the searchable cell that stands at `place`; none for a sum.
    fn at(self, place: usize, cell: Option<usize>) -> Option<&'a CellWeights<Tensor>> {
        match &self.mixing.replaced {
            Some(own) if own.place == place => Some(&own.weights),
            _ => cell.map(|cell| &self.weights.cells[cell]),
        }
    }
}

/// A port or the head: the sources that it reads in a network, and in one inside it.
#[derive(Debug)]
pub(crate) struct Reads {
    /// The name under which its variables stand.
    pub(crate) name: String,
    pub(crate) own: Vec<Source>,
    pub(crate) kept: Vec<Source>,
}

#[derive(Debug)]
pub(crate) struct Body {
    variables: Variables,
    input: Shape,
    outputs: Outputs,
    stem: Vec<Sequence>,
    cells: Vec<Cell>,
    aux: Option<(usize, Sequence)>,
    head: Vec<Transform>,
    cost: Cost,
    /// Values per image outside of cells.
    outside: u64,
    magnitude: Magnitude,
}

/// The random generator of outlines, which draw no numbers; it returns zeros.
pub(crate) struct NoNumbers;

impl RngCore for NoNumbers {
    fn next_u32(&mut self) -> u32 {
        0
    }

    fn next_u64(&mut self) -> u64 {
        0
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

impl Body {
    pub(crate) fn new(
        plan: &Blueprint,
        registry: &Registry,
        place: &Place,
        rng: &mut dyn RngCore,
    ) -> Result<Self, NetError> {
        Self::build(plan, registry, Variables::new(place), rng)
    }

    /// A network that knows its shapes and has no weights, see [`Variables::outline`].
    pub(crate) fn outline(
        plan: &Blueprint,
        registry: &Registry,
        dtype: DType,
    ) -> Result<Self, NetError> {
        Self::build(plan, registry, Variables::outline(dtype), &mut NoNumbers)
    }

    fn build(
        plan: &Blueprint,
        registry: &Registry,
        mut variables: Variables,
        rng: &mut dyn RngCore,
    ) -> Result<Self, NetError> {
        let mut root = variables.builder(rng);
        let stem = plan.stem.iter().enumerate();
        let stem = stem
            .map(|(i, part)| Sequence::new(&part.layers, &mut root.at(format_args!("stem.{i}"))))
            .collect::<Result<_, _>>()?;
        let arena = Arena::new();
        let mut cells = Vec::with_capacity(plan.cells.len());
        for (i, cell) in plan.cells.iter().enumerate() {
            let vars = &mut root.at(CellAddress { place: i });
            let cell = Cell::new(i, cell, registry, vars)?;
            cells.push(cell.with_arena(&arena));
        }
        let aux = match &plan.aux {
            Some(aux) if !aux.fits => {
                return Err(NetError::AuxiliaryInput { after: aux.after, found: aux.input });
            }
            Some(aux) => Some((aux.after, Sequence::new(&aux.layers, &mut root.at("auxiliary"))?)),
            None => None,
        };
        let head = plan.head.branches.iter().enumerate();
        let head = head
            .map(|(i, branch)| Transform::new(branch, &mut root.at(format_args!("head.{i}"))))
            .collect::<Result<_, _>>()?;
        let input = plan.build.input;
        let cost = registry.cost(plan)?;
        let magnitude = Magnitude::of(plan, registry)?;
        let outputs = plan.build.outputs;
        let outside = memory::outside(plan)?;
        Ok(Self { variables, input, outputs, stem, cells, aux, head, cost, outside, magnitude })
    }

    /// Refuses a blueprint of the wrong kind: supernets are searched, derived networks retrained.
    pub(crate) fn check(plan: &Blueprint, expected: Phase) -> Result<(), NetError> {
        if plan.phase == expected {
            return Ok(());
        }
        Err(NetError::Blueprint { expected, found: plan.phase })
    }

    pub(crate) fn variables(&self) -> &Variables {
        &self.variables
    }

    /// The first position at which a searchable cell stands.
    pub(crate) fn first_place(&self, cell: usize) -> Option<usize> {
        self.cells.iter().position(|placed| placed.cell() == Some(cell))
    }

    /// The searchable cell that stands at a position.
    pub(crate) fn cell_at(&self, place: usize) -> Option<usize> {
        self.cells.get(place).and_then(Cell::cell)
    }

    /// The number of links of each port whose links have weights, in order.
    pub(crate) fn weighed_ports(&self) -> Vec<usize> {
        self.cells.iter().flat_map(Cell::weighed_ports).collect()
    }

    /// The ports and the head, beside those of `plan`, the plan of a network inside this one.
    pub(crate) fn parts(&self, plan: &Blueprint) -> Vec<Reads> {
        let mut parts = Vec::new();
        for (place, (own, plan)) in self.cells.iter().zip(&plan.cells).enumerate() {
            for (port, (own, plan)) in own.sources().zip(&plan.ports).enumerate() {
                let kept = plan.links.iter().map(|link| link.source).collect();
                let name = format!("{}.ports.{port}", CellAddress { place });
                parts.push(Reads { name, own, kept });
            }
        }
        let own = self.head.iter().map(|branch| branch.source).collect();
        let kept = plan.head.branches.iter().map(|branch| branch.source).collect();
        parts.push(Reads { name: "head".to_owned(), own, kept });
        parts
    }

    /// The row of an edge in the weights of the cell at a place.
    pub(crate) fn row(&self, cell: usize, (from, to): (usize, usize)) -> Option<usize> {
        self.cells.get(cell)?.row(from, to)
    }

    /// The edges of all cells.
    pub(crate) fn edges(&self) -> impl Iterator<Item = EdgeAddress> {
        let cells = self.cells.iter().enumerate();
        cells.flat_map(|(place, cell)| cell.rows().map(move |row| EdgeAddress { place, row }))
    }

    /// The placements without a cell.
    pub(crate) fn sums(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(|cell| cell.cell().is_none())
    }

    pub(crate) fn cost(&self) -> Cost {
        self.cost
    }

    pub(crate) fn outputs(&self) -> Outputs {
        self.outputs
    }

    pub(crate) fn memory(&self, work: &Workload) -> Breakdown {
        if !self.magnitude.counts(work) {
            return Breakdown { activations: u64::MAX, ..Breakdown::default() };
        }
        let cells = self.cells.iter();
        memory::breakdown((self.input, self.outside), cells, &self.variables, work)
    }

    /// Bytes that each link of each weighed port stands for in a training step of one image.
    pub(crate) fn link_bytes(&self) -> Vec<Vec<u64>> {
        let work = &Workload::training(1);
        let held = |source: Source| match source {
            Source::Cell(cell) => {
                let memory = self.cells[cell].memory(work);
                memory.kept + memory.output
            }
            Source::Stem(_) => 0,
        };
        let mut ports = Vec::new();
        for cell in &self.cells {
            let plane = cell.plane_bytes(work);
            for sources in cell.weighed_sources() {
                let bytes =
                    |source: Source| if cell.cell().is_none() { held(source) } else { plane };
                ports.push(sources.into_iter().map(bytes).collect());
            }
        }
        ports
    }

    /// Runs `x`; `weights` are given for a supernet.
    pub(crate) fn forward(
        &self,
        x: &Tensor,
        mixed: Option<Mixed<'_>>,
        pass: &mut Pass<'_>,
    ) -> Result<Output, NetError> {
        self.check_input(x)?;
        let mut values = Values::default();
        let mut value = x.clone();
        for (index, part) in self.stem.iter().enumerate() {
            value = pass.run(part, &value)?;
            if pass.constant_parameters {
                // Only the stem's parameters lie before.
                value = value.detach();
            }
            pass.see(&format_args!("stem part {index}"), &value)?;
            values.stem.push(value.clone());
        }
        let mut auxiliary = None;
        let mut links = mixed.map_or(&[][..], |mixed| &mixed.weights.links);
        for (index, cell) in self.cells.iter().enumerate() {
            let (own, later) = links.split_at(cell.weighed_ports().count().min(links.len()));
            links = later;
            let weights =
                mixed.map(|mixed| PlacedWeights { cell: mixed.at(index, cell.cell()), links: own });
            let mask = mixed.map_or(Mask::First, |mixed| mixed.mixing.mask);
            let value = cell.mixed(&|source| values.get(source), weights, mask, pass)?;
            if let Some((after, head)) = &self.aux
                && *after == index
                && pass.mode.is_training()
            {
                let extra = head.forward(&value, pass.mode)?.flatten_from(1)?;
                pass.see(&"auxiliary head", &extra)?;
                auxiliary = Some(extra);
            }
            values.cells.push(value);
        }
        Ok(Output { main: self.answer(&values, pass)?, auxiliary, deep: Vec::new() })
    }

    fn answer(&self, values: &Values, pass: &mut Pass<'_>) -> Result<Tensor, NetError> {
        let mut total = self.head[0].forward(&|source| values.get(source), pass)?;
        for branch in &self.head[1..] {
            total = (total + branch.forward(&|source| values.get(source), pass)?)?;
        }
        pass.see(&"head", &total)?;
        match self.outputs {
            Outputs::Vector(_) => Ok(total.flatten_from(1)?),
            _ => Ok(total),
        }
    }

    fn check_input(&self, x: &Tensor) -> Result<(), NetError> {
        let Shape { channels, height, width } = self.input;
        if x.rank() == 4 && x.dims()[1..] == [channels, height, width] {
            return Ok(());
        }
        Err(NetError::Input { expected: self.input, found: x.dims().to_vec() })
    }
}
