//! Parts of blueprints by hand, where a case has no whole network.

use candle_core::{Tensor, Var};
use dartloom_space::{
    Candidate, CellPlan, EdgePlan, InputPlan, Layer, Lowering, OpSet, OpSpec, Phase, PortPlan,
    Shape, Source, SpaceError, TransformPlan,
};

use serde_json::Value;

use crate::golden::GoldenError;
use crate::golden::fields::Fields;

/// The shape of one image of a batch `[B, C, H, W]`.
pub(super) fn shape_of(x: &Tensor) -> Result<Shape, GoldenError> {
    let (_, channels, height, width) = x.dims4()?;
    Ok(Shape { channels, height, width })
}

/// A leaf that gets a gradient.
pub(super) fn leaf(x: &Tensor) -> Result<Var, GoldenError> {
    Ok(Var::from_tensor(x)?)
}

/// `sum(y * gy)`, whose gradient is the backward pass of `y` with upstream `gy`.
pub(super) fn pulled(y: &Tensor, upstream: &Tensor) -> Result<Tensor, GoldenError> {
    Ok((y * upstream)?.sum_all()?)
}

/// The operations of a case: by name where it lists them, DARTS' eight otherwise.
pub(super) fn op_set(settings: &Value, field: &str, columns: usize) -> Result<OpSet, GoldenError> {
    let set = match settings.field(field) {
        Some(_) => {
            let names = settings.texts(field)?;
            OpSet::builtin("all")?.subset("case", &names)?
        }
        // Spaces without `none` have one operation less.
        None if columns == 7 => OpSet::builtin("S")?,
        None => OpSet::builtin("O_base")?,
    };
    if set.len() == columns {
        return Ok(set);
    }
    let message = format!("{columns} architecture weights for {} operations", set.len());
    Err(GoldenError::not_understood(message))
}

/// The weight of FairDARTS' zero-one loss: a number, or the last word of a sentence.
pub(super) fn zero_one_weight(config: &Value) -> Result<f64, GoldenError> {
    if config.field("zero_one_weight").is_some() {
        return config.number("zero_one_weight");
    }
    let said = config.field("zero_one").and_then(Value::as_str).unwrap_or("0");
    let last = said.split_whitespace().last().and_then(|word| word.parse().ok());
    last.ok_or_else(|| config.wrong("zero_one", "a weight at the end"))
}

/// Names of a set.
pub(super) fn names(ops: &OpSet) -> Vec<String> {
    ops.names().map(str::to_owned).collect()
}

/// Number of own nodes of a cell in which every node reads two inputs and all earlier nodes.
pub(super) fn nodes_of(rows: usize) -> Result<usize, GoldenError> {
    let edges = |nodes: usize| (2..2 + nodes).sum::<usize>();
    let nodes = (1..64).find(|&nodes| edges(nodes) == rows);
    nodes.ok_or_else(|| GoldenError::not_understood(format!("{rows} edges of a cell")))
}

/// A port that reads part `part` of what surrounds the cell.
pub(super) fn port(part: usize, input: Shape, layers: Vec<Layer>) -> Result<PortPlan, GoldenError> {
    let output = layers.iter().try_fold(input, |shape, layer| layer.output(shape))?;
    let source = Source::Stem(part);
    Ok(PortPlan { links: vec![TransformPlan { source, layers, input }], weighed: false, output })
}

/// A search cell of the given ports: every listed edge holds every operation, on one in `partial`
/// channels.
pub(super) fn search_cell(
    ports: Vec<PortPlan>,
    ends: &[(usize, usize)],
    concat: Vec<usize>,
    ops: &OpSet,
    node: Shape,
    partial: usize,
) -> Result<CellPlan, GoldenError> {
    let entry = ports[0].output;
    let reduction = node.height < entry.height || node.width < entry.width;
    let edges = ends.iter().map(|&(from, to)| {
        let inner = from >= ports.len();
        let stride = if reduction && !inner { 2 } else { 1 };
        let shape = if inner { node } else { entry };
        let input = InputPlan { shape, width: node.channels, stride, phase: Phase::Search };
        let (input, partial) = match partial {
            1 => (input, None),
            groups => input.split(groups).map(|(input, partial)| (input, Some(partial)))?,
        };
        let candidates = ops.ops().iter().map(|op| candidate(op, input));
        let candidates = candidates.collect::<Result<Vec<_>, SpaceError>>()?;
        Ok(EdgePlan { from, to, input, partial, candidates, live: true })
    });
    let edges = edges.collect::<Result<Vec<_>, SpaceError>>()?;
    let output = Shape { channels: node.channels * concat.len(), ..node };
    let width = node.channels;
    let weighted = true;
    Ok(CellPlan {
        cell: Some(0),
        width,
        reduction,
        weighted,
        ports,
        edges,
        concat,
        residual: false,
        node,
        output,
    })
}

fn candidate(op: &OpSpec, input: InputPlan) -> Result<Candidate, SpaceError> {
    let at = Lowering {
        inputs: input.shape.channels,
        width: input.width,
        stride: input.stride,
        affine: false,
        phase: input.phase,
    };
    let layers = op.recipe_at(input.stride).map(|recipe| recipe.lower(at)).transpose()?;
    Ok(Candidate { op: op.clone(), layers })
}
