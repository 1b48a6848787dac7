//! The networks of genotypes.

use dartloom_space::{
    Blueprint, Candidate, CellPlan, EdgePlan, Layer, Phase, PortPlan, Source, TransformPlan,
};

use crate::draft::{Draft, Value};
use crate::values::{Built, Named, answer, taken};
use crate::{OnnxError, layers};

/// Adds the network of a plan that reads `image`. The auxiliary head is left out.
pub(crate) fn add(
    draft: &mut Draft<'_>,
    plan: &Blueprint,
    image: Value,
) -> Result<Built, OnnxError> {
    if plan.phase != Phase::Retrain || plan.cells.iter().any(|cell| cell.weighted) {
        return Err(OnnxError::Supernet);
    }
    let mut values = Values::default();
    let mut value = image;
    for (index, part) in plan.stem.iter().enumerate() {
        value = layers::add(draft, &part.layers, &format!("stem.{index}"), value)?;
        values.stem.push(value.clone());
    }
    for (index, plan) in plan.cells.iter().enumerate() {
        let name = format!("cells.{index}");
        let cell = Cell { name, plan };
        let value = cell.add(draft, &values)?;
        values.cells.push(value);
    }
    let mut answers = Vec::with_capacity(plan.head.branches.len());
    for (index, branch) in plan.head.branches.iter().enumerate() {
        let value = transformed(draft, branch, &values, &format!("head.{index}"))?;
        answers.push(answer(draft, value, plan.build.outputs));
    }
    let output = draft.sum(&answers, "head.sum").ok_or_else(|| OnnxError::Order {
        place: "head".to_owned(),
        found: "no branch".to_owned(),
    })?;
    Ok(Built { output, features: values.features() })
}

/// Values of stem parts and cells.
#[derive(Debug, Default)]
struct Values {
    stem: Vec<Value>,
    cells: Vec<Value>,
}

impl Values {
    fn get(&self, source: Source, place: &str) -> Result<Value, OnnxError> {
        match source {
            Source::Stem(part) => taken(&self.stem, part, place).cloned(),
            Source::Cell(index) => taken(&self.cells, index, place).cloned(),
        }
    }

    fn features(self) -> Vec<Named> {
        let stem = self.stem.into_iter().enumerate();
        let stem = stem.map(|(at, value)| Named { name: format!("stem.{at}"), value });
        let cells = self.cells.into_iter().enumerate();
        stem.chain(cells.map(|(at, value)| Named { name: format!("cells.{at}"), value })).collect()
    }
}

fn transformed(
    draft: &mut Draft<'_>,
    plan: &TransformPlan,
    values: &Values,
    place: &str,
) -> Result<Value, OnnxError> {
    layers::add(draft, &plan.layers, place, values.get(plan.source, place)?)
}

/// A placed cell.
struct Cell<'p> {
    /// The name under which its variables stand.
    name: String,
    plan: &'p CellPlan,
}

impl Cell<'_> {
    fn add(&self, draft: &mut Draft<'_>, values: &Values) -> Result<Value, OnnxError> {
        let Self { name, plan } = self;
        let mut states = Vec::with_capacity(plan.ports.len() + plan.concat.len());
        for (index, port) in plan.ports.iter().enumerate() {
            states.push(self.port(draft, port, values, index)?);
        }
        let edges = plan.edges.iter().filter(|edge| edge.live);
        let last = edges.map(|edge| edge.to).chain(plan.concat.iter().copied()).max();
        for node in states.len()..=last.unwrap_or(0) {
            let state = self.node(draft, &states, node)?;
            states.push(state);
        }
        let mut parts = Vec::with_capacity(plan.concat.len() + 1);
        if plan.residual {
            parts.push(taken(&states, 0, name)?.clone());
        }
        for &node in &plan.concat {
            parts.push(taken(&states, node, name)?.clone());
        }
        let joined = if plan.residual {
            draft.sum(&parts, &format!("{name}.sum"))
        } else {
            draft.concat(&parts, &format!("{name}.concat"))
        };
        joined.ok_or_else(|| OnnxError::Order { place: name.clone(), found: "no node".to_owned() })
    }

    /// The sum of the links of an input.
    fn port(
        &self,
        draft: &mut Draft<'_>,
        port: &PortPlan,
        values: &Values,
        index: usize,
    ) -> Result<Value, OnnxError> {
        if port.weighed {
            return Err(OnnxError::Supernet);
        }
        let place = format!("{}.ports.{index}", self.name);
        let mut parts = Vec::with_capacity(port.links.len());
        for (link, plan) in port.links.iter().enumerate() {
            parts.push(transformed(draft, plan, values, &format!("{place}.{link}"))?);
        }
        let sum = draft.sum(&parts, &format!("{place}.sum"));
        sum.ok_or_else(|| OnnxError::Order { place, found: "no link".to_owned() })
    }

    /// The sum of a node's edges; zeros where none is alive.
    fn node(
        &self,
        draft: &mut Draft<'_>,
        states: &[Value],
        node: usize,
    ) -> Result<Value, OnnxError> {
        let mut parts = Vec::new();
        let edges = self.plan.edges.iter().enumerate();
        for (row, edge) in edges.filter(|(_, edge)| edge.live && edge.to == node) {
            parts.extend(self.edge(draft, states, row, edge)?);
        }
        let place = format!("{}.nodes.{node}", self.name);
        match draft.sum(&parts, &format!("{place}.sum")) {
            Some(sum) => Ok(sum),
            None => {
                let like = taken(states, 0, &place)?;
                Ok(draft.zeros(like, self.plan.node, &format!("{place}.zeros")))
            }
        }
    }

    /// The output of an edge's operation; `None` if it cuts the edge.
    fn edge(
        &self,
        draft: &mut Draft<'_>,
        states: &[Value],
        row: usize,
        edge: &EdgePlan,
    ) -> Result<Option<Value>, OnnxError> {
        let place = format!("{}.edges.{row}", self.name);
        let [candidate] = &edge.candidates[..] else {
            return Err(OnnxError::Candidates { place, found: edge.candidates.len() });
        };
        if edge.partial.is_some() {
            return Err(OnnxError::Supernet);
        }
        if cuts(candidate) {
            return Ok(None);
        }
        let op = &candidate.op.name;
        let Some(own) = &candidate.layers else {
            return Err(OnnxError::Code { op: op.clone(), place });
        };
        let x = taken(states, edge.from, &place)?.clone();
        layers::add(draft, own, &format!("{place}.{op}"), x).map(Some)
    }
}

/// `true` if the output is zero and computing it asks for no variable.
fn cuts(candidate: &Candidate) -> bool {
    let free = |layers: &Vec<Layer>| layers.iter().all(|layer| layer.parameters() == 0);
    candidate.op.is_zero() && candidate.layers.as_ref().is_some_and(free)
}
