//! The text form of graphs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

use super::builder::IMAGE;
use super::{Graph, GraphBuilder, GraphInput, GraphNode, Join};
use crate::text::suggestion;
use crate::{Layer, Outputs, Shape, SpaceError};

/// The version that is written.
const VERSION: u32 = 1;

/// A graph as it is written, unchecked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Graph")]
pub(crate) struct RawGraph {
    version: u32,
    name: String,
    input: Shape,
    outputs: Outputs,
    nodes: Vec<RawNode>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    deep: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Node")]
struct RawNode {
    name: String,
    inputs: Vec<String>,
    #[serde(default, skip_serializing_if = "is_single")]
    join: Join,
    layers: Vec<Layer>,
}

fn is_single(join: &Join) -> bool {
    *join == Join::Single
}

impl TryFrom<RawGraph> for Graph {
    type Error = SpaceError;

    fn try_from(raw: RawGraph) -> Result<Self, SpaceError> {
        let RawGraph { version, name, input, outputs, nodes, deep } = raw;
        if version != VERSION {
            return Err(SpaceError::Version { what: "a graph", found: version, known: VERSION });
        }
        let mut builder = GraphBuilder::new(name, input)?;
        let mut values = BTreeMap::from([(IMAGE.to_owned(), GraphInput::Image)]);
        for RawNode { name, inputs, join, layers } in nodes {
            let mut sources = Vec::with_capacity(inputs.len());
            for input in &inputs {
                let source = values.get(input).copied();
                sources.push(source.ok_or_else(|| unknown(&name, input, &values))?);
            }
            let value = builder.join(name.as_str(), &sources, join, layers)?;
            values.insert(name, value);
        }
        let mut heads = Vec::with_capacity(deep.len());
        for head in &deep {
            let value = values.get(head).copied();
            heads.push(value.ok_or_else(|| SpaceError::Node {
                node: head.clone(),
                expected: "a node as a head of deep supervision".to_owned(),
                found: suggestion(head, &values.keys().collect::<Vec<_>>()),
            })?);
        }
        builder.finish_with(outputs, &heads)
    }
}

fn unknown(node: &str, found: &str, known: &BTreeMap<String, GraphInput>) -> SpaceError {
    let known: Vec<&String> = known.keys().collect();
    SpaceError::Node {
        node: node.to_owned(),
        expected: "the image and earlier nodes as what it reads".to_owned(),
        found: format!("`{found}`; {}", suggestion(found, &known)),
    }
}

impl Serialize for Graph {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let said = |input: &GraphInput| match *input {
            GraphInput::Image => IMAGE.to_owned(),
            GraphInput::Node(index) => self.nodes[index].name.clone(),
        };
        let node = |node: &GraphNode| RawNode {
            name: node.name.clone(),
            inputs: node.inputs.iter().map(said).collect(),
            join: node.join,
            layers: node.layers.clone(),
        };
        let raw = RawGraph {
            version: VERSION,
            name: self.name.clone(),
            input: self.input,
            outputs: self.outputs,
            nodes: self.nodes.iter().map(node).collect(),
            deep: self.deep.iter().map(|&head| self.nodes[head].name.clone()).collect(),
        };
        raw.serialize(serializer)
    }
}
