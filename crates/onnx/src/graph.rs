//! Networks laid out by hand.

use dartloom_space::{Graph, GraphInput, Join, Layer};

use crate::draft::{Draft, Value};
use crate::values::{Built, Named, answer, taken};
use crate::{OnnxError, layers};

/// Adds the network of a graph that reads `image`. Heads of deep supervision are left out.
pub(crate) fn add(draft: &mut Draft<'_>, graph: &Graph, image: Value) -> Result<Built, OnnxError> {
    let mut values: Vec<Value> = Vec::with_capacity(graph.nodes().len());
    let mut features = Vec::new();
    let mut pooled = Vec::with_capacity(graph.nodes().len());
    for (node, training_only) in graph.nodes().iter().zip(graph.training_only()) {
        if training_only {
            // Nothing reads it.
            values.push(image.clone());
            pooled.push(true);
            continue;
        }
        let mut inputs = Vec::with_capacity(node.inputs().len());
        for input in node.inputs() {
            inputs.push(match *input {
                GraphInput::Image => image.clone(),
                GraphInput::Node(at) => taken(&values, at, node.name())?.clone(),
            });
        }
        let name = format!("{}.join", node.name());
        let joined = match node.join() {
            Join::Single => inputs.first().cloned(),
            Join::Sum => draft.sum(&inputs, &name),
            Join::Concat => draft.concat(&inputs, &name),
        };
        let joined = joined.ok_or_else(|| OnnxError::Order {
            place: node.name().to_owned(),
            found: "no value".to_owned(),
        })?;
        let value = layers::add(draft, node.layers(), node.name(), joined)?;
        let behind = node.inputs().iter().any(|input| match *input {
            GraphInput::Image => false,
            GraphInput::Node(at) => pooled.get(at).copied().unwrap_or(true),
        });
        let pools = |layer: &Layer| matches!(layer, Layer::GlobalAvgPool | Layer::Linear { .. });
        let is_pooled = behind || node.layers().iter().any(pools);
        if !is_pooled {
            features.push(Named { name: node.name().to_owned(), value: value.clone() });
        }
        pooled.push(is_pooled);
        values.push(value);
    }
    let head = values.last().cloned().unwrap_or(image);
    if features.last().is_some_and(|last| last.value == head) {
        // The head.
        features.pop();
    }
    Ok(Built { output: answer(draft, head, graph.outputs()), features })
}
